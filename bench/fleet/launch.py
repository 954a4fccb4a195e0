"""Launches: many windows that send one task each at the same moment, or nearly."""

from collections.abc import Generator
from random import Random
from typing import Any

import simpy

from bench.fleet.play import pages_of
from bench.fleet.rules import LEAST, ONE_BROWSER, PAGE, Rule, Window
from bench.fleet.world import POST, PROBE, SECONDS, Fleet, Job, Scene, windows_of
from tether.core.model.balancer import sample

FOUR = Scene("launch", (1.0,) * 4, 8)
CROWD, MINUTE, SERVERS = 10_000, 60.0, 200


def fullest_of_a_launch(rule: Rule, seed: int) -> int:
    """Return the tasks on the fullest of 4 idle servers when 8 windows launch at once."""
    counts = [0] * len(FOUR.speeds)
    for window in windows_of(FOUR, seed):
        counts[rule.choose(window, [0] * len(counts))] += 1
    return max(counts)


def fullest_of_pages(name: str, seed: int) -> int:
    """Return the same of windows of the page, all in one browser or each in its own."""
    assert name in (PAGE, ONE_BROWSER)
    env = simpy.Environment()
    fleet = Fleet(env, FOUR, seed)
    pages = pages_of(fleet, FOUR.windows, 0.2, seed, is_one_browser=name == ONE_BROWSER)
    for page in pages:
        page.want(Job(0.0, 1000.0, 0))
    env.run(until=10.0)
    return max(fleet.lengths)


def wait_beside_a_batch(seed: int, *, is_hidden: bool) -> float:
    """Return how long a window's task waits when another has sent a batch of 200, in tasks.

    Both are of one browser, with 4 servers; how long tasks take is known, and always the same.
    The window of the batch may be hidden: then it can't send its tasks just in time.
    """
    env = simpy.Environment()
    fleet = Fleet(env, FOUR, seed)
    batch, other = pages_of(fleet, 2, 0.2, seed, is_one_browser=True)

    def people() -> Generator[Any, Any, None]:
        for page in (batch, other):
            for _ in range(20):
                page.want(Job(env.now, SECONDS, 0))
        yield env.timeout(20 * SECONDS)
        batch.window.is_hidden = is_hidden
        for _ in range(200):
            batch.want(Job(env.now, SECONDS, 0))
        yield env.timeout(Random(seed).uniform(3.0, 5.0) * SECONDS)
        other.want(Job(env.now, SECONDS, 1))

    env.process(people())
    while len(other.window.tasks) <= 20:
        env.step()
    task = list(other.window.tasks.values())[-1]
    while not task.started_at:
        env.step()
    return (task.started_at - task.accepted_at) / SECONDS


def fullest_of_a_crowd(seed: int, upload: float, *, is_known: bool) -> tuple[float, float]:
    """Return the fullest server's queue over the mean one, and the most probes of a task.

    10,000 windows of as many browsers launch within a minute; the page's choice is then the
    shortest queue by lot, among those asked. They may know how long uploads and tasks take.
    """
    env = simpy.Environment()
    random = Random(f"crowd {seed}")
    scene = Scene("crowd", (1.0,) * SERVERS, 0)
    fleet = Fleet(env, scene, seed)
    probes = 0

    def send(job: Job) -> Generator[Any, Any, None]:
        nonlocal probes
        yield env.timeout(job.at)
        asked = sample(range(SERVERS), random.random, upload / SECONDS if is_known else 0.0)
        probes = max(probes, len(asked))
        lengths = [fleet.lengths[number] for number in asked]
        yield env.timeout(PROBE)
        window = Window(random, [0] * len(asked))
        number = asked[LEAST.choose(window, lengths)]
        yield env.timeout(upload + POST)
        fleet.post(number, job)

    for _ in range(CROWD):
        env.process(send(Job(random.uniform(0.0, MINUTE), random.expovariate(1 / 30), 0)))
    env.run(until=MINUTE + upload + 1.0)
    return max(fleet.lengths) / (sum(fleet.lengths) / SERVERS), float(probes)
