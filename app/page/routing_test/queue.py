"""The scene of the shortest queue."""

from collections import Counter

from page.routing_test.bench import Bench
from page.routing_test.scene import Outcome
from page.routing_test.window import PlayedWindow

_SENT = 6
_WINDOWS = 20


async def least_queue(bench: Bench) -> Outcome:
    """Three tasks wait at A and one at B and at C, D is dead; six come at once, then windows."""
    for name, ahead in (("A", 3), ("B", 1), ("C", 1), ("D", 0)):
        server = bench.server(name, ahead)
        server.is_up = name != "D"
    window = PlayedWindow(bench, "window 1", places=_SENT)
    tasks = [window.submit(f"task {number + 1}") for number in range(_SENT)]
    bench.play(lambda: all(task.acknowledged_at for task in tasks), 30.0)
    got = Counter(bench.log.posts())
    totals = {name: ahead + got[name] for name, ahead in (("A", 3), ("B", 1), ("C", 1))}
    # B and C stand equal for every window that looks at them in one moment.
    spread = _Spread(bench)
    is_level = max(totals.values()) - min(totals.values()) <= 1
    return Outcome(
        is_level and got.total() == _SENT and not got["D"] and spread.is_wide,
        (
            ("queues", {**{name: str(total) for name, total in totals.items()}, "D": got["D"]}),
            ("spread", {"E": spread.got["E"], "F": spread.got["F"], "count": _WINDOWS}),
        ),
    )


class _Spread:
    """Many windows that each send one task in the same moment, to two empty servers."""

    def __init__(self, bench: Bench) -> None:
        before = Counter(bench.log.posts())
        bench.network.servers.clear()
        bench.server("E")
        bench.server("F")
        windows = [PlayedWindow(bench, f"window {number + 2}") for number in range(_WINDOWS)]
        tasks = [window.submit(f"one of {window.name}", steps=1) for window in windows]
        bench.play(lambda: all(task.acknowledged_at for task in tasks), 30.0)
        self.got = Counter(bench.log.posts()) - before
        self.is_wide = self.got["E"] > 0 < self.got["F"] and self.got.total() == _WINDOWS
