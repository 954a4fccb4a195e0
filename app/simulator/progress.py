"""How far each node of a task is, and which steps are worth a frame."""

from simulator.settings import Api

_SECONDS_BETWEEN, _PART_BETWEEN = 0.1, 0.005


class Progress:
    """The `nodes` of `progress_state`: every node that has begun, in that order."""

    def __init__(self, prompt_id: str, api: Api) -> None:
        self._prompt_id = prompt_id
        self._sends_all = api is Api.V0_3_64
        self._nodes: dict[str, dict[str, object]] = {}
        self._last_sent: tuple[float, float] | None = None

    def begin(self, node_id: str) -> None:
        """A node starts; how many steps it takes isn't known yet."""
        self._last_sent = None
        self._set(node_id, 0.0, 1.0, "running")

    def step(self, node_id: str, value: int, maximum: int) -> None:
        """A node reports a step."""
        self._set(node_id, value, maximum, "running")

    def finish(self, node_id: str) -> None:
        """A node is done, or was cached (then it counts in whole numbers)."""
        known = self._nodes.get(node_id)
        maximum = 1 if known is None else known["max"]
        self._set(node_id, maximum, maximum, "finished")

    def deserves_frame(self, now: float, value: int, maximum: int, *, has_preview: bool) -> bool:
        """Whether a step is sent; the first, the last and those with a preview always are.

        Source: ComfyUI 0.28.1 wire, measured: at least 0.1 s and 0.5 % apart; 0.3.64 sends all.
        """
        last = self._last_sent
        part = value / maximum if maximum else 1.0
        if (
            self._sends_all
            or has_preview
            or last is None
            or value >= maximum
            or (now - last[0] >= _SECONDS_BETWEEN and part - last[1] >= _PART_BETWEEN)
        ):
            self._last_sent = (now, part)
            return True
        return False

    @property
    def as_json(self) -> dict[str, object]:
        """The data of a `progress_state` frame."""
        return {"prompt_id": self._prompt_id, "nodes": self._nodes}

    def _set(self, node_id: str, value: object, maximum: object, state: str) -> None:
        self._nodes[node_id] = {
            "value": value,
            "max": maximum,
            "state": state,
            "node_id": node_id,
            "prompt_id": self._prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }
