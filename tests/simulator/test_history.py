"""Finished tasks and how they are asked for."""

import json
from dataclasses import replace

import pytest

from simulator.history import Entry, History
from simulator.http import Request, ServerTrouble
from simulator.queue import Task
from tests.simulator.shell import CALM, FakeShell, slow


def entry(prompt_id: str, ending: str = "execution_success") -> Entry:
    """A finished task."""
    messages = [("execution_start", {"timestamp": 1}), (ending, {"timestamp": 2})]
    return Entry(Task(0, prompt_id, {}, {}, []), {}, {}, messages)


def listed(history: History, query: str = "") -> list[str]:
    """The ids that a query lists."""
    return list(json.loads(history.answer_all(Request("GET", f"/history{query}", {})).body))


@pytest.fixture
def history() -> History:
    """Five finished tasks."""
    history = History(5)
    for name in "abcde":
        history.add(entry(name))
    return history


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "abcde"),
        ("?max_items=2", "de"),
        ("?max_items=0", ""),
        ("?max_items=9", "abcde"),
        ("?max_items=2&offset=1", "bc"),
        ("?offset=3", "de"),
        ("?offset=-1", "abcde"),
        ("?max_items=-1", ""),
    ],
)
def test_pages_are_cut_from_the_oldest(history: History, query: str, ids: str) -> None:
    """Without an offset the newest, and always oldest first."""
    assert listed(history, query) == list(ids)


@pytest.mark.parametrize("query", ["?max_items=many", "?offset="])
def test_a_number_that_is_none_breaks_the_server(history: History, query: str) -> None:
    """It answers 500. Source: ComfyUI 0.28.1 wire, measured."""
    with pytest.raises(ServerTrouble):
        listed(history, query)


def test_the_oldest_is_forgotten(history: History) -> None:
    """The limit holds; a repeated id takes its old place."""
    history.add(entry("f"))
    assert listed(history) == list("bcdef")
    history.entries.pop("b")
    history.add(entry("d", "execution_error"))
    assert listed(history) == list("cdef")
    assert history.entries["d"].status["status_str"] == "error"
    history.entries.clear()
    assert listed(history) == []


def test_clients_may_clear_it() -> None:
    """By id or as a whole; always 200 with nothing in it."""
    shell = FakeShell(replace(CALM, post_delay=0.0, success_gap=0.0))
    shell.upload("lab.png")
    ids = [shell.post(slow(1, 0, seed)) for seed in range(3)]
    shell.pass_time(1)
    assert list(shell.get("/history")) == ids
    shell.request("POST", "/history", {"delete": [ids[0], "unknown", 5]})
    assert list(shell.get("/history")) == ids[1:]
    response = shell.request("POST", "/history", {"clear": True})
    assert response is not None and (response.status, response.body) == (200, b"")
    assert shell.get("/history") == {}


def test_one_entry_is_found_by_its_id(history: History) -> None:
    """An unknown or unfinished task is an empty object."""
    assert json.loads(history.answer_one("x").body) == {}
    found = json.loads(history.answer_one("a").body)["a"]
    assert found["prompt"] == [0, "a", {}, {}, []]
    assert found["status"]["completed"] is True
