"""From a socket into Python: what is left out on the way, and what never is."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.e2e.background import Background
from tests.e2e.farm import farm, open_page, own_tasks, until

SOCKETS = """
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    sockets.push(this);
  }
};
"""

SLOW = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
    },
    "2": {
        "class_type": "TetherSlow",
        "inputs": {"image": ["1", 0], "steps": 9, "step_ms": 60_000, "seed": 1, "previews": False},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}},
}

GIVE = """(frames) => frames.forEach((data) =>
  sockets.at(-1).dispatchEvent(new MessageEvent("message", {data})))"""


def frame(kind: str, **data: Any) -> str:
    """A text frame as a server writes it."""
    return json.dumps({"type": kind, "data": data})


@pytest.mark.fresh_tab
def test_superseded_gauges_alone_are_left_out(watched_page: Page, background: Background) -> None:
    """A burst comes into Python without the gauges that a later one follows, in its order."""
    page = watched_page
    page.add_init_script(SOCKETS)
    with farm(background, 1) as servers:
        open_page(page, servers)
        page.evaluate("(workflow) => tether.submit({workflow}).then(() => {})", SLOW)
        until(page, "windowTasks().some((each) => each.nodeId === '2')")
        prompt = own_tasks(page)[0]["promptId"]

        def step(value: int, node: str = "2") -> str:
            return frame("progress", value=value, max=1000, prompt_id=prompt, node=node)

        def state(value: int) -> str:
            nodes = {"2": {"value": value, "max": 1000, "state": "running"}}
            return frame("progress_state", prompt_id=prompt, nodes=nodes)

        def other(mark: int) -> str:
            return frame("executing", node="2", prompt_id=prompt, mark=mark)

        said = [
            *(other(0), step(1), step(2), step(3), other(1)),
            *(step(4), state(4), step(5), state(5), other(2), other(3)),
            *(step(6), step(7, "1"), step(8)),
        ]
        page.evaluate(GIVE, said)
        until(page, "windowTasks()[0].value === 8")
        entries = page.evaluate("tether.flightRecorder.read()")["entries"]
    texts = [entry["text"] for entry in entries if entry["kind"] == "frame"]
    assert texts[texts.index(other(0)) :] == [
        *(other(0), step(3), other(1)),
        *(step(5), state(5), other(2), other(3)),
        *(step(7, "1"), step(8)),
    ]


FRAMES = """
window.runs = 0;
window.framesCome = true;
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (handle) => framesCome
  ? ask((time) => { runs += 1; handle(time); })
  : 0;
window.nextFrame = ask;
"""
"""Counts what the page runs in animation frames, and lets none come any more."""

BURST = """([texts, isHidden]) => new Promise((done) => {
  const node = document.querySelector(".task .node");
  const found = {shown: [], early: 0, runs: 0};
  const observer = new MutationObserver(() => {
    if (found.shown.at(-1) !== node.textContent) found.shown.push(node.textContent);
    if (found.shown.length > 1) return;
    // What else was asked for in this frame has run by then; of what comes later nothing has.
    const after = isHidden ? (then) => setTimeout(then, 1500) : nextFrame;
    after(() => { found.runs = runs; observer.disconnect(); done(found); });
  });
  observer.observe(node, {childList: true, characterData: true, subtree: true});
  runs = 0;
  for (const data of texts)
    sockets.at(-1).dispatchEvent(new MessageEvent("message", {data}));
  found.early = observer.takeRecords().length;
})"""
"""Gives the page a burst of frames; tells what a person saw of the node on a task's card."""

HIDE = """() => {
  Object.defineProperty(document, "visibilityState", {get: () => "hidden", configurable: true});
  Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
  window.framesCome = false;
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.mark.fresh_tab
def test_however_much_is_told_in_a_frame_the_page_is_painted_once(
    watched_page: Page, background: Background
) -> None:
    """In the screen's next frame, with the last state alone; hidden, by a timer."""
    page = watched_page
    page.add_init_script(SOCKETS + FRAMES)
    with farm(background, 1) as servers:
        open_page(page, servers)
        page.evaluate("(workflow) => tether.submit({workflow}).then(() => {})", SLOW)
        until(page, "document.querySelector('.task .node')?.textContent.includes('node 2')")
        prompt = own_tasks(page)[0]["promptId"]

        def burst(last: str) -> list[str]:
            nodes = ["1", "2", "3"] * 30 + [last]
            return [frame("executing", node=node, prompt_id=prompt) for node in nodes]

        seen = page.evaluate(BURST, [burst("1"), False])
        assert seen["early"] == 0, "it was painted while frames came in"
        assert [text[:6] for text in seen["shown"]] == ["node 1"]
        assert seen["runs"] == 1
        page.evaluate(HIDE)
        seen = page.evaluate(BURST, [burst("3"), True])
        assert seen["early"] == 0
        assert [text[:6] for text in seen["shown"]] == ["node 3"]
        assert seen["runs"] == 0, "no frame comes in a hidden page"
