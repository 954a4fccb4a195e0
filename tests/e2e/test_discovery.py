"""Servers join and leave by the host's list, without a reload."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    unfold_servers,
    wait_for,
)
from tests.e2e.watch import Watch
from tools.dev.listening import end
from tools.dev.serve import listed


class Orchestrator:
    """What writes the list, at an origin of its own."""

    def __init__(self, background: Background) -> None:
        self._background = background
        self.servers: Sequence[Mapping[str, str]] = ()
        self.is_open = True
        self.broken: web.Response | None = None
        self.answers: Counter[int] = Counter()
        self.methods: Counter[str] = Counter()
        self.url = ""

    async def _answer(self, request: web.Request) -> web.Response:
        headers = {"Access-Control-Allow-Origin": "*"} if self.is_open else {}
        self.methods[request.method] += 1
        answer = self.broken or listed(self.servers, request, headers)
        self.broken = None
        self.answers[answer.status] += 1
        return answer

    @contextmanager
    def running(self) -> Iterator["Orchestrator"]:
        """Listen until it isn't needed."""

        async def start() -> web.AppRunner:
            app = web.Application()
            app.router.add_route("*", "/fleet", self._answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return runner

        runner = self._background.run(start())
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/fleet"
        try:
            yield self
        finally:
            self._background.run(end(runner))


@pytest.fixture
def three(background: Background) -> Iterator[Farm]:
    """Three servers; the list beside the page is the test's to write."""
    with farm(background, 3) as servers:
        yield servers


def entries(three: Farm, *numbers: int) -> list[dict[str, str]]:
    """Some of the servers, as a list has them."""
    return [
        {"url": f":{three.servers[each].port}", "name": three.servers[each].settings.name}
        for each in numbers
    ]


def names(page: Page) -> Any:
    """The names on the servers' cards."""
    return page.locator(".server.card .name")


def later(page: Page) -> None:
    """Let eleven minutes go by: the list is read again within ten."""
    page.clock.fast_forward("11:00")


@pytest.mark.fresh_tab
def test_servers_join_and_leave_and_a_task_that_runs_ends_where_it_is(
    three: Farm, watched_page: Page, watch: Watch
) -> None:
    """What a person has removed stays away, though the list has it."""
    three.page.servers = entries(three, 0, 1)
    three.hold(0)
    watched_page.clock.install()
    page = open_page(watched_page, three)
    expect(names(page)).to_have_text(["gpu-1", "gpu-2"])
    card = page.locator(".server.card", has_text="gpu-2")
    unfold_servers(page)
    card.get_by_role("button", name="Remove").click()
    expect(names(page)).to_have_text(["gpu-1"])
    photo = noise(1)
    run(page, [as_file(photo, "photo.png")], server="gpu-1")
    expect(tasks(page, "running")).to_have_count(1)
    three.page.servers = entries(three, 1, 2)
    later(page)
    expect(names(page)).to_have_text(["gpu-1", "gpu-3"])
    going = page.locator(".server.card", has_text="gpu-1").locator(".state")
    expect(going).to_have_text("finishing its last tasks")
    three.release(0)
    expect_done(page, 1)
    assert {task["server"] for task in own_tasks(page)} == {three.servers[0].url}
    expect(names(page)).to_have_text(["gpu-3"])
    run(page, [as_file(photo, "next.png")])
    expect_done(page, 2)
    assert three.posts(2) == 1


@pytest.fixture
def elsewhere(three: Farm, background: Background) -> Iterator[Orchestrator]:
    """The list is another origin's to write."""
    with Orchestrator(background).running() as orchestrator:
        orchestrator.servers = entries(three, 0)
        three.page.servers = {"from": orchestrator.url}
        yield orchestrator


@pytest.mark.long
@pytest.mark.fresh_tab
def test_the_list_of_another_origin_is_followed(
    three: Farm, elsewhere: Orchestrator, watched_page: Page, watch: Watch
) -> None:
    """Without a preflight; unchanged it is a 304; a hidden page doesn't ask until it is seen."""
    watched_page.clock.install()
    page = open_page(watched_page, three)
    expect(names(page)).to_have_text(["gpu-1"])
    assert elsewhere.answers == {200: 1}
    later(page)
    expect_answers(page, elsewhere, {200: 1, 304: 1})
    seen = "Object.defineProperty(document, 'visibilityState', {value: '%s', configurable: true})"
    page.evaluate(seen % "hidden")
    elsewhere.servers = entries(three, 0, 1)
    for _ in range(3):
        later(page)
    page.wait_for_timeout(500)  # a silence is what is tested
    assert elsewhere.answers == {200: 1, 304: 1}
    page.evaluate(seen % "visible")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(names(page)).to_have_text(["gpu-1", "gpu-2"])
    assert elsewhere.answers == {200: 2, 304: 1}
    assert elsewhere.methods == {"GET": 3}


def expect_answers(page: Page, elsewhere: Orchestrator, answers: dict[int, int]) -> None:
    """Wait until the list was answered so often."""
    wait_for(page, lambda: elsewhere.answers == answers, f"{answers}")


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_bad_list_changes_nothing_and_says_so(
    three: Farm, elsewhere: Orchestrator, watched_page: Page, watch: Watch
) -> None:
    """Broken, empty, refused to the page, answered with an error; then it is good again."""
    watch.allow("ERR_FAILED|503|CORS policy")
    watched_page.clock.install()
    page = open_page(watched_page, three)
    expect(names(page)).to_have_text(["gpu-1"])
    allowed = {"Access-Control-Allow-Origin": "*"}
    notices = page.locator("#notices")
    for answer, told in (
        (web.Response(text="<html>", headers=allowed), "can't be read"),
        (web.Response(text="[]", headers=allowed), "is empty now"),
        (web.Response(status=503, headers=allowed), "status 503"),
        (web.Response(text="[]"), "Access-Control-Allow-Origin: " + three.url.rstrip("/")),
    ):
        elsewhere.broken = answer
        elsewhere.is_open = False
        later(page)
        expect(notices).to_contain_text(told)
        expect(names(page)).to_have_text(["gpu-1"])
    elsewhere.is_open = True
    elsewhere.servers = entries(three, 1)
    later(page)
    expect(names(page)).to_have_text(["gpu-2"])


@pytest.mark.long
def test_a_page_starts_with_the_last_good_list_when_its_place_is_down(
    three: Farm, background: Background, watched_page: Page, watch: Watch
) -> None:
    """It says that the list doesn't answer."""
    watch.expect("ERR_CONNECTION_REFUSED")
    with Orchestrator(background).running() as elsewhere:
        elsewhere.servers = entries(three, 2)
        three.page.servers = {"from": elsewhere.url}
        page = open_page(watched_page, three)
        expect(names(page)).to_have_text(["gpu-3"])
    page.reload()
    expect_ready(page)
    expect(names(page)).to_have_text(["gpu-3"])
    expect(page.locator("#notices")).to_contain_text("doesn't answer")


@contextmanager
def stalled() -> Iterator[str]:
    """The address of a place that begins to answer, and goes no further."""
    held: list[socket.socket] = []
    head = b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 99\r\n\r\n["

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            caller.sendall(head)
            held.append(caller)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=[listener])
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/servers.json"
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in held:
            each.close()


@pytest.mark.long
def test_a_place_that_stalls_does_not_keep_the_page_from_starting(
    three: Farm, watched_page: Page
) -> None:
    """It waits ten seconds, then says so, and works with what it has."""
    with stalled() as place:
        three.page.servers = {"from": place}
        page = open_page(watched_page, three)
        expect(page.locator("#notices")).to_contain_text("doesn't answer")
        watched_page.goto("about:blank")
