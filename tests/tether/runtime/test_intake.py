"""Nothing is promised before it is kept; what can't be used is refused before that."""

import asyncio
from typing import Any

import pytest

from tests.tether.core.farm import NOON, NORTH, SOUTH, Chance, invert_workflow, new_window
from tests.tether.runtime.world import Blob, MemoryFiles
from tether.core.errors import BadInput, TetherError
from tether.core.events import Event, TaskAccepted
from tether.core.ids import NodeId, PromptId, ServerUrl, TaskId, digest_of
from tether.core.model.server import Use
from tether.core.model.task import ASKED_APART
from tether.core.model.window import Window
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.protocol.workflow import parse_workflow
from tether.core.session.acceptance import new_task
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import read_entries
from tether.runtime.intake import Intake, NewTask

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
WORKFLOW = invert_workflow()


class Scene:
    """An intake, what it kept, and what it told the session."""

    def __init__(self) -> None:
        self.files = MemoryFiles()
        self.events: list[Event] = []
        self.window: Window = new_window()
        self.now = NOON
        self.intake = Intake(self.window, self._told, self.files, Chance(), lambda: self.now)

    def accept(self, *pictures: Blob, place: str = "1.image", **parts: Any) -> None:
        """Give a workflow and pictures."""
        node_id, _, name = place.partition(".")
        placed = {
            (NodeId(node_id), name): (f"{number}.{parts.get('kind', 'png')}", blob)
            for number, blob in enumerate(pictures)
        }
        work = self.intake.accept(
            WORKFLOW, "title", placed, parts.get("pinned"), parts.get("press")
        )
        asyncio.run(work)

    def refusal(self, *given: Any, **parts: Any) -> str:
        """Why it is refused; nothing was kept or told."""
        with pytest.raises(BadInput) as refused:
            self.accept(*given, **parts)
        assert (self.files.kept, self.events) == ({}, [])
        return refused.value.trouble.code

    def _told(self, event: Event) -> None:
        # All that the task needs is safe by now.
        assert isinstance(event, TaskAccepted)
        needed = {event.digest, *(picture.digest for picture in event.pictures)}
        assert needed <= self.files.kept.keys()
        self.events.append(event)


def test_an_accepted_task_is_kept_first() -> None:
    """Workflow and picture are in the store when the session hears of the task."""
    scene = Scene()
    scene.accept(Blob(PNG), pinned=NORTH)
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    assert event.pinned == NORTH
    (picture,) = event.pictures
    assert (picture.node_id, picture.input, picture.filename) == ("1", "image", "0.png")
    assert picture.size == len(PNG)


def chained(scene: Scene, *steps: NewTask, pinned: ServerUrl | None = None) -> list[TaskId]:
    """Give a chain; the first step is a plain one."""
    first = NewTask(WORKFLOW, "one", {(NodeId("1"), "image"): ("a.png", Blob(PNG))})
    return asyncio.run(scene.intake.accept_all([first, *steps], pinned))


def test_a_chain_is_accepted_whole() -> None:
    """Each names the one before; the place was chosen for the first alone, and all is kept."""
    scene = Scene()
    place = UploadPlace(NodeId("1"), "image", "picture")
    ids = chained(scene, *(NewTask(WORKFLOW, name, {}, (place,)) for name in "bc"), pinned=NORTH)
    events = [event for event in scene.events if isinstance(event, TaskAccepted)]
    assert [event.task_id for event in events] == ids
    assert [event.after for event in events] == [None, *ids[:2]]
    assert [event.takes for event in events] == [(), (place,), (place,)]
    assert [event.pinned for event in events] == [NORTH, None, None]
    assert [event.asked_at for event in events] == pytest.approx(
        [NOON + number * ASKED_APART for number in range(3)], abs=1e-6
    )
    kept = [read_task(entry.record) for entry in read_entries(scene.files.texts).values()]
    assert [task and task.after for task in kept] == [None, *ids[:2]]


def test_nothing_of_a_chain_is_accepted_where_a_part_cannot_be() -> None:
    """The second names a file for a node that isn't there; or the disk takes only the first."""
    scene = Scene()
    odd = NewTask(WORKFLOW, "two", {(NodeId("9"), "image"): ("b.png", Blob(PNG))})
    with pytest.raises(BadInput):
        chained(scene, odd)
    assert (scene.files.kept, scene.events) == ({}, [])
    scene.files.room = 1
    with pytest.raises(TetherError):
        chained(scene, NewTask(WORKFLOW, "two", {}))
    assert scene.events == []
    assert len(scene.files.released) == 2
    assert scene.files.texts == {}


