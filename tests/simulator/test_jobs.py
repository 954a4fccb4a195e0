"""`/api/jobs`: filters, order, pages, cancelling."""

import json
from dataclasses import replace

import pytest

from simulator.settings import Api
from tests.simulator.shell import CALM, FakeShell, photo, slow

UUID = "11111111-2222-4333-8444-55555555555{}"


@pytest.fixture
def shell() -> FakeShell:
    """Tasks 0 completed, 1 failed, 2 cancelled, 3 running, 4 waiting; one second apart."""
    shell = FakeShell()
    shell.upload("lab.png")
    failing = slow()
    failing["2"] = {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "x"}}
    workflows = [photo(), failing, slow(50, 100), slow(50, 100, 1), slow(1, 0)]
    for number, workflow in enumerate(workflows):
        tag = {"extra_pnginfo": {"workflow": {"id": f"wf-{number % 2}"}}}
        shell.post(workflow, "A", prompt_id=UUID.format(number), extra_data=tag)
        if number == 2:
            shell.pass_time(0.5)
            shell.request("POST", "/interrupt", {"prompt_id": UUID.format(2)})
        shell.pass_time(1)
    return shell


def listed(shell: FakeShell, query: str = "") -> str:
    """The last digits of the ids that a query lists."""
    return "".join(job["id"][-1] for job in shell.get(f"/api/jobs{query}")["jobs"])


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("", "43210"),
        ("?status=completed", "0"),
        ("?status=failed,cancelled", "21"),
        ("?status=in_progress", "3"),
        ("?status=%20Pending%20,", "4"),
        ("?status=", "43210"),
        ("?workflow_id=wf-1", "31"),
        ("?workflow_id=none", ""),
        ("?limit=2", "43"),
        ("?limit=2&offset=3", "10"),
        ("?offset=-5&limit=1", "4"),
    ],
)
def test_tasks_are_filtered_and_sorted(shell: FakeShell, query: str, ids: str) -> None:
    """Newest first."""
    assert listed(shell, query) == ids


def test_the_total_is_told_with_any_page(shell: FakeShell) -> None:
    """A queue's length by status in a few bytes."""
    pages = shell.get("/api/jobs?limit=1")["pagination"]
    assert pages == {"offset": 0, "limit": 1, "total": 5, "has_more": True}
    assert shell.get("/api/jobs?limit=1&offset=4")["pagination"]["has_more"] is False


@pytest.mark.parametrize(
    "query",
    ["status=bogus", "limit=x", "limit=0", "limit=-1", "offset=x"],
)
def test_bad_filters_are_explained(shell: FakeShell, query: str) -> None:
    """400 with a sentence."""
    response = shell.request("GET", f"/api/jobs?{query}")
    assert response is not None and response.status == 400
    assert json.loads(response.body)["error"]


def test_one_task_shows_how_it_is(shell: FakeShell) -> None:
    """From waiting to any of three ends."""
    statuses = [shell.get(f"/api/jobs/{UUID.format(n)}")["status"] for n in range(5)]
    assert statuses == ["completed", "failed", "cancelled", "in_progress", "pending"]
    done = shell.get(f"/api/jobs/{UUID.format(0)}")
    assert done["preview_output"] == {
        "filename": "t_00001_.png",
        "subfolder": "",
        "type": "output",
        "nodeId": "4",
        "mediaType": "images",
    }
    assert done["outputs_count"] == 2
    assert done["workflow"]["prompt"] == photo()
    failed = shell.get(f"/api/jobs/{UUID.format(1)}")
    assert failed["execution_error"]["exception_type"] == "ValueError"


def test_text_is_no_file(shell: FakeShell) -> None:
    """Nor is the mark of a video."""
    workflow = {
        "1": photo()["1"],
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
        "3": {
            "class_type": "SaveWEBM",
            "inputs": {
                "images": ["1", 0],
                "filename_prefix": "move",
                "codec": "vp9",
                "fps": 6,
                "crf": 32,
            },
        },
    }
    shell.pass_time(20)
    prompt_id = shell.post(workflow)
    shell.pass_time(1)
    job = shell.get(f"/api/jobs/{prompt_id}")
    assert job["outputs"]["2"] == {"text": ["made"]}
    assert job["outputs"]["3"]["animated"] == [True]
    assert (job["outputs_count"], job["preview_output"]["filename"]) == (1, "move_00001_.webm")


def cancel(shell: FakeShell, *ids: object) -> object:
    """The answer to a batch."""
    response = shell.request("POST", "/api/jobs/cancel", {"job_ids": list(ids)})
    assert response is not None
    return json.loads(response.body)


def test_waiting_and_running_tasks_can_be_cancelled(shell: FakeShell) -> None:
    """A waiting one leaves no trace, a running one ends at its next step."""
    for number, outcome in ((4, True), (3, True), (3, True), (0, False), (9, False)):
        response = shell.request("POST", f"/api/jobs/{UUID.format(number)}/cancel")
        assert response is not None
        assert json.loads(response.body) == {"cancelled": outcome}
    shell.pass_time(1)
    assert listed(shell, "?status=cancelled") == "32"
    assert listed(shell) == "3210"
    # Finished now, so there is nothing to stop.
    assert cancel(shell, UUID.format(3)) == {"cancelled": False}


def test_batches_are_checked(shell: FakeShell) -> None:
    """Ids must be canonical UUIDs, and there must be some."""
    assert cancel(shell, UUID.format(9), UUID.format(4)) == {"cancelled": True}
    assert cancel(shell, UUID.format(4), "x", 5)["invalid_ids"] == ["x", 5]
    for body in ({"job_ids": []}, {"job_ids": "x"}, {}):
        response = shell.request("POST", "/api/jobs/cancel", body)
        assert response is not None and response.status == 400


def test_the_old_release_has_no_jobs() -> None:
    """404 for reading, 405 for writing; no time of creation either."""
    shell = FakeShell(replace(CALM, api=Api.V0_3_64))
    shell.upload("lab.png")
    prompt_id = shell.post(slow(1, 0), prompt_id="not-a-uuid")
    assert prompt_id == "not-a-uuid"
    assert shell.post(slow(1, 0), prompt_id=None) == "None"
    assert len(shell.post(slow(1, 0))) == 36
    shell.pass_time(1)
    for method, path, status in (
        ("GET", "/api/jobs", 404),
        ("GET", "/api/jobs/x", 404),
        ("POST", "/api/jobs/x/cancel", 405),
        ("POST", "/api/jobs/cancel", 405),
    ):
        response = shell.request(method, path, {})
        assert response is not None and response.status == status
    extra = shell.get(f"/history/{prompt_id}")[prompt_id]["prompt"][3]
    assert extra == {}
    assert shell.get("/features") == {
        "supports_preview_metadata": True,
        "max_upload_size": 104857600,
    }


def test_a_strange_tag_is_no_workflow_id(shell: FakeShell) -> None:
    """Clients put what they like into `extra_data`."""
    for pnginfo in (5, {"workflow": 5}, {"workflow": {}}):
        shell.post(slow(1, 0), extra_data={"extra_pnginfo": pnginfo})
    assert all("workflow_id" not in job for job in shell.get("/api/jobs?limit=3")["jobs"])


def test_an_unknown_task_is_not_found(shell: FakeShell) -> None:
    """404 with a sentence."""
    response = shell.request("GET", "/api/jobs/unknown")
    assert response is not None and response.status == 404
    assert json.loads(response.body) == {"error": "Job not found"}
