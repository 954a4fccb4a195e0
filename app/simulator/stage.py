"""What all parts of the engine use: the time, random numbers, timers, and the effects."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from simulator.events import Effect, WakeAt


class RandomSource(Protocol):
    """A source of random numbers, such as `random.Random`."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of `k` random bits."""
        ...


class Stage:
    """Collects the effects of one event, and runs actions when they are due.

    `now` is seconds since 1970 and never runs backwards, whatever the shell's clock does.
    """

    def __init__(self, random: RandomSource) -> None:
        self.now = 0.0
        self._random = random
        self._effects: list[Effect] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0
        self._wake_at: float | None = None

    @property
    def now_ms(self) -> int:
        """The time as ComfyUI writes it into messages."""
        return int(self.now * 1000)

    def emit(self, effect: Effect) -> None:
        """Add an effect; the shell carries them out in this order."""
        self._effects.append(effect)

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Run an action at a time; equal times keep their order."""
        self._count += 1
        heappush(self._agenda, (time, self._count, action))

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Run an action after so many seconds."""
        self.at(self.now + delay, action)

    def advance(self, now: float) -> None:
        """Advance the time, and run all actions that are due by then."""
        self.now = max(self.now, now)
        while self._agenda and self._agenda[0][0] <= self.now:
            heappop(self._agenda)[2]()

    def forget_agenda(self) -> None:
        """Drop all actions that are not yet due."""
        self._agenda.clear()

    def wake(self) -> None:
        """Note that the last `WakeAt` has come, perhaps a little early."""
        self._wake_at = None

    def take_effects(self) -> tuple[Effect, ...]:
        """Return all effects since the last call, with a `WakeAt` if a new one is needed."""
        earliest = self._agenda[0][0] if self._agenda else None
        if earliest is not None and earliest != self._wake_at:
            self._effects.append(WakeAt(earliest))
        self._wake_at = earliest
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def make_uuid(self) -> str:
        """Return a random UUID of version 4, lower case with hyphens."""
        bits = self._random.getrandbits(128)
        bits = bits & ~(0xF << 76) | (4 << 76)
        bits = bits & ~(0x3 << 62) | (2 << 62)
        digits = f"{bits:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def make_letters(self, count: int) -> str:
        """Return random letters, for names."""
        alphabet = "abcdefghijklmnopqrstupvxyz"  # Source: ComfyUI, nodes.py; it has two `p`.
        return "".join(alphabet[self._random.getrandbits(30) % 26] for _ in range(count))

    def flip_coin(self) -> bool:
        """Return True or False, equally often."""
        return self._random.getrandbits(1) == 1