def test_what_is_run_again_before_it_has_its_file_still_takes_it() -> None:
    """Else it would run on what its workflow names."""
    scene = Scene()
    place = UploadPlace(NodeId("1"), "image", "picture")
    chained(scene, NewTask(WORKFLOW, "two", {}, (place,)))
    event = scene.events.pop()
    assert isinstance(event, TaskAccepted)
    asyncio.run(scene.intake.accept_again(new_task(event, NOON), None))
    again = scene.events.pop()
    assert isinstance(again, TaskAccepted)
    assert (again.after, again.takes, again.again_of) == (event.after, (place,), event.task_id)
    # Where the one before is no longer known, it is still known where its result is.
    task = new_task(event, NOON)
    output = Output(NodeId("3"), "image", "a.png")
    task.source = ResultSource(NORTH, PromptId("p"), output, place)
    asyncio.run(scene.intake.accept_again(task, None))
    again = scene.events.pop()
    assert isinstance(again, TaskAccepted)
    assert again.source == new_task(again, NOON).source == task.source


def test_what_is_asked_for_at_once_follows_each_other_and_nothing_else_does() -> None:
    """Presses of Run differ; what comes one by one belongs together while it comes."""
    scene = Scene()
    for seconds, press in (
        *((0, NOON), (9, NOON), (9.1, NOON + 9)),
        *((10, None), (14, None), (18, None), (30, None), (31, NOON + 31), (32, None)),
    ):
        scene.now = NOON + seconds
        scene.accept(press=press)
    asked = [event.asked_at - NOON for event in scene.events if isinstance(event, TaskAccepted)]
    apart = ASKED_APART
    expected = [0, apart, 9, 10, 10 + apart, 18, 30, 31, 32]
    assert asked == pytest.approx(expected, abs=apart / 4)


def test_two_tasks_never_share_an_id() -> None:
    """Nor a prompt id."""
    scene = Scene()
    scene.accept(Blob(PNG))
    scene.accept(Blob(PNG))
    first, second = scene.events
    assert isinstance(first, TaskAccepted)
    assert isinstance(second, TaskAccepted)
    assert first.task_id != second.task_id
    assert first.prompt_id != second.prompt_id
    assert first.digest == second.digest


def test_a_workflow_of_ones_own_may_use_the_servers_pictures() -> None:
    """Without a picture it runs with the names in the file."""
    scene = Scene()
    scene.accept()
    assert len(scene.events) == 1


def test_a_picture_too_large_for_the_chosen_server_is_refused() -> None:
    """Only servers that the task may go to count."""
    scene = Scene()
    scene.window.server(NORTH, NOON).max_upload = 50
    scene.window.server(SOUTH, NOON)
    assert scene.refusal(Blob(PNG), pinned=NORTH) == "picture_too_large"
    scene.accept(Blob(PNG))
    scene.window.server(SOUTH, NOON).use = Use.REMOVED
    scene.files.kept.clear()
    scene.events.clear()
    assert scene.refusal(Blob(PNG)) == "picture_too_large"


def test_a_file_goes_to_the_input_that_is_named() -> None:
    """One for a node that isn't there is refused, and nothing is kept."""
    scene = Scene()
    assert scene.refusal(Blob(PNG), place="99.image") == "file_unplaced"
    scene.accept(Blob(PNG))
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    assert [(each.node_id, each.input) for each in event.pictures] == [("1", "image")]


def test_what_is_no_picture_is_refused() -> None:
    """By its first bytes, whatever it is called."""
    assert Scene().refusal(Blob(b"hello")) == "not_a_picture"
    assert Scene().refusal(Blob(b"\0\0\0\x18ftypheic")) == "picture_heic"
    assert Scene().refusal(Blob(b"II*\0" + bytes(8)), kind="CR2") == "picture_raw"


def test_a_file_for_another_input_may_be_of_any_kind() -> None:
    """Only its server knows what the input takes."""
    scene = Scene()
    scene.accept(Blob(b"a film"), place="2.video", kind="mp4")
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    assert [each.filename for each in event.pictures] == ["0.mp4"]


@pytest.mark.parametrize("step", ["head", "digest"])
def test_a_picture_that_is_gone_since_it_was_chosen_is_refused(step: str) -> None:
    """Its file was moved, or its disk taken out: the person is told which."""
    scene = Scene()

    async def read(*_args: object) -> bytes:
        raise OSError("the file is gone")

    setattr(scene.files, step, read)
    assert scene.refusal(Blob(PNG)) == "picture_gone"


def test_the_store_has_the_workflow_that_was_accepted() -> None:
    """As a text that reads as the same workflow; its digest is that text's."""
    scene = Scene()
    scene.accept()
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    text = scene.files.kept[event.digest]
    assert isinstance(text, str)
    assert (parse_workflow(text), digest_of(text)) == (event.workflow, event.digest)
