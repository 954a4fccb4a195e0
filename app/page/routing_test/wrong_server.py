"""Scenes of tasks that go to the wrong server, or whose socket, picture or POST does."""

from collections import Counter

from page.routing_test.stage import Outcome, PlayedStage, state_of
from page.routing_test.window import PlayedWindow, ended_by_socket
from tether.core.model.task import State, Task

_SENT = 6
_WINDOWS = 20


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
