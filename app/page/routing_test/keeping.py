"""Scenes of what is kept: the lock, and the servers' own books."""

from collections.abc import Collection

from demo.quick_work import failing_workflow
from demo.server import InPageServer
from page.routing_test.bench import Bench
from page.routing_test.scene import Outcome, Said, state_of
from page.routing_test.window import PlayedWindow, is_heard
from tether.core.events import CancelRequested
from tether.core.model.task import State, Task


async def lock(bench: Bench) -> Outcome:
    """Two tasks on two servers, a reload, and then every way for a task to end."""
    a, b, c = bench.server("A"), bench.server("B", ahead=2), bench.server("C")
    window = PlayedWindow(bench)
    abc = window.submit("ABC", a, steps=40)
    bench.play(lambda: abc.state is State.RUNNING, 20.0)
    later = window.submit("DEF", b, steps=80)
    bench.play(lambda: later.state is State.QUEUED, 20.0)
    both = (abc.prompt_id, later.prompt_id)
    has_sockets = window.opened == [a.url, b.url]
    facts = {"held": has_sockets and _is_held(window, b, both), "reload": False, "end": False}
    await window.reload()
    facts["reload"] = _is_held(window, b, both)
    bench.play_to_end(window.task(abc))
    facts["end"] = is_heard(window.task(abc)) and _is_held(window, b, (later.prompt_id,))
    bench.play_to_end(window.task(later))
    facts["end"] &= is_heard(window.task(later)) and window.lock() is None
    facts["error"] = _ends(bench, window, State.FAILED, a)
    facts["cancel"] = _ends(bench, window, State.CANCELLED, a)
    # Only the servers' books can tell that a task is lost.
    bench.reconciles = True
    facts["loss"] = _ends(bench, window, State.LOST, c)
    said: Said = ("lock", {name: "✓" if is_good else "✗" for name, is_good in facts.items()})
    return Outcome(
        all(facts.values()), (said, state_of(window.task(abc)), state_of(window.task(later)))
    )


def _ends(bench: Bench, window: PlayedWindow, end: State, server: InPageServer) -> bool:
    """Lead a task to an end; returns whether its lock was there and is gone."""
    nodes = failing_workflow(len(bench.log.titles)) if end is State.FAILED else None
    task = window.submit(end.value, server, nodes, steps=40)
    bench.play(lambda: window.lock() is not None, 20.0)
    was_held = _is_held(window, server, (task.prompt_id,))
    if end is State.CANCELLED:
        bench.play(lambda: task.state is State.RUNNING, 20.0)
        window.emit(CancelRequested(task.task_id))
    elif end is State.LOST:
        bench.play(lambda: task.state is State.RUNNING, 20.0)
        server.kill()
        server.start()
    bench.play_to_end(task)
    return was_held and task.state is end and window.lock() is None


def _is_held(window: PlayedWindow, latest: InPageServer, prompts: Collection[str]) -> bool:
    """Say whether the kept locks are of exactly these tasks, `.server` that of the latest."""
    report = window.lock()
    if report is None:
        return False
    held = sorted(prompt for lock in report["locks"] for prompt in lock["promptIds"])
    return report["server"] == latest.url and held == sorted(prompts)


async def books(bench: Bench) -> Outcome:
    """The server never sends the end of a task."""
    bench.is_end_swallowed = True
    server = bench.server("A")
    window = PlayedWindow(bench)
    task: Task = window.submit("ABC", server)
    bench.play_to_end(task)
    return Outcome(
        task.state is State.COMPLETED and task.ended_by == "record" and bool(task.outputs),
        (state_of(task),),
    )
