"""Which waiting task gets which place at a server, and which waits for a better one."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

from app.core.balancer import lot
from app.core.completion import loads
from app.core.depth import Depth
from app.core.holding import Holding
from app.core.ids import ServerUrl
from app.core.neighbours import Ticket
from app.core.outlook import Outlook
from app.core.server import Server
from app.core.task import Task
from app.core.turns import in_turn
from app.core.window import Window

AGAIN = 0.25
"""Seconds before a server is asked again that got no task: many events tell of no better place."""

MayHave = Callable[[Server, Task], bool]


class Allotment:
    """Gives each task the server where it ends first, also if that server has no place yet.

    Tasks of this browser's other windows are looked at in their turn as if they were ours: so
    all windows come to the same, and what is theirs is left to them.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._holding = Holding()
        self._passed: dict[ServerUrl, float] = {}
        """When servers with a place were asked, and got no task."""
        self._is_new = False
        """The tasks were looked at a moment ago."""

    def clear(self) -> None:
        """No task waits: what was found out for some is of no use to later ones."""
        self._holding = Holding()
        self._passed.clear()

    def places(self, asked: Container[ServerUrl], now: float) -> tuple[list[Server], list[float]]:
        """Return the servers that may have one more task, and when others may.

        Args:
            asked: Servers that have still to answer, and are left out.
            now: The time.
        """
        window, free = self._window, []
        opens_at = window.neighbours.look_again_at(now)
        depth = Depth(window, Outlook(window, window.lessons.paces, now))
        size = size_of(next(iter(window.waiting.values())))
        for server in window.servers.values():
            if server.url in asked or not server.takes_tasks:
                continue
            wait = depth.wait(server, server.queue_remaining, size)
            rests_until = self._passed.get(server.url, 0.0) + AGAIN
            if wait > 0:
                opens_at.append(now + wait)
            elif rests_until <= now:
                free.append(server)
            elif not self._is_new:
                opens_at.append(rests_until)
        self._is_new = False
        later = self._holding.look_again_in(window.waiting, now)
        return free, opens_at if later is None else [*opens_at, now + later]

    def allot(
        self,
        tasks: Iterable[Task],
        lengths: Mapping[ServerUrl, int],
        may_have: MayHave,
        now: float,
    ) -> Iterator[tuple[Task, Server]]:
        """Yield who goes where; each must be bound before the next is asked for.

        Args:
            tasks: Those that wait, the first comes first.
            lengths: The servers that were asked -> the lengths of their queues.
            may_have: Says whether a server may have a task at all.
            now: The time.
        """
        window, self._is_new = self._window, True
        outlook = Outlook(window, window.lessons.paces, now)
        depth = Depth(window, outlook)
        bound = sum(len(window.bound_to(url)) for url in window.servers)
        others = () if window.is_hurried else window.neighbours.waiting(now)
        for each in in_turn([(bound, window.served_at, tasks), *others]):
            size = 0 if isinstance(each, Ticket) else size_of(each)
            free = {
                url
                for url, length in lengths.items()
                if window.servers[url].takes_tasks
                and depth.wait(window.servers[url], length, size) == 0
            }
            if not free:
                break
            ends: dict[bool, dict[ServerUrl, float]] = {True: {}, False: {}}
            for url, server in window.servers.items():
                length = lengths[url] if url in lengths else depth.length_of(server)
                if url not in free and not depth.may_wait_for(server, length, now):
                    continue
                if _may_have(each, server) if isinstance(each, Ticket) else may_have(server, each):
                    expected = outlook.expected(server, length, each.shape, size)
                    ends[url in free][url] = expected.ends
            if self._holding.is_better(each, ends[True], ends[False], outlook, now):
                self._passed.update(dict.fromkeys(free, now))
                continue
            ranks = loads(ends[True], outlook.usual(each.shape))
            choice = window.settings.binding.choose(ranks, lot(each.task_id))
            if choice is None:
                continue
            if not isinstance(each, Ticket):
                yield each, window.servers[choice]
                continue
            if not depth.is_shared(choice, lengths[choice]):
                outlook.promise(choice, each.shape)
            elif window.neighbours.leave_to(each, choice, now):
                outlook.promise(choice, each.shape)
                self._passed[choice] = now
                depth.leave(choice)


def _may_have(ticket: Ticket, server: Server) -> bool:
    return ticket.pinned in (None, server.url)


def size_of(task: Task) -> int:
    """Return the bytes of a task's pictures."""
    return sum(picture.size for picture in task.pictures)
