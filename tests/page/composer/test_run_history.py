"""What a server has run lately."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.run_history import LIMIT, Run, read_history, read_jobs, read_workflow, run_paths
from tether.core.errors import MessageError
from tether.core.ids import PromptId

NODES = {"1": {"class_type": "LoadImage", "inputs": {}}}
EXTRA = {"extra_pnginfo": {"workflow": {"nodes": []}}}
RUN = Run(PromptId("p1"), 0.0, "")


def test_jobs() -> None:
    shown = {"filename": "t_00001_.png", "subfolder": "", "type": "output"}
    jobs = [
        {"id": "p1", "create_time": 1795452241688, "preview_output": shown},
        {"id": "p2", "create_time": "soon", "preview_output": {"filename": 3}},
        {"id": 3},
        "nonsense",
    ]
    assert read_jobs(json.dumps({"jobs": jobs})) == [
        Run(PromptId("p1"), 1795452241.688, "t_00001_.png"),
        Run(PromptId("p2"), 0.0, ""),
    ]


def test_history_comes_oldest_first() -> None:
    entry = {"outputs": {"4": {"animated": True, "images": [{"filename": "a.png"}]}}}
    content = {
        "p1": entry,
        "p2": {"outputs": {"5": {"text": ["hi"]}, "6": 3}},
        "p3": {},
        "p4": "nonsense",
    }
    assert read_history(json.dumps(content)) == [
        Run(PromptId("p3"), 0.0, ""),
        Run(PromptId("p2"), 0.0, ""),
        Run(PromptId("p1"), 0.0, "a.png"),
    ]


def test_an_endless_name_of_a_file_is_none() -> None:
    endless = {"filename": "x" * 10**6}
    (job,) = read_jobs(json.dumps({"jobs": [{"id": "p1", "preview_output": endless}]}))
    (run,) = read_history(json.dumps({"p1": {"outputs": {"4": {"images": [endless]}}}}))
    assert job == run == RUN


def test_no_more_than_can_be_looked_at() -> None:
    assert len(read_jobs(json.dumps({"jobs": [{"id": str(n)} for n in range(99)]}))) == LIMIT
    assert len(read_history(json.dumps({str(n): {} for n in range(99)}))) == LIMIT


@pytest.mark.parametrize(
    "content",
    [
        {"id": "p1", "workflow": {"prompt": NODES, "extra_data": EXTRA}},
        {"p1": {"prompt": [0, "p1", NODES, EXTRA, []]}},
    ],
)
def test_a_runs_workflow_comes_with_the_editors_graph(content: Any) -> None:
    workflow = json.loads(read_workflow(RUN, json.dumps(content)))
    assert workflow == {"prompt": NODES, "extra_data": EXTRA}


def test_a_run_of_nothing_but_nodes() -> None:
    content = {"p1": {"prompt": [0, "p1", NODES]}}
    assert json.loads(read_workflow(RUN, json.dumps(content))) == {
        "prompt": NODES,
        "extra_data": {},
    }


def test_a_run_is_called_by_its_file_if_it_has_one() -> None:
    assert (RUN.name, RUN._replace(filename="a.png").name) == ("p1", "a.png")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"p1": {}}', '{"workflow": {}}'])
def test_a_run_that_is_forgotten(text: str) -> None:
    with pytest.raises(MessageError):
        read_workflow(RUN, text)


@pytest.mark.parametrize("text", ["", "[]", "3"])
def test_what_comfyui_never_answers(text: str) -> None:
    with pytest.raises(MessageError):
        read_jobs(text)
    with pytest.raises(MessageError):
        read_history(text)


def test_where_a_workflow_is_read() -> None:
    assert run_paths(RUN) == ("/api/jobs/p1", "/history/p1")


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_read_or_refused(content: Any) -> None:
    text = json.dumps(content)
    for read in (read_jobs, read_history, lambda text: read_workflow(RUN, text)):
        try:
            read(text)
        except MessageError as error:
            assert error.trouble.code == "message_unknown"
