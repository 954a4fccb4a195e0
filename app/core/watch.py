"""What the looks at one server's books have to remember, and how often they are."""

from dataclasses import dataclass, field

from app.core.ids import TaskId

BEAT = 2.0
"""Seconds between looks while an own task is silent, unknown or missing."""

CALM = 15.0
"""Seconds between looks otherwise."""

FRAMES_WITHIN = 0.5
"""Seconds that a frame may come after an answer that its server gave later."""


@dataclass(slots=True)
class Watch:
    """The looks at one server: `list_id` is the list under way, 0 for none."""

    is_beating: bool = False
    list_id: int = 0
    asked_at: float = 0.0
    is_again: bool = False
    calm_until: float = 0.0
    witness_id: int = 0
    """The latest call about a task that has ended there."""
    missed: dict[TaskId, float] = field(default_factory=dict)
    """Tasks that the socket has still time to speak of -> when the list without them was
    asked for."""
    details: dict[int, float] = field(default_factory=dict)
    """Calls about one task -> when the list that lacked it was asked for; 0 without a list."""
