"""What has changed in a window and is still to be followed up."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tether.core.ids import TaskId


class Changes(NamedTuple):
    """What has changed since the last call of `Pending.take`.

    `tasks` are those whose record changed; `gauges` has those that only progressed, too.
    `servers`: one was added, removed, paused or renamed, or its reach or its facts changed.
    """

    tasks: frozenset[TaskId]
    gauges: frozenset[TaskId]
    servers: bool


@dataclass(slots=True)
class Pending:
    """Collects changes for those who act on them: records, dispatcher, connections, followers."""

    unsaved: set[TaskId] = field(default_factory=set)
    """Tasks whose record is to be written; gauges don't count."""
    saved: set[TaskId] = field(default_factory=set)
    gauges: set[TaskId] = field(default_factory=set)
    are_servers_changed: bool = False
    are_connections_due: bool = False
    """A server was added or is to go: client ids or connections may have to follow."""
    is_fill_due: bool = False
    """A task waits, or a place came free: the dispatcher is to look."""

    def server_set_changed(self) -> None:
        """A server was added or is to go."""
        self.are_connections_due = self.are_servers_changed = True

    def take_unsaved(self) -> list[TaskId]:
        """Return the tasks to be saved now, in a fixed order."""
        taken = sorted(self.unsaved)
        self.saved |= self.unsaved
        self.gauges |= self.unsaved
        self.unsaved.clear()
        return taken

    def take(self) -> Changes:
        """Return what followers are told of; the dispatcher's and connections' part stays."""
        changes = Changes(frozenset(self.saved), frozenset(self.gauges), self.are_servers_changed)
        self.saved.clear()
        self.gauges.clear()
        self.are_servers_changed = False
        return changes
