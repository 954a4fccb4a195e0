"""Collects all tasks of one owner from the servers, wherever they were sent from."""

from dataclasses import dataclass, field

from tether.core.commands import Command, Commands
from tether.core.errors import MessageError, Trouble
from tether.core.events import CollectRequested
from tether.core.ids import Digest, OwnerTag, PromptId, ServerUrl, TaskId
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.owned_tasks import OwnedTask, read_ended, read_open
from tether.core.protocol.requests import Ask, Owner, Request
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import ENDS

PAGE = 64
"""Entries of a page of the history: each holds a whole workflow."""

COLLECT_WITHIN = 60.0
"""Timeout of a page, in seconds."""


@dataclass(slots=True)
class Search:
    """One search: whose tasks, which of them are known already, and the open requests."""

    owner: OwnerTag
    known: frozenset[PromptId]
    asked: dict[int, int]
    """Request -> where its page of the history begins; 0 for the queue too."""
    pages: dict[ServerUrl, frozenset[str]] = field(default_factory=dict)
    """The ids on the latest page of each history."""
    found: int = 0


class Collection:
    """Reads each server's queue, then its history page by page: the other order has a gap."""

    def __init__(self, window: Window, reconciler: Reconciler) -> None:
        self._window = window
        self._reconciler = reconciler
        self._search: Search | None = None

    def start(self, event: CollectRequested) -> Commands:
        """Search all servers in parallel; a search under way is abandoned."""
        self._search = search = Search(event.owner, event.known, {})
        if not self._window.servers:
            self._notify("collect_no_server")
        return tuple(
            self._ask(search, url, Ask.OWN_QUEUE, "/queue", 0) for url in self._window.servers
        )

    def answered(
        self, server: Server, request: Request, status: int, text: str, now: float
    ) -> Commands:
        """A page came."""
        search = self._search
        if search is None or request.id not in search.asked:
            return ()
        try:
            if status != 200:
                raise MessageError(f"`{request.path}` answered {status}", text)
            if request.ask is Ask.OWN_QUEUE:
                offset, is_more, found = 0, True, read_open(text, search.owner)
            else:
                offset = search.asked[request.id] + PAGE
                ids, found = read_ended(text, search.owner)
                # Servers before July 2025 know no `offset`: each page is the newest.
                is_more = len(ids) == PAGE and ids.isdisjoint(search.pages.get(server.url, ()))
                search.pages[server.url] = ids
        except MessageError:
            return self.failed(server, request)
        del search.asked[request.id]
        commands: list[Command] = []
        for each in found:
            commands += self._take(search, server, each, now)
        if is_more:
            path = f"/history?max_items={PAGE}&offset={offset}"
            commands.append(self._ask(search, server.url, Ask.OWN_HISTORY, path, offset))
        self._finish(search)
        return tuple(commands)

    def failed(self, server: Server, request: Request) -> Commands:
        """A server's queue or history can't be read: what it has of the owner isn't known."""
        search = self._search
        if search is not None and search.asked.pop(request.id, None) is not None:
            self._notify("collect_failed", server=server.name)
            self._finish(search)
        return ()

    def _take(self, search: Search, server: Server, found: OwnedTask, now: float) -> Commands:
        """Make a task of what was found, unless this or another window has it."""
        window = self._window
        for known in (found.prompt_id, found.sent_as):
            if known is not None and (known in search.known or window.by_prompt(known)):
                return ()
        search.found += 1
        task = Task(
            # A server could name another page's id for it, which would prove nothing.
            TaskId(found.prompt_id),
            found.prompt_id,
            found.title or found.prompt_id,
            Digest(""),
            (),
            None,
            now,
            ENDS.get(found.record.state, State.QUEUED),
            server.url,
            found.client_id,
            now,
            now,
            now,
            sent_as=found.sent_as,
        )
        if task.is_ended:
            task.ended_at, task.ended_by = now, "record"
            task.trouble, task.outputs = found.record.trouble, found.record.outputs
            window.add(task)
            return ()
        window.locks.hold(task.prompt_id, server.url, now)
        window.add(task)
        return self._reconciler.query(server, now)

    def _ask(self, search: Search, server: ServerUrl, ask: Ask, path: str, offset: int) -> Request:
        request_id = self._window.next_request()
        search.asked[request_id] = offset
        return Request(
            request_id, server, ask, path, timeout=COLLECT_WITHIN, owner=Owner.COLLECTION
        )

    def _finish(self, search: Search) -> None:
        if not search.asked:
            self._notify("collected", count=search.found)

    def _notify(self, code: str, **facts: object) -> None:
        self._window.notices.append(Trouble.of(code, **facts))
