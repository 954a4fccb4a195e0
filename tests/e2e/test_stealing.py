"""A task that waits at one server moves to another that stands idle, if a person wants that."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_menu,
    open_page,
    own_tasks,
    run,
    tasks,
    unfold_servers,
)
from tests.e2e.test_servers import card
from tests.e2e.watch import Watch


@pytest.mark.long
def test_a_waiting_task_moves_to_an_idle_server_and_both_are_shown(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """The one that runs stays, and so does all without the wish; scripts hear of the new one."""
    watch.expect("404.*/api/jobs/")  # the looks by which it is known to be gone
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        two.hold(0)
        unfold_servers(page)
        card(page, "gpu-2").get_by_role("button", name="Pause").click()
        run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2)])
        expect(tasks(page, "running")).to_have_count(1)
        expect(tasks(page, "queued")).to_have_count(1)
        (waits,) = [task["taskId"] for task in own_tasks(page) if task["state"] == "queued"]
        (runs,) = [task["promptId"] for task in own_tasks(page) if task["state"] == "running"]
        page.evaluate(f"() => {{ window.told = tether.result('{waits}'); }}")
        expect(page.locator("#steal")).not_to_be_checked()
        unfold_servers(page)
        card(page, "gpu-2").get_by_role("button", name="Resume").click()
        open_menu(page)
        page.locator("#steal").check()
        moved = tasks(page, "cancelled")
        expect(moved).to_have_count(1)
        expect(moved).to_contain_text("waited on gpu-1 while another server was idle")
        expect_done(page, 1)
        told = page.evaluate("told")
        assert (told["state"], told["server"]) == ("completed", two.servers[1].url)
        assert told["taskId"] != waits
        two.release()
        expect_done(page, 2)
        ended = {task["promptId"]: task for task in own_tasks(page)}
        assert (ended[runs]["state"], ended[runs]["server"]) == ("completed", two.servers[0].url)
        assert (two.posts(0), two.posts(1)) == (2, 1)
        page.reload()
        expect_ready(page)
        expect(page.locator("#steal")).to_be_checked()
        expect(moved).to_contain_text("a new task runs in its place")
