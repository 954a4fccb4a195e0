"""All that goes wrong, and what people do meanwhile: the table's rows and columns.

Each module is a part of the table.
"""

from tests.world.faults import calls, people, servers, sockets, tabs
from tests.world.faults.blow import ENTERED, Blow, Fault
from tether.core.model.task import ENDED, State

__all__ = ["FAULTS", "OF_CALLS", "STATES", "UNREACHED", "Blow"]

FAULTS: dict[str, Fault] = {
    name: strike
    for part in (calls, sockets, servers, people, tabs)
    for name, strike in ENTERED.items()
    if strike.__module__ == part.__name__
}
"""In an order that no import changes: a seed is a history."""

OF_CALLS = (
    *("request lost", "answer lost", "late request", "late answer", "error status"),
    *("gate", "odd answer"),
)
STATES = tuple(state.value for state in State if state is not State.ADOPTED)
"""A task that another window has adopted is met there, in the state that it has."""

UNREACHED: dict[tuple[str, str], str] = {
    **{("cancel", state.value): "a task that has ended can't be cancelled" for state in ENDED},
    **{(name, "connecting"): "nothing is asked while a socket opens" for name in OF_CALLS},
    **{
        (name, "connecting"): "the first frame of a socket ends the connecting"
        for name in ("deaf", "late frames", "foreign frames", "junk")
    },
}
"""Cells of the table that can't be reached, and why."""
