"""The rules that tie a task, its lock and its socket to one server, as values.

The routing test shows what each prevents by playing the same scene without it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tether.core.ids import Chance, ClientId, ServerUrl, WindowId
from tether.core.model.balancer import choose
from tether.core.model.identity import make_client_id
from tether.core.model.locks import Locks, mismatches

Favourite: TypeAlias = Callable[[], ServerUrl]
"""Returns the server that a new task would get at this moment."""

Aim: TypeAlias = Callable[[ServerUrl, Favourite], ServerUrl]
"""Which server something goes to that is about a task of this one."""


def stay(bound: ServerUrl, _favourite: Favourite) -> ServerUrl:
    """Return the task's own server, whatever the balancer would choose now."""
    return bound


def keep_all(open_to: tuple[ServerUrl, ...], wanted: ServerUrl) -> tuple[ServerUrl, ...]:
    """Keep one connection per server: a new one ends none of the others."""
    return (*open_to, wanted)


@dataclass(frozen=True, slots=True)
class Binding:
    """The rules that a window follows.

    Attributes:
        make_id: Names a window for one server.
        choose: Chooses the server of a new task, by loads and a draw.
        aim: Where the socket for a bound task is opened.
        keep: Which connections there are when one more is wanted, of those that there were.
        check: What of lock and socket disagrees with the task's server, before every call.
        call: Where a bound task's pictures and its POST go.
        redial: Where a lost socket is opened again.
        write_lock: What is kept of the locks over a reload.
    """

    make_id: Callable[[str, float, Chance, WindowId], ClientId] = make_client_id
    choose: Callable[[Mapping[ServerUrl, float], float], ServerUrl | None] = choose
    aim: Aim = stay
    keep: Callable[[tuple[ServerUrl, ...], ServerUrl], tuple[ServerUrl, ...]] = keep_all
    check: Callable[
        [ServerUrl, ServerUrl | None, ServerUrl | None], tuple[Literal["lock", "socket"], ...]
    ] = mismatches
    call: Aim = stay
    redial: Aim = stay
    write_lock: Callable[[Locks], str | None] = Locks.write


CURED = Binding()
"""The rules of the page."""
