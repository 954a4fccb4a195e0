"""How long many tasks take on two servers, beside other clients and the best that is possible."""

import asyncio
import heapq
import itertools
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession, WSMsgType
from playwright.async_api import Page

from bench.page.browser import Bench, servers, slow, workflow
from bench.page.figures import Figure, median, ratio
from bench.page.hosts import ROOT

RUNS, PEER_RUNS = 7, 3
TINY, IN_FLIGHT = 200, 2
UNEQUAL, SECONDS, SPEEDS = 40, 0.2, (1.0, 1 / 3)
"""Tasks, seconds of each on the faster server, and how fast the servers are."""

numbers = itertools.count(1)

Workflows = list[dict[str, Any]]

RUN = """async (workflows) => {
  const began = performance.now();
  const ended = await Promise.all(workflows.map(async (workflow) =>
    tether.result((await tether.submit({ workflow })).taskId)));
  const bad = ended.filter((each) => each.state !== "completed");
  if (bad.length) throw new Error(`${bad.length} tasks: ${JSON.stringify(bad[0])}`);
  return performance.now() - began;
}"""


def tiny_tasks() -> Workflows:
    """Two nodes each, none of which a server has seen before."""
    made = [workflow() for _ in range(TINY)]
    for each in made:
        each["1"]["inputs"]["color"] = next(numbers)
    return made


def unequal_tasks() -> Workflows:
    """One step each that takes its time."""
    return [workflow(slow(1, round(SECONDS * 1000), next(numbers))) for _ in range(UNEQUAL)]


def list_schedule(tasks: int, seconds: Sequence[float]) -> float:
    """Return when the last task ends, if each goes to the server that is free first.

    Args:
        tasks: How many.
        seconds: Of a task at each server.
    """
    free = [(0.0, each) for each in seconds]
    last = 0.0
    for _ in range(tasks):
        at, each = heapq.heappop(free)
        heapq.heappush(free, (at + each, each))
        last = max(last, at + each)
    return last


async def by_page(page: Page, tasks: Workflows) -> float:
    """Seconds from the first call to the last result, in the page."""
    spent: float = await page.evaluate(RUN, tasks)
    return spent / 1000


async def by_asyncio(urls: Sequence[str], tasks: Workflows) -> float:
    """Seconds of the simplest client: two in flight a server, and it listens to the last frame."""
    left = list(reversed(tasks))
    async with ClientSession() as session:
        sides = [await Side.connect(session, url) for url in urls]
        began = time.perf_counter()
        await asyncio.gather(
            *(side.work(session, left) for side in sides for _ in range(IN_FLIGHT))
        )
        spent = time.perf_counter() - began
        for side in sides:
            side.listening.cancel()
    return spent


