"""What lets a task go on that waits."""

from pathlib import Path

from page.tasks.remedies import Remedy, remedy_for
from page.ui.words import Words
from tests.tether.core.farm import NOON, NORTH, SOUTH, bound_task, new_window, waiting_task
from tether.core.errors import Trouble
from tether.core.ids import NodeId, PromptId
from tether.core.model.server import Reach, Use
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output

WORDS = Words((Path(__file__).resolve().parents[3] / "static/i18n/en.json").read_text())


def remedy(window: Window, task: Task) -> tuple[str, str, str] | None:
    """The button of a task, if it has one."""
    found: Remedy | None = remedy_for(window, WORDS, task)
    return found and (found.action, found.key, found.label)


def test_who_only_has_to_wait_has_no_button() -> None:
    """Nor has a task that a server has, nor one that is being cancelled."""
    window = new_window()
    task = waiting_task(window)
    assert remedy(window, task) is None
    north = window.server(NORTH, NOON)
    assert remedy(window, task) is None
    assert remedy(window, bound_task(window, north, number=2)) is None
    window.is_paused = task.is_cancel_wanted = True
    assert remedy(window, task) is None


def test_a_pause_ends_by_a_button() -> None:
    """Of servers only where no other takes the task; that of everything has one for all tasks."""
    window = new_window()
    north, south = window.server(NORTH, NOON), window.server(SOUTH, NOON)
    task, pinned = waiting_task(window), waiting_task(window, 2, pinned=NORTH)
    north.is_paused = True
    assert remedy(window, task) is None
    assert remedy(window, pinned) == ("resume-servers", "t2", "Resume north:8188")
    south.is_paused = True
    assert remedy(window, task) == ("resume-servers", "t1", "Resume north:8188, south:8188")
    window.is_paused = True
    assert remedy(window, task) is None


def test_a_task_for_a_server_that_cannot_take_it_may_go_to_any() -> None:
    """Where there is another one."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = waiting_task(window, pinned=NORTH)
    assert remedy(window, task) is None
    north.reach = Reach.DOWN
    assert remedy(window, task) is None
    window.server(SOUTH, NOON)
    assert remedy(window, task) == ("any-server", "t1", "Use any server")
    north.reach, north.use = Reach.UP, Use.REMOVED
    assert remedy(window, task) == ("any-server", "t1", "Use any server")


def test_what_waits_for_a_task_that_failed_runs_that_again() -> None:
    """Not while it runs, nor once its result is there, nor where it can't run again."""
    window = new_window()
    first = bound_task(window, window.server(NORTH, NOON))
    place = UploadPlace(NodeId("1"), "image", "picture")
    task = waiting_task(window, 2)
    assert remedy(window, task) is None
    task.takes = (place,)
    assert remedy(window, task) is None
    task.after = first.task_id
    assert remedy(window, task) is None
    window.end(first, State.FAILED, NOON, "socket", Trouble.of("workflow_gone"))
    assert remedy(window, task) == ("again", "t1", "Run that again")
    task.source = ResultSource(NORTH, PromptId("p"), Output(NodeId("3"), "image", "a.png"), place)
    assert remedy(window, task) is None
    task.source, first.has_files = None, False
    assert remedy(window, task) is None
