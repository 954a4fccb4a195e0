"""The scene of locks that must last over a reload, and end with their tasks."""

from collections.abc import Collection

from demo.quick_work import failing_workflow
from demo.server import InPageServer
from page.routing_test.stage import Outcome, PlayedStage, Said, state_of
from page.routing_test.window import PlayedWindow, ended_by_socket
from tether.core.events import CancelRequested
from tether.core.model.task import State


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
    said: Said = ("lock", {name: "✓" if is_good else "✗" for name, is_good in facts.items()})
    return Outcome(
        all(facts.values()), (said, state_of(window.task(abc)), state_of(window.task(later)))
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
