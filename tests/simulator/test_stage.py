"""Time, effects and chance."""

from random import Random

from simulator.events import DropValues, WakeAt
from simulator.stage import Stage


def test_what_is_due_happens_in_order() -> None:
    """By time, and by the order of asking where times are equal."""
    stage, done = Stage(Random(1)), []
    stage.at(2.0, lambda: done.append("b"))
    stage.at(1.0, lambda: done.append("a"))
    stage.at(2.0, lambda: done.append("c"))
    stage.later(9.0, lambda: done.append("never"))
    stage.advance(2.0)
    assert done == ["a", "b", "c"]
    stage.forget_agenda()
    stage.advance(10.0)
    assert done == ["a", "b", "c"]


def test_time_never_runs_backwards() -> None:
    """Whatever the shell's clock does."""
    stage = Stage(Random(1))
    stage.advance(5.0)
    stage.advance(4.0)
    assert stage.now == 5.0
    assert stage.now_ms == 5000


def test_a_wake_up_is_asked_for_once() -> None:
    """Again when it changes, or when the last one is used up."""
    stage = Stage(Random(1))
    stage.at(3.0, lambda: None)
    stage.emit(DropValues(1))
    assert stage.take_effects() == (DropValues(1), WakeAt(3.0))
    assert stage.take_effects() == ()
    stage.at(2.0, lambda: None)
    assert stage.take_effects() == (WakeAt(2.0),)
    stage.wake()
    assert stage.take_effects() == (WakeAt(2.0),)
    stage.advance(3.0)
    assert stage.take_effects() == ()


def test_ids_are_uuids_of_version_4() -> None:
    """Lower case, with hyphens, and never the same."""
    stage = Stage(Random(1))
    made = {stage.make_uuid() for _ in range(100)}
    assert len(made) == 100
    for each in made:
        assert len(each) == 36 and each == each.lower()
        assert each[14] == "4" and each[19] in "89ab"
        assert [len(part) for part in each.split("-")] == [8, 4, 4, 4, 12]


def test_letters_and_coins() -> None:
    """From the same source."""
    stage = Stage(Random(1))
    assert len(stage.make_letters(5)) == 5
    assert stage.make_letters(200).islower()
    assert {stage.flip_coin() for _ in range(50)} == {True, False}
