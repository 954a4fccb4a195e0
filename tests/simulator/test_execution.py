"""Nodes that do more than hand on a picture."""

from dataclasses import replace

import pytest

from simulator.events import PlaceClosed, PlaceOpened
from tests.simulator.shell import CALM, FakeShell, photo, slow

LOAD = photo()["1"]


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


def test_a_progress_text_reaches_everybody(shell: FakeShell) -> None:
    """It names a node and no task."""
    owner, stranger = shell.open("A"), shell.open("B")
    text = {"class_type": "TetherText", "inputs": {"image": ["1", 0], "text": "hello"}}
    show = {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}}
    shell.post({"1": LOAD, "6": text, "9": show}, "A")
    shell.pass_time(1)
    frame = bytes.fromhex("000000030000000136") + b"hello"
    assert shell.frames[owner].count(frame) == shell.frames[stranger].count(frame) == 1


def test_a_result_may_come_over_the_socket_alone(shell: FakeShell) -> None:
    """As a preview with its full size; the history has nothing of it, nor has a cached run."""
    socket = shell.open("A")
    send = {"class_type": "SaveImageWebsocket", "inputs": {"images": ["1", 0]}}
    prompt_id = shell.post({"1": LOAD, "3": send}, "A")
    shell.pass_time(1)
    kinds = shell.kinds(socket)
    at = kinds.index("executing 3")
    assert kinds[at + 1 : at + 4] == ["progress_state", "progress 3", "binary 1"]
    assert not any(kind.startswith("executed") for kind in kinds)
    assert shell.get(f"/history/{prompt_id}")[prompt_id]["outputs"] == {}
    shell.post({"1": LOAD, "3": send}, "A")
    shell.pass_time(1)
    told = [frame for frame in shell.frames[socket] if isinstance(frame, dict)]
    executed = next(frame for frame in told if frame["type"] == "executed")
    assert executed["data"]["output"] is None


def test_a_prefix_outside_the_folder_is_an_error(shell: FakeShell) -> None:
    """The files made so far are thrown away."""
    socket = shell.open("A")
    shell.post(photo(prefix="../../x"), "A")
    shell.pass_time(1)
    error = next(f for f in shell.frames[socket] if f["type"] == "execution_error")
    assert error["data"]["exception_message"].startswith("**** ERROR")
    assert all(not blob.startswith("made") or blob.endswith("-5") for blob in shell.blobs)


def test_outputs_made_before_an_error_stay(shell: FakeShell) -> None:
    """In the history too, and their files are valid."""
    workflow = {
        "1": LOAD,
        "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "x"}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
    }
    prompt_id = shell.post(workflow, "A")
    shell.pass_time(1)
    entry = shell.get(f"/history/{prompt_id}")[prompt_id]
    assert entry["status"]["status_str"] == "error"
    assert list(entry["outputs"]) == ["4"]
    response = shell.request("GET", "/view?filename=t_00001_.png")
    assert response is not None and response.status == 200


def test_slow_work_loses_no_step(shell: FakeShell) -> None:
    """They come late, all at once: a story that waits at one of them never waits in vain."""
    socket = shell.open("A")
    shell.work_seconds = 0.5
    shell.feed(PlaceClosed("step 1 of TetherSlow"))
    shell.post(slow(4, 200), "A")
    shell.pass_time(10)
    assert steps_told(shell, socket) == [1]
    shell.feed(PlaceOpened("step 1 of TetherSlow"))
    shell.pass_time(1)
    assert steps_told(shell, socket) == [1, 2, 3, 4]


def steps_told(shell: FakeShell, socket: int) -> list[int]:
    """The steps that a socket has heard of."""
    return [f["data"]["value"] for f in shell.frames[socket] if kind(f) == "progress"]


def test_an_interrupted_saver_leaves_no_file(shell: FakeShell) -> None:
    """Stretched over steps, it has made its file before it may name it."""
    shell.engine.settings = type(shell.engine.settings)(cors="*", pace=1.0)
    shell.post(photo(), "A")
    shell.pass_time(3.5)
    assert shell.runs[-1].class_name in ("SaveImage", "PreviewImage")
    shell.request("POST", "/interrupt")
    shell.pass_time(5)
    assert all(blob.startswith("up") for blob in shell.blobs)


def kind(frame: dict | bytes) -> str:
    """The type of a text frame."""
    return frame["type"] if isinstance(frame, dict) else "binary"


def test_steps_without_time_are_taken_at_once(shell: FakeShell) -> None:
    """An interrupt that came during the work ends the task before the first of them."""
    shell.work_seconds = 0.5
    socket = shell.open("A")
    shell.post(slow(3, 0), "A")
    shell.pass_time(0.8)
    shell.request("POST", "/interrupt")
    shell.pass_time(5)
    kinds = shell.kinds(socket)
    assert "progress 2" not in kinds
    assert kinds[-3:] == ["execution_interrupted", "status 0", "executing None"]


@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_the_history_entry_follows_the_last_message(shell: FakeShell, gap: float) -> None:
    """At once or after the gap, and outputs of an earlier run are in it too."""
    shell.engine.settings = replace(CALM, success_gap=gap)
    shell.post(photo(), "A")
    shell.pass_time(5)
    prompt_id = shell.post(photo(prefix="other"), "A")
    shell.pass_time(0.2)
    assert (prompt_id in shell.get("/history")) is (gap == 0)
    shell.pass_time(1)
    entry = shell.get(f"/history/{prompt_id}")[prompt_id]
    names = [entry["outputs"][node]["images"][0]["filename"] for node in "45"]
    assert names[0] == "other_00001_.png" and names[1].startswith("ComfyUI_temp_")


def test_a_silent_node_is_blind_to_interrupts(shell: FakeShell) -> None:
    """It holds for its time; the interruption then names the next node."""
    socket = shell.open("A")
    block = {"class_type": "TetherBlock", "inputs": {"image": ["1", 0], "ms": 900, "seed": 0}}
    save = {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}
    shell.post({"1": LOAD, "2": block, "3": save}, "A")
    shell.pass_time(0.5)
    shell.request("POST", "/interrupt")
    shell.pass_time(0.3)
    assert shell.kinds(socket)[-1] == "executing 2"
    shell.pass_time(0.5)
    last = next(f for f in shell.frames[socket] if kind(f) == "execution_interrupted")
    assert (last["data"]["node_id"], last["data"]["executed"]) == ("3", ["1", "2"])


@pytest.mark.parametrize(("method", "pictures"), [("auto", 2), ("none", 0), (None, 2)])
def test_previews_can_be_unwanted(shell: FakeShell, method: str | None, pictures: int) -> None:
    """For one task alone, by what is sent with it."""
    socket = shell.open("A")
    shell.post(slow(2, 0), "A", extra_data={"preview_method": method} if method else {})
    shell.pass_time(0.01)
    assert shell.kinds(socket).count("binary 1") == pictures


def test_steps_without_time_come_together(shell: FakeShell) -> None:
    """With a preview each, and then the node is done."""
    socket = shell.open("A")
    shell.post(slow(2, 0), "A")
    shell.pass_time(0.01)
    kinds = shell.kinds(socket)
    at = kinds.index("executing 2")
    assert kinds[at + 1 : at + 7] == ["progress_state", "progress 2", "binary 1"] * 2
    assert kinds[-1] == "executing None"
