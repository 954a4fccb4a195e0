"""Stars stay over reloads, and every window sees them."""

from hypothesis import given
from hypothesis import strategies as st

from demo.memory import MemoryRecords
from page.ui.stars import MOST, STAR_RECORD, Stars, can_be_starred
from tests.tether.core.farm import NOON, NORTH, RUNNING, bound_task, new_window
from tests.tether.runtime.processes import Origin
from tether.core.ids import PromptId
from tether.core.model.task import State
from tether.core.protocol.outputs import Output

ONE, TWO = PromptId("one"), PromptId("two")


def test_a_star_is_put_and_taken_and_there_after_a_reload() -> None:
    """Whoever shows it is told once for each change; what is starred is to be kept."""
    records = MemoryRecords()
    stars, told = Stars(records), [0]
    kept: list[PromptId] = []
    stars.keep = kept.append

    def count() -> None:
        told[0] += 1

    stars.follow(count)
    stars.toggle(ONE)
    stars.put(TWO, True)
    stars.put(TWO, True)
    assert (ONE in stars, TWO in stars, told, kept) == (True, True, [2], [ONE, TWO])
    again = Stars(records)
    assert ONE in again and TWO in again
    again.toggle(TWO)
    stars.toggle(ONE)
    assert (ONE in stars, told, kept) == (False, [3], [ONE, TWO])
    assert records.read_all() == {}


def test_another_window_sees_it_at_once() -> None:
    """Two windows that star something in one moment forget neither."""
    origin = Origin(2)
    here, there = map(Stars, origin.windows)
    told: list[int] = []
    there.follow(lambda: told.append(1))
    here.put(ONE, True)
    there.put(TWO, True)
    origin.settle()
    assert all(each in stars for each in (ONE, TWO) for stars in (here, there))
    assert len(told) == 2
    here.put(ONE, False)
    origin.settle()
    assert ONE not in there and TWO in there
    assert len(told) == 3
    origin.windows[0].write("language", "zh")
    origin.settle()
    assert len(told) == 3


def test_beyond_so_many_the_oldest_star_goes() -> None:
    """A browser gives a site five million characters."""
    records = MemoryRecords()
    records.write("language", "zh")
    for number in range(MOST):
        records.write(f"{STAR_RECORD}{number}", str(number + 7))
    stars = Stars(records)
    stars.put(ONE, True)
    assert ONE in stars and PromptId("0") not in stars and PromptId("1") in stars
    assert len(records.read_all()) == MOST + 1


@given(st.text() | st.sampled_from(["9" * 15, "9" * 16, "-1", "1.5", "\u0663", "\u00b2"]))
def test_what_cannot_be_read_is_no_star(text: str) -> None:
    """And stops nothing."""
    records = MemoryRecords()
    records.write(STAR_RECORD + ONE, text)
    stars = Stars(records)
    assert (ONE in stars) == (text.isdecimal() and len(text) <= 15)
    stars.put(TWO, True)
    assert TWO in Stars(records)


def test_only_what_has_given_a_result_can_be_starred() -> None:
    window = new_window()
    server = window.server(NORTH, NOON)
    done, failed = (bound_task(window, server, *RUNNING, number=number) for number in (1, 2))
    assert not can_be_starred(done)
    window.end(done, State.COMPLETED, NOON, "socket", None)
    assert not can_be_starred(done)
    done.outputs = failed.outputs = (Output("1", "image", "a.png", "", "output"),)
    assert can_be_starred(done)
    window.end(failed, State.FAILED, NOON, "socket", None)
    assert not can_be_starred(failed)
    stars = Stars(MemoryRecords())
    assert [stars.star(done), stars.star(done, True), stars.star(done)] == [False, True, True]
    assert [stars.star(done, False), stars.star(failed, True)] == [False, False]
