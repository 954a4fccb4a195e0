"""Two addresses of one server."""

import asyncio
import json

import pytest

from page.servers.duplicates import Duplicates
from tests.tether.core.farm import NOON, NORTH, RUNNING, SOUTH, bound_task, new_window
from tether.core.events import Answered, Event, Failure, RequestFailed
from tether.core.ids import TaskId
from tether.core.model.task import State
from tether.core.model.window import Changes, Window
from tether.core.protocol.answers import ServerFacts
from tether.core.protocol.requests import Ask, Request
from tether.runtime.caller import Caller

SERVERS = Changes(frozenset(), frozenset(), True)
JOB = json.dumps({"id": "x", "status": "completed", "outputs": {}})


class Books:
    """Answers every call at once."""

    def __init__(self, status: int | None, text: str) -> None:
        self.asked: list[Request] = []
        self._status, self._text = status, text
        self.caller = Caller(list[Event]().append)
        self.caller.use(self)

    def send(self, request: Request) -> None:
        """Answer, or fail."""
        self.asked.append(request)
        if self._status is None:
            self.caller.answered(RequestFailed(request, Failure.NETWORK))
        else:
            self.caller.answered(Answered(request, self._status, self._text))

    def abort(self, request_id: int) -> None:
        """Nobody aborts here."""


def alike(*devices: str) -> Window:
    """Two servers that answer; the first has done a task of ours."""
    window = new_window()
    for url, device in zip((NORTH, SOUTH), devices, strict=True):
        server = window.use(url, "", NOON)
        server.facts = ServerFacts("0.28.1", device, 1, 2)
        server.answered()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    task.sends = 1
    window.end(task, State.COMPLETED, NOON, "socket", None)
    return window


def look(window: Window, books: Books, changes: Changes = SERVERS) -> Duplicates:
    """Look twice: the second time nothing is asked again."""

    async def story() -> Duplicates:
        duplicates = Duplicates(window, books.caller, asyncio.ensure_future)
        for _ in range(2):
            duplicates.changed(changes)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return duplicates

    return asyncio.run(story())


def test_a_task_that_both_know_shows_that_they_are_one() -> None:
    """Nobody else could know its id; one call tells."""
    window, books = alike("cuda:0", "cuda:0"), Books(200, JOB)
    duplicates = look(window, books)
    assert duplicates.original_of(SOUTH) is window.servers[NORTH]
    assert duplicates.original_of(NORTH) is None
    (call,) = books.asked
    assert (call.server, call.ask) == (SOUTH, Ask.JOB)


def test_an_older_server_is_asked_for_its_history() -> None:
    """It has no jobs API."""
    window = alike("cuda:0", "cuda:0")
    window.servers[SOUTH].has_jobs = False
    (task,) = window.ended()
    entry = {task.prompt_id: {"status": {"status_str": "success", "messages": []}, "outputs": {}}}
    books = Books(200, json.dumps(entry))
    assert look(window, books).original_of(SOUTH) is window.servers[NORTH]
    assert books.asked[0].ask is Ask.HISTORY
    assert look(window, Books(200, "{}")).original_of(SOUTH) is None


@pytest.mark.parametrize(("status", "text"), [(404, ""), (None, ""), (200, "<html>")])
def test_who_does_not_know_it_is_another(status: int | None, text: str) -> None:
    """Two machines of one kind look alike."""
    books = Books(status, text)
    assert look(alike("cuda:0", "cuda:0"), books).original_of(SOUTH) is None
    assert len(books.asked) == 1


def test_servers_that_differ_are_not_asked() -> None:
    """Nor are those of which nothing is known."""
    books = Books(200, JOB)
    look(alike("cuda:0", "cpu"), books)
    window = alike("cuda:0", "cuda:0")
    window.servers[SOUTH].facts = None
    look(window, books)
    window = alike("cuda:0", "cuda:0")
    window.dismiss(next(window.ended()))
    look(window, books)
    assert books.asked == []


def test_nobody_is_asked_when_nothing_new_is_known() -> None:
    """Frames come in hundreds; what tells of two servers are their facts, and an end."""
    window, books = alike("cuda:0", "cuda:0"), Books(200, JOB)
    (done,) = window.ended()
    running = bound_task(window, window.servers[NORTH], *RUNNING, number=2)
    for task_id in (running.task_id, TaskId("dismissed")):
        look(window, books, Changes(frozenset({task_id}), frozenset(), False))
    assert books.asked == []
    look(window, books, Changes(frozenset({done.task_id}), frozenset(), False))
    assert len(books.asked) == 1


def test_a_server_that_was_removed_meanwhile_is_no_duplicate() -> None:
    """The answer comes late, and nothing is said of a pair that isn't there any more."""

    async def story() -> None:
        window = alike("cuda:0", "cuda:0")
        asked: list[asyncio.Future[None]] = []
        duplicates = Duplicates(
            window, Books(200, JOB).caller, lambda work: asked.append(asyncio.ensure_future(work))
        )
        duplicates.changed(SERVERS)
        del window.servers[SOUTH]
        await asyncio.gather(*asked)
        assert len(asked) == 1
        assert duplicates.original_of(SOUTH) is None

    asyncio.run(story())
