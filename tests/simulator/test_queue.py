"""The heap of waiting tasks."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.queue import EqualEntries, Task, TaskQueue
from tests.simulator.shell import FakeShell, photo, slow


def task(number: float, prompt_id: str = "p") -> Task:
    """A task of which only its place in the queue matters."""
    return Task(number, prompt_id, {}, {}, [])


@given(st.lists(st.floats(allow_nan=False), unique=True))
def test_the_smallest_number_goes_first(numbers: list[float]) -> None:
    """Whatever the order of arrival."""
    queue = TaskQueue()
    for number in numbers:
        queue.put(task(number))
    taken = []
    while (next_task := queue.take()) is not None:
        taken.append(next_task.number)
        queue.running = None
    assert taken == sorted(numbers)


@given(st.lists(st.integers(0, 5), min_size=1), st.data())
def test_deleting_keeps_the_order(numbers: list[int], data: st.DataObject) -> None:
    """One task goes, the others stay, still smallest first."""
    queue = TaskQueue()
    for at, number in enumerate(numbers):
        queue.put(task(number, f"{at:04}"))
    gone = data.draw(st.sampled_from(queue.heap)).prompt_id
    assert queue.delete_first(lambda each: each.prompt_id == gone)
    assert not queue.delete_first(lambda each: each.prompt_id == gone)
    taken = []
    while (next_task := queue.take()) is not None:
        taken.append((next_task.number, next_task.prompt_id))
        queue.running = None
    left = [(number, f"{at:04}") for at, number in enumerate(numbers) if f"{at:04}" != gone]
    assert taken == sorted(left)


def test_one_task_runs_at_a_time() -> None:
    """Waiting and running count together."""
    queue = TaskQueue()
    queue.put(task(1))
    queue.put(task(0))
    first = queue.take()
    assert first is not None and first.number == 0
    assert queue.take() is None
    assert queue.remaining == 2
    queue.clear()
    assert queue.remaining == 1


def test_equal_entries_fail_and_stay() -> None:
    """The comparison fails after the entry is in; taking them out works."""
    queue = TaskQueue()
    queue.put(task(1, "same"))
    with pytest.raises(EqualEntries):
        queue.put(task(1, "same"))
    assert queue.remaining == 2
    assert queue.take() is not None
    queue.running = None
    assert queue.take() is not None


def test_the_server_fails_on_equal_entries_yet_runs_both() -> None:
    """500 without CORS headers, and no gauge; the worker takes them all the same."""
    shell = FakeShell()
    shell.upload("lab.png")
    shell.post(slow(), "A")
    shell.pass_time(0.1)
    prompt_id = shell.post(photo(), "A", number=7)
    body = {"prompt": photo(), "client_id": "A", "number": 7, "prompt_id": prompt_id}
    response = shell.request("POST", "/prompt", body)
    assert response is not None and response.status == 500
    assert "Access-Control-Allow-Origin" not in dict(response.headers)
    assert len(shell.get("/queue")["queue_pending"]) == 2
    shell.pass_time(5)
    assert shell.get("/queue") == {"queue_running": [], "queue_pending": []}
    assert [each["id"] for each in shell.get("/api/jobs")["jobs"]].count(prompt_id) == 1


def test_numbers_count_and_may_be_given() -> None:
    """`front` negates the counter; an own number leaves it alone; refusals use one up."""
    shell = FakeShell()
    shell.upload("lab.png")

    def number(**fields: object) -> float:
        response = shell.request("POST", "/prompt", {"prompt": photo(), **fields})
        assert response is not None
        return json.loads(response.body)["number"]

    assert number() == 0
    assert number(front=True) == -1
    assert number(number="2.5") == 2.5
    shell.request("POST", "/prompt", {})
    assert number(front=False) == 3


def test_a_client_id_that_is_no_text_reaches_nobody() -> None:
    """Not everybody: that is only for tasks without any."""
    assert Task(0, "p", {}, {}, []).client_id is None
    assert Task(0, "p", {}, {"client_id": ["A"]}, []).client_id == ""
    assert Task(0, "p", {}, {"client_id": "A"}, []).client_id == "A"
