"""A whole world: browsers with their tabs, servers, the network, and one clock for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

from simulator.settings import Api, Settings
from tests.world.browsers import Browser, Chance, Page, Tab, settings_for
from tests.world.clock import NOON, Clock
from tests.world.jobs import KNOWN, TAKEN, WORKFLOWS, kind_of, pictures_of
from tests.world.network import Link, Wire
from tests.world.rules import Broken, Rules
from tests.world.servers import Books, Server
from tether.core.events import CancelRequested, ResultsKept, TaskAccepted, TaskDismissed
from tether.core.ids import Digest, PromptId, ServerUrl, TaskId
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.task import State, Task
from tether.core.session.chains import SELDOM
from tether.core.windows.ledger import ADOPTION_GRACE, ADOPTION_ROUND

GRACE = 75.0
"""Seconds in which all ends after the last fault has healed, besides the work itself and the
longest time-out of a call that a fault has swallowed: 30 for a server's longest pause after
failures, 15 until the next calm look, 10 for a socket that does not open, and some to spare."""

CALLS = 2
"""How many times as long as the longest way of a packet the calls for one task take, about."""

PROOFS = 8
"""Tasks in a row of which the last, at the latest, must be heard of when all is well."""

ADOPTION = ADOPTION_ROUND + ADOPTION_GRACE + 4.0
"""Seconds until the tasks of a closed tab are adopted."""

RARE = 0.25
"""The share of servers of the older release that make prompt ids themselves, and of those of the
newer one that are behind a proxy which passes known paths only."""

PROXIED = "a proxy of known paths"
PROXIES = ((200, "<html>Sign in</html>"), (403, "no"), (404, "<html>"), (500, ""), (None, ""))
"""What such a proxy answers to other paths; no page may read the last one, a 405.

