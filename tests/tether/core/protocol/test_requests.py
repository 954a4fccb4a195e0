"""Calls to servers, as values."""

import json

from tests.tether.core.farm import NORTH, invert_workflow
from tether.core.ids import ClientId, Digest, OwnerTag, PromptId, TaskId
from tether.core.protocol.requests import (
    OPEN_JOBS_PATH,
    PROBE_WITHIN,
    Ask,
    Owner,
    Request,
    Upload,
    deletion,
    history_path,
    job_path,
    probe,
    prompt_body,
    recent_path,
)
from tether.core.protocol.workflow import Workflow


def test_what_sends_something_is_a_post() -> None:
    """A body or a picture; all else is a GET."""
    assert Request(1, NORTH, Ask.PROBE, "/prompt").method == "GET"
    assert Request(2, NORTH, Ask.POST, "/prompt", body="{}").method == "POST"
    picture = Upload(Digest("d"), "photo.png")
    assert Request(3, NORTH, Ask.UPLOAD, "/upload/image", upload=picture).method == "POST"


def test_what_decides_on_a_task_is_final() -> None:
    """A look at it, and a picture that nothing runs with yet, are not."""
    final = {Ask.POST, Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT}
    assert {ask for ask in Ask if Request(1, NORTH, ask, "/").is_final} == final


def test_a_probe_asks_for_little_and_not_for_long() -> None:
    asked = probe(7, NORTH, Owner.DISPATCHER)
    assert (asked.id, asked.ask, asked.method) == (7, Ask.PROBE, "GET")
    assert (asked.url, asked.timeout) == ("http://north:8188/prompt", PROBE_WITHIN)


def test_a_request_goes_to_its_server() -> None:
    """A prefix in the server's address stays."""
    assert Request(1, NORTH, Ask.JOBS, OPEN_JOBS_PATH).url == (
        "http://north:8188/api/jobs?status=pending,in_progress"
    )


def test_the_body_names_prompt_and_client_and_tags_the_task() -> None:
    """The server hears on which socket to tell, and keeps the tag."""
    workflow = invert_workflow()
    body = json.loads(prompt_body(workflow, ClientId("c"), PromptId("p"), OwnerTag("0f"), "cat"))
    assert body == {
        "prompt": workflow.nodes,
        "client_id": "c",
        "prompt_id": "p",
        "extra_data": {
            "tether": {"owner": "0f", "title": "cat", "prompt": "p"},
            "preview_method": "auto",
            "comfy_usage_source": "tether",
        },
    }


def test_the_editors_graph_goes_along_for_the_picture_and_previews_may_be_unwanted() -> None:
    graph = {"nodes": [], "version": 0.4}
    workflow = Workflow(invert_workflow().nodes, graph)
    body = json.loads(prompt_body(workflow, ClientId("c"), PromptId("p"), None, "cat", False))
    assert body["extra_data"]["extra_pnginfo"] == {"workflow": graph}
    assert body["extra_data"]["preview_method"] == "none"


def test_ids_are_encoded_in_paths() -> None:
    """A restored record may hold any text where an id should be."""
    assert job_path(PromptId("p-1")) == "/api/jobs/p-1"
    assert job_path(PromptId("a/b"), "/cancel") == "/api/jobs/a%2Fb/cancel"
    assert history_path(PromptId("../x")) == "/history/..%2Fx"


def test_a_deletion_names_an_entry_once_for_each_of_its_doubles() -> None:
    """And is no call of the task's own way to the server."""
    asked = deletion(7, NORTH, TaskId("t1"), [PromptId("p1")] * 2)
    assert (asked.ask, asked.owner, asked.path) == (Ask.DELETE, Owner.CANCELLATION, "/queue")
    assert asked.task_id == "t1"
    assert json.loads(asked.body or "") == {"delete": ["p1", "p1"]}


def test_the_newest_of_a_history_have_a_path() -> None:
    """So many of them; each is a whole workflow."""
    assert recent_path(8) == "/history?max_items=8"
