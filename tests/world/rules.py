"""What must hold at every step of every history; each rule has a name.

true end        a task's end is what its server did, with all its results; `lost` only where
                the server forgot the task and nothing that was open to the page told its end;
                without a run only where its picture got to no server, though each answered
final           a task that has ended stays as it is
ends            every accepted task ends, within a stated time after the last fault; also one of
                a closed tab, if another tab of that browser is open
hears           when all is well, the end of a task is heard on the socket, and a socket that is
                deaf does not stay
runs once       no prompt is started twice, unless the server forgot it in between; none that was
                moved has started, or starts, unless somebody else made its server forget it
one server      no prompt is ever queued at two servers
sent again      a POST goes out again only after 30 s and two negative reads seconds apart
own frames      a frame changes the task it names, at the server it came from, and no other
own preview     a preview is shown for the task it names; without a name for the only running
own cancel      a page's cancel ends nothing but that page's task, and only if a person wished it
                or it is to move
one socket      at most one socket per client id and server, but for one that was told to close
                3 s ago and whose `close` the network has swallowed
one id          no client id is used for two servers, or by two windows
lock            a task's server is locked exactly while it is bound and unfinished, on disk too
record          what the records say of a task is what the page says
in a chain      what takes the result of another is posted only with a file that this one, or the
                task that does its work now, has made; when all is well it ends, or waits for one
                that did not complete, and it is cancelled where a person has cancelled that one
paused          while a window is paused, nothing that waits in it goes to a server
turn            what waits stands in the order in which it is to go, and is posted in it, or
                after ten seconds
pace            requests per page and server stay below a stated rate; dials are spaced
no growth       timers, calls and what the session holds are bounded, and nothing is left idle
no crash        the session handles everything without an exception
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.world.jobs import kind_of
from tests.world.network import CLOSING_WITHIN, DELIVERY_WITHIN
from tether.core.commands import Commands, OpenSocket, SaveRecord, ShowPreview
from tether.core.events import (
    Answered,
    BinaryReceived,
    Event,
    FrameReceived,
    QueueOrdered,
    RequestFailed,
    SendAllRequested,
)
from tether.core.ids import PromptId, ServerUrl, TaskId
from tether.core.model.connection import Phase
from tether.core.model.locks import LOCK_RECORD
from tether.core.model.statistics import PEERS_REMEMBERED, TIMINGS_SENT
from tether.core.model.task import ENDED, IN_TRANSIT, State, Task
from tether.core.protocol.requests import Ask, Request
from tether.core.session.snapshot import TASK_RECORD, read_task, write_task
from tether.core.timers import FillTimer

if TYPE_CHECKING:
    from tests.world.browsers import Browser, Page, Tab
    from tests.world.network import Call
    from tests.world.world import World

APART = 1.0
"""Seconds between two negative reads that prove something."""

BURST = 30.0
RATE = 2.0
STEP = 2.0
"""Requests that a page may make of one server: so many at once, then so many a second, and so
many more for each step of a task of its."""

DIALS = 8
DIALS_WITHIN = 6.0
"""At most so many dials of one server within so many seconds."""

VAIN_WITHIN = 6.0
"""Seconds after an upload in vain within which an answer shows that the server is there."""

TURN_WITHIN = 10.0
"""Seconds that a task waits for one that is to go first."""

_READS = (Ask.JOBS, Ask.QUEUE, Ask.JOB, Ask.HISTORY, Ask.RECENT)


class Broken(AssertionError):
    """A rule is broken; `rule` is its name."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule


class Job:
    """A task as the person sees it who wanted it."""

    def __init__(self, tab: Tab, prompt_id: PromptId, digest: str) -> None:
        self.tab = tab
        self.prompt_id = prompt_id
        self.digest = digest
        self.kind = kind_of(digest)
        self.is_wished_away = False
        self.end: tuple[object, ...] | None = None
        self.ended_by = ""
        self.state = State.WAITING
        self.after: TaskId | None = None
        """The task whose result it takes."""


