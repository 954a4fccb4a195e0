"""A deaf socket is no reason to wait: an end is told within two seconds, whenever it falls."""

from dataclasses import replace
from random import Random

import pytest

from simulator.settings import Api
from tests.world.world import World
from tether.core.model.task import State

TOLD_WITHIN = 2.0
"""Seconds from a task's end at its server to the page."""

SEEDS = 10
STEP = 0.01

RATE = 1.0
"""Requests a second, at most, while a task runs of which no frame comes."""


def a_window(seed: int, api: Api = Api.V0_28, seconds: float = 0.0) -> World:
    """A window, and a server whose nodes take so long; the socket is open from a task before."""
    world = World(Random(seed), servers=1, windows=1)
    (server,) = world.servers
    server.seconds = 0.0
    server.engine.settings = replace(server.engine.settings, api=api, pace=0.0)
    world.clock.run(0.3)
    world.accept(world.tabs()[0], "plain0")
    while world.rules.unfinished():
        world.clock.run(STEP)
    server.seconds = seconds
    world.clock.run(3 * world.random.random())
    return world


def deafen(world: World) -> None:
    """The server tells the window nothing more; its socket stays open."""
    (server,) = world.servers
    for _, client_id in list(world.all_wires):
        server.unregister(client_id)


def until(world: World, *states: State) -> None:
    """Run until the page knows of a task in one of these states, or all has ended."""
    while world.rules.unfinished():
        world.clock.run(STEP)
        if any(job.state in states for job in world.rules.jobs.values()):
            return


def slowest(world: World) -> float:
    """Run until all has ended; the longest time from an end at the server to the page."""
    ended: dict[str, float] = {}
    told: dict[str, float] = {}
    jobs = world.rules.jobs.values()
    while len(told) < len(jobs):
        world.clock.run(STEP)
        for job in jobs:
            if job.prompt_id in world.books.ends:
                ended.setdefault(job.prompt_id, world.clock.now)
            if job.end is not None:
                told.setdefault(job.prompt_id, world.clock.now)
    return max(told[prompt] - ended[prompt] for prompt in told)


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.8, 2.5])
@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("when", ["before it is sent", "while it waits", "while it runs"])
def test_an_end_is_told_within_two_seconds(when: str, api: Api, seconds: float) -> None:
    """Two tasks, each of a fraction of a second or of many, on a server that goes deaf."""
    found = []
    for seed in range(SEEDS):
        world = a_window(seed, api, seconds)
        if when == "before it is sent":
            deafen(world)
        for digest in ("plain1", "plain2"):
            world.accept(world.tabs()[0], digest)
        if when != "before it is sent":
            until(world, State.QUEUED if when == "while it waits" else State.RUNNING)
            world.clock.run(2 * seconds * world.random.random())
            deafen(world)
        found.append(slowest(world))
    print(f"{when}: {max(found):.2f} s")
    assert max(found) <= TOLD_WITHIN


def test_a_long_silence_costs_a_request_a_second() -> None:
    """A node may work for minutes without a frame, on a socket that hears."""
    world = a_window(1, seconds=30.0)
    world.accept(world.tabs()[0], "plain1")
    until(world, State.RUNNING)
    page = next(world.pages())
    before = page.session.window.requests_made
    world.clock.run(20.0)
    assert page.session.window.requests_made - before <= 20 * RATE
