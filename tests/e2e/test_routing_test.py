"""The routing test, run as people run it: from the console, by its button, by the address."""

from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import ClientSession
from playwright.sync_api import Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    lock,
    noise,
    open_menu,
    open_page,
    own_tasks,
    tasks,
    until,
)
from tests.e2e.farm import run as send
from tests.e2e.watch import Watch
from tests.page.routing_test.expected import EXPECTED
from tools.dev.serve import PageServer


@pytest.fixture
def empty(background: Background) -> Iterator[str]:
    """The address of a page without servers."""
    server = PageServer(servers=[], root=SERVED)
    background.run(server.start())
    yield server.url
    background.run(server.stop())


@pytest.fixture
def source(background: Background) -> Iterator[str]:
    """The same of the source tree, whose code can be changed on its way."""
    server = PageServer(servers=[])
    background.run(server.start())
    yield server.url
    background.run(server.stop())


def run(page: Page, options: str = "") -> Any:
    """Run the test from the console."""
    return page.evaluate(f"runWebSocketRoutingFixTest({options})")


def busy(background: Background, servers: Farm, number: int) -> None:
    """Have a server work for a minute on something of somebody else."""
    slow = {"image": ["1", 0], "steps": 60, "step_ms": 1000, "seed": 1, "previews": False}
    size = {"width": 8, "height": 8, "batch_size": 1, "color": 1}
    nodes = {
        "1": {"class_type": "EmptyImage", "inputs": size},
        "2": {"class_type": "TetherSlow", "inputs": slow},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }

    async def post() -> None:
        url = f"{servers.servers[number].url}/prompt"
        async with ClientSession() as session, session.post(url, json={"prompt": nodes}) as answer:
            assert answer.status == 200

    background.run(post())


def red(result: Any) -> set[int]:
    """The scenes that failed."""
    return {scene["id"] for scene in result["scenes"] if not scene["passed"]}


def test_all_is_green_on_a_fresh_page_without_servers(page: Page, empty: str, watch: Watch) -> None:
    """Called before Python is there, it waits; then it takes seconds."""
    logged: list[tuple[str, str]] = []
    page.on("console", lambda message: logged.append((message.type, message.text)))
    page.goto(empty)
    until(page, "Boolean(window.runWebSocketRoutingFixTest)")
    page.evaluate(
        """() => {
            const done = (name) => () => { window[name] ??= performance.now(); };
            const root = document.documentElement;
            const seen = new MutationObserver(() => root.dataset.ready && done("readyAt")());
            seen.observe(root, {attributes: true});
            window.asked = runWebSocketRoutingFixTest();
            asked.then(done("testedAt"));
        }"""
    )
    assert page.evaluate("asked instanceof Promise")
    expect_ready(page)
    found = page.evaluate("asked")
    seconds = page.evaluate("(testedAt - readyAt) / 1000")
    print(f"{seconds:.1f} s after the page was ready")
    assert 0 < seconds < 60
    assert (found["passed"], red(found), found["live"]) == (True, set(), [])
    told = [text for kind, text in logged if kind.startswith("startGroup")]
    assert told[0] == "Routing test: 12/12 passed"
    assert [text.split()[0] for text in told[1:]] == [str(number) for number in range(1, 13)]
    assert found.keys() == {"passed", "summary", "scenes", "live", "environment"}
    assert [scene["id"] for scene in found["scenes"]] == list(range(1, 13))
    seventh = found["scenes"][6]
    assert seventh["before"] == "ABC completed. DEF stays at 52.25 % forever."
    assert seventh["evidence"]["before"] and seventh["evidence"]["after"]
    kinds = [kind for kind, _ in logged]
    assert kinds.count("startGroupCollapsed") == 12
    assert (
        page.evaluate("Object.keys(sessionStorage).some((key) => key.includes(':task:'))") is False
    )


