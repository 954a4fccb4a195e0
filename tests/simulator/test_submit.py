"""`POST /prompt`, beyond the recorded cases, and all that clients may send instead."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.settings import Api
from simulator.submit import is_canonical_uuid
from tests.simulator.shell import CALM, FakeShell, photo, slow


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no json",
        b"\xff\xfe",
        b"5",
        b'"prompt"',
        b"null",
        b"[" * 100_000,
        b'{"prompt": {"1": ' + b"[" * 300 + b"]" * 300 + b"}}",
        b'{"prompt": {}, "number": null}',
        b'{"prompt": {}, "number": []}',
        b'{"prompt": {}, "extra_data": 5}',
    ],
)
def test_bodies_without_sense_break_the_server(shell: FakeShell, raw: bytes) -> None:
    """A bare 500 without CORS headers; nothing is queued."""
    response = shell.request("POST", "/prompt", raw=raw)
    assert response is not None and response.status == 500
    assert response.body == b"500 Internal Server Error\n\nServer got itself in trouble"
    assert "Access-Control-Allow-Origin" not in dict(response.headers)
    assert shell.get("/prompt") == {"exec_info": {"queue_remaining": 0}}


def test_extra_data_comes_back_without_secrets(shell: FakeShell) -> None:
    """With the client id and the time of creation; keys of comfy.org are not shown."""
    extra = {"tag": {"task": "T1"}, "api_key_comfy_org": "s", "auth_token_comfy_org": "s"}
    shell.post(slow(), "A", extra_data=extra)
    shown = shell.get("/queue")["queue_pending"][0][3]
    assert shown.pop("create_time") == shell.now * 1000
    assert shown == {"tag": {"task": "T1"}, "client_id": "A"}


def test_pictures_carry_the_workflow(shell: FakeShell) -> None:
    """`prompt` always, and every entry of `extra_pnginfo`."""
    shell.post(photo(), extra_data={"extra_pnginfo": {"workflow": {"id": "wf"}, "more": 1}})
    shell.post(photo(prefix="x"), extra_data={"extra_pnginfo": 5})
    shell.pass_time(1)
    save, *_, last = [run for run in shell.runs if run.class_name == "SaveImage"]
    assert save.hidden == {"prompt": photo(), "workflow": {"id": "wf"}, "more": 1}
    assert list(last.hidden) == ["prompt"]


def test_the_same_id_runs_twice(shell: FakeShell) -> None:
    """The history keeps the second."""
    prompt_id = shell.post(slow(1, 0), "A")
    assert shell.post(slow(1, 0, 1), "A", prompt_id=prompt_id) == prompt_id
    assert len(shell.get("/queue")["queue_pending"]) == 2
    shell.pass_time(1)
    assert list(shell.get("/history")) == [prompt_id]
    assert shell.get("/history")[prompt_id]["prompt"][0] == 1


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("11111111-2222-4333-8444-555555555555", True),
        ("AAAAAAAA-2222-4333-8444-555555555555", False),
        ("11111111222243338444555555555555", False),
        (" 11111111-2222-4333-8444-555555555555", False),
        ("", False),
        (5, False),
    ],
)
def test_own_ids_are_canonical(shell: FakeShell, value: object, good: bool) -> None:
    """Lower case, with hyphens, and nothing else."""
    assert is_canonical_uuid(value) is good
    response = shell.request("POST", "/prompt", {"prompt": photo(), "prompt_id": value})
    assert response is not None and response.status == (200 if good else 400)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
LINK = st.tuples(st.sampled_from(["1", "2", "3", "9"]), st.integers(-2, 2)).map(list)
NODE = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(
            ["LoadImage", "ImageInvert", "ImageScaleBy", "SaveImage", "PreviewAny", "No", 5, None]
        ),
        "inputs": st.dictionaries(
            st.sampled_from(["image", "images", "source", "scale_by", "filename_prefix"]),
            LINK | JSON | st.just("lab.png"),
        )
        | JSON,
    }
)
BODY = st.fixed_dictionaries(
    {"prompt": st.dictionaries(st.sampled_from(["1", "2", "3", "x"]), NODE) | JSON},
    optional={
        "client_id": JSON,
        "prompt_id": JSON,
        "number": JSON,
        "front": JSON,
        "extra_data": JSON | st.fixed_dictionaries({"extra_pnginfo": JSON, "client_id": JSON}),
        "partial_execution_targets": JSON,
    },
)


@given(st.lists(BODY, min_size=1, max_size=4))
def test_nothing_a_client_sends_stops_the_server(bodies: list[dict]) -> None:
    """Any body is answered, whatever was accepted ends, and everything stays readable."""
    shell = FakeShell()
    shell.upload("lab.png")
    socket = shell.open("A")
    for body in bodies:
        response = shell.request("POST", "/prompt", body)
        assert response is not None and response.status in (200, 400, 500)
        shell.get("/queue")
    shell.pass_time(10)
    assert shell.get("/queue") == {"queue_running": [], "queue_pending": []}
    shell.get("/history")
    shell.get("/api/jobs")
    json.dumps([frame for frame in shell.frames[socket] if isinstance(frame, dict)])


def test_a_body_without_a_workflow_is_refused(shell: FakeShell) -> None:
    """Though its number is used up; a list is a body too."""
    for body in ({"client_id": "A"}, []):
        response = shell.request("POST", "/prompt", body)
        assert response is not None and response.status == 400
        assert json.loads(response.body)["error"]["type"] == "no_prompt"
    shell.post(slow())
    assert shell.get("/queue")["queue_pending"][0][0] == 2


def test_the_old_release_takes_any_id() -> None:
    """And notes no time of creation."""
    shell = FakeShell(replace(CALM, api=Api.V0_3_64))
    shell.upload("lab.png")
    assert shell.post(slow(), prompt_id=5) == "5"
    assert len(shell.post(slow(seed=1))) == 36
    assert shell.get("/queue")["queue_pending"][0][3] == {}


def test_numbers_and_front_decide_the_order(shell: FakeShell) -> None:
    """Text counts as a number where it is one; `front` goes before all that wait."""
    for fields in ({}, {"front": True}, {"number": "-5"}):
        shell.post(slow(), **fields)
    response = shell.request("POST", "/prompt", {"prompt": slow(), "number": "many"})
    assert response is not None and response.status == 500
    assert sorted(entry[0] for entry in shell.get("/queue")["queue_pending"]) == [-5, -1, 0]


def test_a_second_task_with_number_and_id_of_another_breaks_the_server(shell: FakeShell) -> None:
    """A 500, and yet both are queued."""
    body = {"prompt": slow(), "number": 1, "prompt_id": "11111111-2222-4333-8444-555555555555"}
    answers = [shell.request("POST", "/prompt", body) for _ in range(2)]
    assert [each.status for each in answers if each is not None] == [200, 500]
    assert len(shell.get("/queue")["queue_pending"]) == 2


def test_a_server_before_july_2025_makes_each_id_itself() -> None:
    """Whatever it is sent."""
    shell = FakeShell(replace(CALM, api=Api.V0_3_64, ignores_ids=True))
    shell.upload("lab.png")
    given = [shell.post(photo(), prompt_id="11111111-2222-4333-8444-555555555551") for _ in "ab"]
    assert all(map(is_canonical_uuid, given))
    assert len({*given, "11111111-2222-4333-8444-555555555551"}) == 3
