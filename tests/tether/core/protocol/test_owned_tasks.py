"""What a server's books hold of one owner's tasks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.junk import anything, is_bounded, renumbered
from tether.core.errors import MessageError
from tether.core.ids import OwnerTag
from tether.core.protocol.owned_tasks import OwnedTask, read_ended, read_open

US = OwnerTag("0f0f")


def item(number: Any, prompt_id: str, owner: str = US, /, **tether: Any) -> list[Any]:
    """A prompt as ComfyUI writes it."""
    extra = {"tether": {"owner": owner, "title": "cat", **tether}, "client_id": "c"}
    return [number, prompt_id, {}, extra, ["3"]]


def entry(prompt: list[Any], status: str = "success") -> dict[str, Any]:
    """An entry of a history."""
    return {"prompt": prompt, "outputs": {}, "status": {"status_str": status, "messages": []}}


def test_our_tasks_are_found_among_all_that_wait_or_run() -> None:
    """In their order, which the list of those that wait isn't in."""
    queue = {
        "queue_running": [item(1, "p1"), item(2, "p2", "somebody")],
        "queue_pending": [item(9, "p9"), item(5, "p5"), ["odd", "p0", {}, {}]],
    }
    found = read_open(json.dumps(queue), US)
    assert [(each.prompt_id, each.record.state) for each in found] == [
        ("p1", "in_progress"),
        ("p5", "pending"),
        ("p9", "pending"),
    ]
    assert (found[0].client_id, found[0].title) == ("c", "cat")


def test_our_tasks_are_found_in_a_page_of_the_history() -> None:
    """The ids are those of all entries: they tell whether there is another page."""
    page = {
        "p1": entry(item(1, "p1")),
        "p2": entry(item(2, "p2"), "error"),
        "p3": entry(item(3, "p3", "somebody")),
        "p4": {"status": None},
        "p5": "odd",
    }
    ids, found = read_ended(json.dumps(page), US)
    assert len(ids) == 5
    assert [(each.prompt_id, each.record.state) for each in found] == [
        ("p1", "completed"),
        ("p2", "failed"),
    ]


def test_a_task_that_its_server_has_under_another_id_says_what_it_was_sent_under() -> None:
    """One that has its own, or is of an older page, doesn't."""
    items = [item(1, "p1", prompt="s1"), item(2, "p2", prompt="p2"), item(3, "p3")]
    found = read_open(json.dumps({"queue_running": items, "queue_pending": []}), US)
    assert [each.sent_as for each in found] == ["s1", None, None]


def test_a_tag_of_another_shape_names_nobody() -> None:
    """Anybody can write anything there; titles are cut."""
    queue = {"queue_running": [item(1, "p1", title="x" * 999)], "queue_pending": []}
    (found,) = read_open(json.dumps(queue), US)
    assert len(found.title) == 200
    odd = item(1, "p1", title=7)
    odd[3]["client_id"] = None
    (found,) = read_open(json.dumps({"queue_running": [odd], "queue_pending": []}), US)
    assert (found.title, found.client_id) == ("", "")


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_an_unknown_shape_is_told(text: str) -> None:
    """An empty history is a shape that we know."""
    with pytest.raises(MessageError):
        read_open(text, US)
    if text == "{}":
        assert read_ended(text, US) == (frozenset(), [])
    else:
        with pytest.raises(MessageError):
            read_ended(text, US)


REAL: list[Any] = [
    {"queue_running": [item(1, "p1")], "queue_pending": [item(2, "p2"), item(0.5, "p3")]},
    {"p1": {"prompt": item(1, "p1"), "status": {"status_str": "success", "messages": []}}},
]


@given(st.dictionaries(st.text(max_size=3), anything) | anything | renumbered(REAL))
def test_no_answer_breaks_the_reader(answer: Any) -> None:
    """It is read, or told."""
    for read in (read_open, read_ended):
        try:
            found: Any = read(json.dumps(answer), US)
        except MessageError:
            continue
        found = found if isinstance(found, list) else found[1]
        assert all(isinstance(each, OwnedTask) and is_bounded(each) for each in found)


def test_ids_that_no_client_gives_are_left_out() -> None:
    """They would be in addresses and records."""
    endless = "p" * 10**6
    queue = {"queue_running": [item(1, endless), item(2, "")], "queue_pending": [item(3, "p3")]}
    queue["queue_pending"][0][3]["client_id"] = endless
    (found,) = read_open(json.dumps(queue), US)
    assert (found.prompt_id, found.client_id) == ("p3", "")