# Cure -> the module of the page that has it, the text that is the cure, and what stands there
# instead.
BINDING, FAVOURITE = "app/tether/core/model/binding.py", "lambda bound, favourite: favourite()"
WITHOUT = [
    ("client id", BINDING, "= make_client_id\n", "= lambda base, *_: ClientId(base)\n"),
    ("aim", BINDING, "    aim: Aim = stay\n", f"    aim: Aim = {FAVOURITE}\n"),
    ("consistency", BINDING, "    ] = mismatches\n", "    ] = lambda *_: ()\n"),
    ("binding", BINDING, "    call: Aim = stay\n", f"    call: Aim = {FAVOURITE}\n"),
    ("reconnect", BINDING, "    redial: Aim = stay\n", f"    redial: Aim = {FAVOURITE}\n"),
    (
        "one connection per server",
        BINDING,
        "    return (*open_to, wanted)\n",
        "    return open_to or (wanted,)\n",
    ),
    (
        "one connection per server",
        BINDING,
        "    return (*open_to, wanted)\n",
        "    return (wanted,)\n",
    ),
    (
        "shortest queue",
        BINDING,
        "] = choose\n",
        "] = lambda loads, draw: next(iter(loads), None)\n",
    ),
    ("lock", BINDING, "= Locks.write\n", "= lambda locks: None\n"),
    (
        "reconciliation",
        "app/tether/core/tracking/reconciler.py",
        (
            "        return (Request(polling.list_id, server.url, ask, path, "
            "owner=Owner.RECONCILER),)\n"
        ),
        "        return ()\n",
    ),
]


def change(page: Page, path: str, old: str, new: str) -> None:
    """Change the page's own code on its way."""

    def changed(route: Route) -> None:
        text = route.fetch().text()
        assert text.count(old) == 1
        route.fulfill(body=text.replace(old, new), content_type="text/x-python")

    page.route(f"**/{path}", changed)


@pytest.mark.long
@pytest.mark.parametrize(
    ("cure", "path", "old", "new"),
    [WITHOUT[0], *(pytest.param(*each, marks=pytest.mark.long) for each in WITHOUT[1:])],
)
def test_a_page_without_a_cure_is_found_out(
    page: Page, source: str, cure: str, path: str, old: str, new: str
) -> None:
    """The page's own code is changed; exactly the scenes written down beforehand turn red."""
    change(page, path, old, new)
    open_page(page, source)
    result = run(page)
    assert red(result) == EXPECTED[cure]
    assert result["passed"] is False
    assert ", ".join(map(str, sorted(EXPECTED[cure]))) in result["summary"]


@pytest.mark.long
def test_a_red_scene_is_not_folded_away(page: Page, source: str) -> None:
    """Below the person's own servers."""
    change(page, *WITHOUT[0][1:])
    open_page(page, source)
    open_menu(page)
    page.locator("#routing-open").click()
    run(page, "{servers: ['127.0.0.1:1']}")
    expect(page.locator("#routing-live li.bad")).to_be_visible()
    expect(page.locator("#routing-table tr.bad").first).to_be_visible()


@pytest.mark.long
def test_it_is_fetched_when_asked_for_and_has_a_button(
    page: Page, empty: str, watch: Watch
) -> None:
    """Nothing of it is on the way to the first screen; the dialog shows the same report."""
    open_page(page, empty)
    late = ("/app/page/routing_test/stage", "/app/simulator/", "/app/demo/", "/lazy/routing_test")
    assert not [url for url in watch.requests if any(part in url for part in late)]
    open_menu(page)
    page.get_by_role("button", name="Routing test…").click()
    summary = page.locator("#routing-summary")
    expect(page.get_by_role("dialog")).to_contain_text("Replays what can go wrong between windows")
    assert not [url for url in watch.requests if any(part in url for part in late)]
    page.get_by_role("dialog").get_by_role("button", name="Start").click()
    expect(summary).to_contain_text("All 12 scenes")
    expect(page.locator("#routing-table tbody tr.good")).to_have_count(12)
    expect(page.locator("#routing-table")).to_contain_text("DEF stays at 52.25 %")
    page.set_viewport_size({"width": 390, "height": 844})  # a phone
    for name in ("Start", "Close"):
        button = page.get_by_role("dialog").get_by_role("button", name=name)
        expect(button).to_be_in_viewport(ratio=1)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


@pytest.mark.long
def test_the_address_asks_for_it_in_the_pages_language(page: Page, empty: str) -> None:
    """`?selftest=1`, as people send it to each other."""
    open_page(page, empty)
    open_menu(page)
    page.select_option("#language", "zh")
    expect(page.locator("#run")).to_have_text("运行")
    page.goto(f"{empty}?selftest=1")
    expect(page.locator("#routing-summary")).to_contain_text("全部 12 个场景")
    expect(page.locator("#routing-table")).to_contain_text("DEF 永远停在 52.25 %")


