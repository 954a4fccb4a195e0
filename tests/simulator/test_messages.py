"""What is sent about one task, to whom, and which steps are."""

import json
from random import Random

import pytest

from simulator.catalogue import CATALOGUE
from simulator.events import Preview, Send
from simulator.files import Files
from simulator.messages import Messages, Progress
from simulator.process import Process
from simulator.queue import Task
from simulator.settings import Api, Settings
from simulator.stage import Stage
from simulator.user_data import UserData
from tests.simulator.shell import name_of

PICTURE = Preview(False, b"jpeg")
FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'


class Scene:
    """An owner (1) with the flag for previews, and an onlooker (2)."""

    def __init__(self, client_id: str | None) -> None:
        self.stage = Stage(Random(1))
        self.stage.advance(1_795_000_000.5)
        process = Process(
            Settings(), self.stage, Files(self.stage), UserData(self.stage), CATALOGUE
        )
        sockets = process.sockets
        for connection_id, name in ((1, "owner"), (2, "onlooker")):
            sockets.open(connection_id, name)
        sockets.receive(1, FLAGS, {})
        self.stage.take_effects()
        extra = {} if client_id is None else {"client_id": client_id}
        self.messages = Messages(process, Task(0, "p", {}, extra, []))

    def heard(self) -> dict[int, list[str]]:
        """What each of them was told since the last call."""
        told: dict[int, list[str]] = {1: [], 2: []}
        for effect in self.stage.take_effects():
            if isinstance(effect, Send):
                frame = effect.frame
                read = json.loads(frame) if isinstance(frame, str) else frame
                told[effect.connection_id].append(name_of(read))
        return told


@pytest.fixture
def owned() -> Scene:
    """A task of the owner's."""
    return Scene("owner")


@pytest.fixture
def ownerless() -> Scene:
    """A task of nobody's."""
    return Scene(None)


def test_the_owner_hears_all_of_a_node(owned: Scene) -> None:
    """In the measured order; the onlooker nothing."""
    owned.messages.begin_node("2")
    owned.messages.show_step("2", 1, 2, PICTURE)
    owned.messages.show_output("2", {"text": ["x"]})
    owned.messages.finish_node("2")
    assert owned.heard() == {
        1: [
            *("progress_state", "executing 2"),
            *("progress_state", "binary 4", "progress 2"),
            *("executed 2", "progress_state"),
        ],
        2: [],
    }


def test_without_an_owner_progress_goes_to_all(ownerless: Scene) -> None:
    """Previews without any id, after the progress, whatever flags a client sent."""
    ownerless.messages.begin_node("2")
    ownerless.messages.show_step("2", 1, 2, PICTURE)
    ownerless.messages.show_output("2", {"text": ["x"]})
    ownerless.messages.finish_node("2")
    all_hear = ["progress_state", "progress_state", "progress 2", "binary 1", "progress_state"]
    assert ownerless.heard() == {1: all_hear, 2: all_hear}


@pytest.mark.parametrize(
    ("kind", "is_heard"),
    [
        ("execution_start", False),
        ("execution_success", False),
        ("execution_error", False),
        ("execution_interrupted", True),
    ],
)
def test_of_an_ownerless_task_only_an_interruption_is_told(
    ownerless: Scene, kind: str, is_heard: bool
) -> None:
    """To everybody; all are remembered, with their time."""
    ownerless.messages.report(kind, {"prompt_id": "p"})
    told = [kind] if is_heard else []
    assert ownerless.heard() == {1: told, 2: told}
    data = {"prompt_id": "p", "timestamp": 1_795_000_000_500}
    assert ownerless.messages.kept == [(kind, data)]


def test_texts_go_to_all(owned: Scene) -> None:
    """Though the task has an owner."""
    owned.messages.show_text("6", "hello")
    assert owned.heard() == {1: ["binary 3"], 2: ["binary 3"]}


def test_a_throttled_step_is_not_told_but_counted(owned: Scene) -> None:
    """The next frame shows how far it came."""
    owned.messages.begin_node("2")
    for step in (1, 2):
        owned.messages.show_step("2", step, 100, None)
    assert owned.heard()[1][2:] == ["progress_state", "progress 2"]
    owned.messages.finish_node("2")
    owned.stage.take_effects()
    owned.messages.show_step("2", 3, 100, PICTURE)
    assert owned.heard()[1] == ["progress_state", "binary 4", "progress 2"]


def told(api: Api, steps: int, seconds: float, previews: int = 0) -> list[int]:
    """The steps that get a frame; every `previews`th has a picture."""
    progress = Progress("p", api)
    progress.begin("2")
    return [
        step
        for step in range(1, steps + 1)
        if progress.passes_throttle(
            step * seconds, step, steps, has_preview=bool(previews) and step % previews == 0
        )
    ]


@pytest.mark.parametrize(
    ("steps", "seconds", "expected"),
    [
        (5, 0.04, [1, 4, 5]),
        (5, 0.2, [1, 2, 3, 4, 5]),
        (1, 0.0, [1]),
        (300, 0.2, [*range(1, 300, 2), 300]),
    ],
)
def test_steps_are_told_a_tenth_of_a_second_and_half_a_percent_apart(
    steps: int, seconds: float, expected: list[int]
) -> None:
    """The first and the last always."""
    assert told(Api.V0_28, steps, seconds) == expected
    assert told(Api.V0_3_64, steps, seconds) == list(range(1, steps + 1))


def test_a_preview_is_always_told() -> None:
    """However soon."""
    assert told(Api.V0_28, 10, 0.001, previews=3) == [1, 3, 6, 9, 10]


def test_each_node_begins_anew() -> None:
    """The first step of the next node is a first step."""
    progress = Progress("p", Api.V0_28)
    progress.begin("1")
    assert progress.passes_throttle(0, 1, 5, has_preview=False)
    progress.begin("2")
    assert progress.passes_throttle(0, 1, 5, has_preview=False)
    assert progress.passes_throttle(0, 0, 0, has_preview=False)


def test_finished_nodes_keep_their_steps() -> None:
    """A node without steps ends at 1.0, a cached one at 1."""
    progress = Progress("p", Api.V0_28)
    progress.begin("1")
    progress.finish("1")
    progress.begin("2")
    progress.step("2", 3, 4)
    progress.finish("2")
    progress.finish("3")
    nodes = progress.as_json["nodes"]
    assert isinstance(nodes, dict)
    values = [(repr(node["value"]), repr(node["max"]), node["state"]) for node in nodes.values()]
    done = "finished"
    assert values == [("1.0", "1.0", done), ("4", "4", done), ("1", "1", done)]
