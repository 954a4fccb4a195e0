"""What waits can be paused and put in another order, and neither is forgotten."""

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
