"""From a server's answers to the machines that asked."""

from dataclasses import replace
from typing import Any

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    asked,
    bound_task,
    new_window,
    one,
    queue_length,
    recorded,
    reply,
    waiting_task,
)
from tether.core.commands import Commands
from tether.core.events import Answered, CollectRequested, Failure, RequestFailed
from tether.core.ids import OwnerTag, TaskId
from tether.core.model.server import Reach
from tether.core.model.task import State
from tether.core.protocol.requests import Ask, Owner, Request, probe
from tether.core.session.responses import Machines, Responses


class Story:
    """All machines that ask, and one server that answers."""

    def __init__(self) -> None:
        self.window = new_window()
        self.north = self.window.server(NORTH, NOON)
        self.machines = machines = Machines.of(self.window)
        self.reachability, self.dispatcher = machines.reachability, machines.dispatcher
        self.cancellation, self.reconciler = machines.cancellation, machines.reconciler
        self.collection, self.rebalancing = machines.collection, machines.rebalancing
        self.responses = Responses(self.window, machines)
        connection = self.north.connection
        connection.connect()
        connection.greeted(1)

    def answer(self, request: Request, body: Any = "", status: int = 200) -> Commands:
        """The server answers."""
        return self.responses.answered(self.north, reply(request, body, status), NOON + 1)

    def fail(self, request: Request, failure: Failure = Failure.NETWORK) -> Commands:
        """No answer comes."""
        return self.responses.failed(self.north, RequestFailed(request, failure), NOON + 1)

    def upload(self) -> Request:
        """A task on its way; its upload."""
        waiting_task(self.window, len(self.window.tasks) + 1)
        probe = one(self.dispatcher.fill(NOON), Ask.PROBE)
        return one(self.answer(probe, queue_length(0)), Ask.UPLOAD)


def test_a_probe_binds_a_task_if_it_is_good() -> None:
    """A page of something else, or silence, binds nothing."""
    story = Story()
    assert story.upload().ask is Ask.UPLOAD
    assert story.north.queue_remaining == 0

    for fail in (lambda probe: story.answer(probe, "<html>"), story.fail):
        waiting_task(story.window, len(story.window.tasks) + 1)
        story.north.retry_at = 0.0
        commands = fail(one(story.dispatcher.fill(NOON), Ask.PROBE))
        assert asked(commands, Ask.UPLOAD) == []
        assert len(story.window.waiting) > 0
    assert story.north.reach is Reach.DOWN


@pytest.mark.parametrize(("length", "is_moved"), [(0, True), (1, False), (None, False)])
def test_a_probe_of_an_idle_server_may_move_a_task_there(
    length: int | None, is_moved: bool
) -> None:
    """The dispatcher hasn't asked, and binds nothing."""
    story = Story()
    south = story.window.server(SOUTH, NOON)
    task = bound_task(story.window, south, *QUEUED)
    task.ahead = 1
    story.rebalancing.allow(True)
    probe = one(story.rebalancing.fired(NOON), Ask.PROBE)
    assert probe.server == NORTH
    commands = story.fail(probe) if length is None else story.answer(probe, queue_length(length))
    assert [each.server for each in asked(commands, Ask.DELETE)] == [SOUTH] * is_moved
    assert task.is_moving is is_moved


def test_facts_go_to_the_diagnosis() -> None:
    """And a call that nobody may read proves that something answers."""
    story = Story()
    stats = one(story.reachability.meet(story.north), Ask.STATS)
    assert story.answer(stats, recorded("stats")[0]["body"]) == ()
    assert story.north.facts is not None
    assert story.fail(stats) == ()

    reach = one(story.fail(one(story.reachability.refresh(story.north), Ask.PROBE)), Ask.REACH)
    story.answer(reach, "", 0)
    assert story.north.reach is Reach.REFUSED
    story.fail(reach)
    assert story.north.reach is Reach.DOWN


def test_an_upload_and_a_post_go_on_with_their_task() -> None:
    """While the task still waits for this very answer."""
    story = Story()
    upload = story.upload()
    post = one(story.answer(upload, {"name": "a.png"}), Ask.POST)
    assert story.answer(upload, {"name": "late.png"}) == ()
    assert story.fail(upload) == ()
    story.fail(post)
    (task,) = story.window.tasks.values()
    assert task.state is State.UNKNOWN


def test_an_upload_tells_how_fast_the_way_is() -> None:
    """One that was refused tells nothing."""
    story = Story()
    upload = story.upload()
    story.answer(one(story.answer(upload, "", 500), Ask.PROBE), queue_length(0))
    assert story.north.bandwidth == 0.0
    story.north.retry_now()
    upload = one(story.dispatcher.fill(NOON), Ask.PROBE)
    upload = one(story.answer(upload, queue_length(0)), Ask.UPLOAD)
    answer = Answered(upload, 200, '{"name": "a.png"}', seconds=4.0)
    story.responses.answered(story.north, answer, NOON)
    assert story.north.bandwidth == 2_000_000


