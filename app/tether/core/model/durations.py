"""How long servers take for tasks, by what the windows of this browser have measured."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from math import exp, log, sqrt

from tether.core.ids import Digest, ServerUrl
from tether.core.model.task import State, Task
from tether.core.protocol.workflow import Workflow
from tether.core.windows.peers import Timing

LATEST = 10
"""Latest tasks of one kind on a server whose median counts."""

COMPARED = 30
"""Latest tasks of a server by which it is compared with others."""

SIGNIFICANT = 3.0
"""Standard errors by which a server must differ from the others to count as faster or slower. With
no such limit the choice would be worse than by the queues alone (`make fleet`)."""

FEWEST = 3
"""Tasks before a server counts as faster: one from its cache took no time."""

PRIOR_VARIANCE, PRIOR_WEIGHT = 0.5, 3
"""Variance of the logarithms of seconds before any measurement, and how many it weighs as."""

PRIOR_DOUBT = 0.1
"""The same, variance times weight, where the question is how well a task's end is known."""

MODEL_FILES = (".safetensors", ".sft", ".ckpt", ".gguf", ".pth", ".pt", ".onnx", ".bin")
"""How the names of model files end."""


def workload_of(workflow: Workflow) -> str:
    """Return a short text that is equal for workflows which take equally long.

    Node classes, numbers and models count; prompts, seeds and names of pictures don't. The part
    after the dot stands for the models alone, and is empty for none.
    """
    parts, models = [], set()
    for node in workflow.nodes.values():
        parts.append(node["class_type"])
        for name, value in sorted(node["inputs"].items()):
            if isinstance(value, str) and value.lower().endswith(MODEL_FILES):
                models.add(value)
            elif isinstance(value, int | float) and "seed" not in name:
                parts.append(f"{name}={value}")
    named = sorted(models)
    return f"{_digest([*sorted(parts), *named])}.{_digest(named) if named else ''}"


def models_of(workload: str) -> str:
    """Return the part of a workload that stands for its models."""
    return workload.partition(".")[2]


