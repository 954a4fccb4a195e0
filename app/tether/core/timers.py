"""The timers that machines start, each by what it is for.

Each has its `kind`, since named tuples of different classes are equal by their values.
"""

from typing import Literal, NamedTuple, TypeAlias

from tether.core.ids import ServerUrl, TaskId


class ConnectionTimer(NamedTuple):
    """An attempt to connect had its time, or the next one is due."""

    server: ServerUrl
    attempt: int
    kind: Literal["connection"] = "connection"


class SocketTimer(NamedTuple):
    """A task has waited long enough for its server's socket."""

    task_id: TaskId
    kind: Literal["socket"] = "socket"


class TurnTimer(NamedTuple):
    """A task has let an earlier one go first for long enough."""

    task_id: TaskId
    kind: Literal["turn"] = "turn"


class PollTimer(NamedTuple):
    """A server with tasks of this window may have to be queried."""

    server: ServerUrl
    kind: Literal["poll"] = "poll"


class MissedTimer(NamedTuple):
    """A list lacked a task, and the socket had its time to say why."""

    server: ServerUrl
    task_id: TaskId
    kind: Literal["missed"] = "missed"


class LingerTimer(NamedTuple):
    """A connection has had no task for a while."""

    server: ServerUrl
    kind: Literal["linger"] = "linger"


class RoundTimer(NamedTuple):
    """The dispatcher chooses among the servers that have answered."""

    kind: Literal["round"] = "round"


class FillTimer(NamedTuple):
    """A place may be free now."""

    kind: Literal["fill"] = "fill"


class RecheckTimer(NamedTuple):
    """A task that was on its way for long waits for no more answers."""

    task_id: TaskId
    kind: Literal["recheck"] = "recheck"


class RebalanceTimer(NamedTuple):
    """A waiting task may gain by moving to another server."""

    kind: Literal["rebalance"] = "rebalance"


class FetchTimer(NamedTuple):
    """A result that a task takes couldn't be had, and may be there now."""

    task_id: TaskId
    kind: Literal["fetch"] = "fetch"


class ReportTimer(NamedTuple):
    """This window reports to the others again."""

    kind: Literal["report"] = "report"


Timer: TypeAlias = (
    ConnectionTimer
    | SocketTimer
    | TurnTimer
    | PollTimer
    | MissedTimer
    | LingerTimer
    | RoundTimer
    | FillTimer
    | RecheckTimer
    | RebalanceTimer
    | FetchTimer
    | ReportTimer
)
