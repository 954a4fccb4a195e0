"""Scenes of one task on its way: where its socket, its picture and its POST go."""

from page.routing_test.bench import Bench
from page.routing_test.scene import Outcome, state_of
from page.routing_test.window import PlayedWindow, is_heard
from tether.core.ids import ServerUrl
from tether.core.model.task import State


async def aimed_connection(bench: Bench) -> Outcome:
    """The balancer prefers A, and the task is for B."""
    bench.server("A")
    b = bench.server("B", ahead=2)
    window = PlayedWindow(bench)
    task = window.submit("DEF", b)
    bench.play(lambda: bool(window.opened))
    landed = window.opened[0] if window.opened else ServerUrl("")
    bench.play(lambda: task.state not in (State.WAITING, State.CONNECTING), 12.0)
    connection = window.window.servers[b.url].connection
    return Outcome(
        landed == b.url and connection.is_receiving,
        (("landed", {"wanted": "B", "server": bench.log.names.get(landed, "-")}),),
    )


async def consistency(bench: Bench) -> Outcome:
    """While a picture is on its way something tears the task's lock and socket off."""
    bench.server("A")
    bench.server("B", ahead=2)
    window = PlayedWindow(bench)
    task = window.submit("ABC", with_picture=True)
    bench.play(lambda: task.state is State.UPLOADING)
    window.unlink(task)
    bench.play(lambda: task.state is State.RUNNING, 20.0)
    is_locked = window.window.locks.server_of(task.prompt_id) == task.server
    bench.play_to_end(task)
    sockets = len(window.opened)
    agreeing = window.submit("DEF", with_picture=True)
    bench.play_to_end(agreeing)
    needless = len(window.opened) - sockets
    return Outcome(
        is_locked and is_heard(task) and sockets == 2 and is_heard(agreeing) and needless == 0,
        (
            state_of(task),
            ("mended", {"lock": "✓" if is_locked else "✗", "sockets": sockets - 1}),
            ("needless", {"count": needless}),
        ),
    )


async def submission(bench: Bench) -> Outcome:
    """A is chosen; while the picture is on its way there, A's queue grows past B's."""
    a = bench.server("A")
    bench.server("B", ahead=1)
    window = PlayedWindow(bench)
    task = window.submit("ABC", with_picture=True)
    bench.play(lambda: task.state is State.UPLOADING)
    chosen = task.server or ServerUrl("")
    bench.load(a, 3)
    bench.play_to_end(task)
    names = bench.log.names
    places = {
        "chosen": names.get(chosen, "-"),
        "socket": names.get(window.opened[0], "-") if window.opened else "-",
        "upload": bench.log.asked("/upload/image"),
        "post": bench.log.asked("/prompt"),
    }
    return Outcome(
        len(set(places.values())) == 1 and is_heard(task), (("steps", places), state_of(task))
    )


async def reconnect(bench: Bench) -> Outcome:
    """The socket to A drops mid-task, when B's queue is the shorter one."""
    a = bench.server("A")
    b = bench.server("B", ahead=1)
    window = PlayedWindow(bench)
    task = window.submit("ABC")
    bench.play(lambda: task.progress.overall >= 0.6)
    bound = a if task.server == a.url else b
    bench.load(bound, 3)
    bench.play(lambda: False, 0.1)
    bound.cut_sockets()
    bench.play_to_end(task)
    back = window.opened[1] if len(window.opened) > 1 else ServerUrl("")
    return Outcome(
        back == bound.url and is_heard(task),
        (
            (
                "back",
                {"bound": bench.log.names[bound.url], "server": bench.log.names.get(back, "-")},
            ),
            state_of(task),
        ),
    )
