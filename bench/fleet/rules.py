"""The rules that are compared: how a window chooses among servers whose queues it has asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple, TypeAlias

from tether.core.ids import ServerUrl
from tether.core.model.balancer import choose


def url_of(number: int) -> ServerUrl:
    """Name a server."""
    return ServerUrl(f"http://gpu-{number}:8188")


@dataclass
class Window:
    """What one window knows: its tasks on their way, by server."""

    random: Random
    in_transit: list[int]
    turn: int = 0


Choice: TypeAlias = Callable[[Window, Sequence[int | None]], int]
"""Chooses by the lengths told; None: no answer."""


class Rule(NamedTuple):
    """A rule by its name."""

    name: str
    choose: Choice


def _random(window: Window, lengths: Sequence[int | None]) -> int:
    return window.random.randrange(len(lengths))


def _round_robin(window: Window, lengths: Sequence[int | None]) -> int:
    window.turn += 1
    return window.turn % len(lengths)


def _told(lengths: Sequence[int | None]) -> list[int]:
    """Return those that have answered; all, where none has."""
    return [n for n, length in enumerate(lengths) if length is not None] or list(
        range(len(lengths))
    )


def _first_least(window: Window, lengths: Sequence[int | None]) -> int:
    return min(_told(lengths), key=lambda number: lengths[number] or 0)


def _least(window: Window, lengths: Sequence[int | None]) -> int:
    told = {url_of(number): float(lengths[number] or 0) for number in _told(lengths)}
    choice = choose(told, window.random.random())
    return next(number for number in _told(lengths) if url_of(number) == choice)


def _two_choices(window: Window, lengths: Sequence[int | None]) -> int:
    told = _told(lengths)
    return min(
        window.random.sample(told, min(2, len(told))), key=lambda number: lengths[number] or 0
    )


ALL = (
    Rule("random", _random),
    Rule("round robin", _round_robin),
    Rule("least, the first of equals", _first_least),
    Rule("least, equals by lot", _least),
    Rule("two choices", _two_choices),
)
LEAST = ALL[3]
PAGE, MOVES, ONE_BROWSER = "the page", "the page, with moves", "the page, one browser"
"""The core's own code (`bench.fleet.page`): each window in a browser of its own, without moves of
waiting tasks to idle servers and with them, or all in one browser."""
