"""The faulty rules from before the fix; only the routing test can play by them."""

from collections.abc import Mapping
from dataclasses import replace

from tether.core.ids import Chance, ClientId, ServerUrl, WindowId
from tether.core.model.binding import CURED, Favourite
from tether.core.model.locks import Locks


def shared_id(base: str, _now: float, _chance: Chance, _window_id: WindowId) -> ClientId:
    """Give all windows one id."""
    return ClientId(base)


def follow_balancer(_bound: ServerUrl, favourite: Favourite) -> ServerUrl:
    """Go to the server that the balancer prefers now, whatever the task is bound to."""
    return favourite()


def keep_first(open_to: tuple[ServerUrl, ...], wanted: ServerUrl) -> tuple[ServerUrl, ...]:
    """Keep the first connection and open no second one."""
    return open_to or (wanted,)


def move_only(_open_to: tuple[ServerUrl, ...], wanted: ServerUrl) -> tuple[ServerUrl, ...]:
    """Move the only connection."""
    return (wanted,)


def check_nothing(
    _task: ServerUrl, _lock: ServerUrl | None, _socket: ServerUrl | None
) -> tuple[()]:
    """Check no task against its lock and socket."""
    return ()


def first_listed(loads: Mapping[ServerUrl, float], _draw: float) -> ServerUrl | None:
    """Choose the first server of the list, however long its queue is."""
    return next(iter(loads), None)


def forget_lock(_locks: Locks) -> None:
    """Keep nothing of the locks over a reload."""


SHARED_ID = replace(CURED, make_id=shared_id)
NOT_AIMED = replace(CURED, aim=follow_balancer)
NOT_CHECKED = replace(CURED, check=check_nothing)
NOT_BOUND = replace(CURED, call=follow_balancer)
RECONNECTS_ANYWHERE = replace(CURED, redial=follow_balancer)
FIRST_WINS = replace(CURED, keep=keep_first)
ONLY_ONE_MOVES = replace(CURED, keep=move_only)
FIRST_LISTED = replace(CURED, choose=first_listed)
LOCK_FORGOTTEN = replace(CURED, write_lock=forget_lock)
