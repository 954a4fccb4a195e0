"""Paths and methods."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.server_info import FIXED
from simulator.settings import Api, Settings
from tests.simulator.shell import CALM, FakeShell, slow

FOREIGN = Settings()
UUID = "11111111-2222-4333-8444-55555555555{}"


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/prompt", 200),
        ("HEAD", "/prompt", 200),
        ("GET", "/api/prompt", 200),
        ("GET", "/queue", 200),
        ("GET", "/history", 200),
        ("GET", "/api/history/x", 200),
        ("GET", "/features", 200),
        ("GET", "/system_stats", 200),
        ("GET", "/object_info", 200),
        ("GET", "/api/object_info/SaveImage", 200),
        ("GET", "/models", 200),
        ("GET", "/models/checkpoints", 200),
        ("GET", "/models/nosuch", 404),
        ("GET", "/jobs", 404),
        ("GET", "/nope", 404),
        ("GET", "/api/api/prompt", 404),
        ("GET", "/prompt/more", 404),
        ("POST", "/free", 200),
        ("POST", "/nope", 405),
        ("DELETE", "/prompt", 405),
        ("PUT", "/upload/image", 405),
        ("OPTIONS", "/nope", 200),
    ],
)
def test_paths_and_methods(shell: FakeShell, method: str, path: str, status: int) -> None:
    """Every route also under `/api`; what a path can't do is 405 without CORS headers."""
    response = shell.request(method, path, {} if method == "POST" else None)
    assert response is not None and response.status == status
    assert ("Access-Control-Allow-Origin" in dict(response.headers)) is (status != 405)


def test_a_405_names_what_is_allowed(shell: FakeShell) -> None:
    """As the HTTP library does."""

    def allowed(path: str) -> str:
        response = shell.request("PATCH", path)
        assert response is not None
        return dict(response.headers)["Allow"]

    assert allowed("/prompt") == "GET,HEAD,POST"
    assert allowed("/interrupt") == "POST"
    assert allowed("/view") == "GET,HEAD"


def test_a_body_over_the_limit_is_refused(shell: FakeShell) -> None:
    """By its size alone, and its files are dropped."""
    limit = CALM.max_upload_size
    response = shell.request("POST", "/prompt", size=limit + 1)
    assert response is not None and response.status == 413
    assert response.body == b"Maximum request body size 104857600 exceeded."
    response = shell.request("POST", "/prompt", raw=b"{}", size=limit)
    assert response is not None and response.status == 400


@pytest.mark.parametrize("path", ["/queue", "/history", "/free", "/api/jobs/cancel"])
@pytest.mark.parametrize("body", [b"", b"[1]", b"no json"])
def test_bodies_must_be_objects(shell: FakeShell, path: str, body: bytes) -> None:
    """500 as for the real server."""
    response = shell.request("POST", path, raw=body)
    assert response is not None and response.status == 500


@pytest.mark.parametrize("path", ["/queue", "/history"])
def test_deletions_come_in_lists(shell: FakeShell, path: str) -> None:
    """Unknown ids and other things in them are ignored."""
    response = shell.request("POST", path, {"delete": "x"})
    assert response is not None and response.status == 500
    response = shell.request("POST", path, {"delete": ["x", 5, None, ["x"]]})
    assert response is not None and response.status == 200


def test_a_bare_interrupt_needs_no_body(shell: FakeShell) -> None:
    """Nothing, junk and an empty object are the same; a list breaks the server."""
    for raw, status in ((b"", 200), (b"junk", 200), (b"{}", 200), (b"[1]", 500)):
        response = shell.request("POST", "/interrupt", raw=raw)
        assert response is not None and response.status == status
    shell.post(slow(4, 150), "A")
    shell.pass_time(0.2)
    shell.request("POST", "/interrupt", {"prompt_id": 5})
    shell.pass_time(1)
    assert shell.get("/api/jobs")["jobs"][0]["status"] == "completed"


def test_clearing_the_queue_spares_the_running_task(shell: FakeShell) -> None:
    """Everybody's waiting tasks go, with one gauge."""
    socket = shell.open("A")
    for seed in range(4):
        shell.post(slow(4, 150, seed), "A")
    shell.pass_time(0.1)
    shell.request("POST", "/queue", {"clear": True})
    assert shell.kinds(socket)[-1] == "status 1"
    shell.pass_time(2)
    assert [job["status"] for job in shell.get("/api/jobs")["jobs"]] == ["completed"]


def test_classes_are_described_one_by_one(shell: FakeShell) -> None:
    """An unknown one is an empty object: a cheap way to ask for it."""
    assert shell.get("/object_info/NoSuch") == {}
    known = shell.get("/object_info")
    assert known["LoadImage"] == shell.get("/object_info/LoadImage")["LoadImage"]
    assert "TetherSlow" in known


