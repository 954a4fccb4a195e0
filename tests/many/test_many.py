"""Nothing is lost among many: 300 tasks of one window, 12 tabs, and the lid that is closed."""

import json
from collections import Counter
from contextlib import suppress
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from playwright.sync_api import Error as PlaywrightError

from tests.e2e.background import Background
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    give_workflow,
    lock,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    wait_for,
)
from tests.e2e.test_kill import GALLERY
from tests.e2e.watch import Watch

RAISING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "picture.png"}},
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}

GROWTH = 1.1


def pictures(first: int, count: int) -> list[Any]:
    """Small pictures, no two alike."""
    return [as_file(noise(n, 16, 16), f"{n}.png") for n in range(first, first + count)]


def books(one: Farm) -> dict[str, str]:
    """How every task ended, as its server has it; none may be there twice."""
    ends: dict[str, str] = {}
    for server in one.servers:
        with urlopen(f"{server.url}/history") as answer:
            history = json.load(answer)
        for prompt_id, entry in history.items():
            assert prompt_id not in ends, "a task ran on two servers"
            is_good = entry["status"]["status_str"] == "success"
            ends[prompt_id] = "completed" if is_good else "failed"
    return ends


def shown(page: Page) -> dict[str, str]:
    """How every task ended, as the page has it."""
    return {task["promptId"]: task["state"] for task in own_tasks(page)}


# Python lives in the memory of one WebAssembly module, whichever way that is given to it.
NOTE_MEMORIES = """
window.wasmMemories = new Set();
const note = ({ instance }, imports = {}) => {
  for (const part of [instance.exports, ...Object.values(imports)])
    for (const value of Object.values(part))
      if (value instanceof WebAssembly.Memory) window.wasmMemories.add(value);
};
for (const name of ["instantiate", "instantiateStreaming"]) {
  const original = WebAssembly[name];
  WebAssembly[name] = async (source, imports) => {
    const made = await original.call(WebAssembly, source, imports);
    note(made.instance ? made : { instance: made }, imports);
    return made;
  };
}
"""


