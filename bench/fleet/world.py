"""The simulated fleet: servers that work first come, first served; windows; the ways between."""

import statistics
from collections import deque
from collections.abc import Callable, Generator
from random import Random
from typing import Any, NamedTuple

import simpy

from bench.fleet.rules import Rule, Window

SECONDS = 30.0
"""What a task takes in the mean on a server of speed 1."""

PROBE, POST = 0.05, 0.05
NOT_ANSWERED = 1.0
"""Seconds that the page waits for those that do not answer."""

STOP = 120.0
"""Seconds that a server stands still when it stops."""


class Scene(NamedTuple):
    """A fleet and its windows; `stops` is the part of time that servers stand still."""

    name: str
    speeds: tuple[float, ...]
    windows: int
    upload: float = 0.0
    is_heavy: bool = False
    stops: float = 0.0


class Outcome(NamedTuple):
    """Mean seconds until tasks have started, and until they have ended."""

    wait: float
    end: float


class Job(NamedTuple):
    """A task: when a person wanted it, how much work it is, and in whose window."""

    at: float
    work: float
    window: int


def jobs_of(scene: Scene, load: float, count: int, seed: int) -> list[Job]:
    """Return the tasks of a seed: the same for each rule."""
    random = Random(f"jobs {seed}")
    rate = load * (1 - scene.stops) * sum(scene.speeds) / SECONDS
    jobs, at = [], 0.0
    for _ in range(count):
        at += random.expovariate(rate)
        mean = SECONDS
        if scene.is_heavy:  # one in ten is eleven times as long as the others
            mean *= 5.5 if random.random() < 0.1 else 0.5
        jobs.append(Job(at, random.expovariate(1 / mean), random.randrange(scene.windows)))
    return jobs


class Fleet:
    """Servers, their queues, and what became of the tasks."""

    def __init__(self, env: simpy.Environment, scene: Scene, seed: int) -> None:
        self.env = env
        self.speeds = scene.speeds
        self.lengths = [0] * len(scene.speeds)
        self.is_down = [False] * len(scene.speeds)
        self.waits: list[float] = []
        self.ends: list[float] = []
        self.watchers: list[Callable[[int], None]] = []
        """Are told of each queue whose length has changed."""
        self._queues = [simpy.Store(env) for _ in scene.speeds]
        for number in range(len(scene.speeds)):
            env.process(self._serve(number, scene.stops, Random(f"stops {seed} {number}")))

    def post(
        self,
        number: int,
        job: Job,
        began: Callable[[], None] = lambda: None,
        ended: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """A task arrives at a server, which says when it begins, and how long it took."""
        self._queues[number].put((job, began, ended))
        self._count(number, 1)

    def ahead(self, number: int, job: Job) -> int | None:
        """Return how many are before a task in a server's queue; None if it isn't there."""
        waiting = [each for each, _, _ in self._queues[number].items]
        if job not in waiting:
            return None
        return self.lengths[number] - len(waiting) + waiting.index(job)

    def take_out(self, number: int, job: Job) -> bool:
        """Take a task out of a server's queue; False if it isn't there any more."""
        queue = self._queues[number].items
        for entry in queue:
            if entry[0] == job:
                queue.remove(entry)
                self._count(number, -1)
                return True
        return False

    def _count(self, number: int, change: int) -> None:
        self.lengths[number] += change
        for watch in self.watchers:
            watch(number)

    def told(self) -> list[int | None]:
        """Return what the servers answer to a probe."""
        return [
            None if is_down else length
            for is_down, length in zip(self.is_down, self.lengths, strict=True)
        ]

    def _serve(self, number: int, stops: float, random: Random) -> Generator[Any, Any, None]:
        until_stop = random.expovariate(stops / STOP) if stops else float("inf")
        while True:
            job, began, ended = yield self._queues[number].get()
            self.waits.append(self.env.now - job.at)
            began()
            seconds = job.work / self.speeds[number]
            until_stop -= seconds
            yield self.env.timeout(seconds)
            self.ends.append(self.env.now - job.at)
            self._count(number, -1)
            ended(seconds)
            if until_stop < 0:
                self.is_down[number] = True
                yield self.env.timeout(STOP)
                self.is_down[number] = False
                until_stop = random.expovariate(stops / STOP)


def send(
    fleet: Fleet, job: Job, window: Window, rule: Rule, upload: float
) -> Generator[Any, Any, None]:
    """Bring one task to a server: probe, choose, upload, post."""
    lengths = fleet.told()
    yield fleet.env.timeout(NOT_ANSWERED if None in lengths else PROBE)
    number = rule.choose(window, lengths)
    window.in_transit[number] += 1
    yield fleet.env.timeout(upload + POST)
    window.in_transit[number] -= 1
    fleet.post(number, job)


def windows_of(scene: Scene, seed: int) -> list[Window]:
    """Return windows that know nothing yet."""
    made = []
    for number in range(scene.windows):
        random = Random(f"window {seed} {number}")
        size = len(scene.speeds)
        made.append(Window(random, [0] * size, random.randrange(size)))
    return made


def play(scene: Scene, rule: Rule, load: float, count: int, seed: int) -> Outcome:
    """Play all tasks of a seed by one rule."""
    env = simpy.Environment()
    fleet, windows = Fleet(env, scene, seed), windows_of(scene, seed)

    def arrive() -> Generator[Any, Any, None]:
        for job in jobs_of(scene, load, count, seed):
            yield env.timeout(job.at - env.now)
            env.process(send(fleet, job, windows[job.window], rule, scene.upload))

    env.process(arrive())
    while len(fleet.ends) < count:
        env.step()
    return Outcome(statistics.mean(fleet.waits), statistics.mean(fleet.ends))


def play_centrally(scene: Scene, load: float, count: int, seed: int) -> Outcome:
    """Play all tasks of a seed from one queue; the fastest free server takes the next."""
    env = simpy.Environment()
    queue: deque[Job] = deque()
    free = sorted(scene.speeds, reverse=True)
    waits: list[float] = []
    ends: list[float] = []

    def begin() -> None:
        while queue and free:
            env.process(run(queue.popleft(), free.pop(0)))

    def run(job: Job, speed: float) -> Generator[Any, Any, None]:
        waits.append(env.now - job.at)
        yield env.timeout(job.work / speed)
        ends.append(env.now - job.at)
        free.append(speed)
        free.sort(reverse=True)
        begin()

    def arrive() -> Generator[Any, Any, None]:
        for job in jobs_of(scene, load, count, seed):
            yield env.timeout(job.at - env.now)
            queue.append(job)
            begin()

    env.process(arrive())
    while len(ends) < count:
        env.step()
    return Outcome(statistics.mean(waits), statistics.mean(ends))
