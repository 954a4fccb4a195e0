"""Scenes of one window with tasks on two servers: the bug itself."""

from page.routing_test.bench import Bench
from page.routing_test.scene import Outcome, state_of
from page.routing_test.window import PlayedWindow, is_heard

REACHED = 9
"""Steps of 100 in the third of four nodes: (2 + 0.09) / 4 = 52.25 %."""


async def first_connection(bench: Bench) -> Outcome:
    """ABC goes to A, then DEF to B, where others wait before it."""
    a, b = bench.server("A"), bench.server("B", ahead=2)
    window = PlayedWindow(bench)
    abc = window.submit("ABC", a)
    bench.play(lambda: abc.progress.overall >= 0.5, 20.0)
    deaf = window.submit("DEF", b)
    bench.play_to_end(abc, deaf)
    return Outcome(is_heard(abc) and is_heard(deaf), (state_of(abc), state_of(deaf)))


async def scene_of_the_bug(bench: Bench, reached: int = REACHED) -> Outcome:
    """DEF runs on B and has come to 52.25 %; then ABC is sent to A."""
    a, b = bench.server("A"), bench.server("B")
    window = PlayedWindow(bench)
    task = window.submit("DEF", b, steps=100)
    bench.play(lambda: task.progress.current == "3" and task.progress.node >= reached / 100)
    abc = window.submit("ABC", a)
    bench.play_to_end(abc, task)
    own = {
        (server, prompt_id)
        for _, server, _, _, prompt_id in window.window.journal
        if prompt_id in (abc.prompt_id, task.prompt_id)
    }
    is_own = own == {(a.url, abc.prompt_id), (b.url, task.prompt_id)}
    return Outcome(
        is_heard(abc) and is_heard(task) and is_own,
        (state_of(abc), state_of(task)),
    )


async def two_at_once(bench: Bench) -> Outcome:
    """Both tasks begin in one moment; a window that moves its only socket hears one of them."""
    a, b = bench.server("A"), bench.server("B")
    window = PlayedWindow(bench)
    tasks = window.submit("ABC", a), window.submit("DEF", b)
    bench.play_to_end(*tasks)
    return Outcome(all(map(is_heard, tasks)), tuple(map(state_of, tasks)))
