"""Eight tabs that launch at once on four unequal servers, beside simpler rules and a schedule.

All meet the same tasks. The schedule knows their lengths and the servers' speeds, and sends
nothing: each task goes, in the order of the launch, to the server where it ends first.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence

from aiohttp import ClientSession

from bench.page.browser import Bench, servers, slow, workflow
from bench.page.figures import Figure, count
from bench.page.makespan import RUN, Side, Workflows, numbers

TABS, EACH = 8, 10
SPEEDS = (3.0, 1.0, 1.0, 0.5)
LENGTHS = (1.0, 2.0, 3.0)
"""Seconds of a task at speed 1."""

LIMIT = 1.25

DONE_AT = """() => tether.tasks().filter((each) => each.state === "completed")
  .map((each) => each.server)"""

Choice = Callable[[Sequence[int], int], int]
"""Chooses a server by the lengths of the queues, for a window's task of that number."""


def lengths() -> list[list[float]]:
    """Return the seconds of each tab's tasks at speed 1; the same at each call."""
    dice = random.Random("tabs")
    return [[dice.choice(LENGTHS) for _ in range(EACH)] for _ in range(TABS)]


def tasks(seconds: Sequence[float]) -> Workflows:
    """Return tasks of these lengths, none of which a server has seen before."""
    return [workflow(slow(10, round(each * 100), next(numbers))) for each in seconds]


def schedule(seconds: Sequence[float], speeds: Sequence[float]) -> float:
    """Return when the last task ends, if each goes where it ends first."""
    free = [0.0] * len(speeds)
    for each in seconds:
        ends = [at + each / speed for at, speed in zip(free, speeds, strict=True)]
        best = ends.index(min(ends))
        free[best] = ends[best]
    return max(free)


async def by_tabs(
    bench: Bench, urls: list[str], *, is_stealing: bool = False
) -> tuple[float, Counter[str]]:
    """Seconds from the launch to the last result in new tabs, and each server's tasks."""
    given = [tasks(each) for each in lengths()]
    async with bench.context() as context:
        pages = [await bench.open(context, urls) for _ in range(TABS)]
        for page in pages if is_stealing else ():
            await page.locator("#settings > summary").click()
            await page.locator("#steal").check()
        began = time.perf_counter()
        await asyncio.gather(
            *(page.evaluate(RUN, each) for page, each in zip(pages, given, strict=True))
        )
        spent = time.perf_counter() - began
        done: Counter[str] = Counter()
        for page in pages:
            done.update(await page.evaluate(DONE_AT))
    return spent, done


async def by_rule(urls: Sequence[str], choose: Choice) -> float:
    """Seconds of as many windows that ask for the queues before each task, and send it at once."""
    given = [tasks(each) for each in lengths()]
    async with ClientSession() as session:

        async def length(url: str) -> int:
            async with session.get(f"{url}/prompt") as answer:
                told: int = (await answer.json())["exec_info"]["queue_remaining"]
            return told

        async def window(number: int) -> None:
            sides = [await Side.connect(session, url) for url in urls]
            sent: list[asyncio.Task[None]] = []
            for task in given[number]:
                queues = await asyncio.gather(*map(length, urls))
                side = sides[choose(queues, number + len(sent))]
                sent.append(asyncio.create_task(side.work(session, [task])))
                await asyncio.sleep(0.01)
            await asyncio.gather(*sent)
            for side in sides:
                side.listening.cancel()

        began = time.perf_counter()
        await asyncio.gather(*map(window, range(TABS)))
        return time.perf_counter() - began


def round_robin(queues: Sequence[int], number: int) -> int:
    """The next one; windows begin at different ones."""
    return number % len(queues)


def least(queues: Sequence[int], _number: int) -> int:
    """The shortest queue; of equals one by lot."""
    return min(range(len(queues)), key=lambda each: (queues[each], random.random()))


async def measure(bench: Bench) -> list[Figure]:
    """New tabs twice: as they are, then with tasks that move to idle servers."""
    # In the order of the launch: each tab's first task, each one's second, and so on.
    ideal = schedule([each for row in zip(*lengths(), strict=True) for each in row], SPEEDS)
    async with servers(len(SPEEDS), speeds=SPEEDS) as urls:
        turns = await by_rule(urls, round_robin)
        queues = await by_rule(urls, least)
        plain, done = await by_tabs(bench, urls)
        moving, moved = await by_tabs(bench, urls, is_stealing=True)

    def split(done: Counter[str]) -> str:
        return "done there: " + ", ".join(str(done[url]) for url in urls)

    told = f"{TABS} tabs, {EACH} tasks each, speeds {', '.join(f'{each:g}' for each in SPEEDS)}"
    return [
        count("the page / list schedule", plain / ideal, LIMIT, "", f"{told}; {split(done)}"),
        count("with moves to idle servers / the same", moving / ideal, LIMIT, "", split(moved)),
        count("round robin / the same", turns / ideal, None, "", "an asyncio client, all at once"),
        count("least queue / the same", queues / ideal, None, "", "an asyncio client, all at once"),
        count("list schedule", ideal, None, "s", "knows lengths and speeds, sends nothing"),
    ]
