"""How long a node shows itself working, and in how many steps."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.nodes import NodeClass
from simulator.settings import Settings

_SECONDS_PER_STEP = 0.25  # Slow enough to see, and above the throttle's 0.1 s.
_MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class Pace:
    """`steps` of `step_seconds` each, or a silent hold; previews only where wanted."""

    steps: int = 0
    step_seconds: float = 0.0
    previews: bool = False
    hold_seconds: float = 0.0


def pace_of(node_class: NodeClass, inputs: Mapping[str, object], settings: Settings) -> Pace:
    """The pace a node asks for by its inputs, else the one all nodes of the server share."""
    own = node_class.stepping
    if own is not None:
        if own.hold_ms is not None:
            return Pace(hold_seconds=_number(inputs, own.hold_ms) / 1000 / settings.speed)
        return Pace(
            steps=int(_number(inputs, own.steps)),
            step_seconds=_number(inputs, own.step_ms) / 1000 / settings.speed,
            previews=bool(inputs.get(own.previews or "")),
        )
    seconds = settings.pace / settings.speed
    if seconds <= 0 or node_class.is_websocket_output:
        return Pace()
    steps = min(max(2, round(seconds / _SECONDS_PER_STEP)), _MOST_STEPS)
    return Pace(steps, seconds / steps, previews=True)


def _number(inputs: Mapping[str, object], name: str | None) -> float:
    value = inputs.get(name or "")
    return float(value) if isinstance(value, int | float) else 0.0
