"""Which frames may be left out when a later one comes."""

import json

import pytest

from app.core.gauges import gauge_of
from tests.core.farm import recorded_texts


def frame(kind: str, **data: object) -> str:
    """A text frame, as ComfyUI writes it."""
    return json.dumps({"type": kind, "data": data})


def test_a_later_gauge_of_the_same_node_says_all() -> None:
    """Two steps of one node of one task are gauges of the same."""
    one, two = (frame("progress", value=v, max=4, prompt_id="P", node="2") for v in (1, 2))
    assert gauge_of(one) == gauge_of(two) is not None


def test_gauges_of_other_nodes_and_tasks_are_others() -> None:
    """Neither another node, nor another task, nor the other kind says it."""
    frames = [
        frame("progress", value=1, max=4, prompt_id="P", node="2"),
        frame("progress", value=1, max=4, prompt_id="P", node="3"),
        frame("progress", value=1, max=4, prompt_id="Q", node="2"),
        frame("progress_state", prompt_id="P", nodes={}),
        frame("progress_state", prompt_id="Q", nodes={"2": {"prompt_id": "P"}}),
    ]
    assert len({gauge_of(each) for each in frames}) == len(frames)


def test_all_nodes_of_a_task_are_one_gauge() -> None:
    """`progress_state` says all that an earlier one said: no node is in its name."""
    one = frame("progress_state", prompt_id="P", nodes={"1": {"state": "running"}})
    two = frame("progress_state", prompt_id="P", nodes={"1": {}, "2": {"state": "running"}})
    assert gauge_of(one) == gauge_of(two) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        frame("executing", node="2", prompt_id="P"),
        frame("executed", node="2", prompt_id="P", output={}),
        frame("status", status={"exec_info": {"queue_remaining": 1}}),
        frame("progress", value=1, max=4),
        frame("progress", prompt_id="P"),
        frame("progress_state", prompt_id="P"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    """What must not be left out, and what isn't written as ComfyUI writes it."""
    assert gauge_of(text) is None


def test_what_a_real_server_sends_is_recognised() -> None:
    """Every recorded gauge is one, and nothing else is."""
    for text in recorded_texts("frame"):
        is_gauge = json.loads(text)["type"] in ("progress", "progress_state")
        assert (gauge_of(text) is not None) == is_gauge, text
