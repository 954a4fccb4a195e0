"""Plays fresh seeds until one breaks a rule or the time is up: `make soak SECONDS=600`."""

import sys
import time
from collections.abc import Iterator, Sequence
from random import SystemRandom

from tests.world.many import Plan, Sum, play_many

TELL_EVERY = 1000


def fresh_seeds(until: float) -> Iterator[int]:
    """Return seeds that no test uses, until a time."""
    seed = SystemRandom().randrange(1 << 20, 1 << 40)
    while time.monotonic() < until:
        yield seed
        seed += 1


def main(arguments: Sequence[str]) -> int:
    """Play on, for so many seconds if they are given; return 1 when a rule was broken."""
    seconds = float(arguments[0]) if arguments else float("inf")
    total = Sum()
    try:
        for report in play_many(map(Plan, fresh_seeds(time.monotonic() + seconds))):
            total.add(report)
            if total.histories % TELL_EVERY == 0:
                print(f"{total.histories} histories, the last seed is {report.seed}", flush=True)
    except AssertionError as broken:
        print(broken)
        return 1
    except KeyboardInterrupt:
        pass
    print(total.told())
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
