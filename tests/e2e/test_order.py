"""What waits can be paused and put in another order, and neither is forgotten."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    AT_WORK,
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    fresh_window,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    wait_for,
)
from tests.e2e.test_form import history


def send(page: Page, of: Farm, count: int = 5) -> None:
    """Run pictures `0.png` to so many; two are at the server, which holds them."""
    of.hold()
    run(page, [as_file(noise(number), f"{number}.png") for number in range(count)])
    expect(tasks(page, "waiting")).to_have_count(count - 2)
    expect(tasks(page, "queued")).to_have_count(1)
    wait_for(page, lambda: of.servers[0].is_held(AT_WORK), AT_WORK)


def ran(of: Farm) -> str:
    """The pictures that the server ran, in order."""
    return "".join(nodes["1"]["inputs"]["image"][0] for nodes in history(of, 0))


def test_a_task_runs_next_where_a_person_or_a_script_wants_that(
    watched_page: Page, background: Background
) -> None:
    """It stays where it is on the sheet; what is put first stays so over a reload."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        send(page, one, 6)
        last = tasks(page).filter(has_text="5.png")
        expect(last).to_contain_text("3 ahead")
        last.get_by_role("button", name="Run next").press("Enter")
        expect(last).not_to_contain_text("ahead")
        expect(last.get_by_role("button", name="Cancel")).to_be_focused()
        expect(tasks(page).last).to_contain_text("5.png")
        ids = {task["title"][0]: task["taskId"] for task in own_tasks(page)}
        order = page.evaluate("(id) => tether.order(id)", ids["4"])
        assert order == [ids[each] for each in "4523"]
        page.reload()
        expect_ready(page)
        assert page.evaluate("tether.order()") == order
        one.release()
        expect_done(page, 6)
        assert ran(one) == "014523"


def test_all_windows_are_paused_and_resumed_at_once(
    watched_page: Page, background: Background
) -> None:
    """What the server has goes on; a reload, and a window opened meanwhile, stay paused."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        other = fresh_window(page.context, one)
        send(page, one)
        page.get_by_role("button", name="Pause all").click()
        expect(page.get_by_role("button", name="Resume all")).to_be_focused()
        one.release()
        expect_done(page, 2)
        waiting = tasks(page, "waiting")
        expect(waiting.first).to_contain_text("waiting: everything is paused")
        expect(page).to_have_title("Paused · 0 % · Tether")
        run(other, [as_file(noise(9), "9.png")])
        expect(tasks(other, "waiting")).to_have_count(1)
        page.reload()
        expect_ready(page)
        third = fresh_window(page.context, one)
        expect(third.get_by_role("button", name="Resume all")).to_be_visible()
        run(third, [as_file(noise(8), "8.png")])
        expect(tasks(third, "waiting")).to_have_count(1)
        # To examine a server takes longer than to send it a task.
        for each in (page, other, third):
            assert each.evaluate(f"tether.doctor('{one.servers[0].url}')")["isWell"]
        expect(waiting).to_have_count(3)
        assert one.posts(0) == 2
        other.get_by_role("button", name="Resume all").click()
        expect_done(page, 5)
        expect_done(other, 1)
        expect_done(third, 1)
        assert sorted(ran(one)) == list("0123489")
        page.evaluate("tether.pause()")
        expect(other.get_by_role("button", name="Resume all")).to_be_visible()
        page.evaluate("tether.resume()")
        expect(other.get_by_role("button", name="Resume all")).to_be_hidden()


def listed(page: Page) -> list[str]:
    """The list of what waits, as `1 3.png`, and `1 (3.png)` for another window's task."""
    rows: list[str] = page.locator("#queue li").evaluate_all(
        """(rows) => rows.map((row) => {
            const text = (part) => row.querySelector(part).textContent;
            const name = /\\d\\.png/.exec(text(".title"))[0];
            const shown = row.className.includes("own") ? name : `(${name})`;
            return `${parseInt(text(".place"))} ${shown}`;
        })"""
    )
    return rows


