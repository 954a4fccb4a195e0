"""The work of nodes."""

from simulator.catalogue import classes_of
from tools.comfy.runner import WORK


def test_every_class_has_its_work() -> None:
    """And no work is left over."""
    assert set(classes_of()) == set(WORK)
