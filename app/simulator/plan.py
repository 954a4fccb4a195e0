"""The order in which the nodes of a task run."""

from collections.abc import Callable

from simulator.nodes import inputs_of, link_of


class Plan:
    """Nodes still to run, and which of them may run next.

    Source: ComfyUI, comfy_execution/graph.py: output nodes first, then nodes one or two steps
    before an output, else the oldest. Cached nodes are not asked for their inputs.
    """

    def __init__(
        self,
        workflow: dict[str, dict[str, object]],
        outputs: list[str],
        is_output: Callable[[str], bool],
        is_cached: Callable[[str], bool],
    ) -> None:
        self._is_output = is_output
        self._missing: dict[str, int] = {}
        self._feeds: dict[str, dict[str, None]] = {}
        to_add = list(reversed(outputs))
        while to_add:
            node_id = to_add.pop()
            if node_id in self._missing:
                continue
            self._missing[node_id] = 0
            self._feeds[node_id] = {}
            if not is_cached(node_id):
                to_add.extend(each for each in _sources(workflow[node_id]) if not is_cached(each))
        for node_id in self._missing:
            if is_cached(node_id):
                continue
            waits = [each for each in _sources(workflow[node_id]) if each in self._missing]
            self._missing[node_id] = len(waits)
            for source in waits:
                self._feeds[source][node_id] = None

    def pick(self) -> str | None:
        """Return the node to run next; None when all are done."""
        ready = (node_id for node_id, missing in self._missing.items() if missing == 0)
        return min(ready, key=self._steps_to_output, default=None)

    def done(self, node_id: str) -> None:
        """Remove a node that is done from those that others wait for."""
        del self._missing[node_id]
        for next_id in self._feeds.pop(node_id):
            self._missing[next_id] -= 1

    def _steps_to_output(self, node_id: str) -> int:
        level = {node_id}
        for steps in range(3):
            if any(map(self._is_output, level)):
                return steps
            level = {next_id for each in level for next_id in self._feeds[each]}
        return 3


def _sources(node: dict[str, object]) -> dict[str, None]:
    links = map(link_of, inputs_of(node).values())
    return {link[0]: None for link in links if link is not None}
