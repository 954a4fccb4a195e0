"""What survives a reload."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH, bound_task, new_task, new_window
from tests.tether.core.junk import anything, peer_texts, warped
from tether.core.cells import Axis, cell_of
from tether.core.errors import Trouble
from tether.core.events import Picture
from tether.core.ids import ClientId, Digest, NodeId, PromptId, ServerUrl, TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output, kind_of
from tether.core.session.snapshot import read_task, read_window, write_task, write_window

names = st.text(max_size=8)
times = st.floats(0, 4e9)
nodes = names.map(NodeId)
servers = names.filter(bool).map(ServerUrl)
troubles = st.builds(
    lambda code, facts: Trouble(code, tuple(facts.items())), names, st.dictionaries(names, names)
)
outputs = st.builds(
    lambda node, name, folder: Output(node, kind_of(name), name, "sub", folder), nodes, names, names
) | st.builds(lambda node, text: Output(node, "text", text=text), nodes, names)


places = st.builds(
    UploadPlace, nodes, names, st.sampled_from(("picture", "video", "audio", "file"))
)
results = st.builds(lambda node, name: Output(node, kind_of(name), name), nodes, names.filter(bool))
sources = st.builds(ResultSource, servers, names.map(PromptId), results, places)
axes = st.builds(Axis, names, names, st.integers(0, 9))


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Any task that a window can hold, without its gauges."""
    state = draw(st.sampled_from(State))
    is_bound = state is not State.WAITING
    pictures = st.builds(Picture, nodes, names, names.map(Digest), names, st.integers(0, 10**9))
    return Task(
        TaskId(draw(names)),
        PromptId(draw(names)),
        draw(names),
        Digest(draw(names)),
        tuple(draw(st.lists(pictures, max_size=2))),
        draw(st.none() | servers),
        draw(times),
        state,
        draw(servers) if is_bound else None,
        ClientId(draw(names.filter(bool))) if is_bound else None,
        *(draw(times) for _ in range(5)),
        is_cancel_wanted=draw(st.booleans()),
        trouble=draw(st.none() | troubles),
        outputs=tuple(draw(st.lists(outputs, max_size=3))),
        refused_outputs=frozenset(draw(st.lists(nodes, max_size=2))),
        names=draw(st.dictionaries(st.tuples(nodes, names), names, max_size=2)),
        ended_by=draw(names),
        again_of=draw(st.none() | names.map(TaskId)),
        is_run_again=draw(st.booleans()),
        is_moving=draw(st.booleans()),
        was_moved=draw(st.booleans()),
        workload=draw(names),
        asked_at=draw(times.filter(bool)),
        turn=draw(times.filter(bool)),
        has_files=draw(st.booleans()),
        server_name=draw(names),
        ran=draw(times),
        deduplicated_at=draw(times),
        after=draw(st.none() | names.map(TaskId)),
        takes=tuple(draw(st.lists(places, max_size=2))),
        source=draw(st.none() | sources),
        cell=cell_of("s", draw(st.lists(axes, max_size=3))),
    )


@given(tasks())
def test_a_task_survives_a_reload_as_it_was(task: Task) -> None:
    """All but its gauges, which are heard anew."""
    restored = read_task(write_task(task))
    assert restored is not None
    restored.progress = task.progress
    assert restored == task
    assert write_task(restored) == write_task(task)


def test_no_record_is_so_large_that_others_have_no_room() -> None:
    """Whatever its server said of it: 1,000 texts, an endless error."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, 0.0))
    task.outputs = (Output(NodeId("9"), "text", text="x" * 50_000),) * 1_000
    task.trouble = Trouble.of("node_failed", message="x" * 2_000, traceback="x" * 20_000)
    text = write_task(task)
    assert len(text) < 300_000
    saved = read_task(text)
    assert saved is not None
    assert len(saved.outputs) == 1_000


def test_gauges_are_not_kept() -> None:
    """Frames come by the hundred; storage is written once a state."""
    task = new_task()
    before = write_task(task)
    task.progress.begin(NodeId("1"))
    task.last_frame_at, task.absences, task.request_id = 7.0, 1, 9
    task.note = Trouble.of("by_polling", server="north")
    assert write_task(task) == before


def damaged(**parts: Any) -> str:
    """A task's record with some of its parts replaced."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, 0.0))
    return json.dumps({**json.loads(write_task(task)), **parts})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        damaged(v=2),
        damaged(id=3),
        damaged(state="dreaming"),
        damaged(server=None),
        damaged(client=None),
        damaged(state="waiting"),
        damaged(times=[0, 0, 0, 0, 0]),
        damaged(times=[0, 0, 0, 0, 0, "noon"]),
        damaged(times=[0, 0, 0, 0, 0, float("inf")]),
    ],
)
def test_what_is_no_record_is_no_task(text: str) -> None:
    """A record of another version or with half a binding is not guessed at."""
    assert read_task(text) is None


def test_damaged_parts_are_left_out() -> None:
    """What doesn't matter for the task's fate can't take the task away."""
    task = read_task(
        damaged(
            pictures=[["1", "image", "d", "photo.png", 8], "odd"],
            trouble=["code", {"a": 1, "b": "two"}],
            names=[["1", "image", "photo (1).png"], 7],
            refused=["9", 9],
            outputs="odd",
        )
    )
    assert task is not None
    assert task.pictures == (Picture(NodeId("1"), "image", Digest("d"), "photo.png", 8),)
    assert task.trouble == Trouble("code", (("b", "two"),))
    assert task.names == {("1", "image"): "photo (1).png"}
    assert task.refused_outputs == {"9"}

    barer = read_task(damaged(trouble="odd", names=None, refused=None))
    assert barer is not None
    assert (barer.trouble, barer.names, barer.refused_outputs) == (None, {}, frozenset())


@given(peer_texts([damaged(), write_task(new_task())]))
def test_any_text_is_a_task_or_none(text: str) -> None:
    """No exception; and what was read can be written again."""
    task = read_task(text)
    if task is not None:
        assert read_task(write_task(task)) is not None


@given(st.text(), st.dictionaries(servers, names.map(ClientId)))
def test_a_window_keeps_its_identity(name: str, clients: dict[ServerUrl, ClientId]) -> None:
    """The same client ids after a reload: its tasks are heard under them."""
    assert read_window(write_window(WindowId(name), clients)) == (name, clients)


@given(peer_texts(['{"v": 1, "id": "w1", "clients": {"http://north": "c"}}']) | st.just("{}"))
def test_any_text_is_an_identity_or_none(text: str) -> None:
    """A client id that is no text is forgotten alone."""
    identity = read_window(text)
    assert identity is None or all(isinstance(name, str) for name in identity[1].values())


@given(warped([json.loads(damaged())]), anything)
def test_a_record_with_any_part_replaced_harms_nothing(record: Any, extra: Any) -> None:
    """Also with parts that a later version might add."""
    if isinstance(record, dict):
        record["extra"] = extra
    read_task(json.dumps(record))
