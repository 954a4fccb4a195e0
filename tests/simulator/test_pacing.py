"""How long nodes show themselves working."""

from dataclasses import replace

import pytest

from simulator.catalogue import CATALOGUE
from simulator.pacing import Pace, pace_of
from simulator.settings import Settings


@pytest.mark.parametrize(("seconds", "steps"), [(0.1, 2), (1.0, 4), (2.0, 8), (60.0, 40)])
def test_the_shared_pace_is_cut_into_steps(seconds: float, steps: int) -> None:
    """About four a second, at least two and at most forty."""
    pace = pace_of(CATALOGUE["ImageInvert"], {}, Settings(pace=seconds))
    assert pace == Pace(steps, seconds / steps, previews=True)


def test_speed_divides_all() -> None:
    """The shared pace, own steps and silent waits."""
    fast = Settings(pace=2.0, speed=2.0)
    assert pace_of(CATALOGUE["ImageInvert"], {}, fast) == Pace(4, 0.25, previews=True)
    inputs = {"steps": 3, "step_ms": 100, "previews": False}
    assert pace_of(CATALOGUE["TetherSlow"], inputs, fast) == Pace(3, 0.05)
    assert pace_of(CATALOGUE["TetherBlock"], {"ms": 500}, fast) == Pace(hold_seconds=0.25)
    assert pace_of(CATALOGUE["TetherBlock"], {"ms": ["1", 0]}, fast) == Pace()


def test_without_a_pace_nothing_is_stretched() -> None:
    """Nor is a node that sends its result as a preview."""
    assert pace_of(CATALOGUE["ImageInvert"], {}, Settings()) == Pace()
    paced = replace(Settings(), pace=2.0)
    assert pace_of(CATALOGUE["SaveImageWebsocket"], {}, paced) == Pace()
