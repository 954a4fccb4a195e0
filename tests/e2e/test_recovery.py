"""What a person can do about tasks that are lost, or stuck at a silent server."""

import time

import pytest
from playwright.sync_api import Dialog, Page, expect

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
    until,
)
from tests.e2e.test_form import history
from tests.e2e.watch import Watch
from tether.core.model.window import Settings


def test_a_lost_task_runs_again_by_hand_and_by_itself(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Its server forgets it; the person presses the button, then lets the page do it."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_REFUSED")
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        automatic = page.locator("#rerun-lost")
        expect(automatic).not_to_be_checked()
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        background.run(one.servers[0].kill())
        background.run(one.servers[0].start())
        expect(tasks(page, "lost")).to_have_count(1)
        tasks(page, "lost").locator("[data-action=again]").click()
        expect_done(page, 1)

        open_menu(page)
        automatic.check()
        # The one that was run again already stays as it is.
        expect(tasks(page)).to_have_count(2)
        one.hold()
        run(page, [as_file(noise(2), "two.png")])
        expect(tasks(page, "running")).to_have_count(1)
        background.run(one.servers[0].kill())
        background.run(one.servers[0].start())
        expect(tasks(page, "lost")).to_have_count(2)
        expect_done(page, 2)
        assert len({task["promptId"] for task in own_tasks(page)}) == 4

        page.reload()
        expect(page.locator("#rerun-lost")).to_be_checked()
        expect(tasks(page)).to_have_count(4)


STOPPABLE = """
let make;
Object.defineProperty(window, "tetherFrames", {
  get: () => (pause, paint) => make(pause, () => window.isPaintingStopped || paint()),
  set: (made) => { make = made; },
});
"""
"""Lets a test stop the page's paints, all from a moment on."""


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_lost_task_runs_again_while_nothing_is_painted(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Work follows the tasks: a page that draws nothing does all the same."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_REFUSED")
    watched_page.add_init_script(STOPPABLE)
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        open_menu(page)
        page.locator("#rerun-lost").check()
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        page.evaluate("window.isPaintingStopped = true")
        background.run(one.servers[0].kill())
        background.run(one.servers[0].start())
        until(page, "windowTasks().some((each) => each.state === 'completed')")
        assert [task["state"] for task in own_tasks(page)] == ["lost", "completed"]
        expect(tasks(page)).to_have_count(1)  # the second has no card: nothing was drawn


@pytest.mark.long
def test_what_was_lost_before_runs_again_on_its_button_alone(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """The choice is for what gets lost from now on, also after a reload; each end is counted."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_REFUSED")
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2)])
        expect(tasks(page, "running")).to_have_count(1)
        expect(tasks(page, "queued")).to_have_count(1)
        background.run(one.servers[0].kill())
        background.run(one.servers[0].start())
        expect(tasks(page, "lost")).to_have_count(2)
        expect(page.locator("#task-summary")).to_contain_text("0 done, 2 lost")
        page.locator("#lanes > summary").click()
        expect(page.locator("svg.bar.item[data-state=lost]")).to_have_count(2)
        open_menu(page)
        page.get_by_label("From now on, run lost tasks again").check()
        page.reload()
        expect_ready(page)
        expect(page.locator("#rerun-lost")).to_be_checked()
        expect(tasks(page)).to_have_count(2)
        page.get_by_role("button", name="Run lost tasks again (2)").click()
        expect_done(page, 2)
        expect(page.locator("#task-rerun")).to_be_hidden()
        expect(page.locator("#task-summary")).to_contain_text("2 done, 2 lost")


@pytest.mark.long
def test_a_task_at_a_silent_server_runs_elsewhere(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """After half a minute, with a warning; the silent server is told to cancel when it is back."""
    watch.expect("ERR_CONNECTION_REFUSED")
    watch.allow("404")
    warnings: list[str] = []

    def accept(dialog: Dialog) -> None:
        warnings.append(dialog.message)
        dialog.accept()

    with farm(background) as two:
        page = open_page(watched_page, two)
        page.on("dialog", accept)
        two.hold(0)
        run(page, [as_file(noise(1), "one.png")], server="gpu-1")
        expect(tasks(page, "running")).to_have_count(1)
        elsewhere = tasks(page).locator("[data-action=elsewhere]:visible")
        expect(elsewhere).to_have_count(0)
        background.run(two.servers[0].kill())
        expect(elsewhere).to_have_count(1)
        elsewhere.click()
        expect_done(page, 1)
        assert "may run twice" in warnings[0]
        assert [two.posts(0), two.posts(1)] == [1, 1]
        given_up = tasks(page, "running")
        expect(given_up.locator(".trouble")).to_contain_text(
            "a new task runs on another server in place of this one"
        )

        background.run(two.servers[0].start())
        expect(tasks(page, "cancelled")).to_have_count(1)
        assert [two.posts(0), two.posts(1)] == [1, 1]


@pytest.mark.long
def test_a_queue_outlives_its_server(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Fifty tasks of a server that is killed and started anew: all done, in order, unattended."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_REFUSED")
    with farm(background, 1, pace=0.1) as one:
        page = open_page(watched_page, one)
        open_menu(page)
        page.locator("#rerun-lost").check()
        page.keyboard.press("Escape")
        one.hold()
        run(page, [as_file(noise(number, 8, 8), f"{number:02}.png") for number in range(50)])
        page.locator("#task-send").click()
        expect(tasks(page, "queued")).to_have_count(49)
        background.run(one.servers[0].kill())
        one.hold()
        background.run(one.servers[0].start())
        back = time.monotonic()
        until(page, "tether.stats().tasks.lost === 50")
        one.release()
        until(page, "tether.stats().tasks.completed === 50")
        print(f"{time.monotonic() - back:.0f} s from its return to the last of 50")
        assert {task["state"] for task in own_tasks(page)} == {"lost", "completed"}
        ran = [nodes["1"]["inputs"]["image"] for nodes in history(one, 0)]
        assert sorted(ran) == [f"{number:02}.png" for number in range(50)]
        # It may tell of their losses in any order: the first go out before the last is known.
        rest = ran[Settings("").places :]
        assert rest == sorted(rest)


@pytest.mark.long
def test_it_is_asked_once_whether_lost_tasks_run_again_by_themselves(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """When somebody has run them again; the answer holds over reloads."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_REFUSED")
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)

        def lose(number: int) -> None:
            run(page, [as_file(noise(number), f"{number}.png")])
            expect(tasks(page, "running")).to_have_count(1)
            background.run(one.servers[0].kill())
            background.run(one.servers[0].start())

        lose(1)
        page.get_by_role("button", name="Run lost tasks again (1)").click()
        offer = page.locator(".offer")
        expect(offer).to_contain_text("Shall lost tasks run again by themselves")
        expect_done(page, 1)
        offer.get_by_role("button", name="Yes, by themselves").click()
        expect(page.locator("#rerun-lost")).to_be_checked()
        one.hold()
        lose(2)
        expect_done(page, 2)
        page.locator("#rerun-lost").evaluate("each => each.click()")
        page.reload()
        expect_ready(page)
        one.hold()
        lose(3)
        page.get_by_role("button", name="Run lost tasks again (1)").click()
        expect_done(page, 3)
        expect(offer).to_have_count(0)
