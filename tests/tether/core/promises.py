"""What a session promises, checked against a world that holds the truth."""

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from tether.core.ids import Digest, PromptId, ServerUrl, TaskId
from tether.core.model.connection import Phase
from tether.core.model.task import ENDED, IN_TRANSIT, ON_SERVER, State, Task
from tether.core.protocol.requests import Ask, Request
from tether.core.session.snapshot import write_task
from tether.core.timers import (
    ConnectionTimer,
    FillTimer,
    PollTimer,
    RecheckTimer,
    RoundTimer,
    SocketTimer,
    TurnTimer,
)

if TYPE_CHECKING:
    from tests.tether.core.world import World


class Promises:
    """Remembers what matters of a history, and fails where a promise is broken.

    `wishes` are tasks that a person wants cancelled, `forgiven` those that lost something here,
    `repeated` those whose POST the browser sent twice.
    """

    def __init__(self, world: "World") -> None:
        self.world = world
        self.wishes: set[TaskId] = set()
        self.forgiven: set[TaskId] = set()
        self.repeated: set[PromptId] = set()
        self.ended: dict[TaskId, tuple[object, ...]] = {}
        self.posts: dict[PromptId, float] = {}
        self.refused: set[PromptId] = set()
        self.negative: dict[PromptId, list[float]] = {}
        self.lacking: set[tuple[Digest, ServerUrl]] = set()
        """Workflows that servers have refused for want of a file."""

    def asked(self, request: Request) -> None:
        """The session sends a request."""
        if request.ask is Ask.INTERRUPT:
            assert json.loads(request.body or "{}").get("prompt_id"), "an untargeted interrupt"
        if request.ask in (Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT):
            is_double = request.ask is Ask.DELETE and self.prompt_of(request) in self.repeated
            task = self.world.session.window.tasks.get(request.task_id or TaskId(""))
            is_move = request.ask is Ask.DELETE and task is not None and task.is_moving
            is_wanted = is_double or is_move or request.task_id in self.wishes
            assert is_wanted, "nobody wanted this task cancelled"
        if request.ask is Ask.POST:
            self._check_post(request)

    def answered(self, request: Request, status: int, body: Any) -> None:
        """A server's answer arrives."""
        if request.ask is Ask.POST and 400 <= status < 500:
            self.refused.add(self.prompt_of(request))
            if request.task_id in self.world.session.window.tasks and "Invalid" in str(body):
                digest = self.world.session.window.tasks[request.task_id].digest
                self.lacking.add((digest, request.server))
        is_absent = body in ({}, {"error": "Job not found"})
        if request.ask is Ask.RECENT:
            is_absent = status == 200 and self.prompt_of(request) not in body
        if request.ask in (Ask.JOB, Ask.HISTORY, Ask.RECENT) and is_absent:
            self.negative.setdefault(self.prompt_of(request), []).append(self.world.now)

    def check(self) -> None:
        """Check all that must hold after every single event."""
        window = self.world.session.window
        bound = [
            task
            for task in window.tasks.values()
            if task.state is not State.WAITING and task.state not in ENDED
        ]
        report = window.locks.report()
        locked = {
            (entry["server"], prompt_id)
            for entry in (report["locks"] if report else ())
            for prompt_id in entry["promptIds"]
        }
        assert locked == {(task.server, task.prompt_id) for task in bound}
        assert (report is None) == (not bound)
        if report is not None:
            latest = max(task.bound_at for task in bound)
            assert report["promptId"] in {t.prompt_id for t in bound if t.bound_at == latest}
        for url, count in Counter(task.server for task in bound).items():
            assert count <= self.world.settings.places or self.world.is_sending_all
            assert url in window.servers
        for task in window.tasks.values():
            self._check_task(task)
        for url, server in window.servers.items():
            if server.connection.phase not in (Phase.IDLE, Phase.OPEN):
                assert ConnectionTimer(url, server.connection.attempt) in self.world.timers
        self._check_waiting()
        assert len(self.world.timers) <= 8 * len(window.servers) + len(window.tasks) + 4

    def _check_task(self, task: Task) -> None:
        """Each task has ended for good, or something will happen to it."""
        if task.state in ENDED or task.task_id in self.ended:
            end = (task.state, task.ended_at, task.ended_by, task.trouble, task.outputs)
            assert self.ended.setdefault(task.task_id, end) == end, "changed after the end"
        elif task.state is State.WAITING:
            window = self.world.session.window
            assert task.task_id in (window.following if task.takes else window.waiting)
        elif task.state is State.CONNECTING:
            assert SocketTimer(task.task_id) in self.world.timers
        elif task.state is State.UPLOADING:
            is_looking = RecheckTimer(task.task_id) in self.world.timers
            is_looking |= TurnTimer(task.task_id) in self.world.timers
            assert is_looking or task.request_id in self.world.calls
        elif task.state is State.POSTING:
            assert task.request_id in self.world.calls
        else:
            assert task.state in ON_SERVER
            assert PollTimer(task.server) in self.world.timers

    def _earlier(self, task: Task) -> list[Task]:
        """Return the tasks on their way to the same server that are to go first."""
        bound = self.world.session.window.bound_to(task.server) if task.server else ()
        return [each for each in bound if each.turn < task.turn and each.state in IN_TRANSIT]

    def _check_waiting(self) -> None:
        """A task that could go somewhere is on its way there."""
        window = self.world.session.window
        is_asking = RoundTimer() in self.world.timers or FillTimer() in self.world.timers
        is_asking |= any(
            call.request.ask in (Ask.PROBE, Ask.NODE) for call in self.world.calls.values()
        )
        # Where ends are known badly, a server has one task, and its end opens the next place.
        places = 1 if window.statistics.durations else window.settings.places
        for task in window.waiting.values():
            could = any(
                len(window.bound_to(server.url)) < places and server.takes_tasks
                for server in window.servers.values()
                if task.pinned in (None, server.url) and window.abandoned_at(task) != server.url
                if (task.digest, server.url) not in self.lacking
            )
            is_held = window.is_paused or task.digest not in window.workflows
            assert not could or is_asking or is_held

    def check_truth(self) -> None:
        """Check that every task ended as its server knows, and that nothing ran twice."""
        window = self.world.session.window
        assert window.locks.report() is None
        forgotten: set[PromptId] = set().union(*(s.forgotten for s in self.world.servers.values()))
        for task_id in self.world.accepted & window.tasks.keys():
            task = window.tasks[task_id]
            assert task.is_ended, f"{task.state} for ever"
            assert self.world.records[f"task:{task_id}"] == write_task(task)
            ends = {
                s.history[task.prompt_id]
                for s in self.world.servers.values()
                if task.prompt_id in s.history
            }
            runs = sum(server.runs[task.prompt_id] for server in self.world.servers.values())
            if task.prompt_id not in forgotten:
                assert runs <= 1 or task.prompt_id in self.repeated, "run twice"
                assert task.state is not State.LOST
                assert task_id in self.forgiven or ends or task_id in self.wishes
            # Of a prompt that the browser sent twice, the server keeps the second end. One that a
            # person let go at a silent server may have run there.
            is_one = task.prompt_id not in forgotten and runs <= 1
            is_let_go = task.trouble is not None and task.trouble.code == "cancel_untold"
            for end in ends if is_one and not is_let_go else ():
                assert task.state.value == end, "another end than the server's"
            if task.state is State.COMPLETED:
                assert runs, "completed without a run"
                assert task.outputs
            if task.state is State.LOST:
                assert task.acknowledged_at

    def _check_post(self, request: Request) -> None:
        """Saved first, sent once; again only late, and missed twice where it was sent to."""
        saved = json.loads(self.world.records[f"task:{request.task_id}"])
        assert (saved["state"], saved["server"]) == ("posting", request.server)
        prompt_id = self.prompt_of(request)
        if prompt_id in self.posts and prompt_id not in self.refused:
            posted_at = self.posts[prompt_id]
            # The numbers stand here once more: a promise isn't what the code says it is.
            reads = [at for at in self.negative.get(prompt_id, []) if at >= posted_at + 30.0]
            assert len(reads) >= 2, "sent again too early, or without looking twice"
            assert reads[-1] - reads[0] >= 1.0
        task = self.world.session.window.tasks[request.task_id or TaskId("")]
        # As above.
        is_due = self.world.is_sending_all or self.world.now >= task.bound_at + 10.0
        if prompt_id not in self.posts and not is_due:
            earlier = [each for each in self._earlier(task) if each.bound_at < self.world.now]
            assert not earlier, "one that was to go first is still on its way"
        self.posts[prompt_id] = self.world.now
        self.refused.discard(prompt_id)
        self.negative.pop(prompt_id, None)

    def prompt_of(self, request: Request) -> PromptId:
        """Return the prompt id that a request is about."""
        assert request.task_id is not None
        task = self.world.session.window.tasks.get(request.task_id)
        return task.prompt_id if task else PromptId("")