def _digest(parts: list[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()


class Durations:
    """Seconds of ended tasks, by the servers' own clocks.

    A server without any counts as the median of the others, and so does one that differs from
    them insignificantly. Where nothing at all is known, every task takes one second. `timings` are
    those of this browser's other windows.
    """

    def __init__(self, ended: Iterable[Task] = (), timings: Iterable[Timing] = ()) -> None:
        self._by_server: dict[ServerUrl, list[float]] = {}
        self._by_workload: dict[str, dict[ServerUrl, list[float]]] = {}
        self._models: dict[ServerUrl, str] = {}
        """The models that each server used last."""
        self._loading: list[float] = []
        self._loading_at: dict[ServerUrl, list[float]] = {}
        self._usual: dict[str, Usual] = {}
        cold: list[tuple[ServerUrl, str, float]] = []
        timings = (*timings_of(ended), *timings)
        for _, _, server, workload, seconds in sorted(timings, key=lambda each: each.ended_at):
            models = models_of(workload)
            self._by_server.setdefault(server, []).append(seconds)
            if models and self._models.get(server) != models:
                cold.append((server, workload, seconds))
            else:
                self._by_workload.setdefault(workload, {}).setdefault(server, []).append(seconds)
            self._models[server] = models or self._models.get(server, "")
        self._learn_loading(cold)
        self._any = Usual(self._by_server)

    def _learn_loading(self, cold: list[tuple[ServerUrl, str, float]]) -> None:
        """Work out what loading costs from runs that had to load, and others like them."""
        single: dict[str, dict[ServerUrl, list[float]]] = {}
        for server, workload, seconds in cold:
            warm = self._by_workload.get(workload, {}).get(server)
            if warm:
                extra = max(0.0, seconds - middle(warm[-LATEST:]))
                self._loading.append(extra)
                self._loading_at.setdefault(server, []).append(extra)
            else:
                single.setdefault(workload, {}).setdefault(server, []).append(seconds)
        # Better than nothing, where it never ran warm.
        for workload, runs in single.items():
            for server, spans in runs.items():
                self._by_workload.setdefault(workload, {})[server] = spans

    def __bool__(self) -> bool:
        """Return whether anything was measured."""
        return bool(self._by_server)

    def knows(self, server: ServerUrl) -> bool:
        """Say whether any task was timed there."""
        return server in self._by_server

    def entry(self, server: ServerUrl) -> float:
        """Return the seconds of an unknown task there."""
        return self._any.at(server)

    def task(self, server: ServerUrl, workload: str) -> float:
        """Return the seconds of a task of that workload there, its models being loaded."""
        runs = self._by_workload.get(workload)
        if not runs:
            return self.entry(server)
        usual = self._usual_of(workload)
        if server in runs:
            return usual.at(server)
        # Others know the workload: as much faster or slower as this server is with other tasks.
        others = middle([self.entry(other) for other in runs])
        return usual.common * self.entry(server) / others

    def is_timed(self, workload: str) -> bool:
        """Say whether tasks of that workload were timed anywhere."""
        return workload in self._by_workload

    def spread(self, workload: str) -> float:
        """Return by which part of their seconds tasks of a workload differ on one server."""
        usual = self._usual_of(workload) if self.is_timed(workload) else self._any
        return usual.spread

    def _usual_of(self, workload: str) -> "Usual":
        if workload not in self._usual:
            self._usual[workload] = Usual(self._by_workload[workload])
        return self._usual[workload]

    def loading(self, server: ServerUrl, workload: str) -> float:
        """Return the seconds that the models of a workload cost more there than if just used."""
        models = models_of(workload)
        if not models or self._models.get(server) == models or not self._loading:
            return 0.0
        return middle((self._loading_at.get(server) or self._loading)[-LATEST:])


class Usual:
    """What servers usually take for tasks of one kind; `runs` holds their seconds, oldest first."""

    def __init__(self, runs: Mapping[ServerUrl, list[float]]) -> None:
        logs = {server: [log(each) for each in spans[-COMPARED:]] for server, spans in runs.items()}
        means = {server: sum(known) / len(known) for server, known in logs.items()}
        middle_one = -middle([-mean for mean in means.values()]) if means else 0.0
        self.common = exp(middle_one)
        """Of the median server; of two in the middle the faster."""
        squares = sum((each - means[server]) ** 2 for server in logs for each in logs[server])
        extra = sum(len(known) - 1 for known in logs.values())
        spread = (PRIOR_VARIANCE * PRIOR_WEIGHT + squares) / (PRIOR_WEIGHT + extra)
        self.spread = (
            sqrt((PRIOR_DOUBT + squares) / (PRIOR_DOUBT + extra)) if extra >= FEWEST else 1.0
        )
        """The part of their seconds by which tasks of one server differ."""
        self._significant = {
            server: exp(mean)
            for server, mean in means.items()
            if abs(mean - middle_one) > SIGNIFICANT * sqrt(spread / len(logs[server]))
            and (mean > middle_one or len(logs[server]) >= FEWEST)
        }

    def at(self, server: ServerUrl) -> float:
        """Return the seconds of a server; 1 where nothing was measured at all."""
        return self._significant.get(server, self.common)


def timings_of(ended: Iterable[Task]) -> Iterator[Timing]:
    """Yield the timings of completed tasks that have stamps of start and end."""
    for task in ended:
        if task.state is State.COMPLETED and task.server is not None and task.ran > 0:
            yield Timing(task.ended_at, task.task_id, task.server, task.workload, task.ran)


def usual_seconds(ended: Iterable[Task]) -> dict[tuple[ServerUrl, Digest], float]:
    """Return how long tasks of one workflow usually take on one server, by the page's clock."""
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
