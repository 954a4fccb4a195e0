"""A scene, played by windows of the page: of one browser, or each of its own."""

import statistics
from collections.abc import Generator
from functools import lru_cache
from random import Random
from typing import Any

import simpy

from bench.fleet.page import PageWindow
from bench.fleet.world import Fleet, Outcome, Scene, jobs_of
from tether.core.scheduling import exchange
from tether.core.windows.peers import read_report

# All windows of a browser hear the same words at the same moment: to read them once saves half
# the time.
vars(exchange)["read_report"] = lru_cache(maxsize=16)(read_report)


def pages_of(
    fleet: Fleet,
    count: int,
    upload: float,
    seed: int,
    *,
    is_one_browser: bool,
    kind: type[PageWindow] = PageWindow,
) -> list[PageWindow]:
    """Return windows of the page that know nothing yet."""
    made = [
        kind(fleet, number, upload, Random(f"window {seed} {number}")) for number in range(count)
    ]
    if is_one_browser:
        for page in made:
            page.fellows = [each for each in made if each is not page]
            page.window.peers.known.update(each.window.window_id for each in page.fellows)
    return made


def play_pages(
    scene: Scene,
    load: float,
    count: int,
    seed: int,
    *,
    is_one_browser: bool = False,
    kind: type[PageWindow] = PageWindow,
) -> Outcome:
    """Play all tasks of a seed by the page."""
    env = simpy.Environment()
    fleet = Fleet(env, scene, seed)
    pages = pages_of(
        fleet, scene.windows, scene.upload, seed, is_one_browser=is_one_browser, kind=kind
    )

    def arrive() -> Generator[Any, Any, None]:
        for job in jobs_of(scene, load, count, seed):
            yield env.timeout(job.at - env.now)
            pages[job.window].want(job)

    env.process(arrive())
    while len(fleet.ends) < count:
        env.step()
    return Outcome(statistics.mean(fleet.waits), statistics.mean(fleet.ends))