class Side:
    """One server of the asyncio client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = uuid.uuid4().hex
        self.ends: dict[str, asyncio.Event] = {}
        self.listening: asyncio.Task[None]

    @classmethod
    async def connect(cls, session: ClientSession, url: str) -> "Side":
        side = cls(url)
        address = f"{url.replace('http', 'ws', 1)}/ws?clientId={side.client}"
        socket = await session.ws_connect(address)

        async def listen() -> None:
            async for message in socket:
                frame = json.loads(message.data) if message.type is WSMsgType.TEXT else {}
                data = frame.get("data", {})
                if frame.get("type") == "executing" and data["node"] is None:
                    side.ends[data["prompt_id"]].set()

        side.listening = asyncio.create_task(listen())
        return side

    async def work(self, session: ClientSession, left: Workflows) -> None:
        while left:
            prompt_id = str(uuid.uuid4())
            self.ends[prompt_id] = asyncio.Event()
            body = {"prompt": left.pop(), "client_id": self.client, "prompt_id": prompt_id}
            async with session.post(f"{self.url}/prompt", json=body) as answer:
                answer.raise_for_status()
            await self.ends[prompt_id].wait()


PLAIN = """async ([urls, workflows]) => {
  const began = performance.now();
  await Promise.all(urls.map(async (url) => {
    const client = crypto.randomUUID();
    const ends = new Map();
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws?clientId=${client}`);
    await new Promise((opened) => { socket.onopen = opened; });
    socket.onmessage = ({ data }) => {
      const frame = typeof data === "string" ? JSON.parse(data) : {};
      if (frame.type === "executing" && frame.data.node === null) ends.get(frame.data.prompt_id)();
    };
    const work = async () => {
      while (workflows.length) {
        const id = crypto.randomUUID();
        const end = new Promise((ended) => ends.set(id, ended));
        const task = { prompt: workflows.pop(), client_id: client, prompt_id: id };
        await (await fetch(`${url}/prompt`, { method: "POST", body: JSON.stringify(task) })).text();
        await end;
      }
    };
    await Promise.all([work(), work()]);
    socket.close();
  }));
  return performance.now() - began;
}"""


async def by_plain(page: Page, urls: Sequence[str], tasks: Workflows) -> float:
    """Seconds of the same client in JavaScript, in a tab that does nothing else."""
    spent: float = await page.evaluate(PLAIN, [urls, tasks])
    return spent / 1000


async def by_saintno(urls: Sequence[str], tasks: Workflows) -> tuple[float, int]:
    """Seconds of @saintno/comfyui-sdk's pool in Node, and how many results it got."""
    process = await asyncio.create_subprocess_exec(
        *("node", "bench/page/peers/saintno.mjs"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    given = json.dumps({"servers": urls, "workflows": tasks}).encode()
    told, _ = await process.communicate(given)
    assert process.returncode == 0, told.decode()
    result = json.loads(told.decode().splitlines()[-1])
    return result["seconds"], result["done"]


async def measure(bench: Bench) -> list[Figure]:
    """By turns: the page, the asyncio client, @saintno's pool."""
    ideal = list_schedule(UNEQUAL, [SECONDS / speed for speed in SPEEDS])
    spent: dict[str, list[float]] = {}
    lost: dict[str, int] = {}
    async with (
        servers(2) as equal,
        servers(2, speeds=SPEEDS) as unequal,
        bench.context() as context,
    ):
        first = await bench.open(context, equal)
        second = await bench.open(context, unequal)
        bare = await context.new_page()
        await bare.goto(f"{equal[0]}/prompt")
        await by_page(first, tiny_tasks()[:20])  # warms up
        await by_page(second, unequal_tasks()[:2])
        for turn in range(RUNS):
            for name, urls, page, tasks in (
                ("tiny", equal, first, tiny_tasks),
                ("unequal", unequal, second, unequal_tasks),
            ):
                spent.setdefault(name, []).append(await by_page(page, tasks()))
                spent.setdefault(f"{name} asyncio", []).append(await by_asyncio(urls, tasks()))
                if urls is equal:
                    spent.setdefault("plain", []).append(await by_plain(bare, urls, tasks()))
                if turn < PEER_RUNS:
                    theirs, done = await by_saintno(urls, tasks())
                    spent.setdefault(f"{name} saintno", []).append(theirs)
                    lost[name] = lost.get(name, 0) + len(tasks()) - done
    tiny, unequal_ones = spent["tiny"], spent["unequal"]
    best, ideals = spent["tiny asyncio"], [ideal] * RUNS
    return [
        ratio("200 tiny tasks, two servers / asyncio client", tiny, best, 1.3),
        ratio(
            "the same in JavaScript alone, in a tab of this browser / the same",
            spent["plain"],
            best,
            None,
            "nothing stored, probed or shown: the least that any page can reach",
        ),
        ratio(
            "@saintno's pool / the same",
            spent["tiny saintno"],
            best[:PEER_RUNS],
            None,
            f"{lost['tiny']} of {PEER_RUNS * TINY} tasks had no end",
        ),
        median("200 tiny tasks, the page", tiny, None, "s"),
        median("200 tiny tasks, the asyncio client", best, None, "s", "two in flight a server"),
        ratio("40 tasks, one server 3 times slower / ideal", unequal_ones, ideals, 1.15),
        ratio("the asyncio client / the same", spent["unequal asyncio"], ideals, None),
        ratio("@saintno's pool / the same", spent["unequal saintno"], ideals[:PEER_RUNS], None),
        median("ideal list schedule", ideals, None, "s"),
    ]
