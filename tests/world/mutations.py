"""Changes of the core that each turn one guard off, and the rules that must then break.

`python -m tests.world.mutations NAME` plays histories of one until a rule breaks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]

MOST_SEEDS = 400
"""Histories of which one must show it: about half a minute."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """A module of `tether.core`, a text that it has once, and what stands there instead.

    One of `rules` must break in a history from the seed `first` on: the first that showed it, for
    each change of the core moves what a seed tells. The histories have only these `faults`, if any
    are named. In those that are `stealing`, tasks move between servers.
    """

    module: str
    old: str
    new: str
    rules: tuple[str, ...]
    first: int
    faults: tuple[str, ...] = ()
    is_stealing: bool = False


MUTATIONS = {
    "a task goes before what it takes is there": Mutation(
        "model.window",
        "        elif task.takes:\n",
        "        elif False:\n",
        ("in a chain",),
        2,
    ),
    "after a failure the chain goes on without a result": Mutation(
        "session.chains",
        "            found = fitting(first.outputs, task.takes)\n            if found is None:\n",
        (
            "            found = fitting(first.outputs, task.takes)\n"
            "            if task.again_of is None and task.task_id[-1] < '8':\n"
            "                window.admit(task)\n"
            "            elif found is None:\n"
        ),
        ("in a chain",),
        212,
    ),
    "what follows a cancelled task waits for ever": Mutation(
        "session.chains",
        "        elif is_called_off(first, task):\n",
        "        elif False:\n",
        ("ends",),
        2,
    ),
    "a result that couldn't be had is asked for no more": Mutation(
        "session.chains",
        "        return (StartTimer(FetchTimer(task_id), "
        "min(SELDOM, FETCHED_AGAIN * 2.0**doubled)),)\n",
        "        return ()\n",
        ("ends",),
        137,
    ),
    "after a reload nobody asks for results": Mutation(
        "session.session",
        "        commands += self._chains.follow(now)\n",
        "        self._chains._tries.update(dict.fromkeys(self.window.following, 1))\n",
        ("ends",),
        47,
    ),
    "answers that come while all is paused choose": Mutation(
        "submission.dispatcher",
        "        ready = () if window.is_paused else self._ready(now)\n",
        "        ready = self._ready(now)\n",
        ("paused",),
        209,
    ),
    "a paused queue asks for places": Mutation(
        "submission.dispatcher",
        " or window.is_paused:\n",
        ":\n",
        ("pace",),
        1,
    ),
    "who is put first stays where it is": Mutation(
        "model.window",
        "        self._sort()\n        self.pending.is_fill_due = True\n",
        "        self.pending.is_fill_due = True\n",
        ("turn",),
        33,
    ),
    "what is uploaded first is posted first": Mutation(
        "submission.submission",
        "        return not self._window.is_sending_all and any(\n",
        "        return False and any(\n",
        ("turn",),
        13,
    ),
    "the tag of a task isn't looked at": Mutation(
        "protocol.sent_tasks",
        "            return PromptId(sent)\n",
        "            return None\n",
        ("sent again", "runs once"),
        60,
    ),
    "a server that makes ids is told to interrupt": Mutation(
        "submission.withdrawal",
        "        if task.sent_as is not None:\n",
        "        if False:\n",
        ("own cancel",),
        100,
        ("cancel", "late request", "late answer"),
    ),
    "only a 404 is no jobs API": Mutation(
        "model.server",
        "        self.has_jobs = False\n",
        "        self.has_jobs = not is_sure\n",
        ("ends", "pace"),
        12,
    ),
    "a stamp in the future has expired": Mutation(
        "windows.ledger",
        "entry.at <= now - (",
        "not 0.0 <= now - entry.at < (",
        ("final", "sent again", "ends", "runs once"),
        0,
        ("clock jump", "crash", "tab closed", "frozen"),
    ),
    "an upload that broke off once is too large": Mutation(
        "model.server",
        "            self.broken_size = size\n",
        "            self.broken_size = self.refused_size = size\n",
        ("true end",),
        0,
        ("request lost", "error status", "gate"),
    ),
    "an upload that broke off proves that the server was there": Mutation(
        "submission.submission",
        "        task.note = why\n        task.request_id = self._window.next_request()\n",
        (
            "        task.note, server = why, self._server(task)\n"
            "        size, now = self._next_picture(task).size, task.bound_at + 1\n"
            "        server.upload_broke(size, task.bound_at, now)\n"
            "        if not server.accepts(size):\n"
            "            return self._too_large(task, server, 'photo.png', size, now)\n"
            "        task.request_id = self._window.next_request()\n"
        ),
        ("true end",),
        51,
        ("restart", "failing", "black hole", "offline"),
    ),
    "after a kill nobody reads the disk": Mutation(
        "windows.ledger",
        "    return {**shared, **later}\n",
        "    return dict(shared)\n",
        ("ends",),
        0,
        ("browser killed",),
    ),
    "what is taken back after a long upload is posted too": Mutation(
        "scheduling.recheck",
        (
            '        window.unbind(task, Trouble.of("sooner_elsewhere", server=better.name))\n'
            "        return ()\n"
        ),
        (
            "        commands = self._advance(task, now)\n"
            '        window.unbind(task, Trouble.of("sooner_elsewhere", server=better.name))\n'
            "        return commands\n"
        ),
        ("twice", "record"),
        150,
    ),
    "results that no gallery has are nobody's": Mutation(
        "session.records",
        "    return task.is_ended and not (is_to_be_kept or task.task_id in waited_for)\n",
        "    return task.is_ended and task.task_id not in waited_for\n",
        ("kept",),
        12,
        is_stealing=True,
    ),
    "first connection wins": Mutation(
        "submission.submission",
        "server = called(self._window, self._server(task).url)",
        "server = next(iter(self._window.servers))",
        ("record",),
        0,
    ),
    "rebind on reconnect": Mutation(
        "submission.submission",
        (
            "    def greeted(self, server: Server, now: float) -> Commands:\n"
            '        """A server\'s socket is open: tasks that waited for it go on."""\n'
            "        commands: list[Command] = []\n"
        ),
        (
            "    def greeted(self, server: Server, now: float) -> Commands:\n"
            "        commands: list[Command] = []\n"
            "        for task in tuple(self._window.tasks.values()):\n"
            "            if task.state is State.UNKNOWN and task.server != server.url:\n"
            '                self._window.unbind(task, Trouble.of("outcome_unknown"))\n'
            "                self._window.bind(task, server, now)\n"
        ),
        ("one server",),
        0,
    ),
    "tasks follow the latest socket": Mutation(
        "tracking.frames",
        (
            "        connection = server.connection\n"
            "        commands = connection.greeted(connection.attempt)"
        ),
        (
            "        connection = server.connection\n"
            "        for task in self._window.tasks.values():\n"
            "            if task.state in ON_SERVER:\n"
            "                task.server = server.url\n"
            "        commands = connection.greeted(connection.attempt)"
        ),
        ("lock",),
        0,
    ),
    "sent elsewhere when missing": Mutation(
        "submission.submission",
        "if task.sends >= MOST_SENDS:",
        "if task.sends >= 1:",
        ("one server",),
        4,
    ),
    "taken back after a POST without an answer": Mutation(
        "submission.submission",
        ("                self._outcome_unknown(task)\n            return ()\n        if failure"),
        (
            "                why = Trouble.of('outcome_unknown')\n"
            "                return self._take_back(task, server, why, now)\n"
            "            return ()\n"
            "        if failure"
        ),
        ("sent again", "one server"),
        5,
    ),
    "taken back after a 502": Mutation(
        "submission.submission",
        "if status >= 500:",
        "if status > 599:",
        ("sent again", "one server"),
        2,
    ),
    "a 502 fails the task": Mutation(
        "submission.submission",
        "if status in FOR_GOOD:\n            return",
        "if status >= 400:\n            return",
        ("true end",),
        2,
    ),
    "one client id for all windows": Mutation(
        "model.identity",
        'return ClientId(f"{base}_{int(now * 1000)}_{chance.hex(12)}_{window_id}")',
        "return ClientId(base)",
        ("one id",),
        0,
    ),
    "one client id for all servers": Mutation(
        "model.window",
        "                self.client_ids[url] = self._make_client_id(",
        "                known = next(iter(self.client_ids.values()), None)\n"
        "                self.client_ids[url] = known or self._make_client_id(",
        ("one id",),
        0,
    ),
    "no deaf watch": Mutation(
        "model.connection",
        "        self._doubted_at = 0.0\n        self.deafness += 1",
        "        return ()\n        self.deafness += 1",
        ("hears",),
        26,
        ("deaf", "half-open"),
    ),
    "delays start anew when a socket opens": Mutation(
        "model.connection",
        "        return (SendFrame(self.server, attempt, FEATURE_FLAGS),)",
        "        self._backoff.reset()\n"
        "        return (SendFrame(self.server, attempt, FEATURE_FLAGS),)",
        ("pace",),
        0,
        ("dropped sockets",),
    ),
    "dialled before the close": Mutation(
        "model.connection",
        (
            "        self.phase = Phase.CLOSING\n"
            "        return (CloseSocket(self.server, self.attempt), "
            "StartTimer(self._timer(), CLOSING_WITHIN))"
        ),
        (
            "        closing = CloseSocket(self.server, self.attempt)\n"
            "        self.phase = Phase.IDLE\n"
            "        return (closing, *self._dial()) if self._is_wanted else (closing,)"
        ),
        ("one socket",),
        2,
    ),
    "no wait for the close": Mutation(
        "model.connection",
        "CLOSING_WITHIN = 3.0",
        "CLOSING_WITHIN = 0.0",
        ("one socket",),
        2,
    ),
    "sockets stay open": Mutation(
        "session.session",
        "            return (StartTimer(timers.LingerTimer(server.url), LINGER),)",
        "            return ()",
        ("no growth",),
        0,
    ),
    "backoff does not grow": Mutation(
        "model.connection",
        ("        self.failures += 1\n"),
        "",
        ("pace",),
        2,
    ),
    "dialled again at once": Mutation(
        "model.connection",
        "        delay = FLOOD_PAUSE if self.is_flooding else self._backoff.next()",
        "        delay = 0.0",
        ("pace",),
        0,
    ),
    "a silent server is asked at once": Mutation(
        "model.server",
        "self.retry_at = now + max(SHORTEST_PAUSE, self.silence.next())",
        "self.retry_at = now",
        ("pace",),
        40,
    ),
    "records asked for beside the list": Mutation(
        "tracking.reconciler",
        "        return (Request(polling.list_id, server.url, ask, path, owner=Owner.RECONCILER),)",
        (
            "        tasks = self._tasks(server)\n"
            "        records = (self.query_task(server, task, now) for task in tasks)\n"
            "        owner, about = Owner.RECONCILER, (server.url, ask, path)\n"
            "        return (Request(polling.list_id, *about, owner=owner), *records)"
        ),
        ("true end",),
        14,
    ),
    "gone from the list is completed": Mutation(
        "tracking.reconciler",
        "                commands += self._missed(server, polling, task, asked_at)",
        "                self._window.end(task, State.COMPLETED, now, 'record', None)",
        ("true end",),
        0,
    ),
    "success alone completes": Mutation(
        "tracking.frames",
        "                task.is_success_received = True",
        '                self._window.end(task, State.COMPLETED, now, "socket", None)',
        ("true end",),
        0,
    ),
    "completed without its files": Mutation(
        "tracking.frames",
        "if not missing:",
        "if True:",
        ("true end",),
        1,
        ("swallowed frames",),
    ),
    "an output that only the server knows is not waited for": Mutation(
        "protocol.workflow",
        "or (info is not None and info.is_output):",
        "or False:",
        ("true end",),
        700,
        ("swallowed frames",),
    ),
    "frames of two sockets count as all": Mutation(
        "tracking.frames",
        "task.whole_on == server.connection.attempt:",
        "True:",
        ("true end",),
        39,
        ("cut", "reload"),
    ),
    "files of the record left out": Mutation(
        "tracking.verdicts",
        "task.outputs = record.outputs or task.outputs",
        "task.outputs = task.outputs",
        ("true end",),
        2,
    ),
    "files of a doubled frame twice": Mutation(
        "tracking.frames",
        "tuple(output for output in outputs if output not in task.outputs)",
        "tuple(outputs)",
        ("true end",),
        2,
    ),
    "blind resend": Mutation(
        "tracking.verdicts",
        "DELIVERY_WITHIN = 30.0",
        "DELIVERY_WITHIN = 0.0",
        ("sent again",),
        0,
    ),
    "one absence is enough": Mutation(
        "tracking.verdicts",
        "READS = 2",
        "READS = 1",
        ("sent again",),
        1,
    ),
    "two absences in one moment": Mutation(
        "tracking.verdicts",
        "APART = 1.0",
        "APART = 0.0",
        ("sent again",),
        357,
    ),
    "lost without ever having been there": Mutation(
        "tracking.verdicts",
        ("        elif task.state is not State.UNKNOWN:\n"),
        ("        elif True:\n"),
        ("true end",),
        2,
    ),
    "a lost socket is a lost task": Mutation(
        "session.session",
        "                return self._closed(window.servers[url], attempt)",
        (
            "                for task in window.bound_to(url):\n"
            "                    if task.state.value == 'running':\n"
            "                        window.end(task, type(task.state).LOST, now, 'socket', None)\n"
            "                return self._closed(window.servers[url], attempt)"
        ),
        ("true end",),
        14,
    ),
    "untargeted interrupt": Mutation(
        "submission.withdrawal",
        '"/interrupt", {"prompt_id": task.prompt_id}',
        '"/interrupt", {}',
        ("own cancel",),
        95,
        ("cancel",),
    ),
    "the whole queue is cleared": Mutation(
        "submission.withdrawal",
        "        delete = deletion(number, task.server, task.task_id, [task.prompt_id])\n",
        '        delete = self._call(task, Ask.DELETE, "/queue", {"clear": True})\n',
        ("own cancel",),
        29,
        ("cancel",),
    ),
    "cancelled though it may have been sent": Mutation(
        "submission.withdrawal",
        "case State.WAITING | State.CONNECTING | State.UPLOADING:",
        (
            "case State.WAITING | State.CONNECTING | State.UPLOADING"
            " | State.POSTING | State.UNKNOWN:"
        ),
        ("true end",),
        14,
    ),
    "cancelled again at every list": Mutation(
        "submission.withdrawal",
        "        if now - task.cancel_sent_at < REPEATED_AFTER:",
        "        if False:",
        ("pace",),
        2,
    ),
    "the last of the doubles is deleted": Mutation(
        "tracking.verdicts",
        "found.pending - (0 if has_begun else 1)",
        "found.pending",
        ("own cancel",),
        0,
    ),
    "late frames after the end": Mutation(
        "tracking.frames",
        "return task if task.state is State.POSTING or task.state in ON_SERVER else None",
        "return task",
        ("no crash",),
        2,
    ),
    "frames of another server": Mutation(
        "tracking.frames",
        "if task is None or task.server != server:",
        "if task is None:",
        ("own frames",),
        6,
        ("foreign frames",),
    ),
    "lock kept after the end": Mutation(
        "model.window",
        (
            "    def _forget_binding(self, task: Task) -> None:\n"
            "        self.locks.release(task.prompt_id)"
        ),
        "    def _forget_binding(self, task: Task) -> None:",
        ("lock",),
        0,
    ),
    "locks of unbound tasks kept over a reload": Mutation(
        "session.records",
        ("        window.locks.retain({t.prompt_id for t in tasks if t.state in ON_SERVER})\n"),
        "",
        ("lock",),
        3,
    ),
    "locks lost on a reload": Mutation(
        "session.records",
        "{t.prompt_id for t in tasks if t.state in ON_SERVER}",
        "()",
        ("lock",),
        0,
    ),
    "bound without a lock": Mutation(
        "model.window",
        ("        self.locks.hold(task.prompt_id, server.url, now)\n"),
        "",
        ("lock",),
        0,
    ),
    "posting forgotten on a reload": Mutation(
        "session.records",
        ("        task.move(State.UNKNOWN)\n"),
        ("        task.unbind()\n"),
        ("sent again", "one server"),
        6,
    ),
    "the clock of the page before is trusted": Mutation(
        "session.records",
        ("        task.posted_at = now\n"),
        ("        pass\n"),
        ("sent again",),
        108,
    ),
    "sent before it is saved": Mutation(
        "session.session",
        "return (*self._records.save(window, now), *done, *self._exchange.update(now))",
        "return (*done, *self._records.save(window, now), *self._exchange.update(now))",
        ("record",),
        0,
    ),
    "no looks": Mutation(
        "tracking.reconciler",
        (
            "        polling.idle_until = max(polling.idle_until, now + phase)\n"
            "        return (StartTimer(PollTimer(server.url), SILENT_POLL_EVERY),)"
        ),
        ("        polling.idle_until = max(polling.idle_until, now + phase)\n        return ()"),
        ("ends",),
        0,
    ),
    "a list without an answer blocks the next": Mutation(
        "tracking.reconciler",
        ("        polling.list_id = 0\n        # There was"),
        "        # There was",
        ("ends",),
        1,
    ),
    "dismissed tasks are kept": Mutation(
        "model.window",
        (
            "        del self._by_prompt[task.prompt_id]\n"
            "        self.pending.unsaved.add(task.task_id)\n"
            "        if"
        ),
        ("        self.pending.unsaved.add(task.task_id)\n        if"),
        ("no growth",),
        15,
    ),
    "claims always free": Mutation(
        "windows.claim",
        "self.standing = Standing.HELD if is_free else Standing.ASKING",
        "self.standing = Standing.HELD",
        ("sent again", "final", "one socket", "one id"),
        6,
    ),
    "a claim's holder says nothing": Mutation(
        "windows.claim",
        ('            case Standing.HELD, "whose":\n                return self._say("mine")\n'),
        "",
        ("ends", "one socket"),
        25,
    ),
    "adopted in the same epoch": Mutation(
        "session.acceptance",
        "task.epoch = entry.epoch + 1",
        "task.epoch = entry.epoch",
        ("final", "one server"),
        0,
        ("tab closed", "frozen"),
    ),
    "the ledger's epoch is ignored": Mutation(
        "session.records",
        "return not task.is_ended and is_taken(task.task_id, task.epoch, ledger)",
        "return False",
        ("final", "one server"),
        0,
        ("tab closed", "frozen"),
    ),
    "a page that wakes doesn't ask the ledger": Mutation(
        "session.records",
        "    return any(_is_taken(task, ledger) for task in tasks)",
        "    return False",
        ("final", "one server"),
        1,
        ("frozen", "cached"),
    ),
    "a failed request is an absence": Mutation(
        "tracking.reconciler",
        (
            "        polling.details.pop(request.id, None)\n"
            "        if request.id != polling.list_id:\n"
            "            return ()\n"
        ),
        (
            "        listed_at = polling.details.pop(request.id, 0.0)\n"
            "        task = self._window.tasks.get(request.task_id) if request.task_id else None\n"
            "        if task is not None and not task.is_ended and listed_at:\n"
            "            return self._verdicts.absent(server, task, listed_at, now)\n"
            "        if request.id == polling.list_id:\n"
            "            polling.list_id = 0\n"
            "            tasks = self._tasks(server)\n"
            "            at = polling.asked_at\n"
            "            return tuple(self.query_task(server, each, at) for each in tasks)\n"
            "        if request.id != polling.list_id:\n"
            "            return ()\n"
        ),
        ("sent again", "true end"),
        0,
    ),
    "moved without a look": Mutation(
        "submission.withdrawal",
        "    return (deletion("
        "window.next_request(), task.server, task.task_id, [task.prompt_id]),)",
        (
            "    server = window.servers[task.server]\n"
            "    number = window.next_request()\n"
            "    asked = deletion(number, server.url, task.task_id, [task.prompt_id])\n"
            "    return (*resubmit(window, task, server, now), asked)"
        ),
        ("runs once", "true end"),
        12,
        ("black hole",),
        is_stealing=True,
    ),
    "gone from the list is moved": Mutation(
        "tracking.reconciler",
        "                commands += self._missed(server, polling, task, asked_at)",
        (
            "                if task.is_moving:\n"
            "                    from tether.core.submission.withdrawal import resubmit\n\n"
            "                    commands += resubmit(self._window, task, server, now)\n"
            "                else:\n"
            "                    commands += self._missed(server, polling, task, asked_at)"
        ),
        ("runs once", "true end"),
        771,
        ("half-open", "late request", "late answer", "late frames"),
        is_stealing=True,
    ),
}