def test_two_servers_are_proven_and_a_dead_one_is_named(
    page: Page, background: Background, watch: Watch
) -> None:
    """The rest of the test still runs."""
    with farm(background, 2) as two:
        open_page(page, two)
        result = run(page)
        assert (result["passed"], [each["verdict"] for each in result["live"]]) == (
            True,
            ["ok"] * 2,
        )
        assert page.evaluate("getWindowServerLock()") is None
        assert page.evaluate("windowTasks()") == []
        page.locator("#runs-open").click()
        for name in ("gpu-1", "gpu-2"):
            page.locator("#runs-server").select_option(label=name)
            expect(page.locator("#runs-recent")).to_contain_text("This server has run nothing")
        page.locator("#runs-close").click()
        open_menu(page)
        page.locator("#routing-open").click()
        own, scenes = page.locator("#routing-live"), page.locator("#routing-scenes")
        expect(own.get_by_role("heading", name="Your servers")).to_be_visible()
        expect(own.locator("li.good strong")).to_have_text(["gpu-1 works.", "gpu-2 works."])
        expect(scenes.get_by_text("The scenes, one by one")).to_be_visible()
        expect(page.locator("#routing-table")).to_be_hidden()
        assert own.bounding_box()["y"] < scenes.bounding_box()["y"]
        background.run(two.servers[1].kill())
        watch.allow("ERR_CONNECTION_REFUSED")
        watch.allow("FAILED|Servers that don't work|WebSocket connection to")
        result = run(page)
        name = result["live"][1]["name"]
        assert [each["verdict"] for each in result["live"]] == ["ok", "unreachable"]
        assert "doesn't answer at" in result["live"][1]["detail"]
        assert (result["passed"], red(result)) == (False, set())
        expect(own.locator("li.bad")).to_contain_text("gpu-2 does not work. ")
        assert result["summary"].endswith(f"Servers that don't work: {name}.")


@pytest.mark.long
def test_a_busy_server_is_proven_within_its_time_and_left_as_it_was(
    page: Page, background: Background
) -> None:
    """Others' tasks keep it busy for longer than the test waits."""
    with farm(background, 2) as two:
        open_page(page, two)
        busy(background, two, 0)
        began = page.evaluate("performance.now()")
        result = run(page)
        seconds = (page.evaluate("performance.now()") - began) / 1000
        assert [each["verdict"] for each in result["live"]] == ["queued", "ok"]
        assert result["live"][0]["detail"].startswith("Socket works, queued behind 1;")
        assert result["passed"] is True
        print(f"{seconds:.1f} s with a busy server")
        assert seconds < 60
        assert two.servers[0].engine.process.queue.remaining == 1


@pytest.mark.long
def test_it_harms_no_task_that_runs_meanwhile(page: Page, background: Background) -> None:
    """The person's task keeps its lock, is heard on its own socket and completes."""
    with farm(background, 2, is_held=True) as two:
        open_page(page, two)
        send(page, [as_file(noise(1), "1.png")])
        expect(tasks(page, "running")).to_have_count(1)
        held = lock(page)
        running = page.evaluate_handle("() => { window.asked = runWebSocketRoutingFixTest() }")
        assert running is not None and lock(page) == held
        assert page.evaluate("asked")["passed"] is True
        two.release()
        expect_done(page, 1)
        assert own_tasks(page)[0]["endedBy"] == "socket"


def test_a_wrong_option_is_refused_in_plain_words(page: Page, empty: str) -> None:
    """By an Error that says what it takes."""
    open_page(page, empty)
    for options in ("{live: 'yes'}", "{speed: 2}", "7"):
        told = page.evaluate(
            f"runWebSocketRoutingFixTest({options}).catch((e) => e instanceof Error && e.message)"
        )
        assert "live, servers, verbose, seed" in told


@pytest.mark.long
def test_it_is_started_once_at_a_time(page: Page, background: Background) -> None:
    """Its button is off meanwhile: a second run would write into the report of the first."""
    with farm(background, 1) as one:
        one.hold(at="before ImageInvert")
        open_page(page, one)
        open_menu(page)
        page.locator("#routing-open").click()
        start = page.get_by_role("dialog").get_by_role("button", name="Start")
        start.click()
        expect(start).to_be_disabled()
        start.dispatch_event("click")
        expect(page.locator("#routing-live")).to_contain_text("Your servers")
        one.release(at="before ImageInvert")
        expect(start).to_be_enabled()
        expect(page.locator("#routing-table tbody tr")).to_have_count(12)
        assert one.posts(0) == 1
