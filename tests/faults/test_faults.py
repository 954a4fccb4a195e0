"""The fault table: four tasks on two servers, one thing goes wrong, every true end is shown."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.e2e.background import Background
from tests.e2e.farm import lock
from tests.e2e.watch import Watch
from tests.faults.rows import ROWS, Row
from tests.faults.stage import ENDED, stage

WANTED = 3.0
"""Seconds from what can be known to what is shown."""

RED = 4 * WANTED

LINE_NOISE = r"ERR_|WebSocket connection to|CORS policy|the server responded with a status of"
"""What Chromium itself logs of lines that break; the page's own errors stay errors."""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_true_end_is_shown_and_nothing_runs_twice(
    row: Row,
    watched_page: Page,
    watch: Watch,
    background: Background,
    record_property: Callable[[str, object], None],
) -> None:
    """Each row by its own story; the tasks beside it are not disturbed."""
    watch.allow(LINE_NOISE)
    with stage(watched_page, background, row.api, row.pace) as scene:
        row.story(scene)
        count = 2 + len(row.ends)
        ended = ",".join(f".task[data-state={state}]" for state in sorted(ENDED))
        watched_page.wait_for_function(
            "([ended, count]) => document.querySelectorAll(ended).length === count",
            arg=[ended, count],
            timeout=60_000,
        )
        shown = scene.shown()
        seconds = []
        for number, place in enumerate(scene.places):
            own = scene.tasks_of(number)
            truths = [place.truth(task["promptId"]) for task in own]
            assert [task["state"] for task in own] == [state for state, _ in truths]
            known = [max(scene.known_at if number == 0 else 0, at) for _, at in truths]
            seconds += [shown[task["taskId"]] - at for task, at in zip(own, known, strict=True)]
            by = {task["endedBy"] for task in own}
            if number == 0:
                assert tuple(task["state"] for task in own) == tuple(row.ends)
                assert row.by is None or by == {row.by}
            else:
                assert row.beside is None or by == {row.beside}
            assert place.posts() == len(own), "a task was sent twice"
            assert len(place.ran) == len(set(place.ran)), "a task ran twice"
        record_property("ends", " ".join(f"{each:5.1f}" for each in seconds))
        assert lock(watched_page) is None
        assert max(seconds) < RED
