"""The rules that are compared: how a window chooses among servers whose queues it has asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, TypeAlias

from app.core.balancer import choose
from app.core.completion import Costs, Standing, expect, loads
from app.core.ids import Digest, PromptId, ServerUrl, TaskId
from app.core.pace import Paces, middle
from app.core.task import State, Task

REMEMBERED = 200
"""Ended tasks that a window remembers, as in the page."""


def url_of(number: int) -> ServerUrl:
    """Name a server."""
    return ServerUrl(f"http://gpu-{number}:8188")


@dataclass
class Window:
    """What one window knows: its tasks on their way, by server, and those that have ended."""

    random: Random
    on_their_way: list[int]
    turn: int = 0
    ended: list[Task] = field(default_factory=list)
    paces: Paces = field(default_factory=Paces)

    def learn(self, server: int, ran: float, now: float) -> None:
        """A task of this window has ended, after so many seconds by the server's clock."""
        task = Task(TaskId(""), PromptId(""), "", Digest(""), (), None, now)
        task.state, task.server, task.ran, task.ended_at = (
            *(State.COMPLETED, url_of(server), ran, now),
        )
        self.ended = [*self.ended, task][-REMEMBERED:]
        self.paces = Paces(self.ended)


Choice: TypeAlias = Callable[[Window, Sequence[int | None], float], int]
"""Chooses by the lengths told (None: no answer) and the seconds of an upload."""


class Rule(NamedTuple):
    """A rule by its name."""

    name: str
    choose: Choice


def _random(window: Window, lengths: Sequence[int | None], _upload: float) -> int:
    return window.random.randrange(len(lengths))


def _round_robin(window: Window, lengths: Sequence[int | None], _upload: float) -> int:
    window.turn += 1
    return window.turn % len(lengths)


def _told(lengths: Sequence[int | None]) -> list[int]:
    """Return those that have answered; all, where none has."""
    return [n for n, length in enumerate(lengths) if length is not None] or list(
        range(len(lengths))
    )


def _first_least(window: Window, lengths: Sequence[int | None], _upload: float) -> int:
    return min(_told(lengths), key=lambda number: lengths[number] or 0)


def _least(window: Window, lengths: Sequence[int | None], _upload: float) -> int:
    told = {url_of(number): float(lengths[number] or 0) for number in _told(lengths)}
    choice = choose(told, window.random.random())
    return next(number for number in _told(lengths) if url_of(number) == choice)


def _two_choices(window: Window, lengths: Sequence[int | None], _upload: float) -> int:
    told = _told(lengths)
    return min(
        window.random.sample(told, min(2, len(told))), key=lambda number: lengths[number] or 0
    )


def _page(window: Window, lengths: Sequence[int | None], upload: float) -> int:
    """The page's own code: `Dispatcher._choose` and `Outlook` without what browsers add."""
    paces, told = window.paces, _told(lengths)
    ends = {}
    for number in told:
        url = url_of(number)
        costs = Costs(paces.entry(url), paces.task(url, ""), upload if paces else 0.0)
        standing = Standing((lengths[number] or 0) + window.on_their_way[number])
        ends[url] = expect(standing, costs).ends
    usual = middle([paces.task(url, "") for url in ends])
    choice = choose(loads(ends, usual), window.random.random())
    return next(number for number in told if url_of(number) == choice)


PAGE = Rule("the page", _page)
ALL = (
    Rule("random", _random),
    Rule("round robin", _round_robin),
    Rule("least, the first of equals", _first_least),
    Rule("least, equals by lot", _least),
    Rule("two choices", _two_choices),
    PAGE,
)
