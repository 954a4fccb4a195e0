"""How long servers take for a task, as far as this window has seen."""

from collections.abc import Callable, Iterable, Mapping

from app.core.ids import Digest, ServerUrl
from app.core.shape import models_of
from app.core.task import State, Task

LATEST = 10
"""Tasks of a server that count, the latest ones."""


class Paces:
    """What the ended tasks of a window tell of seconds, by the servers' own clocks.

    A server that has run none of ours is like the middle one of the others. Where nothing at
    all is known, every task takes one second.

    Args:
        ended: Ended tasks; those that were completed, and whose server stamped their start
            and end, tell.
    """

    def __init__(self, ended: Iterable[Task] = ()) -> None:
        self._by_server: dict[ServerUrl, list[float]] = {}
        self._by_shape: dict[str, dict[ServerUrl, list[float]]] = {}
        self._models: dict[ServerUrl, str] = {}
        """The models that each server used last for us."""
        self._loading: list[float] = []
        self._loading_at: dict[ServerUrl, list[float]] = {}
        self._found: dict[tuple[ServerUrl, str], float] = {}
        cold: list[tuple[ServerUrl, str, float]] = []
        for task in sorted(ended, key=lambda task: task.ended_at):
            if task.state is not State.COMPLETED or task.server is None or task.ran <= 0:
                continue
            server, shape, models = task.server, task.shape, models_of(task.shape)
            self._by_server.setdefault(server, []).append(task.ran)
            if models and self._models.get(server) != models:
                cold.append((server, shape, task.ran))
            else:
                self._by_shape.setdefault(shape, {}).setdefault(server, []).append(task.ran)
            self._models[server] = models or self._models.get(server, "")
        self._learn_loading(cold)

    def _learn_loading(self, cold: list[tuple[ServerUrl, str, float]]) -> None:
        """Tell what loading costs from runs that had to load, and others like them."""
        single: dict[str, dict[ServerUrl, list[float]]] = {}
        for server, shape, seconds in cold:
            warm = self._by_shape.get(shape, {}).get(server)
            if warm:
                extra = max(0.0, seconds - middle(warm[-LATEST:]))
                self._loading.append(extra)
                self._loading_at.setdefault(server, []).append(extra)
            else:
                single.setdefault(shape, {}).setdefault(server, []).append(seconds)
        # Better than nothing, where nobody knows it warm.
        for shape, runs in single.items():
            for server, spans in runs.items():
                self._by_shape.setdefault(shape, {})[server] = spans

    def __bool__(self) -> bool:
        """Something is known."""
        return bool(self._by_server)

    def knows(self, server: ServerUrl) -> bool:
        """Say whether tasks of ours were timed there."""
        return server in self._by_server

    def entry(self, server: ServerUrl) -> float:
        """Return the seconds of whatever task there."""
        return self._once(server, "", lambda: _usual(self._by_server, server) or 1.0)

    def task(self, server: ServerUrl, shape: str) -> float:
        """Return the seconds of a task of that shape there, its models being loaded."""
        return self._once(server, shape or "-", lambda: self._task(server, shape))

    def _task(self, server: ServerUrl, shape: str) -> float:
        runs = self._by_shape.get(shape, {})
        known = _usual(runs, server)
        if known is None:
            return self.entry(server)
        if server in runs:
            return known
        # Others know the shape: as much faster or slower as this server is with other tasks.
        return known * self.entry(server) / middle([self.entry(other) for other in runs])

    def loading(self, server: ServerUrl, shape: str) -> float:
        """Return the seconds that the models of a shape cost more there than if just used."""
        models = models_of(shape)
        if not models or self._models.get(server) == models or not self._loading:
            return 0.0
        return middle((self._loading_at.get(server) or self._loading)[-LATEST:])

    def _once(self, server: ServerUrl, shape: str, find: Callable[[], float]) -> float:
        key = (server, shape)
        if key not in self._found:
            self._found[key] = find()
        return self._found[key]


def usual_seconds(ended: Iterable[Task]) -> dict[tuple[ServerUrl, Digest], float]:
    """Return how long tasks of one workflow usually take on one server, by the page's clock.

    Args:
        ended: Ended tasks, the oldest first; those that were completed, and seen to start,
            tell.
    """
    spans: dict[tuple[ServerUrl, Digest], list[float]] = {}
    for task in ended:
        if task.server and task.state is State.COMPLETED and 0 < task.started_at < task.ended_at:
            known = spans.setdefault((task.server, task.digest), [])
            known.append(task.ended_at - task.started_at)
    return {like: middle(known[-LATEST:]) for like, known in spans.items()}


def middle(values: Iterable[float]) -> float:
    """Return a median; `statistics` would cost every start of the page."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _usual(runs: Mapping[ServerUrl, list[float]], server: ServerUrl) -> float | None:
    """Return a server's usual seconds, or the others' middle ones; None where nobody has any."""
    if server in runs:
        return middle(runs[server][-LATEST:])
    return middle(middle(spans[-LATEST:]) for spans in runs.values()) if runs else None
