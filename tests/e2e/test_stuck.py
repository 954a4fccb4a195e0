"""A task that stands still says what was checked, instead of standing at 52.25 %."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import farm, open_page, run_own, tasks
from tests.e2e.watch import Watch

# The page's clock can be put forward, so that nobody waits for minutes.
AHEAD = """
const real = performance.now.bind(performance);
window.ahead = 0;
performance.now = () => real() + window.ahead;
"""


SIZE = {"width": 8, "height": 8, "batch_size": 1, "color": 0}
WORKFLOW: dict[str, Any] = {
    "1": {"class_type": "EmptyImage", "inputs": SIZE},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}


@pytest.mark.fresh_tab
def test_a_task_that_stands_still_says_what_was_checked(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Since when, the socket, the last news, and what its server answered when it was asked."""
    with farm(background, 1, is_held=True) as one:
        watched_page.add_init_script(AHEAD)
        page = open_page(watched_page, one)
        run_own(page, WORKFLOW)
        expect(tasks(page, "running").locator(".node")).to_contain_text("node 2")
        stuck = page.locator(".task .stuck")
        expect(stuck).to_be_hidden()
        page.evaluate("ahead = 200_000")
        expect(stuck).to_contain_text("No progress for 3 min")
        expect(stuck).to_contain_text("Live updates: connected. Last message about this task:")
        expect(stuck).to_contain_text("gpu-1 still had the task")
        assert page.evaluate("tether.stats()")["stuck"] == 1
        page.get_by_role("button", name="Cancel").click()
        expect(stuck).to_be_hidden()
