"""The fault table: four tasks on two servers, one thing goes wrong, every true end is shown."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext

from simulator.settings import Api
from tests.e2e.background import Background
from tests.e2e.farm import lock
from tests.faults.desktop import Desktop
from tests.faults.rows import ROWS, Row
from tests.faults.stage import Stage, stage
from tests.world.faults import FAULTS
from tests.world.world import PROXIED

WANTED = 3.0
"""Seconds from what can be known to what is shown."""

RED = 20 * WANTED


def waited_for_ends(scene: Stage, row: Row) -> list[float]:
    """Check each task against the servers' books; the seconds that each end took."""
    shown = scene.shown()
    seconds = []
    for number, place in enumerate(scene.places):
        own = scene.tasks_of(number)
        is_faulty = number == 0
        wanted = list(row.ends) if is_faulty else ["completed"] * row.beside
        by = row.by if is_faulty else row.beside_by
        states = [task["state"] for task in own]
        assert sorted(states) == sorted(wanted)
        assert by is None or {task["endedBy"] for task in own if task["server"]} <= {by}
        is_sent = row.is_sent or not is_faulty
        truths = [place.truth(task["promptId"]) for task in own]
        # Either of two tasks that go up side by side may be the first in the queue.
        assert not is_sent or [state for state, _ in truths] == states
        posts = (len(own) if is_sent else 0) + (row.doubles if is_faulty else 0)
        assert place.posts() == posts, "a task was sent twice"
        assert len(place.ran) == len(set(place.ran)), "a task ran twice"
        known = [max(scene.known_at[number], at) for _, at in truths]
        seconds += [
            max(0.0, shown[task["taskId"]] - at) for task, at in zip(own, known, strict=True)
        ]
    return seconds


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_true_end_is_shown_and_nothing_runs_twice(
    row: Row,
    seat: BrowserContext | Desktop,
    background: Background,
    record_property: Callable[[str, object], None],
) -> None:
    """Each row by its own story; the tasks beside it are not disturbed."""
    settings = {"api": Api(row.api), "pace": row.pace, "ignores_ids": row.makes_ids}
    with stage(seat, background, row.host, **settings) as scene:
        row.story(scene)
        scene.go_on()
        scene.until_ended(len(row.ends) + row.beside)
        seconds = waited_for_ends(scene, row)
        record_property("ends", " ".join(f"{each:5.1f}" for each in seconds))
        assert [lock(page) for page in scene.pages] == [None] * len(scene.pages)
        assert max(seconds) < RED


def test_what_is_left_out_is_a_fault_of_the_worlds() -> None:
    """A row that `make test` plays in no browser is played there, at every moment of a task."""
    assert {row.proved_by for row in ROWS} - {""} <= FAULTS.keys() | {PROXIED}
