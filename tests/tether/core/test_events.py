"""All that can happen to a window."""

import dataclasses
import typing

import pytest

from tests.tether.core.farm import NORTH
from tether.core import events
from tether.core.events import (
    Answered,
    Emit,
    Event,
    Failure,
    FrameReceived,
    PageChange,
    PageChanged,
    RequestFailed,
    TimerFired,
    server_of,
)
from tether.core.protocol.requests import Ask, Request
from tether.core.timers import PollTimer, RoundTimer


def test_every_event_is_one_of_the_union() -> None:
    """A dataclass of this module that the union forgets could never be handled."""
    members = set(typing.get_args(Event))
    parts = {events.Picture}
    for thing in vars(events).values():
        if dataclasses.is_dataclass(thing) and thing.__module__ == events.__name__:
            assert thing in members | parts


def test_what_has_happened_stays_as_it_was() -> None:
    """Events wait in a queue: nobody may change them on their way."""
    frame = FrameReceived(NORTH, 1, "{}")
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame.attempt = 2


def test_an_event_is_about_one_server_or_none() -> None:
    """Whatever it carries that names one."""
    request = Request(1, NORTH, Ask.PROBE, "/prompt")
    about: tuple[Event, ...] = (
        FrameReceived(NORTH, 1, "{}"),
        Answered(request, 200, ""),
        RequestFailed(request, Failure.NETWORK),
        TimerFired(PollTimer(NORTH)),
    )
    assert {server_of(event) for event in about} == {NORTH}
    for event in (TimerFired(RoundTimer()), PageChanged(PageChange.ONLINE)):
        assert server_of(event) is None


def test_events_are_told_to_whoever_listens() -> None:
    """A plain function suffices."""
    heard: list[Event] = []
    emit: Emit = heard.append
    emit(PageChanged(PageChange.ONLINE))
    assert heard == [PageChanged(PageChange.ONLINE)]
