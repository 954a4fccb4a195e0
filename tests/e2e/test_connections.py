"""Sockets that are blocked, lost or come back: each task stays with its own server."""

import pytest
from playwright.sync_api import Page, Route, expect

from simulator.settings import Api
from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    Heard,
    as_file,
    expect_done,
    expect_ready,
    farm,
    lock,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    wait_for,
)
from tests.e2e.watch import Watch


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_blocked_socket_means_polling_and_says_so(
    watched_page: Page, background: Background
) -> None:
    """No WebSocket for ten seconds: the task goes on, its end is asked for over HTTP."""
    with farm(background, 1, pace=1.0) as one:
        # The browser's socket opens, but no frame ever comes through.
        watched_page.route_web_socket("**/ws?*", lambda socket: None)
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page).locator(".trouble")).to_contain_text("The WebSocket to gpu-1 is blocked")
        expect_done(page, 1)
        assert own_tasks(page)[0]["endedBy"] == "record"
        assert lock(page) is None


def test_a_dropped_socket_comes_back_to_the_bound_server(
    watched_page: Page, background: Background
) -> None:
    """The socket drops in mid-task: the next one goes to the same server, under the same id."""
    with farm(background, is_held=True) as two:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, two)
        run(page, [as_file(noise(1), "one.png")], server="gpu-1")
        expect(tasks(page, "running")).to_have_count(1)
        (before,) = heard.open
        background.run(cut_sockets(two, 0))
        wait_for(page, lambda: len(heard.opened) == 2, "another socket")
        two.release()
        expect_done(page, 1)
        assert heard.opened == [before, before]
        assert two.posts(0) == 1
        assert two.posts(1) == 0


@pytest.mark.long
def test_a_task_that_its_server_forgot_is_lost_and_no_other(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """One server is killed and comes back empty: its task is lost, the other's is done."""
    watch.allow("404")  # the last call for it may be answered after all is known
    watch.allow("ERR_CONNECTION_REFUSED")  # a call in the moment between its two lives
    with farm(background, is_held=True) as two:
        page = open_page(watched_page, two)
        run(page, [as_file(noise(1), "one.png")], server="gpu-1")
        run(page, [as_file(noise(2), "two.png")], server="gpu-2")
        expect(tasks(page, "running")).to_have_count(2)
        background.run(two.servers[0].kill())
        background.run(two.servers[0].start())
        two.release()
        expect_done(page, 1)
        expect(tasks(page, "lost")).to_have_count(1)
        expect(tasks(page, "lost").locator(".trouble")).to_contain_text("no longer knows it")
        assert lock(page) is None
        assert [two.posts(0), two.posts(1)] == [1, 1]


def test_a_reload_in_mid_task_hears_the_rest(watched_page: Page, background: Background) -> None:
    """The new page takes the old one's client id, and the end comes over its socket."""
    with farm(background, 1, is_held=True) as one:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        held = lock(page)
        page.reload()
        expect_ready(page)
        assert lock(page) == held
        one.release()
        expect_done(page, 1)
        assert lock(page) is None
        assert len(set(heard.opened)) == 1
        assert one.posts(0) == 1


@pytest.mark.parametrize("api", ["0.28", pytest.param("0.3.64", marks=pytest.mark.long)])
def test_cancel_ends_this_task_and_no_other(
    watched_page: Page, watch: Watch, background: Background, api: str
) -> None:
    """Running, queued and waiting tasks are cancelled; the fourth goes on."""
    # A cancelled task that was queued leaves no trace.
    if api == "0.28":
        watch.expect("404")
    else:
        watch.allow("404")
        # No list has told before the first cancelling that the server is an old one, perhaps.
        watch.allow("api/jobs/.*/cancel")
    with farm(background, 1, is_held=True, api=Api(api)) as one:
        page = open_page(watched_page, one)
        photos = [as_file(noise(number), f"photo-{number}.png") for number in range(4)]
        run(page, photos)
        expect(tasks(page, "running")).to_have_count(1)
        for state in ("waiting", "queued", "running"):
            card = tasks(page, state).first
            title = card.locator(".title").text_content()
            card.locator("[data-action=cancel]").click()
            cancelled = page.locator(".task[data-state=cancelled]", has_text=title)
            expect(cancelled).to_have_count(1)
        one.release()
        expect_done(page, 1)
        expect(tasks(page, "cancelled")).to_have_count(3)
        assert lock(page) is None


async def cut_sockets(farm: Farm, number: int) -> None:
    """Cut a server's sockets without a close frame."""
    farm.servers[number].cut_sockets()


@pytest.mark.long
def test_a_task_cancelled_before_its_upload_takes_no_place_from_others(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Two others are being sent, and it waits for its turn; the next task has it then."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        held: list[Route] = []
        page.route("**/upload/image", lambda route: held.append(route), times=2)
        run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2, 3)])
        wait_for(page, lambda: len(held) == 2, "two pictures on their way")
        page.get_by_role("button", name="Send all now").click()
        expect(tasks(page, "uploading")).to_have_count(3)
        page.locator(".task", has_text="3.png").locator("[data-action=cancel]").click()
        expect(tasks(page, "cancelled")).to_have_count(1)
        run(page, [as_file(noise(4), "4.png")])
        for route in held:
            route.continue_()
        expect_done(page, 3)
