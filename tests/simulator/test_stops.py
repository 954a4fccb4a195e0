"""A story stops the work at a place, and lets it go on: nothing is missed, nothing is twice."""

import pytest

from simulator.events import PlaceClosed, PlaceOpened
from tests.simulator.shell import FakeShell, photo, slow

AWAY = 3600.0
"""Seconds that no task here needs."""


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


def ended(shell: FakeShell, prompt_id: str) -> bool:
    """Whether a task is in the history."""
    return prompt_id in shell.get(f"/history/{prompt_id}")


@pytest.mark.parametrize(
    ("place", "last"),
    [
        ("before ImageInvert", "executing 3"),
        ("executed", "executing 4"),
        ("success", "progress_state"),
    ],
)
def test_a_task_waits_where_the_story_wants_it(shell: FakeShell, place: str, last: str) -> None:
    """However long; it runs meanwhile, and then ends as if nothing had been."""
    other = FakeShell()
    other.upload("lab.png")
    sockets = [each.open("A") for each in (shell, other)]
    shell.feed(PlaceClosed(place))
    prompt_id = shell.post(photo(), "A")
    other.post(photo(), "A")
    shell.pass_time(AWAY)
    assert shell.engine.process.stops.has(place)
    assert shell.kinds(sockets[0])[-1] == last
    assert len(shell.get("/queue")["queue_running"]) == 1
    shell.feed(PlaceOpened(place))
    other.pass_time(AWAY)
    shell.pass_time(1)
    assert not shell.engine.process.stops.has(place)
    assert ended(shell, prompt_id)
    assert shell.kinds(sockets[0]) == other.kinds(sockets[1])


def test_a_task_waits_after_a_step(shell: FakeShell) -> None:
    """The step is told, the next comes in its time or, if that has passed, at once."""
    socket = shell.open("A")
    shell.feed(PlaceClosed("step 2 of TetherSlow"))
    shell.post(slow(4, 100), "A")
    shell.pass_time(AWAY)
    assert shell.kinds(socket).count("progress 2") == 2
    shell.feed(PlaceOpened("step 2 of TetherSlow"))
    shell.pass_time(1)
    assert shell.kinds(socket)[-1] == "executing None"


def test_an_interrupt_ends_the_wait_and_the_task(shell: FakeShell) -> None:
    """The next task waits there as the first did."""
    socket = shell.open("A")
    shell.feed(PlaceClosed("before ImageInvert"))
    shell.post(photo(), "A")
    shell.pass_time(1)
    shell.request("POST", "/interrupt")
    shell.pass_time(1)
    assert "execution_interrupted" in shell.kinds(socket)
    shell.post(photo(prefix="second"), "A")
    shell.pass_time(1)
    assert shell.engine.process.stops.has("before ImageInvert")


def test_an_open_place_may_be_opened_again_and_a_kill_opens_all(shell: FakeShell) -> None:
    """A new process knows of no place."""
    shell.feed(PlaceOpened("success"))
    shell.feed(PlaceClosed("success"))
    shell.post(photo())
    shell.pass_time(1)
    shell.kill()
    shell.upload("lab.png")
    prompt_id = shell.post(photo())
    shell.pass_time(1)
    assert ended(shell, prompt_id)