def test_a_wish_from_before_the_server_had_the_task_is_sent_at_once() -> None:
    """With the answer to the POST; a task that was refused needs none."""
    accepted = {"prompt_id": "p", "node_errors": {}}
    for status, asks in ((200, [Ask.CANCEL]), (400, [])):
        story = Story()
        post = one(story.answer(story.upload(), {"name": "a.png"}), Ask.POST)
        (task,) = story.window.tasks.values()
        assert story.cancellation.cancel(task, NOON) == ()
        told = story.answer(post, accepted, status)
        assert [request.ask for request in asked(told)] == asks


@pytest.mark.parametrize("is_dismissed", [False, True])
def test_a_late_answer_after_the_end_is_nobodys(is_dismissed: bool) -> None:
    """Cancelled, or out of sight as well."""
    story = Story()
    upload = story.upload()
    (task,) = story.window.tasks.values()
    story.window.end(task, State.CANCELLED, NOON, "here", None)
    if is_dismissed:
        story.window.dismiss(task)
    assert story.answer(upload, {"name": "a.png"}) == ()
    assert task.state is State.CANCELLED
    assert story.answer(replace(upload, id=99)) == ()


def test_after_a_cancel_the_list_is_asked_for() -> None:
    """Whatever the server said; one without the jobs API is told in the older way."""
    story = Story()
    task = bound_task(story.window, story.north, *RUNNING)
    cancel = one(story.cancellation.cancel(task, NOON))
    looked = one(story.answer(cancel, {"cancelled": False}))
    assert looked.ask is Ask.JOBS
    assert story.fail(looked) == ()
    # Old servers refuse the call in a way that no page may read.
    looked = one(story.fail(cancel))
    assert looked.ask is Ask.QUEUE
    story.fail(looked)
    story.north.retry_jobs(NOON + 3600)
    assert one(story.fail(replace(cancel, ask=Ask.INTERRUPT))).ask is Ask.JOBS


@pytest.mark.parametrize(
    ("status", "body"), [(404, ""), (403, "<html>"), (405, ""), (500, ""), (200, "<html>")]
)
def test_a_cancel_that_no_jobs_api_has_answered_is_sent_in_the_older_way(
    status: int, body: str
) -> None:
    """At once, and the next list is asked for in that way too."""
    story = Story()
    task = bound_task(story.window, story.north, *RUNNING)
    cancel = one(story.cancellation.cancel(task, NOON))
    older = asked(story.answer(cancel, body, status))
    assert [request.ask for request in older] == [Ask.DELETE, Ask.INTERRUPT]
    assert one(story.answer(older[0])).ask is Ask.QUEUE
    assert story.answer(older[1]) == ()


def test_books_go_to_the_reconciler() -> None:
    """Lists and records, or the lack of them."""
    story = Story()
    task = bound_task(story.window, story.north, *UNKNOWN)
    bound_task(story.window, story.north, *QUEUED, number=2)
    request = one(story.reconciler.query(story.north, NOON))
    story.answer(request, {"jobs": [{"id": task.prompt_id, "status": "pending"}]})
    assert task.state is State.QUEUED
    story.fail(one(story.reconciler.query(story.north, NOON + 2)))
    assert asked(story.reconciler.query(story.north, NOON + 4)) != []


def test_a_page_of_the_books_goes_to_the_search_that_asked() -> None:
    """The queue first, then the history; silence is told."""
    story = Story()
    queue = one(story.collection.start(CollectRequested(OwnerTag("0f"))), Ask.OWN_QUEUE)
    empty = {"queue_running": [], "queue_pending": []}
    history = one(story.answer(queue, empty), Ask.OWN_HISTORY)
    story.fail(history)
    assert [trouble.code for trouble in story.window.notices] == ["collect_failed", "collected"]


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_described_class_goes_to_the_servers_inventory(is_answered: bool) -> None:
    story = Story()
    path = story.north.inventory.query(99, "Special")
    request = Request(99, NORTH, Ask.NODE, path, owner=Owner.INVENTORY)
    assert (story.answer(request, "{}") if is_answered else story.fail(request)) == ()
    assert not story.north.inventory.is_querying()
    assert story.north.inventory.infos == ({"Special": None} if is_answered else {})


def test_how_long_a_probe_took_is_the_servers_latency() -> None:
    """Where nobody has measured, the last figure stays."""
    story = Story()
    for seconds, latency in ((0.0, None), (0.25, 0.25), (0.0, 0.25)):
        answer = reply(probe(99, NORTH, Owner.REACHABILITY), queue_length(0))
        story.responses.answered(story.north, replace(answer, seconds=seconds), NOON)
        assert story.north.latency == latency


def test_a_caller_outside_gets_its_answer_elsewhere() -> None:
    """No machine takes it in."""
    story = Story()
    call = Request(99, NORTH, Ask.STATS, "/system_stats")
    assert (story.answer(call, "{}"), story.fail(call)) == ((), ())
    assert story.north.reach is Reach.UNKNOWN


def test_a_probe_of_a_recheck_decides_about_its_task() -> None:
    """And about no other."""
    story = Story()
    request = probe(99, NORTH, Owner.RECHECK, TaskId("t9"))
    assert story.answer(request, queue_length(2)) == ()
    assert story.north.queue_remaining == 2
