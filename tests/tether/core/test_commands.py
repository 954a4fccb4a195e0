"""All that the core can ask for."""

import dataclasses
import typing

from tether.core import commands
from tether.core.commands import Command, Commands, SaveRecord, StartTimer
from tether.core.protocol.requests import Request
from tether.core.timers import FillTimer


def test_every_command_is_one_of_the_union() -> None:
    """A command that the union forgets would never be carried out."""
    members = set(typing.get_args(Command))
    assert Request in members
    for thing in vars(commands).values():
        if dataclasses.is_dataclass(thing) and thing.__module__ == commands.__name__:
            assert thing in members


def test_commands_are_values() -> None:
    """Equal ones are equal, and keep their order in a tuple."""
    todo: Commands = (SaveRecord("task:t1", None), StartTimer(FillTimer(), 2.0))
    assert todo == (SaveRecord("task:t1", None), StartTimer(FillTimer(), 2.0))
