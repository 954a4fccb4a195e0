"""A task that stands still says what was checked, instead of standing at 52.25 %."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    own_tasks,
    run,
    run_own,
    tasks,
    unfold_servers,
)
from tests.e2e.test_servers import card
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


def test_a_button_on_a_card_that_waits_lets_it_go_on(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Paused servers are resumed, and a task for a server that is gone goes to another one."""
    watch.allow("ERR_CONNECTION_")
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        unfold_servers(page)
        for name in ("gpu-1", "gpu-2"):
            card(page, name).get_by_role("button", name="Pause").click()
        run(page, [as_file(noise(1), "1.png")])
        tasks(page, "waiting").get_by_role("button", name="Resume gpu-1, gpu-2").press("Enter")
        expect_done(page, 1)
        background.run(two.servers[0].kill())
        expect(card(page, "gpu-1")).to_have_attribute("data-tone", "bad")
        run(page, [as_file(noise(2), "2.png")], server="gpu-1")
        tasks(page, "waiting").get_by_role("button", name="Use any server").press("Enter")
        expect_done(page, 2)
        assert [task["server"] for task in own_tasks(page)][-1] == two.servers[1].url
