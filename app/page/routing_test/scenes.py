"""The scenes: each is played by a faulty rule from before the fix, and by the page's own rules."""

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from demo.quick_work import failing_workflow
from demo.server import InPageServer
from page.routing_test.stage import NOON, Outcome, PlayedStage, Scene, Sentence, state_of
from page.routing_test.window import PlayedWindow, ended_by_socket
from tether.core.events import CancelRequested
from tether.core.ids import Chance, ClientId, ServerUrl, WindowId
from tether.core.model.binding import CURED, Favourite
from tether.core.model.identity import DEFAULT_BASE, make_window_id
from tether.core.model.locks import Locks
from tether.core.model.task import State, Task

IDS = 10_000
_ID_WINDOWS = 100
_FORM = re.compile(rf"{DEFAULT_BASE}_{int(NOON * 1000)}_[0-9a-f]{{12}}_w[0-9a-f]{{12}}")

REACHED = 9
"""Steps of 100 in the third of four nodes: (2 + 0.09) / 4 = 52.25 %."""

_SENT = 6
_WINDOWS = 20


def shared_id(base: str, _now: float, _chance: Chance, _window_id: WindowId) -> ClientId:
    """Give all windows one id."""
    return ClientId(base)


def follow_balancer(_bound: ServerUrl, favourite: Favourite) -> ServerUrl:
    """Go to the server that the balancer prefers now, whatever the task is bound to."""
    return favourite()


def keep_first(open_to: tuple[ServerUrl, ...], wanted: ServerUrl) -> tuple[ServerUrl, ...]:
    """Keep the first connection and open no second one."""
    return open_to or (wanted,)


def move_only(_open_to: tuple[ServerUrl, ...], wanted: ServerUrl) -> tuple[ServerUrl, ...]:
    """Move the only connection."""
    return (wanted,)


def check_nothing(
    _task: ServerUrl, _lock: ServerUrl | None, _socket: ServerUrl | None
) -> tuple[()]:
    """Check no task against its lock and socket."""
    return ()


def first_listed(loads: Mapping[ServerUrl, float], _draw: float) -> ServerUrl | None:
    """Choose the first server of the list, however long its queue is."""
    return next(iter(loads), None)


def forget_lock(_locks: Locks) -> None:
    """Keep nothing of the locks over a reload."""


SHARED_ID = replace(CURED, make_id=shared_id)
NOT_AIMED = replace(CURED, aim=follow_balancer)
NOT_CHECKED = replace(CURED, check=check_nothing)
NOT_BOUND = replace(CURED, call=follow_balancer)
RECONNECTS_ANYWHERE = replace(CURED, redial=follow_balancer)
FIRST_WINS = replace(CURED, keep=keep_first)
ONLY_ONE_MOVES = replace(CURED, keep=move_only)
FIRST_LISTED = replace(CURED, choose=first_listed)
LOCK_FORGOTTEN = replace(CURED, write_lock=forget_lock)


