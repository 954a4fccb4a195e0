"""From a window to what the page shows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from demo.memory import MemoryRecords
from page.composer.forecast_words import Crew
from page.servers.row import About
from page.tasks.row import Batch
from page.tasks.search import TaskSearch
from page.ui.stars import Stars
from page.ui.words import Words
from page.view import Views
from tests.tether.core.farm import (
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    bound_task,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl, TaskId, WindowId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import ServerFacts
from tether.core.protocol.outputs import Output
from tether.core.scheduling.forecast import Needs
from tether.core.windows.peers import PeerReport, WaitingTask

WORDS = Words((Path(__file__).resolve().parents[2] / "static/i18n/en.json").read_text())


class Files:
    """Where results are, in these tests."""

    def address(self, task: Task, output: Output) -> str:
        return f"{task.server}/{output.filename}"

    def is_direct(self, _task: Task) -> bool:
        return True


class Known:
    """What is known of servers beside the session."""

    def __init__(
        self,
        about: Callable[[ServerUrl], About] = lambda _url: About(),
        held: Mapping[ServerUrl, str] = MappingProxyType({}),
    ) -> None:
        self.about = about
        self.held = held


def views_of(window: Window, about: Callable[[ServerUrl], About] = lambda _url: About()) -> Views:
    """Views in English."""
    search = TaskSearch(window, WORDS, Stars(MemoryRecords()))
    return Views(window, WORDS, lambda at: f"noon+{at - NOON:.0f}", Files(), Known(about), search)


def test_an_empty_window_shows_nothing_to_do() -> None:
    """No server, no task; progress is full, so the title says nothing."""
    view = views_of(new_window()).view(NOON)
    assert (view.servers, view.tasks.rows, view.notices, view.progress) == ((), (), (), 1.0)


def test_a_card_that_cannot_be_shown_says_so_and_the_others_are_shown() -> None:
    """Numbers that no float holds, by whatever way they came in."""
    window = new_window()
    north, south = window.server(NORTH, NOON), window.server(SOUTH, NOON)
    for server in (north, south):
        server.answered()
        server.facts = ServerFacts("0.28.1", "cuda:0", 1, 2)
    north.facts = ServerFacts("0.28.1", "cuda:0", 10**400, 10**400)
    good = bound_task(window, south, *RUNNING, number=1)
    bad = bound_task(window, south, *RUNNING, number=2)
    bad.started_at = float("nan")
    view = views_of(window).view(NOON + 1)
    broken, whole = view.servers
    assert (broken.url, broken.tone, broken.trouble) == (NORTH, "bad", WORDS.say("card.broken"))
    assert (whole.state, whole.trouble) == ("ready", "")
    rows = {row.task_id: row for row in view.tasks.rows}
    assert rows[good.task_id].trouble == ""
    assert rows[bad.task_id].trouble == WORDS.say("card.broken")
    assert (rows[bad.task_id].can_cancel, rows[bad.task_id].can_dismiss) == (True, False)
    assert [type(error) for error in view.errors] == [OverflowError, ValueError]


def test_a_forecast_that_cannot_be_made_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cards are there."""
    window = new_window()
    window.server(NORTH, NOON)
    monkeypatch.setattr("page.view.forecast", lambda *_: 1 / 0)
    view = views_of(window).view(NOON)
    assert (view.forecast, len(view.servers), len(view.errors)) == ("", 1, 1)


def test_notices_are_told_in_words() -> None:
    """What the session noticed stands above all."""
    window = new_window()
    window.notices.append(Trouble.of("storage_forbidden"))
    window.notices.append(Trouble.of("taken_up_one"))
    bad, good = views_of(window).view(NOON).notices
    assert bad[0].startswith("This browser doesn't allow storage")
    assert (bad[1], good[1]) == ("bad", "good")


def test_who_takes_tasks_is_counted() -> None:
    """Together they are as fast as all of them; while one isn't timed, nobody knows how fast."""
    window = new_window()
    assert views_of(window).view(NOON).crew == Crew(0, 0.0)
    north, south = window.server(NORTH, NOON), window.server(SOUTH, NOON)
    for server in (north, south):
        server.answered()
    assert views_of(window).view(NOON).crew == Crew(2, 0.0)
    done = bound_task(window, north, *RUNNING)
    window.end(done, State.COMPLETED, NOON, "socket", None)
    done.ran = 3.0
    assert views_of(window).view(NOON).crew == Crew(2, pytest.approx(1.5))
    south.is_paused = True
    assert views_of(window).view(NOON).crew == Crew(1, pytest.approx(3.0))


def test_the_view_says_where_the_next_task_would_go() -> None:
    """By what the servers told, by their pace, and by what the task needs."""
    window = new_window()
    for url, length in ((NORTH, 3), (SOUTH, 0)):
        window.server(url, NOON).answered()
        window.servers[url].note_queue(length, NOON)
    views = views_of(window)
    told = "Now: south:8188, 0 in its queue (north:8188: 3 in its queue)"
    assert views.view(NOON).forecast == told
    lacking = views.view(NOON, Needs((SOUTH,))).forecast
    assert lacking == "Now: north:8188, 3 in its queue"
    task = bound_task(window, window.servers[SOUTH], *RUNNING)
    task.ran = 5.0
    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert "south:8188, starts at once, done in about 5 s" in views.view(NOON).forecast


