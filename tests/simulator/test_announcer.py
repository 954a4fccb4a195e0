"""What is told about one task, and to whom."""

import json
from random import Random

import pytest

from simulator.announcer import Announcer
from simulator.cache import Cache
from simulator.catalogue import CATALOGUE
from simulator.events import Preview, SendBinary, SendText
from simulator.files import Files
from simulator.parts import Parts
from simulator.queue import Task
from simulator.settings import Settings
from simulator.sockets import Sockets
from simulator.stage import Stage
from tests.simulator.shell import name_of

PICTURE = Preview(False, b"jpeg")
FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'


class Scene:
    """An owner (1) with the flag for previews, and an onlooker (2)."""

    def __init__(self, client_id: str | None) -> None:
        self.stage = Stage(Random(1))
        self.stage.advance(1_795_000_000.5)
        sockets = Sockets(self.stage, shared_sender=True)
        parts = Parts(
            Settings(),
            self.stage,
            sockets,
            Files(self.stage),
            Cache(),
            CATALOGUE,
            "ComfyUI_temp_abcde",
            walks_backwards=False,
        )
        for connection_id, name in ((1, "owner"), (2, "onlooker")):
            sockets.open(connection_id, name)
        sockets.receive(1, FLAGS, lambda: "{}")
        self.stage.take_effects()
        extra = {} if client_id is None else {"client_id": client_id}
        self.announcer = Announcer(parts, Task(0, "p", {}, extra, []))

    def heard(self) -> dict[int, list[str]]:
        """What each of them was told since the last call."""
        told: dict[int, list[str]] = {1: [], 2: []}
        for effect in self.stage.take_effects():
            if isinstance(effect, SendText):
                told[effect.connection_id].append(name_of(json.loads(effect.text)))
            elif isinstance(effect, SendBinary):
                told[effect.connection_id].append(name_of(effect.payload))
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
    owned.announcer.begin_node("2")
    owned.announcer.show_step("2", 1, 2, PICTURE)
    owned.announcer.show_output("2", {"text": ["x"]})
    owned.announcer.finish_node("2")
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
    ownerless.announcer.begin_node("2")
    ownerless.announcer.show_step("2", 1, 2, PICTURE)
    ownerless.announcer.show_output("2", {"text": ["x"]})
    ownerless.announcer.finish_node("2")
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
    ownerless.announcer.note(kind, {"prompt_id": "p"})
    told = [kind] if is_heard else []
    assert ownerless.heard() == {1: told, 2: told}
    data = {"prompt_id": "p", "timestamp": 1_795_000_000_500}
    assert ownerless.announcer.messages == [(kind, data)]


def test_texts_go_to_all(owned: Scene) -> None:
    """Though the task has an owner."""
    owned.announcer.show_text("6", "hello")
    assert owned.heard() == {1: ["binary 3"], 2: ["binary 3"]}


def test_a_throttled_step_is_not_told_but_counted(owned: Scene) -> None:
    """The next frame shows how far it came."""
    owned.announcer.begin_node("2")
    for step in (1, 2):
        owned.announcer.show_step("2", step, 100, None)
    assert owned.heard()[1][2:] == ["progress_state", "progress 2"]
    owned.announcer.finish_node("2")
    owned.stage.take_effects()
    owned.announcer.show_step("2", 3, 100, PICTURE)
    assert owned.heard()[1] == ["progress_state", "binary 4", "progress 2"]