def changed_source(mutation: Mutation) -> str:
    """Return the module with the guard off.

    Raises:
        ValueError: The patch doesn't apply, or applies more than once.
    """
    source = _path(mutation).read_text()
    found = source.count(mutation.old)
    if found != 1:
        raise ValueError(f"{mutation.module} has {found} times:\n{mutation.old}")
    return source.replace(mutation.old, mutation.new)


def _path(mutation: Mutation) -> Path:
    return (ROOT / "app/tether/core").joinpath(*mutation.module.split(".")).with_suffix(".py")


class Changed(MetaPathFinder, SourceLoader):
    """Imports one module of the core from its changed source, the others from their files."""

    def __init__(self, mutation: Mutation) -> None:
        self._name = f"tether.core.{mutation.module}"
        self._path = str(_path(mutation))
        self._source = changed_source(mutation).encode()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Answer for that module alone."""
        return spec_from_loader(fullname, self) if fullname == self._name else None

    def get_filename(self, fullname: str) -> str:
        """Return the file's path: tracebacks name it."""
        return self._path

    def get_data(self, path: str) -> bytes:
        """Return the changed source; there is no compiled one."""
        if path != self._path:
            raise OSError(path)
        return self._source


def main(arguments: Sequence[str]) -> int:
    """Play histories until one breaks a rule of the mutation, and print what was broken."""
    mutation = MUTATIONS[arguments[0]]
    sys.meta_path.insert(0, Changed(mutation))
    # Only now may anything of the core be imported.
    from tests.world.many import Plan, play_one
    from tests.world.rules import Broken

    others: set[str] = set()
    for seed in range(mutation.first, mutation.first + MOST_SEEDS):
        try:
            play_one(Plan(seed, mutation.is_stealing), mutation.faults)
        except Broken as broken:
            if broken.rule in mutation.rules:
                print(json.dumps({"seed": seed, "told": str(broken)}))
                return 0
            others.add(broken.rule)
    print(f"no history of {MOST_SEEDS} shows it; broken was {sorted(others)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
