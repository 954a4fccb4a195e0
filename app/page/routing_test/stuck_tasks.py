"""Scenes of tasks that never seem to end: their frames go where nobody listens."""

from page.routing_test.stage import Outcome, PlayedStage, state_of
from page.routing_test.window import PlayedWindow, ended_by_socket
from tether.core.model.task import State

REACHED = 9
"""Steps of 100 in the third of four nodes: (2 + 0.09) / 4 = 52.25 %."""


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
        ended_by_socket(abc) and ended_by_socket(task) and is_own,
        (state_of(abc), state_of(task)),
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