def memory(page: Page, session: CDPSession) -> tuple[float, float]:
    """Bytes of the page's JavaScript and of its WebAssembly, after a forced collection."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    sizes = page.evaluate("[...wasmMemories].map((memory) => memory.buffer.byteLength)")
    assert max(sizes) > 10 * 2**20, "Python's memory is among them"
    return used, sum(sizes)


@pytest.mark.fresh_tab
def test_300_tasks_of_one_window_on_four_servers(
    watched_page: Page, background: Background
) -> None:
    """All right, each posted once; and no memory is kept of those that have ended."""
    with farm(background, 4, pace=0.0) as four:
        watched_page.add_init_script(NOTE_MEMORIES)
        page = open_page(watched_page, four)
        session = page.context.new_cdp_session(page)
        seen: dict[str, str] = {}
        at: dict[int, tuple[float, float]] = {}
        for first in range(0, 300, 50):
            run(page, pictures(first, 50))
            expect_done(page, 50)
            seen |= shown(page)
            # What a person clears away is gone; so is what it took.
            page.locator("#task-clear").click()
            expect(tasks(page)).to_have_count(0)
            page.locator("#undo [aria-label=Close]").click()
            at[first + 50] = memory(page, session)
        print({count: [f"{part / 2**20:.1f} MB" for part in parts] for count, parts in at.items()})
        assert Counter(seen.values()) == {"completed": 300}
        assert seen == books(four)
        assert sum(four.posts(number) for number in range(4)) == 300
        for late, early in zip(at[300], at[100], strict=True):
            assert late / early <= GROWTH


CELLS = 500

SWEEP = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "cell"}},
}


@pytest.mark.fresh_tab
def test_a_sweep_of_500_cells_while_servers_and_tabs_are_killed(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Each cell is done once: what a server forgot is run again, a dead tab's work taken over."""
    watch.expect("404")
    watch.allow("ERR_CONNECTION_")
    with farm(background, 4, pace=0.0) as four:
        page = open_page(watched_page, four)
        page.locator("#rerun-lost").evaluate("each => each.click()")
        names = [f"cell-{number:03}" for number in range(CELLS)]
        asked = {"workflow": SWEEP, "title": "cell", "sweep": {"2.filename_prefix": names}}
        made = page.evaluate("(asked) => tether.submit(asked)", asked)
        assert len(made) == CELLS
        for killed, server in enumerate(four.servers, 1):
            kept_at_least(page, killed * CELLS // 10)
            background.run(server.kill())
            background.run(server.start())
            with suppress(PlaywrightError):  # that is how a crash shows
                page.goto("chrome://crash")
            successor = page.context.new_page()
            page.close()
            page = open_page(successor, four)
        for count in range(len(four.servers) * CELLS // 10, CELLS + 1, 25):
            kept_at_least(page, count)
        expect(page.locator(LIVE)).to_have_count(0)
        titles = [json.loads(text)["title"] for text in page.evaluate(GALLERY)]
        assert sorted(titles) == [f"cell (filename_prefix {name})" for name in names]


LIVE = ".task:is([data-state=waiting], [data-state=running], [data-state=queued])"


def kept_at_least(page: Page, count: int) -> None:
    """Wait until the gallery has so many results."""
    wait_for(page, lambda: len(page.evaluate(GALLERY)) >= count, f"{count} results")


def test_12_tabs_with_three_tasks_each(watched_page: Page, background: Background) -> None:
    """Every tab sees its own three to their end, and nobody else's."""
    with farm(background, 2, pace=0.1) as two:
        pages = [watched_page, *(watched_page.context.new_page() for _ in range(11))]
        for page in pages:
            page.goto(two.url)
        for page in pages:
            expect_ready(page)
        for number, page in enumerate(pages):
            run(page, pictures(3 * number, 3))
        seen: dict[str, str] = {}
        for page in pages:
            expect_done(page, 3)
            own = shown(page)
            assert len(own) == 3
            assert not own.keys() & seen.keys()
            seen |= own
            assert lock(page) is None
        assert seen == books(two)
        assert two.posts(0) + two.posts(1) == 36
        clients = {identity["id"] for identity in map(window, pages)}
        assert len(clients) == 12


def window(page: Page) -> dict[str, Any]:
    """The window's record."""
    return json.loads(page.evaluate("sessionStorage.getItem('tether:/:window')"))


def test_the_lid(watched_page: Page, background: Background, browser: Browser) -> None:
    """60 tasks are sent, the lid is closed; another browser finds all of them, and their ends."""
    with farm(background, 3, pace=0.4) as three:
        first = open_page(watched_page, three)
        second = open_page(watched_page.context.new_page(), three)
        run(first, pictures(0, 30))
        run(second, pictures(30, 25))
        give_workflow(second, json.dumps(RAISING))
        run(second, pictures(55, 5), workflow="own")
        sent: set[str] = set()
        for page in (first, second):
            page.locator("#task-send").click()
        for page in (first, second):
            expect(page.locator("#task-safety")).to_contain_text("Safe to close")
            sent |= shown(page).keys()
        assert len(sent) == 60
        link = second.locator("#own-link").get_attribute("href")
        assert link is not None
        for page in (first, second):
            page.close(run_before_unload=True)

        context = browser.new_context()
        opened(context)
        watch = Watch(context)
        other = open_page(context.new_page(), link)
        expect(tasks(other)).to_have_count(60)
        expect(tasks(other, "failed")).to_have_count(5)
        expect_done(other, 55)
        assert shown(other) == books(three)
        assert shown(other).keys() == sent
        assert sum(three.posts(number) for number in range(3)) == 60
        for card in (tasks(other, "completed").first, tasks(other, "completed").last):
            card.scroll_into_view_if_needed()
            expect(card.locator("figure.image")).to_have_count(1)
        watch.verify()
        context.close()
