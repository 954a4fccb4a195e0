"""Tasks that a server has under ids of its own."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.junk import anything
from tether.core.errors import MessageError
from tether.core.ids import PromptId
from tether.core.protocol.sent_tasks import number_of, read_given_ids, read_recent, sent_as

SENT = PromptId("sent")
IMAGES = {"3": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}


def item(number: Any, given_id: Any, sent: Any = SENT) -> list[Any]:
    """A prompt as ComfyUI writes it."""
    return [number, given_id, {}, {"tether": {"owner": None, "prompt": sent}}, ["3"]]


def test_the_ids_of_a_task_in_a_queue() -> None:
    """The one that runs first, then the next; tasks that have their own are left out."""
    queue = {
        "queue_running": [item(1, "runs")],
        "queue_pending": [item(9, "later"), item(5, "next"), item(2, SENT), item(3, "x", "other")],
    }
    found = read_given_ids(json.dumps(queue))
    assert found == {SENT: ["runs", "next", "later"], "other": ["x"]}


@pytest.mark.parametrize("odd", ["\ud800", "x" * 201, "", "a b", "../x", 7, None])
def test_an_id_that_no_server_gives_is_none(odd: Any) -> None:
    """Half a character, megabytes, a path: nothing that would end up in an address."""
    assert read_given_ids(json.dumps({"queue_running": [item(1, odd)], "queue_pending": []})) == {}
    page = {str(odd): {"prompt": item(1, odd), "outputs": IMAGES}}
    if odd != 7 and odd is not None:
        assert read_recent(json.dumps(page), SENT) == (None, None)


def test_a_task_among_the_newest_of_a_history() -> None:
    """By its tag, or by its own id; else it isn't there."""
    page = {
        "p1": {"prompt": item(1, "p1", "other"), "outputs": {}},
        "p2": {"prompt": item(2, "p2"), "outputs": IMAGES},
    }
    given_id, record = read_recent(json.dumps(page), SENT)
    assert record is not None
    assert (given_id, record.state) == ("p2", "completed")
    given_id, record = read_recent(json.dumps(page), PromptId("p1"))
    assert record is not None
    assert (given_id, record.state) == ("p1", "failed")
    assert read_recent(json.dumps(page), PromptId("p3")) == (None, None)
    assert read_recent("{}", SENT) == (None, None)


@pytest.mark.parametrize(
    "text",
    ["", "<html>", "[]", '{"error": "no route"}', '{"a": {}}', '{"sent": {"prompt": [], "x": 1}}'],
)
def test_what_is_no_history_proves_nothing(text: str) -> None:
    """Nor does an entry of the task that says nothing."""
    with pytest.raises(MessageError):
        read_recent(text, SENT)


def test_a_tag_of_another_shape_names_nothing() -> None:
    """Anybody can write anything there."""
    for odd in (None, [], [1, "p"], item(1, "p", 7), [1, "p", {}, {"tether": []}, []]):
        assert sent_as(odd) is None
    assert number_of(item(2.5, "p")) == 2.5
    assert number_of(item("x", "p")) == 0.0


@given(st.dictionaries(st.text(max_size=3), anything) | anything)
def test_no_answer_breaks_a_reader(answer: Any) -> None:
    """It is read, or told."""
    text = json.dumps(answer)
    for read in (lambda: read_given_ids(text), lambda: read_recent(text, SENT)):
        try:
            read()
        except MessageError:
            continue