def test_a_malformed_upload_breaks_the_server(shell: FakeShell) -> None:
    """500, without CORS headers."""
    response = shell.request("POST", "/upload/image", is_malformed=True)
    assert response is not None and response.status == 500


@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "DELETE"]),
    st.one_of(
        st.text(),
        st.sampled_from([*FIXED, "/view", "/history", "/api/jobs", "/prompt", "/ws"]).flatmap(
            lambda path: st.text(max_size=20).map(lambda query: f"{path}?{query}")
        ),
        st.builds(
            "/view?filename={}&type={}&subfolder={}&preview={}&channel={}".format,
            *[st.text(max_size=8)] * 5,
        ),
    ),
    st.dictionaries(
        st.sampled_from(["host", "origin", "range", "if-none-match", "authorization"]),
        st.text(max_size=20),
    ),
    st.binary(max_size=20),
)
def test_any_request_is_answered(
    method: str, target: str, headers: dict[str, str], body: bytes
) -> None:
    """Whatever the path, the query, the headers and the body."""
    for settings in (CALM, FOREIGN):
        shell = FakeShell(settings)
        shell.upload("lab.png")
        response = shell.request(method, target, raw=body, headers=headers)
        assert response is not None and 200 <= response.status <= 500
        shell.open_at(f"/ws?{target}", headers)


def test_the_about_page_is_json(shell: FakeShell) -> None:
    """Every fixed answer can be written."""
    for path, value in FIXED.items():
        assert shell.get(path) == json.loads(json.dumps(value))


def test_tasks_can_be_deleted_and_cancelled(shell: FakeShell) -> None:
    """Waiting ones leave the queue, the running one is interrupted, others are unknown."""
    ids = [UUID.format(number) for number in range(4)]
    for seed, name in enumerate(ids):
        shell.post(slow(5, 100, seed), "A", prompt_id=name)
    shell.pass_time(0.1)
    shell.request("POST", "/queue", {"delete": [ids[3]]})
    assert [entry[1] for entry in shell.get("/queue")["queue_pending"]] == ids[1:3]
    assert [entry[1] for entry in shell.get("/queue")["queue_running"]] == ids[:1]
    for name, cancelled in ((ids[1], True), (ids[0], True), (ids[3], False)):
        response = shell.request("POST", f"/api/jobs/{name}/cancel")
        assert response is not None
        assert json.loads(response.body) == {"cancelled": cancelled}
    response = shell.request("POST", "/api/jobs/cancel", {"job_ids": [ids[2], ids[3]]})
    assert response is not None and json.loads(response.body) == {"cancelled": True}
    for wrong in ([], "x", ["x"]):
        response = shell.request("POST", "/api/jobs/cancel", {"job_ids": wrong})
        assert response is not None and response.status == 400
    shell.pass_time(1)
    assert list(shell.get("/history")) == ids[:1]
    assert list(shell.get(f"/history/{ids[0]}")) == ids[:1]
    assert shell.get(f"/api/jobs/{ids[0]}")["status"] == "cancelled"
    shell.request("POST", "/history", {"clear": True})
    assert shell.get("/history") == {}


def test_the_old_release_has_no_jobs() -> None:
    """404 for reading, 405 for cancelling."""
    shell = FakeShell(replace(CALM, api=Api.V0_3_64))
    for method, path, status in (("GET", "/api/jobs", 404), ("POST", "/api/jobs/x/cancel", 405)):
        response = shell.request(method, path, {})
        assert response is not None and response.status == status


def test_files_are_shown(shell: FakeShell) -> None:
    """By `/view`."""
    response = shell.request("GET", "/view?filename=lab.png&type=input")
    assert response is not None and response.status == 200


@pytest.mark.parametrize("name", ["KSampler%20%2F%2FInspire", "workflow%2FName", "No%252FSuch"])
def test_a_class_with_a_slash_in_its_name_is_one_name(shell: FakeShell, name: str) -> None:
    """Encoded, it is part of the name: a class that isn't there is `{}`, and no unknown path."""
    for prefix in ("", "/api"):
        assert shell.get(f"{prefix}/object_info/{name}") == {}
    response = shell.request("GET", "/object_info/workflow/Name")
    assert response is not None and response.status == 404


def test_a_server_that_makes_ids_takes_none() -> None:
    """Not for a prompt, not to interrupt, and its history has no pages."""
    shell = FakeShell(replace(FOREIGN, api=Api.V0_3_64, ignores_ids=True))
    shell.upload("lab.png")
    given = shell.post(slow(4, 150), "A", prompt_id=UUID.format(1))
    assert given != UUID.format(1)
    shell.pass_time(0.2)
    shell.request("POST", "/interrupt", {"prompt_id": UUID.format(1)})
    shell.pass_time(1)
    history = shell.get("/history?max_items=5&offset=7")
    assert isinstance(history, dict)
    assert history[given]["status"]["messages"][-1][0] == "execution_interrupted"