def test_each_kind_of_end_is_counted_by_itself() -> None:
    """What is lost or cancelled is not done; what is lost can all be run again at once."""
    window = new_window()
    server = window.server(NORTH, NOON)
    ends = (State.COMPLETED, State.FAILED, State.CANCELLED, State.LOST, State.LOST, State.ADOPTED)
    for number, state in enumerate(ends, 1):
        task = bound_task(window, server, *RUNNING, number=number)
        window.end(task, state, NOON, "record", None)
        task.is_run_again = number == 4
    view = views_of(window).view(NOON)
    assert view.tasks.summary == (
        "0 on servers, 0 waiting here, 1 done, 1 failed, 1 cancelled, 2 lost, 1 in other windows"
    )
    assert view.tasks.lost_again == "Run lost tasks again (1)"


def test_a_row_of_a_task_that_waits_is_made_anew_when_it_says_something_else() -> None:
    """The seconds, a note, a wish, a pause; and not sixty times a second."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = waiting_task(window)
    task.accepted_at = NOON
    views = views_of(window)
    row = views.view(NOON + 5.1).tasks.rows[0]
    assert views.view(NOON + 5.9).tasks.rows[0] is row
    assert "6 s" in views.view(NOON + 6.1).tasks.rows[0].timing
    north.is_paused = True
    assert views.view(NOON + 6.2).tasks.rows[0].trouble.startswith("Waiting because")
    north.name = "attic"
    assert "attic" in views.view(NOON + 6.3).tasks.rows[0].trouble
    task.note = Trouble.of("server_silent", server="south")
    assert views.view(NOON + 6.4).tasks.rows[0].trouble.startswith("south didn't")
    task.is_cancel_wanted = True
    assert views.view(NOON + 6.5).tasks.rows[0].state_text == "cancelling…"


def test_what_waits_says_how_many_go_before_it_and_can_go_first() -> None:
    """The first one can't go any earlier."""
    window = new_window()
    window.server(NORTH, NOON)
    for number in (1, 2, 3):
        waiting_task(window, number)
    views = views_of(window)

    def told() -> list[tuple[str, bool]]:
        rows = views.view(NOON).tasks.rows
        return [(row.timing.partition(" · ")[0], row.can_be_next) for row in rows]

    first, second, third = told()
    assert first[0].startswith("waiting")
    assert (first[1], second, third) == (False, ("1 ahead", True), ("2 ahead", True))
    window.reorder([TaskId("t3")], None, NOON)
    assert [can_be_next for _, can_be_next in told()] == [True, True, False]
    # What another window puts first goes before all of this one's.
    theirs = WaitingTask(NOON, TaskId("theirs"), None, "", 7.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (theirs,), {}))
    assert told() == [("2 ahead", True), ("3 ahead", True), ("1 ahead", True)]


def test_all_that_waits_says_that_it_is_paused() -> None:
    """Nothing is promised meanwhile, nor offered that couldn't be."""
    window = new_window()
    north = window.server(NORTH, NOON)
    north.answered()
    done = bound_task(window, north, *RUNNING, number=9)
    window.end(done, State.COMPLETED, NOON, "socket", None)
    done.ran = 3.0
    views = views_of(window)
    assert not views.view(NOON).tasks.can_pause
    for number in (1, 2, 3, 4, 5, 6):
        waiting_task(window, number)
    tasks = views.view(NOON).tasks
    assert (tasks.can_send_all, tasks.can_pause, tasks.is_paused) == (True, True, False)
    assert tasks.batch is not None and "left" in tasks.batch.text
    window.is_paused = True
    view = views.view(NOON)
    tasks = view.tasks
    assert (tasks.can_send_all, tasks.can_pause, tasks.is_paused) == (False, True, True)
    assert tasks.batch is not None and tasks.batch.text.endswith("· paused")
    assert {row.state_text for row in tasks.rows if row.state == "waiting"} == {
        "waiting: everything is paused"
    }
    assert view.forecast.startswith("Everything is paused")
    assert view.crew.seconds == 0


def test_a_batch_says_how_far_it_is() -> None:
    """Of what came together, and of nothing older; few tasks need no word."""
    window = new_window()
    views = views_of(window)
    south = window.server(SOUTH, NOON)
    old = bound_task(window, south, *RUNNING, number=90)
    window.end(old, State.COMPLETED, NOON - 60, "socket", None)
    assert views.view(NOON).tasks.batch is None
    tasks = [waiting_task(window, number=number) for number in range(1, 4)]
    assert views.view(NOON).tasks.batch is None
    tasks.append(waiting_task(window, number=4))
    assert views.view(NOON).tasks.batch == Batch("0 of 4", 0.0)
    tasks += [waiting_task(window, number=number) for number in range(5, 9)]
    done = bound_task(window, south, *RUNNING, number=9)
    window.end(done, State.COMPLETED, NOON + 4, "socket", None)
    assert views.view(NOON + 4).tasks.batch == Batch("1 of 9", 1 / 9)
