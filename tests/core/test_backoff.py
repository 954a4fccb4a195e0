"""How long to wait before trying again."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.backoff import FIRST, LONGEST, Backoff
from tests.core.farm import Chance


def test_the_ceiling_doubles_up_to_half_a_minute() -> None:
    """With the worst draw each time."""
    backoff = Backoff(Chance(draws=[0.999] * 8))
    delays = [backoff.next() for _ in range(8)]
    assert [round(delay) for delay in delays] == [1, 2, 4, 8, 16, 30, 30, 30]


def test_success_starts_anew() -> None:
    """The next failure is the first."""
    backoff = Backoff(Chance(draws=[0.5, 0.5, 0.5]))
    assert (backoff.next(), backoff.next()) == (0.5, 1.0)
    assert backoff.failures == 2
    backoff.reset()
    assert backoff.next() == 0.5


@given(st.integers(0, 3000), st.integers())
def test_no_delay_is_ever_out_of_bounds(failures: int, seed: int) -> None:
    """Not after a night without the server either."""
    backoff = Backoff(Chance(seed))
    backoff.failures = failures
    assert 0 <= backoff.next() < min(LONGEST, FIRST * 2 ** min(failures, 20))
    assert backoff.failures == failures + 1
