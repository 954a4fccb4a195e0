"""Finding all tasks of one owner on the servers."""

import json
from typing import Any

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    SOUTH,
    UNKNOWN,
    asked,
    bound_task,
    new_window,
    one,
)
from tests.tether.core.protocol.test_owned_tasks import US, entry, item
from tether.core.commands import Commands
from tether.core.events import CollectRequested
from tether.core.ids import OwnerTag, PromptId
from tether.core.model.task import State
from tether.core.protocol.requests import Ask, Request
from tether.core.session.collection import PAGE, Collection
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts


class Search:
    """A window that searches two servers."""

    def __init__(self, *servers: Any) -> None:
        self.window = new_window()
        for url in servers:
            self.window.use(url, "", NOON)
        submission = Submission(self.window)
        cancellation = Cancellation(self.window, submission)
        reconciler = Reconciler(self.window, Verdicts(self.window, submission, cancellation))
        self.collection = Collection(self.window, reconciler)

    def answer(self, request: Request, body: Any, status: int = 200) -> Commands:
        """A server answers."""

        server = self.window.servers[request.server]
        return self.collection.answered(server, request, status, json.dumps(body), NOON)

    def told(self) -> list[tuple[str, dict[str, str]]]:
        """What the person is told."""
        return [(notice.code, dict(notice.facts)) for notice in self.window.notices]


def queue(*pending: Any, running: Any = ()) -> dict[str, Any]:
    """What `GET /queue` answers."""
    return {"queue_running": list(running), "queue_pending": list(pending)}


def test_each_servers_queue_is_read_before_its_history() -> None:
    """In the other order a task that is just ending is in neither."""
    search = Search(NORTH, SOUTH)
    queues = asked(search.collection.start(CollectRequested(US)))
    assert [(request.server, request.path) for request in queues] == [
        (NORTH, "/queue"),
        (SOUTH, "/queue"),
    ]
    commands = search.answer(queues[0], queue(item(2, "p2"), running=[item(1, "p1")]))
    tasks = list(search.window.tasks.values())
    assert [(task.prompt_id, task.state, task.title) for task in tasks] == [
        ("p1", State.QUEUED, "cat"),
        ("p2", State.QUEUED, "cat"),
    ]
    assert search.window.locks.server_of(PromptId("p1")) == NORTH
    assert len(asked(commands, Ask.JOBS)) == 1, "their server is asked what is true"
    assert one(commands, Ask.OWN_HISTORY).path == f"/history?max_items={PAGE}&offset=0"


def test_a_history_is_read_page_by_page() -> None:
    """Ended tasks come with their results, and lock nothing."""
    search = Search(NORTH)
    history = one(search.answer(one(search.collection.start(CollectRequested(US))), queue()))
    page: dict[str, Any] = {f"x{n}": entry(item(n, f"x{n}", "other")) for n in range(PAGE - 1)}
    page["p1"] = entry(item(99, "p1", title=""))
    page["p1"]["outputs"] = {"3": {"images": [{"filename": "a.png"}]}}
    more = one(search.answer(history, page))
    assert more.path == f"/history?max_items={PAGE}&offset={PAGE}"
    assert search.told() == []
    assert search.answer(more, {"p2": entry(item(100, "p2"), "error")}) == ()
    first, second = search.window.tasks.values()
    assert (first.state, first.title, first.outputs[0].filename) == (
        State.COMPLETED,
        "p1",
        "a.png",
    )
    assert (second.state, second.trouble is not None) == (State.FAILED, True)
    assert search.window.locks.report() is None
    assert search.told() == [("collected", {"count": "2"})]


def test_a_history_without_pages_is_read_once() -> None:
    """Servers before July 2025 tell the newest, whatever page they are asked for."""
    search = Search(NORTH)
    history = one(search.answer(one(search.collection.start(CollectRequested(US))), queue()))
    page = {f"x{n}": entry(item(n, f"x{n}", "other")) for n in range(PAGE)}
    more = one(search.answer(history, page))
    assert search.answer(more, page) == ()
    assert search.told() == [("collected", {"count": "0"})]


def test_what_its_server_has_under_another_id_is_not_taken_twice() -> None:
    """While this window, or another, knows it by the id that it was sent under alone."""
    search = Search(NORTH)
    ours = bound_task(search.window, search.window.servers[NORTH], *UNKNOWN)
    want = CollectRequested(US, frozenset({PromptId("theirs")}))
    asked_for = one(search.collection.start(want))
    items = [item(n, f"x{n}", prompt=p) for n, p in enumerate((ours.prompt_id, "theirs", "s"))]
    search.answer(asked_for, queue(*items))
    (taken,) = set(search.window.tasks) - {ours.task_id}
    assert search.window.tasks[taken].sent_as == "s"


def test_what_is_known_already_is_not_taken_twice() -> None:
    """By this window, or by another of this browser."""
    search = Search(NORTH)
    ours = bound_task(search.window, search.window.servers[NORTH], *QUEUED)
    want = CollectRequested(US, frozenset({PromptId("p2")}))
    asked_for = one(search.collection.start(want))
    search.answer(asked_for, queue(item(1, ours.prompt_id), item(2, "p2")))
    assert list(search.window.tasks.values()) == [ours]


@pytest.mark.parametrize("status", [200, 500])
def test_books_that_cannot_be_read_are_told(status: int) -> None:
    """What that server has is not known."""
    search = Search(NORTH)
    asked_for = one(search.collection.start(CollectRequested(US)))
    assert search.answer(asked_for, "odd", status) == ()
    assert search.told() == [
        ("collect_failed", {"server": "north:8188"}),
        ("collected", {"count": "0"}),
    ]


def test_without_a_server_there_is_nobody_to_ask() -> None:
    """The person is told what to do."""
    search = Search()
    assert search.collection.start(CollectRequested(US)) == ()
    assert search.told() == [("collect_no_server", {})]


def test_answers_to_an_earlier_search_are_passed_over() -> None:
    """Whoever searches again wants another owner's tasks."""
    search = Search(NORTH)
    server = search.window.servers[NORTH]
    stray = Request(99, NORTH, Ask.OWN_QUEUE, "/queue")
    assert search.answer(stray, queue(item(1, "p1"))) == ()
    first = one(search.collection.start(CollectRequested(US)))
    search.collection.start(CollectRequested(OwnerTag("other")))
    assert search.answer(first, queue(item(1, "p1"))) == ()
    assert search.collection.failed(server, first) == ()
    assert (search.window.tasks, search.told()) == ({}, [])