class Rules:
    """Watches one world; raises `Broken` where a promise is."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.jobs: dict[TaskId, Job] = {}
        self.by_prompt: dict[PromptId, TaskId] = {}
        self.moves: dict[PromptId, TaskId] = {}
        """Prompts that were moved, and the tasks that do their work now."""
        self.again: dict[TaskId, TaskId] = {}
        """Tasks that a person has run again, and the new ones."""
        self.chained = 0
        """Tasks that were posted with the result of another."""
        self._posts: dict[PromptId, tuple[float, ServerUrl]] = {}
        self._refused: set[PromptId] = set()
        self._reads: dict[tuple[int, int], float] = {}
        self._absent: dict[PromptId, list[tuple[float, float]]] = {}
        self._buckets: dict[tuple[int, ServerUrl], tuple[float, float]] = {}
        self._dials: dict[tuple[int, ServerUrl], list[float]] = {}
        self._owners: dict[str, tuple[ServerUrl, str]] = {}
        self._heard: list[tuple[Task, float, float]] = []
        self._held: tuple[TaskId, ...] = ()
        self._is_sending_all = False
        """What waited in the paused window that handles an event."""
        self._vain_at: dict[tuple[int, ServerUrl], float] = {}
        """When the latest upload of a page to a server was in vain."""
        self._in_vain: Counter[tuple[int, ServerUrl]] = Counter()
        """How often that was so although the server answered then."""
        self.fullest = 0.0

    def accepted(
        self,
        tab: Tab,
        task_id: TaskId,
        prompt_id: PromptId,
        digest: str,
        after: TaskId | None = None,
    ) -> None:
        """A person was promised a task."""
        self.jobs[task_id] = job = Job(tab, prompt_id, digest)
        self.by_prompt[prompt_id] = task_id
        job.after = after

    def workers(self, task_id: TaskId) -> list[TaskId]:
        """Return the tasks that did the work of one, or do it, the latest last."""
        found, each = [], task_id
        while each in self.jobs and each not in found:
            found.append(each)
            each = self.again.get(each) or self.moves.get(self.jobs[each].prompt_id) or each
        return found

    def _check_chain(self, task: Task, after: TaskId) -> None:
        """What a task takes must be what the task before has made."""
        prompts = [self.jobs[each].prompt_id for each in self.workers(after)]
        made = {file for prompt in prompts for file in self.world.books.made.get(prompt, ())}
        taken = [each.digest for each in task.pictures if each.node_id == "1"]
        if len(taken) != 1 or taken[0] not in made:
            raise Broken("in a chain", f"{task.task_id} takes {taken}, made was {made}")
        self.chained += 1

    def waits_for_good(self, job: Job) -> bool:
        """Say whether a task waits for one that did not complete."""
        if job.end is not None or job.state is not State.WAITING or job.after is None:
            return False
        before = self.workers(job.after)
        if not before:
            return False
        first = self.jobs[before[-1]]
        if first.end is None:
            return self.waits_for_good(first)
        return first.state in (State.FAILED, State.LOST) or (
            first.state is State.CANCELLED and not first.is_wished_away
        )

    def killed(self, browser: Browser) -> None:
        """What a browser had not written down is found once more: ends, and moves."""
        ledger = browser.ledger()
        known = {
            *ledger,
            *(key.removeprefix(TASK_RECORD) for tab in browser.tabs for key in tab.records),
        }
        for task_id, entry in ledger.items():
            task = read_task(entry.record)
            if task is not None and not task.is_ended:
                self.jobs[task_id].end = None
        for prompt_id, successor in list(self.moves.items()):
            job = self.jobs[successor]
            if job.tab.browser is browser and job.end is None and successor not in known:
                # Nothing of it was sent, and the first is to be moved once more.
                del self.moves[prompt_id], self.jobs[successor]

    def moved(self, page: Page, task_id: TaskId, of: TaskId) -> None:
        """A page does a task's work by another task: the first has not run, and never will."""
        window, job = page.session.window, self.jobs[of]
        prompt_id = window.tasks[task_id].prompt_id
        self.accepted(page.tab, task_id, prompt_id, job.digest, job.after)
        self.world.say(page.tab, "%s does the work of %s", task_id, of)
        if of in self.moves.values():
            raise Broken("runs once", f"{of} was moved before, and is moved again")
        if job.prompt_id in self.moves:
            raise Broken("runs once", f"{of} is moved twice")
        self.moves[job.prompt_id] = task_id
        if self.world.books.runs[job.prompt_id] and job.prompt_id not in self.world.books.forgotten:
            raise Broken("runs once", f"{of} has run, and its work is done again")

    # What the page does.

    def sent(self, page: Page, request: Request) -> None:
        """The page asks a server for something."""
        now = self.world.clock.now
        key = (page.number, request.server)
        level, at = self._buckets.get(key, (0.0, now))
        level = max(0.0, level - (now - at) * RATE) + 1
        self._buckets[key] = (level, now)
        self.fullest = max(self.fullest, level)
        if level > BURST:
            raise Broken("pace", f"{page.tab.name} asks {request.server} without pause")
        if request.ask in _READS:
            self._reads[page.number, request.id] = now
        elif request.ask in (Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT):
            job = self.jobs.get(request.task_id) if request.task_id else None
            task = page.session.window.tasks.get(request.task_id or TaskId(""))
            is_move = request.ask is Ask.DELETE and task is not None and task.is_moving
            is_move |= job is not None and job.prompt_id in self.moves
            if job is None or not (job.is_wished_away or is_move):
                raise Broken("own cancel", f"nobody wished {request.path} {request.body}")
        elif request.ask is Ask.POST:
            self._posted(page, request, now)

    def _posted(self, page: Page, request: Request, now: float) -> None:
        """Saved first, sent once; again only there, late, and missed twice."""
        assert request.task_id is not None and request.body is not None
        record = json.loads(page.tab.records.get(TASK_RECORD + request.task_id, "{}"))
        if (record.get("state"), record.get("server")) != ("posting", request.server):
            raise Broken("record", f"{request.task_id} is posted before its record says so")
        prompt_id = PromptId(json.loads(request.body)["prompt_id"])
        if self.by_prompt.get(prompt_id) != request.task_id:
            raise Broken("one server", f"{request.task_id} is posted under another prompt id")
        after = self.jobs[request.task_id].after
        if after is not None:
            self._check_chain(page.session.window.tasks[request.task_id], after)
        before = self._posts.get(prompt_id)
        task = page.session.window.tasks[request.task_id]
        is_due = self._is_sending_all or page.now >= task.bound_at + TURN_WITHIN
        if before is None and not is_due:
            for each in page.session.window.bound_to(request.server):
                if each.turn < task.turn and each.state in IN_TRANSIT and each.bound_at < page.now:
                    raise Broken("turn", f"{task.task_id} is posted before {each.task_id}")
        if before is not None and prompt_id not in self._refused:
            posted_at, url = before
            reads = [
                (asked, told)
                for asked, told in self._absent.get(prompt_id, ())
                if asked >= posted_at + DELIVERY_WITHIN
            ]
            if len(reads) < 2 or max(asked for asked, _ in reads) - reads[0][1] < APART - 1e-6:
                if url != request.server:
                    raise Broken("one server", f"{prompt_id} goes to {request.server} after {url}")
                raise Broken("sent again", f"{prompt_id} without 30 s and two negative reads")
        self._posts[prompt_id] = (now, request.server)
        self._refused.discard(prompt_id)
        self._absent.pop(prompt_id, None)

    def dialled(self, page: Page, server: ServerUrl, client_id: str) -> None:
        """The page opens a socket."""
        now = self.world.clock.now
        for wire in self.world.all_wires.get((server, client_id), ()):
            if wire.is_closed or wire.page.is_asleep:
                continue  # a frozen page has let its id go
            if wire.closing_at is None or now - wire.closing_at < CLOSING_WITHIN - 1e-6:
                raise Broken("one socket", f"{page.tab.name} opens a second to {server}")
        window_id = page.session.window.window_id
        if self._owners.setdefault(client_id, (server, window_id)) != (server, window_id):
            raise Broken("one id", f"{client_id} of {self._owners[client_id]} for {server}")
        if not client_id.endswith(window_id):
            raise Broken("one id", f"{client_id} is used by window {window_id}")
        dials = self._dials.setdefault((page.number, server), [])
        dials.append(now)
        if len(dials) > DIALS and now - dials[-DIALS - 1] < DIALS_WITHIN:
            raise Broken("pace", f"{page.tab.name} dials {server} without pause")

    def shown(self, page: Page, command: ShowPreview) -> None:
        """The page shows a preview; the frame says whose it is, or nobody does."""
        frame = command.frame
        assert isinstance(frame, bytes)
        window = page.session.window
        task = window.tasks[command.task_id]
        if frame[3] == 4:
            if task.prompt_id.encode() not in frame:
                raise Broken("own preview", f"a stranger's is shown for {task.task_id}")
            return
        assert task.server is not None
        running = [t for t in window.bound_to(task.server) if t.state is State.RUNNING]
        if task.state is not State.RUNNING or len(running) != 1:
            raise Broken("own preview", f"one without a name is shown for {task.task_id}")

    # What the session does with an event.

    def before(self, page: Page, event: Event) -> None:
        """The session is about to handle an event."""
        self._heard.clear()
        self._held = tuple(page.session.window.waiting) if page.session.window.is_paused else ()
        self._is_sending_all = page.session.window.is_sending_all or (
            type(event) is SendAllRequested
        )
        if type(event) is FrameReceived or type(event) is BinaryReceived:
            window = page.session.window
            for url in window.servers:
                for task in window.bound_to(url):
                    self._heard.append((task, task.last_frame_at, task.progress.overall))
        elif type(event) is Answered:
            self._answered(page, event)
        elif type(event) is RequestFailed and event.request.ask is Ask.UPLOAD:
            self._uploaded(page, event.request, is_there=False)

    def _uploaded(self, page: Page, request: Request, is_there: bool) -> None:
        way = page.number, request.server
        if is_there:
            self._in_vain.pop(way, None)
        else:
            self._vain_at[way] = self.world.clock.now

    def _answered(self, page: Page, event: Answered) -> None:
        request = event.request
        if request.ask is Ask.UPLOAD:
            is_there = event.status == 200 and event.text.startswith("{")
            self._uploaded(page, request, is_there=is_there)
        elif event.status == 200:
            failed_at = self._vain_at.pop((page.number, request.server), -VAIN_WITHIN)
            self._in_vain[page.number, request.server] += (
                self.world.clock.now - failed_at < VAIN_WITHIN
            )
        if request.ask is Ask.POST and 400 <= event.status < 500:
            self._refused.add(self.jobs[request.task_id].prompt_id)
        if request.ask in (Ask.JOB, Ask.HISTORY, Ask.RECENT) and request.task_id in self.jobs:
            prompt_id = self.jobs[request.task_id].prompt_id
            is_absent = (
                (request.ask is Ask.JOB and event.status == 404 and "not found" in event.text)
                or (request.ask is Ask.HISTORY and event.text == "{}")
                or (request.ask is Ask.RECENT and event.status == 200)
            )
            if is_absent and prompt_id not in event.text:
                asked = self._reads.get((page.number, request.id), 0.0)
                reads = self._absent.setdefault(prompt_id, [])
                reads.append((asked, self.world.clock.now))

    def after(self, page: Page, event: Event, commands: Commands) -> None:
        """The session has handled an event."""
        window = page.session.window
        changed = []
        is_lock_saved = False
        for command in commands:
            if type(command) is SaveRecord:
                if command.key.startswith(TASK_RECORD):
                    task = window.tasks.get(TaskId(command.key.removeprefix(TASK_RECORD)))
                    if task is not None:
                        changed.append(task)
                elif command.key == LOCK_RECORD:
                    is_lock_saved = True
        if self._heard or type(event) is FrameReceived or type(event) is BinaryReceived:
            self._check_frame(page, event, changed)
        for task in changed:
            self._check_task(page, task)
            if window.is_paused and task.state is State.CONNECTING and task.task_id in self._held:
                raise Broken("paused", f"{task.task_id} goes to {task.server}")
        if self._held or type(event) is QueueOrdered:
            turns = [task.turn for task in window.waiting.values()]
            if turns != sorted(turns):
                raise Broken("turn", f"{[*window.waiting]} have {turns}")
        if is_lock_saved or (self.world.steps & 31) == 0:
            self.check_locks(page)
        if len(page.timers) > 6 * len(self.world.servers) + len(window.tasks) + 3:
            raise Broken("no growth", f"{len(page.timers)} timers: {sorted(page.timers)}")
        if len(page.calls) > 40 + 4 * len(window.tasks):
            raise Broken("no growth", f"{len(page.calls)} calls are open")

    def _check_frame(self, page: Page, event: Any, changed: list[Task]) -> None:
        prompt_id = None
        if type(event) is FrameReceived:
            at = event.text.find('"prompt_id": "')
            prompt_id = event.text[at + 14 : event.text.find('"', at + 14)] if at >= 0 else None
        for task, heard_at, progress in self._heard:
            if task.last_frame_at == heard_at and task.progress.overall == progress:
                continue
            if task.server != event.server and task.state is not State.WAITING:
                raise Broken("own frames", f"{task.task_id} hears {event.server}, not its own")
            if prompt_id is not None and task.prompt_id != prompt_id:
                raise Broken("own frames", f"{task.task_id} hears a frame of {prompt_id}")
        for task in changed:
            if prompt_id is None:
                is_own = task.server == event.server
            elif task.server is None and task.ended_by == "here":
                continue  # the places were looked at, and none may have it
            elif task.source is not None and task.source.prompt_id == prompt_id:
                continue  # what it takes is there
            elif task.is_ended and event.server == task.server not in page.session.window.servers:
                continue  # its server is forgotten with its last task: the name is noted
            else:
                # A task that was given its server just now was not changed by the frame; one that
                # let the frame's own task go first is posted now.
                is_posted = task.state is State.POSTING and task.posted_at == page.now
                is_own = task.prompt_id == prompt_id or is_posted
                is_own &= task.server == event.server
            if not is_own:
                raise Broken("own frames", f"a frame of {prompt_id} changes {task.task_id}")

    def _check_task(self, page: Page, task: Task) -> None:
        job = self.jobs[task.task_id]
        if task.state is State.ADOPTED:
            self._check_lock(page, task)
            return  # another window has it
        if job.end is not None or task.state in ENDED:
            end = (task.state, task.ended_by, task.trouble, task.outputs)
            if job.end is None:
                job.end = end
                job.ended_by = task.ended_by
                self._check_end(page, task, job)
                self.world.say(
                    page.tab, "%s ends %s by %s", task.task_id, task.state, task.ended_by
                )
            elif job.end != end:
                raise Broken("final", f"{task.task_id} was {job.end}, and is {end}")
        if task.state is not job.state:
            job.state = task.state
            for url in self.world.by_url:
                level, at = self._buckets.get((page.number, url), (0.0, 0.0))
                self._buckets[page.number, url] = (max(0.0, level - STEP), at)
            self.world.moved(page, task)
        self._check_lock(page, task)

    def _check_lock(self, page: Page, task: Task) -> None:
        is_bound = task.state is not State.WAITING and task.state not in ENDED
        locked = page.session.window.locks.server_of(task.prompt_id)
        if locked != (task.server if is_bound else None):
            raise Broken("lock", f"{task.task_id} is {task.state}, locked {locked}")

    def check_locks(self, page: Page) -> None:
        """Compare the locks on disk with the tasks."""
        window = page.session.window
        bound = {
            (task.prompt_id, task.server)
            for task in window.tasks.values()
            if task.state is not State.WAITING and task.state not in ENDED
        }
        record = json.loads(page.tab.records.get(LOCK_RECORD, "{}"))
        kept = {(prompt, server) for prompt, server, _ in record.get("rows", ())}
        if kept != bound:
            raise Broken("lock", f"on disk {kept}, bound {bound}")

    def started_page(self, page: Page) -> None:
        """A page has taken up what its records hold."""
        for task in page.session.window.tasks.values():
            self._check_task(page, task)
        self.check_locks(page)

    # What is true.

    def _check_end(self, page: Page, task: Task, job: Job) -> None:
        books = self.world.books
        true = books.ends.get(job.prompt_id)
        told = f"{task.task_id} ({job.kind}) {task.state.value} by {task.ended_by}, truth {true}"
        if true is not None and task.server not in (None, true[0]):
            raise Broken("one server", told)
        match task.state:
            case State.COMPLETED:
                is_right = true is not None and true[1] == "completed"
                if is_right and len(task.outputs) not in books.results[job.prompt_id]:
                    raise Broken("true end", f"{told}: {task.outputs}")
            case State.FAILED:
                is_refused = job.kind == "refused" and task.ended_by == "answer"
                is_right = is_refused or (true is not None and true[1] == "failed")
                is_right |= true is None and self._is_kept_out(page, task)
                is_right |= true is None and self._is_cut_off(task)
            case State.CANCELLED if job.prompt_id in self.moves:
                is_right = true is None or job.prompt_id in books.forgotten
            case State.CANCELLED:
                is_gone = true is None or job.prompt_id in books.forgotten
                # Whoever lets go of what a silent server has is told that it may run there.
                is_gone |= task.trouble is not None and task.trouble.code == "cancel_untold"
                if task.trouble is not None and task.trouble.code == "after_cancelled":
                    job.is_wished_away = self._is_called_off(job)
                is_right = (job.is_wished_away and is_gone) or (
                    true is not None and true[1] == "cancelled"
                )
            case _:
                is_right = job.prompt_id in books.forgotten
                for call in page.calls.values():
                    if call.request.task_id == task.task_id and call.has_end():
                        raise Broken("true end", f"{told}: an open answer says how it ended")
        if not is_right:
            raise Broken("true end", told)

    def _is_kept_out(self, page: Page, task: Task) -> bool:
        """Say whether the picture got through to no server, twice, and each of them answered."""
        servers = page.session.window.servers.values()
        urls = [task.pinned] if task.pinned else [s.url for s in servers if not s.is_leaving]
        return bool(task.pictures) and all(self._in_vain[page.number, url] >= 2 for url in urls)

    def _is_cut_off(self, task: Task) -> bool:
        """Say whether the task before was removed from its page, or its server has lost its file.

        Files that were saved outlive their servers here, and previews don't.
        """
        return task.trouble is not None and task.trouble.code == "after_removed"

    def _is_called_off(self, job: Job) -> bool:
        """Say whether a person has cancelled a task before this one."""
        return job.after is not None and any(
            self.jobs[each].is_wished_away or self._is_called_off(self.jobs[each])
            for each in self.workers(job.after)
        )

    def started(self, prompt_id: PromptId) -> None:
        """A server starts a prompt; what a server forgot altogether may start once more."""
        books = self.world.books
        if prompt_id in self.moves and prompt_id not in books.forgotten:
            raise Broken("runs once", f"{prompt_id} starts, and its work is done elsewhere")
        if books.runs[prompt_id] > 1:
            if prompt_id not in self.by_prompt:
                return
            if prompt_id not in books.forgotten or books.runs[prompt_id] > 2:
                raise Broken("runs once", f"{prompt_id} is started again")
        if len(set(books.queued.get(prompt_id, ()))) > 1:
            raise Broken("one server", f"{prompt_id} is queued at {books.queued[prompt_id]}")

    def cancelled_by_page(self, call: Call, prompt_id: PromptId) -> None:
        """A page's request has stopped a prompt, or taken it from the queue."""
        task_id = self.by_prompt.get(prompt_id)
        if task_id is None or task_id != call.request.task_id:
            raise Broken("own cancel", f"{call.request.path} ends {prompt_id}")

    # In the end.

    def unfinished(self) -> list[tuple[TaskId, Job]]:
        """Return the tasks that have not ended, where a page is open that can see to them."""
        awake = {page.tab.browser.number for page in self.world.pages()}
        return [
            (task_id, job)
            for task_id, job in self.jobs.items()
            if job.end is None and job.tab.browser.number in awake and not self.waits_for_good(job)
        ]

    def check_all(self) -> None:
        """All that can be compared when everything has ended and come to rest."""
        for page in self.world.pages():
            for task in page.session.window.tasks.values():
                self._check_task(page, task)
                if task.state is not State.ADOPTED:
                    self._check_rest(task)
                if page.tab.records.get(TASK_RECORD + task.task_id) != write_task(task):
                    raise Broken("record", f"{task.task_id} is not what is recorded")
            self.check_locks(page)

    def _check_rest(self, task: Task) -> None:
        """Nothing that happened after the end may belie it."""
        books, prompt_id = self.world.books, self.jobs[task.task_id].prompt_id
        true = books.ends.get(prompt_id)
        is_known = true is not None and prompt_id not in books.forgotten
        if is_known and true is not None and task.state.value != true[1]:
            raise Broken("true end", f"{task.task_id} {task.state.value}, truth {true}")
        if books.runs[prompt_id] and task.server is None:
            raise Broken("true end", f"{task.task_id} has run, and has no server")

    def check_rest(self, page: Page) -> None:
        """Nothing is left to do, and nothing is held for what is gone."""
        # A browser may take a minute to give up the closing of a socket.
        open_wires = [key for key, wire in page.wires.items() if wire.closing_at is None]
        # A look for servers that take tasks again may be due once more, and finds nothing to do.
        timers = page.timers.keys() - {FillTimer()}
        if page.calls or open_wires or timers:
            left = (sorted(timers), [c.request.path for c in page.calls.values()])
            raise Broken("no growth", f"{page.tab.name} is not at rest: {left}, {open_wires}")
        for server in page.session.window.servers.values():
            if server.connection.phase is not Phase.IDLE:
                raise Broken("no growth", f"a socket to {server.url} is {server.connection.phase}")

    def check_size(self, page: Page, limit: int) -> None:
        """With all tasks dismissed, the session holds as little as a new one.

        But for what other windows told of tasks that they still have, which has a limit of its own.
        """
        statistics = page.session.window.statistics
        told = sum(len(timings) for timings in statistics.peer_timings.values())
        if (
            len(statistics.peer_timings) > PEERS_REMEMBERED
            or told > PEERS_REMEMBERED * TIMINGS_SENT
        ):
            raise Broken("no growth", f"{page.tab.name} remembers {told} tasks of others")
        statistics.peer_timings.clear()
        statistics.invalidate()
        size = _size(page.session, set())
        if size > limit:
            raise Broken("no growth", f"{page.tab.name} holds {size} things, not {limit}")


_WHOLE = (str, bytes, int, float, bool, type(None), type, State, Phase)
_LEFT_OUT = frozenset(
    {"journal", "notices", "_ends", "client_ids", "_connections", "chance", "_chance"}
)
"""Bounded by themselves or by time, or one small thing for each server that was ever used."""


def _size(thing: object, seen: set[int]) -> int:
    """Count what a container holds, and what that holds."""
    if isinstance(thing, _WHOLE) or id(thing) in seen or callable(thing):
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        return len(thing) + sum(_size(value, seen) for value in thing.values())
    if isinstance(thing, list | tuple | set | frozenset):
        return len(thing) + sum(_size(value, seen) for value in thing)
    names = [*getattr(thing, "__dict__", ())]
    for kind in type(thing).__mro__:
        slots = getattr(kind, "__slots__", ())
        names += [slots] if isinstance(slots, str) else list(slots)
    return sum(_size(getattr(thing, name, None), seen) for name in names if name not in _LEFT_OUT)


def opens(commands: Commands) -> bool:
    """Say whether a socket is opened."""
    return any(type(command) is OpenSocket for command in commands)
