"""What a frame costs, beside a JavaScript client in the same page."""

import json
from collections.abc import Sequence
from typing import Any

from playwright.async_api import Page

from bench.page.browser import Bench, servers, slow, until, workflow
from bench.page.figures import Figure, median, ratio

RUNS, WARM_UP, BURST, SINGLES = 11, 4, 1000, 20

NODES = 10
"""Nodes in a `progress_state` of 1.5 kB."""


def text(kind: str, **data: Any) -> str:
    """Write a frame as ComfyUI does."""
    return json.dumps({"type": kind, "data": data})


def progress(prompt_id: str, number: int) -> str:
    """The older gauge: 110 bytes."""
    return text("progress", value=number, max=BURST, prompt_id=prompt_id, node="2")


def progress_state(prompt_id: str, number: int) -> str:
    """The newer gauge: all nodes that have begun."""
    nodes = {
        str(node): {
            "value": float(number) if node == 2 else 1.0,
            "max": float(BURST),
            "state": "running" if node == 2 else "finished",
            "node_id": str(node),
            "prompt_id": prompt_id,
            "display_node_id": str(node),
            "parent_node_id": None,
            "real_node_id": str(node),
        }
        for node in (1, 2, *range(11, NODES + 6))
    }
    return text("progress_state", prompt_id=prompt_id, nodes=nodes)


def executing(prompt_id: str, _number: int) -> str:
    """No gauge: each is handed over at once."""
    return text("executing", node="2", display_node="2", prompt_id=prompt_id)


async def run_slowly(page: Page, server: str) -> str:
    """Let a task run there for as long as the row takes; return its prompt id."""
    own = workflow(slow(1000, 60_000))
    call = "([workflow, server]) => tether.submit({workflow, server}).then((it) => it.promptId)"
    prompt_id: str = await page.evaluate(call, [own, server])
    mine = f"windowTasks().find((each) => each.promptId === '{prompt_id}')"
    await until(page, f"{mine}.state === 'running'")
    return prompt_id


Side = tuple[str, list[str]]
"""A server, and frames for the socket that a page has to it."""


async def turns(
    page: Page, sides: Sequence[Side], gap: int, times: int, first: int | None = None
) -> list[list[float]]:
    """Microseconds a frame, by turns on each side, after some that only warm up.

    Args:
        page: Has the sockets.
        sides: To be compared.
        gap: Milliseconds between two frames; 0 for a burst.
        times: How many turns count.
        first: How many only warm up.
    """
    if first is None:
        first = WARM_UP if gap == 0 else 1
    call = "([sides, gap, turns]) => benchTurns(sides, gap, turns)"
    spent = await page.evaluate(call, [sides, gap, first + times])
    return [[each * 1000 for each in turn] for turn in spent[first:]]


async def measure(bench: Bench) -> list[Figure]:
    """Bursts and single frames, by turns with @saintno/comfyui-sdk in the same page."""
    figures = []
    async with servers(2) as (ours, theirs), bench.context() as context:
        page = await bench.open(context, [ours], "sockets.js")
        own_id = await run_slowly(page, ours)
        their_id = await page.evaluate(
            "([server, workflow]) => benchSaintno(server, workflow)",
            [theirs, workflow(slow(1000, 60_000))],
        )
        for name, frame, limit in (
            ("`progress`", progress, 0.5),
            ("`progress_state` of 1.5 kB", progress_state, 1.0),
        ):
            own = [frame(own_id, number) for number in range(1, BURST + 1)]
            other = [frame(their_id, number) for number in range(1, BURST + 1)]
            sides = (ours, own), (theirs, other)
            mine, saints = zip(*await turns(page, sides, 0, RUNS), strict=True)
            figures += [
                ratio(f"{name} in bursts of 1,000 / @saintno", mine, saints, limit),
                median(f"{name}, the page", mine, None, "µs"),
                median(f"{name}, @saintno", saints, None, "µs", f"{len(own[0])} bytes"),
            ]
            sides = (ours, own[:SINGLES]), (theirs, other[:SINGLES])
            mine, saints = zip(*await turns(page, sides, 25, RUNS), strict=True)
            figures += [
                ratio(f"{name} alone / @saintno", mine, saints, None),
                median(f"{name} alone, the page", mine, None, "µs"),
            ]
        heard = await page.evaluate("benchHeard.progress")
        assert heard > RUNS * BURST, f"@saintno has heard {heard} frames: it isn't listening"
    return figures
