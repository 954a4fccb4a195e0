"""One history from its seed: a world, its jobs, its faults, its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.world.browsers import Page
from tests.world.faults import FAULTS, OF_CALLS, Blow
from tests.world.jobs import COLOURS, KNOWN, RARE
from tests.world.rules import Broken
from tests.world.world import World
from tether.core.events import QueueOrdered, SendAllRequested
from tether.core.model.task import State, Task
from tether.core.scheduling import recheck

JOBS = 10
STEPS = 300
KINDS = 3
"""At least so many jobs, steps and kinds of fault in each history."""

TROUBLED = 60.0
"""Seconds within which faults begin; none lasts longer than 40."""

TRIES = 8
"""So often a history that is to meet one cell of the table aims at it."""

LONG = recheck.LONG_UPLOAD
ALIVE = ("waiting", "connecting", "uploading", "posting", "unknown", "queued", "running")
AIMED = (*ALIVE, "failed", "cancelled", *("connecting", "uploading", "lost") * 2)
"""The states that few tasks come to, or only for milliseconds, are aimed at more often."""


@dataclass
class Report:
    """What a history had in it; `table` counts (fault, state of a task that it met)."""

    seed: int
    steps: int = 0
    jobs: int = 0
    took: float = 0.0
    fullest: float = 0.0
    moves: int = 0
    chained: int = 0
    looks: int = 0
    table: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: set[str] = field(default_factory=set)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)


class History:
    """Plays one seed.

    Faults strike at a time, or when some task comes into a state that they are aimed at:
    states that last milliseconds would hardly ever be met by chance. In every fourth history
    each upload counts as a long one. A `cell`, a fault and a state, is aimed at besides.
    """

    def __init__(
        self,
        seed: int,
        story: Callable[[str], None] | None = None,
        *,
        only: tuple[str, ...] = (),
        aims: tuple[str, ...] = AIMED,
        cell: tuple[str, str] | None = None,
        is_calm: bool = False,
        is_stealing: bool = False,
    ) -> None:
        self.random = random = Random(seed)
        self.report = Report(seed)
        self._only = only
        self._aims = aims
        self._cell = cell
        self._is_calm = is_calm
        self._is_over = False
        self.world = World(
            random,
            servers=random.randint(2 if is_stealing else 1, 4),
            windows=random.choice((1, 1, 2, 2, 3, 4, 6)),
            browsers=random.choice((1, 1, 2)),
            places=random.choice((1, 2, 2, 3)),
            jitter=random.choice((0.01, 0.05, 0.3)),
            story=story,
            is_stealing=is_stealing,
            is_calm=is_calm,
        )

    def play(self) -> Report:
        """Play it to its end.

        Raises:
            Broken: A rule is broken; the exception names it.
        """
        recheck.LONG_UPLOAD = 0.0 if self.report.seed % 4 == 3 else LONG
        try:
            self._play()
        except Broken:
            raise
        except Exception as error:
            raise Broken("no crash", f"{type(error).__name__}: {error}") from error
        finally:
            recheck.LONG_UPLOAD = LONG
        return self.report

    def _play(self) -> None:
        world, random, report = self.world, self.random, self.report
        world.clock.run(0.3)
        self._plan_jobs(JOBS + random.randrange(4))
        if world.is_stealing:
            self._plan_queues()
        if not self._is_calm:
            self._plan_faults()
        if self._cell is not None:
            for _ in range(TRIES):
                world.clock.after(random.uniform(0.0, TROUBLED - 20.0), self._aim, *self._cell)
        if self.report.seed % 5 == 2 and not self._is_calm:
            self._plan_chains(Random(self.report.seed))
        if self.report.seed % 4 == 1:
            self._plan_wishes(Random(self.report.seed))
        world.clock.run(TROUBLED if not self._is_calm else 25.0)
        while not self._is_calm and self._is_too_little():
            self._more()
        self._is_over = True
        tasks = (task for page in world.pages() for task in page.session.window.tasks.values())
        report.looks = sum(task.was_rechecked for task in tasks)
        world.heal()
        report.steps = world.steps
        report.jobs = len(world.rules.jobs)
        report.took = world.settle()
        report.fullest = world.rules.fullest
        report.moves = len(world.rules.moves)
        report.chained = world.rules.chained
        for job in world.rules.jobs.values():
            if job.end is not None:
                report.ends[job.state.value, job.ended_by] += 1

    def _plan_jobs(self, many: int) -> None:
        world, random = self.world, self.random
        first = JOBS if world.is_stealing else 4
        for number in range(many):
            # The first ones come at once: they have to wait for places.
            at = 0.0 if number < first else random.uniform(0.0, 20.0 if self._is_calm else 45.0)
            world.clock.after(at, self._accept)

    def _plan_queues(self) -> None:
        """Have tasks wait at slow servers while others have done theirs: all are sent at once."""
        for server, seconds in zip(self.world.servers, (0.02, 8.0, 7.0, 8.0), strict=False):
            server.seconds = seconds
        for at in (0.2, 1.0, 6.0, 15.0, 30.0):
            self.world.clock.after(at, self._send_all)

    def _send_all(self) -> None:
        for page in self.world.pages():
            page.tell(SendAllRequested())

    def _plan_chains(self, random: Random) -> None:
        """Have people want tasks that take the results of others, and run failed ones again."""
        after = self.world.clock.after
        for _ in range(5):
            after(random.uniform(0.0, 40.0), self._chain, random)
        for _ in range(4):
            after(random.uniform(20.0, TROUBLED), self._run_again, random)

    def _chain(self, random: Random) -> None:
        tabs = [page.tab for page in self.world.pages()]
        if tabs and not self._is_over:
            first = random.choice((*KNOWN, *RARE))
            then = [f"photo{random.randrange(COLOURS)}" for _ in range(random.choice((1, 1, 2)))]
            self.world.chain(random.choice(tabs), first, *then)

    def _run_again(self, random: Random) -> None:
        if not self._is_over:
            for page in list(self.world.pages()):
                self.world.run_again(page, random.choice(KNOWN))

    def _plan_wishes(self, random: Random) -> None:
        """Have queues paused for a while, and put into another order now and then."""
        after = self.world.clock.after
        for browser in self.world.browsers:
            at = random.uniform(0.0, 30.0)
            after(at, browser.pause, True)
            after(at + random.uniform(1.0, 12.0), browser.pause, False)
        for _ in range(6):
            after(random.uniform(0.0, 40.0), self._reorder, random)

    def _reorder(self, random: Random) -> None:
        for page in self.world.pages():
            waiting = list(page.session.window.waiting)
            moved = random.sample(waiting, len(waiting) // 2)
            known = list(page.session.window.tasks)
            after = random.choice(known) if known and random.random() < 0.5 else None
            page.tell(QueueOrdered(tuple(moved), after))

    def _accept(self) -> None:
        world, random = self.world, self.random
        if self._is_over:
            return
        tabs = [page.tab for page in world.pages()]
        if not tabs:
            world.clock.after(2.0, self._accept)
            return
        is_rare = not self._is_calm and random.random() < 0.12
        digest = random.choice(RARE if is_rare else KNOWN)
        pinned = random.choice(world.servers).url if random.random() < 0.2 else None
        world.accept(random.choice(tabs), digest, pinned)

    def _plan_faults(self) -> None:
        random, world = self.random, self.world
        names = self._only or tuple(random.sample(tuple(FAULTS), random.randint(KINDS, 6)))
        for name in names:
            for _ in range(random.choice((1, 2, 3, 4, 5))):
                at = random.uniform(0.0, TROUBLED - 20.0)
                if self._aims and random.random() < 0.7:
                    world.clock.after(at, self._aim, name, random.choice(self._aims))
                else:
                    world.clock.after(at, self._strike, name, None, None)
        if not self._only:
            # So that enough tasks come to the rarer ends, for faults to meet them there.
            world.clock.after(random.uniform(0.0, 20.0), self._aim, "cancel", random.choice(ALIVE))
            name = random.choice(("restart", "somebody deletes", "somebody interrupts"))
            world.clock.after(random.uniform(0.0, 20.0), self._aim, name, random.choice(ALIVE[4:]))

    def _aim(self, name: str, state: str) -> None:
        """Wait for a task in a state, and strike it there."""
        if self._is_over:
            return
        if state == "unknown":
            # Only a POST without an answer leads there.
            self.world.aims.append(("posting", self._lose_answer))
        if state == "lost":
            # Mostly nothing is: here somebody deletes it.
            delete = partial(self._strike, "somebody deletes")
            self.world.aims.append(("queued", delete))
        page = self._some_page()
        if page is not None:
            tasks = [t for t in page.session.window.tasks.values() if t.state.value == state]
            if tasks:
                self._strike(name, page, self.random.choice(tasks))
                return
        self.world.aims.append((state, lambda page, task: self._soon(name, page, task)))

    def _soon(self, name: str, page: Page, task: Task) -> None:
        delay = self.random.choice((0.0, 0.0, 0.0, 0.02, 0.4))
        self.world.clock.after(delay, self._strike, name, page, task)

    def _lose_answer(self, page: Page, task: Task) -> None:
        how = self.random.choice(("request lost", "answer lost", "late request", "error status"))
        self._strike(how, page, task)

    def _strike(self, name: str, page: Page | None, task: Task | None) -> None:
        page = page or self._some_page()
        if page is None or not page.is_ready or self._is_over:
            return
        if task is None:
            tasks = list(page.session.window.tasks.values())
            task = self.random.choice(tasks) if tasks else None
        states = {
            task.task_id: task.state.value
            for other in self.world.pages()
            for task in other.session.window.tasks.values()
            if task.state is not State.ADOPTED
        }
        struck = list(FAULTS[name](Blow(self.world, page, task, self.random)))
        for met in struck:
            if met.state is not State.ADOPTED:
                self.report.table[name, states[met.task_id]] += 1
        if struck:
            self.report.kinds.add(name)
        elif name in OF_CALLS and task is not None and not self._is_over:
            page.when_it_asks = lambda: self._strike(name, page, task)

    def _some_page(self) -> Page | None:
        pages = list(self.world.pages())
        return self.random.choice(pages) if pages else None

    def _is_too_little(self) -> bool:
        """Whether faults have missed, or hardly anything has happened."""
        few = not self._only and len(self.report.kinds) < KINDS
        return few or self.world.steps < STEPS or len(self.world.rules.jobs) < JOBS

    def _more(self) -> None:
        for tab in self.world.tabs():
            if tab.page is None:
                tab.load()
        for _ in range(2):
            self._accept()
        name = self.random.choice(self._only or tuple(FAULTS))
        self.world.clock.after(self.random.uniform(0.0, 2.0), self._strike, name, None, None)
        self.world.clock.run(4.0)


def play(seed: int, story: Callable[[str], None] | None = None) -> Report:
    """Play one history; raise `Broken` where a rule is broken."""
    return History(seed, story).play()