async def client_ids(stage: PlayedStage) -> Outcome:
    """10,000 ids of one millisecond; then two windows on one server."""
    make_id = stage.binding.make_id
    ids: list[ClientId] = []
    for _ in range(_ID_WINDOWS):
        window_id = make_window_id(stage)
        ids += [make_id(DEFAULT_BASE, NOON, stage, window_id) for _ in range(IDS // _ID_WINDOWS)]
    unique, formed = len(set(ids)), sum(bool(_FORM.fullmatch(each)) for each in ids)
    server = stage.server("A")
    first, second = PlayedWindow(stage, "window 1"), PlayedWindow(stage, "window 2")
    abc = first.submit("ABC", server)
    stage.play(lambda: abc.progress.overall >= 0.6)
    xyz = second.submit("XYZ", server)
    stage.play_to_end(abc, xyz)
    return Outcome(
        unique == formed == IDS and ended_by_socket(abc) and ended_by_socket(xyz),
        (("ids", {"count": IDS, "unique": unique, "formed": formed}), state_of(abc), state_of(xyz)),
    )


async def two_windows(stage: PlayedStage) -> Outcome:
    """Each window has a task on each server, sent in turns; the balancer prefers A."""
    a, b = stage.server("A"), stage.server("B", ahead=3)
    windows = PlayedWindow(stage, "window 1"), PlayedWindow(stage, "window 2")
    tasks = []
    for titles, server in (("ABC GHI", a), ("DEF JKL", b)):
        for window, title in zip(windows, titles.split(), strict=True):
            tasks.append((window, window.submit(title, server)))
            stage.play(lambda: False, 1.0)
    stage.play_to_end(*(task for _, task in tasks))
    foreign = sum(
        prompt_id not in {task.prompt_id for owner, task in tasks if owner is window}
        for window in windows
        for _, _, _, _, prompt_id in window.window.journal
    )
    return Outcome(
        foreign == 0 and all(ended_by_socket(task) for _, task in tasks),
        (*(state_of(task) for _, task in tasks), ("foreign", {"count": foreign})),
    )


async def connect(stage: PlayedStage) -> Outcome:
    """The task is for B while the balancer prefers A."""
    stage.server("A")
    b = stage.server("B", ahead=2)
    window = PlayedWindow(stage)
    task = window.submit("DEF", b)
    stage.play(lambda: bool(window.opened))
    stage.play(lambda: task.state not in (State.WAITING, State.CONNECTING), 12.0)
    connection = window.window.servers[b.url].connection
    return Outcome(
        window.opened[:1] == [b.url] and connection.is_receiving,
        (("landed", {"wanted": "B", "server": stage.evidence.name(*window.opened[:1])}),),
    )


async def mismatch(stage: PlayedStage) -> Outcome:
    """During the upload of a picture a bug takes lock and socket off the task."""
    stage.server("A")
    stage.server("B", ahead=2)
    window = PlayedWindow(stage)
    task = window.submit("ABC", with_picture=True)
    stage.play(lambda: task.state is State.UPLOADING)
    window.unlink(task)
    stage.play(lambda: task.state is State.RUNNING, 20.0)
    is_locked = window.window.locks.server_of(task.prompt_id) == task.server
    stage.play_to_end(task)
    sockets = len(window.opened)
    agreeing = window.submit("DEF", with_picture=True)
    stage.play_to_end(agreeing)
    needless = len(window.opened) - sockets
    return Outcome(
        is_locked
        and ended_by_socket(task)
        and sockets == 2
        and ended_by_socket(agreeing)
        and needless == 0,
        (
            state_of(task),
            ("mended", {"lock": "✓" if is_locked else "✗", "sockets": sockets - 1}),
            ("needless", {"count": needless}),
        ),
    )


async def submit(stage: PlayedStage) -> Outcome:
    """A is chosen; during the upload of the picture A's queue grows longer than B's."""
    a = stage.server("A")
    stage.server("B", ahead=1)
    window = PlayedWindow(stage)
    task = window.submit("ABC", with_picture=True)
    stage.play(lambda: task.state is State.UPLOADING)
    chosen = stage.evidence.name(task.server)
    stage.load(a, 3)
    stage.play_to_end(task)
    places = {
        "chosen": chosen,
        "socket": stage.evidence.name(*window.opened[:1]),
        "upload": stage.evidence.asked("/upload/image"),
        "post": stage.evidence.asked("/prompt"),
    }
    return Outcome(
        len(set(places.values())) == 1 and ended_by_socket(task),
        (("steps", places), state_of(task)),
    )


async def reconnect(stage: PlayedStage) -> Outcome:
    """The task's socket drops while the other server has the shorter queue."""
    a = stage.server("A")
    b = stage.server("B", ahead=1)
    window = PlayedWindow(stage)
    task = window.submit("ABC")
    stage.play(lambda: task.progress.overall >= 0.6)
    bound = a if task.server == a.url else b
    stage.load(bound, 3)
    stage.play(lambda: False, 0.1)
    bound.cut_sockets()
    stage.play_to_end(task)
    back = window.opened[1:2]
    name = stage.evidence.name
    return Outcome(
        back == [bound.url] and ended_by_socket(task),
        (("back", {"bound": name(bound.url), "server": name(*back)}), state_of(task)),
    )


async def shortest_queue(stage: PlayedStage) -> Outcome:
    """A has three tasks, B and C one each, D is down; six tasks come at once, then 20 windows."""
    for name, ahead in (("A", 3), ("B", 1), ("C", 1), ("D", 0)):
        stage.server(name, ahead).is_up = name != "D"
    window = PlayedWindow(stage, "window 1", places=_SENT)
    _play_to_acceptance(stage, [window.submit(f"task {number + 1}") for number in range(_SENT)])
    got = Counter(stage.evidence.posts())
    totals = {name: ahead + got[name] for name, ahead in (("A", 3), ("B", 1), ("C", 1))}
    is_level = max(totals.values()) - min(totals.values()) <= 1
    # Two empty servers look equal to all windows that choose in one moment.
    stage.network.servers.clear()
    stage.server("E")
    stage.server("F")
    windows = [PlayedWindow(stage, f"window {number + 2}") for number in range(_WINDOWS)]
    _play_to_acceptance(stage, [each.submit(f"one of {each.name}", steps=1) for each in windows])
    spread = Counter(stage.evidence.posts()) - got
    is_wide = spread["E"] > 0 < spread["F"] and spread.total() == _WINDOWS
    return Outcome(
        is_level and got.total() == _SENT and not got["D"] and is_wide,
        (
            ("queues", {**{name: str(total) for name, total in totals.items()}, "D": got["D"]}),
            ("spread", {"E": spread["E"], "F": spread["F"], "count": _WINDOWS}),
        ),
    )


def _play_to_acceptance(stage: PlayedStage, tasks: list[Task]) -> None:
    stage.play(lambda: all(task.acknowledged_at for task in tasks), 30.0)


async def second_server(stage: PlayedStage) -> Outcome:
    """ABC is sent to A, then DEF to B, where two tasks wait before it."""
    a, b = stage.server("A"), stage.server("B", ahead=2)
    window = PlayedWindow(stage)
    abc = window.submit("ABC", a)
    stage.play(lambda: abc.progress.overall >= 0.5, 20.0)
    task = window.submit("DEF", b)
    stage.play_to_end(abc, task)
    return Outcome(ended_by_socket(abc) and ended_by_socket(task), (state_of(abc), state_of(task)))


async def moved_connection(stage: PlayedStage, reached: int = REACHED) -> Outcome:
    """The bug as it was reported: DEF runs on B and is at 52.25 % when ABC is sent to A."""
    a, b = stage.server("A"), stage.server("B")
    window = PlayedWindow(stage)
    task = window.submit("DEF", b, steps=100)
    stage.play(lambda: task.progress.current == "3" and task.progress.node >= reached / 100)
    abc = window.submit("ABC", a)
    stage.play_to_end(abc, task)
    own = {
        (server, prompt_id)
        for _, server, _, _, prompt_id in window.window.journal
        if prompt_id in (abc.prompt_id, task.prompt_id)
    }
    is_own = own == {(a.url, abc.prompt_id), (b.url, task.prompt_id)}
    return Outcome(
        ended_by_socket(abc) and ended_by_socket(task) and is_own, (state_of(abc), state_of(task))
    )


async def two_at_once(stage: PlayedStage) -> Outcome:
    """Both tasks are sent in one moment; a window with one socket hears one of them."""
    a, b = stage.server("A"), stage.server("B")
    window = PlayedWindow(stage)
    tasks = window.submit("ABC", a), window.submit("DEF", b)
    stage.play_to_end(*tasks)
    return Outcome(all(map(ended_by_socket, tasks)), tuple(map(state_of, tasks)))


async def missed_end(stage: PlayedStage) -> Outcome:
    """The server never sends the end of a task: only its records have it."""
    stage.is_end_swallowed = True
    server = stage.server("A")
    window = PlayedWindow(stage)
    task = window.submit("ABC", server)
    stage.play_to_end(task)
    return Outcome(
        task.state is State.COMPLETED and task.ended_by == "record" and bool(task.outputs),
        (state_of(task),),
    )


async def lock(stage: PlayedStage) -> Outcome:
    """Two tasks on two servers, a reload, then each way in which a task can end."""
    a, b, c = stage.server("A"), stage.server("B", ahead=2), stage.server("C")
    window = PlayedWindow(stage)
    abc = window.submit("ABC", a, steps=40)
    stage.play(lambda: abc.state is State.RUNNING, 20.0)
    later = window.submit("DEF", b, steps=80)
    stage.play(lambda: later.state is State.QUEUED, 20.0)
    both = (abc.prompt_id, later.prompt_id)
    has_sockets = window.opened == [a.url, b.url]
    facts = {"held": has_sockets and _is_held(window, b, both), "reload": False, "end": False}
    await window.reload()
    facts["reload"] = _is_held(window, b, both)
    stage.play_to_end(window.task(abc))
    facts["end"] = ended_by_socket(window.task(abc)) and _is_held(window, b, (later.prompt_id,))
    stage.play_to_end(window.task(later))
    facts["end"] &= ended_by_socket(window.task(later)) and window.lock() is None
    facts["error"] = _ends(stage, window, State.FAILED, a)
    facts["cancel"] = _ends(stage, window, State.CANCELLED, a)
    # Only a server's records show that a task is lost.
    stage.reads_records = True
    facts["loss"] = _ends(stage, window, State.LOST, c)
    held: Sentence = ("lock", {name: "✓" if is_good else "✗" for name, is_good in facts.items()})
    return Outcome(
        all(facts.values()), (held, state_of(window.task(abc)), state_of(window.task(later)))
    )


def _ends(stage: PlayedStage, window: PlayedWindow, end: State, server: InPageServer) -> bool:
    """Lead a task to an end; returns whether its lock was held until then and is gone."""
    nodes = failing_workflow(len(stage.evidence.titles)) if end is State.FAILED else None
    task = window.submit(end.value, server, nodes, steps=40)
    stage.play(lambda: window.lock() is not None, 20.0)
    was_held = _is_held(window, server, (task.prompt_id,))
    if end is State.CANCELLED:
        stage.play(lambda: task.state is State.RUNNING, 20.0)
        window.emit(CancelRequested(task.task_id))
    elif end is State.LOST:
        stage.play(lambda: task.state is State.RUNNING, 20.0)
        server.kill()
        server.start()
    stage.play_to_end(task)
    return was_held and task.state is end and window.lock() is None


def _is_held(window: PlayedWindow, latest: InPageServer, prompts: Collection[str]) -> bool:
    """Say whether exactly these tasks have a kept lock, and `.server` is the latest one's."""
    report = window.lock()
    if report is None:
        return False
    held = sorted(prompt for lock in report["locks"] for prompt in lock["promptIds"])
    return report["server"] == latest.url and held == sorted(prompts)


SCENES = (
    Scene(1, SHARED_ID, client_ids),
    Scene(2, NOT_AIMED, connect),
    Scene(3, NOT_CHECKED, mismatch),
    Scene(4, NOT_BOUND, submit),
    Scene(5, RECONNECTS_ANYWHERE, reconnect),
    Scene(6, FIRST_WINS, second_server),
    Scene(7, ONLY_ONE_MOVES, moved_connection),
    Scene(8, ONLY_ONE_MOVES, two_at_once),
    Scene(9, SHARED_ID, two_windows),
    Scene(10, FIRST_LISTED, shortest_queue),
    Scene(11, LOCK_FORGOTTEN, lock),
    Scene(12, CURED, missed_end, needs_records=True),
)