The rows of the fault table that this kind of server shows too name it.
"""

KEEPING = 2.0
"""Seconds between two looks of a page for results that it has not kept yet."""

REST = 35.0
"""Seconds after the last end in which all comes to rest: sockets are kept for 10, and a POST
can still arrive for 30."""


class World:
    """One history's world; all chance is its own, so one seed is one history."""

    def __init__(
        self,
        random: Random,
        *,
        servers: int,
        windows: int,
        browsers: int = 1,
        places: int = 2,
        jitter: float = 0.05,
        story: Callable[[str], None] | None = None,
        is_stealing: bool = False,
        is_calm: bool = False,
    ) -> None:
        self.random = random
        self.gossip = Random(servers)
        self.keeping = Random(windows)
        self.whole: set[TaskId] = set()
        """Tasks that were seen completed, with results."""
        self.kept: set[TaskId] = set()
        """Those whose results are in a gallery."""
        self.clock = Clock()
        self.steps = 0
        self.settings = settings_for(places)
        self.jitter = jitter
        self.story = story
        self.is_stealing = is_stealing
        self.is_calm = is_calm
        self.books = Books()
        self.rules = Rules(self)
        self.aims: list[tuple[str, Callable[[Page, Task], None]]] = []
        self.all_wires: dict[tuple[ServerUrl, str], list[Wire]] = {}
        self._links: dict[tuple[int, ServerUrl], Link] = {}
        self._numbers = 0
        self.servers = [self._new_server(number) for number in range(servers)]
        self.by_url = {server.url: server for server in self.servers}
        self.browsers = [Browser(self, number, random.random() < 0.5) for number in range(browsers)]
        for _ in range(windows):
            random.choice(self.browsers).open_tab(self.wrong_clock())
        self.clock.after(KEEPING, self._keep)

    def _new_server(self, number: int) -> Server:
        random = self.random
        settings = Settings(
            name=f"gpu-{number}",
            cors="*",
            api=random.choice((Api.V0_28, Api.V0_3_64)),
            pace=random.choice((0.0, 0.0, 0.0, 0.5)),
            post_delay=random.choice((0.002, 0.002, 0.03, -0.02)),
            success_gap=random.choice((0.001, 0.001, 0.3)),
        )
        # By a chance of its own: a kind of server changes no history but those that it is in.
        kind = Random(settings.api.value + str(random.getstate()[1][:2])).random()
        is_old = settings.api is Api.V0_3_64
        # Frames that overtake the answer with the id are nobody's: not all ends can be heard.
        makes_ids = is_old and kind < RARE and not self.is_calm
        server = Server(self, number, replace(settings, ignores_ids=makes_ids), random)
        if not is_old and kind < RARE:
            server.proxy = PROXIES[int(kind / RARE * len(PROXIES))]
        return server

    def wrong_clock(self) -> float:
        """Return what some clock is wrong by, in seconds."""
        return self.random.choice((0.0, 0.0, 0.0, -28_800.0, 28_800.0, 61.0))

    def next_number(self) -> int:
        """Return a number that was not given before."""
        self._numbers += 1
        return self._numbers

    def link(self, browser: Browser, server: Server) -> Link:
        """Return the way between a browser and a server."""
        key = (browser.number, server.url)
        if key not in self._links:
            self._links[key] = Link(self.clock, self.random, self.jitter)
        return self._links[key]

    def tabs(self) -> list[Tab]:
        """Return all tabs, closed ones too."""
        return [tab for browser in self.browsers for tab in browser.tabs]

    def pages(self) -> Iterator[Page]:
        """Return the pages that are awake and know who they are."""
        for tab in self.tabs():
            if tab.page is not None and tab.page.is_ready:
                yield tab.page

    def say(self, tab: Tab | None, what: str, *facts: object) -> None:
        """Tell the story, if somebody listens."""
        if self.story is not None:
            who = f"[{tab.name}] " if tab else ""
            told = what % facts if facts else what
            self.story(f"{self.clock.now - NOON:8.3f}  {who}{told}")

    def moved(self, page: Page, task: Task) -> None:
        """A task has taken a step: what was aimed at that happens."""
        if self.story is not None:
            self.say(page.tab, "%s is %s at %s", task.task_id, task.state.value, task.server)
        if task.state is State.COMPLETED and task.digest and task.outputs:
            self.whole.add(task.task_id)
        for aim in self.aims:
            if aim[0] == task.state.value:
                self.aims.remove(aim)
                self.clock.after(0.0, aim[1], page, task)
                return

    def _keep(self) -> None:
        """Pages keep results, sooner or later."""
        self.clock.after(KEEPING, self._keep)
        for page in self.pages():
            for task in tuple(page.session.window.tasks.values()):
                is_due = task.task_id in self.whole and task.state is State.COMPLETED
                if is_due and not task.is_kept and self.keeping.random() < 0.2:
                    self.kept.add(task.task_id)
                    page.tell(ResultsKept(task.task_id))

    # What people do.

    def accept(
        self,
        tab: Tab,
        digest: str,
        pinned: ServerUrl | None = None,
        after: TaskId | None = None,
        again_of: TaskId | None = None,
    ) -> TaskId | None:
        """A person wants a task done, on a page that is at work; `after` gives what it takes."""
        page = tab.page
        if page is None or not page.is_ready:
            return None
        chance = Chance(self.random)
        event = TaskAccepted(
            make_task_id(chance),
            make_prompt_id(chance),
            kind_of(digest),
            WORKFLOWS[Digest(digest)],
            Digest(digest),
            () if after else pictures_of(digest),
            pinned,
            again_of,
            after=after,
            takes=(TAKEN,) if after else (),
        )
        self.rules.accepted(tab, event.task_id, PromptId(event.prompt_id), digest, after)
        if again_of is not None:
            self.rules.again[again_of] = event.task_id
        self.say(tab, "%s accepted: %s, pinned to %s", event.task_id, digest, pinned)
        page.tell(event)
        tab.browser.flush()
        return event.task_id

    def chain(self, tab: Tab, *digests: str) -> None:
        """A person wants tasks of which each takes what the one before has made."""
        after = None
        for digest in digests:
            after = self.accept(tab, digest, after=after)

    def run_again(self, page: Page, digest: str) -> None:
        """A person runs again what others wait for in vain; as often as not it is put right."""
        window = page.session.window
        for task in tuple(window.following.values()):
            first = window.tasks.get(task.after) if task.after else None
            is_due = first is not None and first.state in (State.FAILED, State.LOST)
            if first is not None and is_due and not first.takes:
                self.accept(page.tab, digest, again_of=first.task_id)

    def cancel(self, page: Page, task: Task) -> None:
        """A person wants a task to end."""
        if page.is_ready and task.task_id in page.session.window.tasks:
            self.rules.jobs[task.task_id].is_wished_away = True
            self.say(page.tab, "%s is to be cancelled", task.task_id)
            page.tell(CancelRequested(task.task_id))

    def dismiss(self, page: Page, task: Task) -> None:
        """A person wants an ended task out of sight."""
        if page.is_ready and task.is_ended:
            page.tell(TaskDismissed(task.task_id))

    # The end.

    def heal(self) -> None:
        """No fault lasts any longer; pages that sleep wake up."""
        self.say(None, "everything heals")
        self.aims.clear()
        for link in self._links.values():
            link.heal()
        for server in self.servers:
            server.is_failing = server.is_silent = server.is_dropping = False
            server.swallows = frozenset()
            server.start()
            if server.is_paused:
                server.go_on()
        for wires in self.all_wires.values():
            for wire in wires:
                wire.is_doubling = False
        for tab in self.tabs():
            if tab.is_missed:
                tab.come_back()
            if tab.page is not None and tab.page.is_asleep:
                tab.page.wake()
        for browser in self.browsers:
            if all(tab.page is None for tab in browser.tabs):
                browser.open_tab(0.0)  # somebody opens the page once more

    def settle(self) -> float:
        """Let all end and come to rest, and check what is left; return the seconds it took."""
        healed_at = self.clock.now
        limit = GRACE + max(
            (
                call.sent_at + call.request.timeout - healed_at
                for tab in self.tabs()  # those that have just woken, too
                if tab.page is not None
                for call in tab.page.calls.values()
            ),
            default=0.0,
        )
        limit += 2 * SELDOM  # a result that couldn't be had before all was well
        limit += 2 * sum(server.work_left() for server in self.servers)
        slowest = max(server.task_seconds for server in self.servers)
        self.clock.run(3.0)  # pages that just woke may have to ask who they are
        # Each takes some calls besides, and all of them may have waited for one server's pause.
        limit += (slowest + CALLS * self.jitter) * len(self.rules.unfinished())
        for tab in self.tabs():
            if tab.page is not None and not tab.page.is_ready:
                raise Broken("ends", f"{tab.name} does not find out who it is")
        if any(job.tab.page is None for _, job in self.rules.unfinished()):
            limit += ADOPTION
        while self.rules.unfinished():
            if self.clock.now - healed_at > limit:
                task_id, job = self.rules.unfinished()[0]
                told = f"{task_id} of {job.tab.name} is {job.state.value}"
                raise Broken("ends", f"{told}, {limit:.0f} s after all has healed")
            self.clock.run(1.0)
        took = self.clock.now - healed_at
        self._prove_hearing()
        self._prove_kept()
        self.clock.run(REST)
        self.rules.check_all()
        for page in self.pages():
            self.rules.check_rest(page)
            for task in tuple(page.session.window.following.values()):
                self.cancel(page, task)
            for task in list(page.session.window.tasks.values()):
                self.dismiss(page, task)
            # Each server's two described classes count too.
            self.rules.check_size(page, 60 + 80 * len(self.servers))
        return took

    def _prove_hearing(self) -> None:
        """Send some more to each server that a page has a socket to: it is heard of it.

        A socket that was left deaf or half-open is found by the first of them, or by the next.
        """
        for page in list(self.pages())[:1]:
            for server in list(page.session.window.servers.values()):
                # Frames that overtake the answer with the id are nobody's.
                makes_ids = self.by_url[server.url].engine.settings.ignores_ids
                if server.connection.is_receiving and not makes_ids:
                    self._prove(page, server.url)

    def _prove_kept(self) -> None:
        """All results get into a gallery, though the windows that had them may be gone."""
        limit = self.clock.now + ADOPTION + GRACE
        while lacking := self._lacking():
            self.clock.run(1.0)
            if self.clock.now > limit:
                raise Broken("kept", f"{', '.join(lacking)}: done, and in no gallery")

    def _lacking(self) -> list[TaskId]:
        jobs = self.rules.jobs
        return [
            task_id
            for task_id in self.whole - self.kept
            if task_id in jobs and jobs[task_id].state is State.COMPLETED
        ]

    def _prove(self, page: Page, url: ServerUrl) -> None:
        for _ in range(PROOFS):
            self.accept(page.tab, KNOWN[0], url)
            last = list(self.rules.jobs.values())[-1]
            # Strangers' work may stand before it.
            limit = self.clock.now + GRACE + 2 * self.by_url[url].work_left()
            while last.end is None:
                self.clock.run(1.0)
                if self.clock.now > limit:
                    raise Broken("ends", f"a task sent to {url} after all has healed does not")
            if last.ended_by == "socket":
                return
        if page.session.window.servers[url].connection.is_receiving:
            raise Broken("hears", f"{page.tab.name} hears nothing of {PROOFS} tasks at {url}")
