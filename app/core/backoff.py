"""How long to wait before trying again."""

from app.core.ids import Chance

FIRST = 1.0
"""The ceiling of the first delay, in seconds; it doubles with every failure."""

LONGEST = 30.0
"""The ceiling of every delay, in seconds."""


class Backoff:
    """Exponential delays with full jitter: between nothing and a ceiling that doubles.

    Full jitter keeps windows that lost one server together from coming back together.
    """

    __slots__ = ("_chance", "failures")

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self.failures = 0

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        ceiling = min(LONGEST, FIRST * 2.0 ** min(self.failures, 10))
        self.failures += 1
        return ceiling * self._chance.uniform()

    def reset(self) -> None:
        """It worked: the next failure is the first."""
        self.failures = 0