def let_one_go(page: Page, of: Farm, posted: int) -> None:
    """Let the server end what it runs, and wait until it was sent so many."""
    of.hold(at="success")
    of.release()
    wait_for(page, lambda: of.servers[0].is_held("success"), "its end")
    of.hold()
    of.release(at="success")
    wait_for(page, lambda: of.posts(0) >= posted, f"{posted} tasks")


def queue_of(page: Page, titles: str) -> None:
    """Wait until the list has these, the next one first; those of other windows in brackets."""
    expected = [f"{n} {each}" for n, each in enumerate(titles.split(), 1)]
    wait_for(page, lambda: listed(page) == expected, f"{expected}")


def test_what_waits_is_put_in_another_order_by_keyboard_and_by_dragging(
    watched_page: Page, background: Background
) -> None:
    """The list is one of all windows: what is put at the top of it goes before everything."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        send(page, one)
        other = fresh_window(page.context, one)
        run(other, [as_file(noise(8), "8.png"), as_file(noise(9), "9.png")])
        expect(tasks(other, "waiting")).to_have_count(2)
        page.get_by_role("button", name="Order…").press("Enter")
        dialog = page.get_by_role("dialog", name="Order of what waits")
        # The other window has no place at the server yet.
        queue_of(page, "(8.png) (9.png) 2.png 3.png 4.png")
        down = dialog.get_by_role("button", name="“2.png · Invert colours” down")
        down.press("ArrowDown")
        queue_of(page, "(8.png) (9.png) 3.png 2.png 4.png")
        expect(dialog.get_by_role("status")).to_have_text(
            "“2.png · Invert colours” is number 4 now."
        )
        expect(down).to_be_focused()
        down.press("Enter")
        queue_of(page, "(8.png) (9.png) 3.png 4.png 2.png")
        down.press("Home")
        queue_of(page, "2.png (8.png) (9.png) 3.png 4.png")
        rows = dialog.get_by_role("listitem")
        rows.nth(4).drag_to(rows.nth(3), target_position={"x": 50, "y": 5})
        queue_of(page, "2.png (8.png) (9.png) 4.png 3.png")
        # Both windows at the same moment, as neither knows of the other: one order results.
        ids = {
            task["title"][0]: task["taskId"] for each in (page, other) for task in own_tasks(each)
        }
        other.evaluate("(ids) => tether.order(ids[9], {after: ids[8]})", ids)
        other.evaluate("(ids) => tether.order(ids[9])", ids)
        queue_of(page, "(9.png) 2.png (8.png) 4.png 3.png")
        for posted in (2, 3, 4, 5, 6, 7, 7):
            let_one_go(page, one, posted)
        expect_done(page, 5)
        expect_done(other, 2)
        # A window leaves a place to another for a second; on a busy machine that is too short.
        assert "".join(each for each in ran(one) if each in "89") == "98"
        assert "".join(each for each in ran(one) if each in "234") == "243"


@pytest.mark.long
def test_a_windows_only_task_goes_first_only_where_that_is_asked_for(
    watched_page: Page, background: Background
) -> None:
    """There is nothing of its window that it could go behind."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        send(page, one, 3)
        other = fresh_window(page.context, one)
        run(other, [as_file(noise(8), "8.png")])
        expect(tasks(other, "waiting")).to_have_count(1)
        page.get_by_role("button", name="Order…").press("Enter")
        queue_of(page, "(8.png) 2.png")
        up, down = (page.locator(f"#queue .own [data-action={each}]") for each in ("up", "down"))
        for key in ("ArrowDown", "End", "Enter"):
            down.press(key)
            queue_of(page, "(8.png) 2.png")
        up.press("Enter")
        queue_of(page, "2.png (8.png)")
        one.release()
        expect_done(page, 3)
