"""What all parts of the engine share during one call: the time, the effects, the agenda."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from simulator.events import Effect, WakeAt


class RandomSource(Protocol):
    """Where chance comes from; `random.Random` is one."""

    def getrandbits(self, k: int, /) -> int:
        """A number of `k` random bits."""
        ...


class Stage:
    """Collects effects and remembers what is due later.

    `now` is seconds since 1970 and never runs backwards, whatever the shell's clock does.
    """

    def __init__(self, random: RandomSource) -> None:
        self.now = 0.0
        self._random = random
        self._effects: list[Effect] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._noted = 0
        self._asked: float | None = None

    @property
    def now_ms(self) -> int:
        """The time as ComfyUI writes it into messages."""
        return int(self.now * 1000)

    def emit(self, effect: Effect) -> None:
        """Have the shell do something, in this order."""
        self._effects.append(effect)

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do something when that time has come; equal times keep their order."""
        self._noted += 1
        heappush(self._agenda, (time, self._noted, action))

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do something that many seconds from now."""
        self.at(self.now + delay, action)

    def advance(self, now: float) -> None:
        """Let the time pass and do all that is due by then."""
        self.now = max(self.now, now)
        while self._agenda and self._agenda[0][0] <= self.now:
            heappop(self._agenda)[2]()

    def forget_agenda(self) -> None:
        """Drop everything that was due later."""
        self._agenda.clear()

    def wake(self) -> None:
        """The wake-up asked for last has been used up, perhaps a little early."""
        self._asked = None

    def take_effects(self) -> tuple[Effect, ...]:
        """All effects since the last call, with a wake-up if a new one is needed."""
        earliest = self._agenda[0][0] if self._agenda else None
        if earliest is not None and earliest != self._asked:
            self._effects.append(WakeAt(earliest))
        self._asked = earliest
        effects = tuple(self._effects)
        self._effects.clear()
        return effects

    def make_uuid(self) -> str:
        """A random UUID of version 4, lower case with hyphens."""
        bits = self._random.getrandbits(128)
        bits = bits & ~(0xF << 76) | (4 << 76)
        bits = bits & ~(0x3 << 62) | (2 << 62)
        digits = f"{bits:032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def make_letters(self, count: int) -> str:
        """Random letters, for names."""
        alphabet = "abcdefghijklmnopqrstupvxyz"  # Source: ComfyUI, nodes.py; it has two `p`.
        return "".join(alphabet[self._random.getrandbits(30) % 26] for _ in range(count))

    def flip_coin(self) -> bool:
        """True or false, equally often."""
        return self._random.getrandbits(1) == 1
