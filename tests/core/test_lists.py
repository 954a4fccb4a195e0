"""The lists of tasks that servers have."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given

from app.core.errors import MessageError
from app.core.ids import PromptId
from app.core.lists import Found, read_jobs, read_queue
from tests.core.farm import recorded
from tests.core.junk import peer_texts


def body(story: str) -> str:
    """What a real server answered."""
    text: str = recorded(story)[0]["body"]
    return text


def test_open_jobs_are_listed_with_their_states() -> None:
    """The jobs API tells what waits and what runs."""
    jobs = read_jobs(body("open jobs"))
    assert jobs == {"fd5c6322-b409-4d19-838a-841a1e0a4e2b": Found(is_running=True)}
    odd = '{"jobs": [{"id": "p", "status": "pending"}, {"id": "q", "status": "completed"}, 3]}'
    assert read_jobs(odd) == {"p": Found(pending=1)}


def test_a_task_that_is_there_more_than_once_is_counted() -> None:
    """A browser may send a POST twice, and servers queue both."""
    waiting, running = {"id": "p", "status": "pending"}, {"id": "p", "status": "in_progress"}
    jobs = json.dumps({"jobs": [running, waiting, waiting]})
    assert read_jobs(jobs) == {"p": Found(is_running=True, pending=2)}
    queue = {"queue_running": [[0, "p", {}]], "queue_pending": [[1, "p", {}], [2, "p", {}]]}
    assert read_queue(json.dumps(queue)) == {"p": Found(is_running=True, pending=2)}


def test_the_older_queue_says_the_same() -> None:
    """Servers without the jobs API list whole workflows; we take the ids."""
    queue = read_queue(body("queue with tasks"))
    running = PromptId("3c7ae7a8-54ac-47bd-a113-23db58f8a87d")
    assert queue.pop(running) == Found(is_running=True)
    assert all(found.pending == 1 and not found.is_running for found in queue.values())
    assert sorted(found.ahead or 0 for found in queue.values()) == [*range(1, len(queue) + 1)]
    assert queue
    assert read_queue(body("empty queue")) == {}
    assert read_queue('{"queue_running": ["odd", []], "queue_pending": []}') == {}


def test_the_place_in_a_queue_is_told_by_the_numbers() -> None:
    """Lists are in no order; what runs is before all, and what has no number has no place."""
    pending = [[7, "last", {}], [3.5, "first", {}], ["?", "odd", {}], [7, "first", {}]]
    queue = {"queue_running": [[9, "running", {}]], "queue_pending": pending}
    found = read_queue(json.dumps(queue))
    assert {name: entry.ahead for name, entry in found.items()} == {
        "running": None,
        "first": 1,
        "last": 2,
        "odd": None,
    }
    jobs = [
        {"id": "later", "status": "pending", "priority": 2},
        {"id": "next", "status": "pending", "priority": -1},
        {"id": "old", "status": "pending"},
    ]
    found = read_jobs(json.dumps({"jobs": jobs}))
    assert [found[PromptId(name)].ahead for name in ("later", "next", "old")] == [1, 0, None]
    assert read_queue('{"queue_running": [], "queue_pending": [[NaN, "x"]]}')["x"].ahead == 0


READERS = pytest.mark.parametrize("reader", [read_jobs, read_queue])


@READERS
@pytest.mark.parametrize("text", ["", "<html>", "[]", "3", "{}"])
def test_what_is_no_list_is_told(reader: Callable[[str], Any], text: str) -> None:
    """A proxy's page and a truncated body are `MessageError`, never an empty list."""
    with pytest.raises(MessageError):
        reader(text)


@READERS
@given(text=peer_texts([body(story) for story in ("open jobs", "queue with tasks")]))
def test_a_list_can_raise_nothing_but_a_message_error(
    reader: Callable[[str], Any], text: str
) -> None:
    try:
        found = reader(text)
    except MessageError:
        return
    assert all(entry.pending or entry.is_running for entry in found.values())
