"""How much one server may say."""

import pytest

from app.core.flood import LONGEST_FRAME, Flood
from tests.core.farm import NOON


def taken(flood: Flood, count: int, length: int, now: float, gap: float = 0.0) -> int:
    """How many frames are taken before the first that isn't."""
    for number in range(count):
        if not flood.takes(length, now + number * gap):
            return number
    return count


@pytest.mark.parametrize(("length", "most"), [(100, 30_000), (LONGEST_FRAME, 16)])
def test_what_comes_at_once_is_bounded(length: int, most: int) -> None:
    """In frames, and in characters."""
    assert taken(Flood(), 40_000, length, NOON) == most


def test_a_busy_server_is_never_cut_off() -> None:
    """Five hundred frames in a second, for minutes."""
    assert taken(Flood(), 100_000, 1_000, NOON, gap=0.002) == 100_000


def test_a_clock_that_was_set_back_gives_nothing_away() -> None:
    """Time that is over again fills nothing."""
    flood = Flood()
    assert taken(flood, 30_000, 0, NOON) == 30_000
    assert not flood.takes(0, NOON - 1000)
    assert flood.takes(0, NOON)
