"""From a window to what the page shows."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from page.composer.forecast_words import Crew
from page.servers.row import About
from page.tasks.row import Batch, TaskRow
from page.tasks.search import TaskSearch
from page.ui.words import Words
from page.view import Views
from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    bound_task,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl
from tether.core.model.server import Reach, Use
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.answers import ServerFacts
from tether.core.protocol.outputs import Output
from tether.core.scheduling.forecast import Needs
from tether.core.submission.withdrawal import resubmit, take_out

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
    search = TaskSearch(window, WORDS)
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


def test_a_server_whose_message_broke_something_says_so() -> None:
    """Until the page is loaded again; what keeps it from being used comes first."""
    window = new_window()
    north = window.server(NORTH, NOON)
    north.mishap = Trouble.of("mishandled", server="north")
    north.answered()
    assert "could not take in" in views_of(window).view(NOON).servers[0].trouble


def test_a_server_says_how_it_is() -> None:
    """Its reach, queue, our share, facts and socket, in words."""
    window = new_window()
    server = window.server(NORTH, NOON)
    bound_task(window, server, *RUNNING)
    server.answered()
    server.note_queue(3, NOON)
    server.facts = ServerFacts("0.28.1", "cuda:0", 1, 2)
    row = views_of(window).view(NOON).servers[0]
    assert (row.tone, row.state, row.socket) == ("good", "ready", "connects when it gets a task")
    assert (row.queue, row.ours) == ("3 in queue", "1 from this window")
    assert row.overall == window.live["t1"].progress.overall
    assert row.facts == "ComfyUI 0.28.1, runs on cuda:0"
    assert row.trouble == ""


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync", "NVIDIA GeForce RTX 4090"),
        ("cuda:1 NVIDIA A100-SXM4-80GB : native", "NVIDIA A100-SXM4-80GB"),
        *(("cpu", "cpu"), ("cuda:0", "cuda:0"), ("mps", "mps")),
        *(("the cellar's: old one", "the cellar's: old one"), ("a\nb", "a\nb")),
    ],
)
def test_a_device_is_called_what_people_call_it(device: str, told: str) -> None:
    """The card has what the server says in its title."""
    window = new_window()
    server = window.server(NORTH, NOON)
    server.answered()
    server.facts = ServerFacts("0.28.1", device, 1, 2)
    row = views_of(window).view(NOON).servers[0]
    assert (row.facts, row.device) == (f"ComfyUI 0.28.1, runs on {told}", device)
    server.facts = ServerFacts("0.28.1", "", 1, 2)
    assert views_of(window).view(NOON).servers[0].facts == "ComfyUI 0.28.1"


def test_a_server_in_trouble_says_what_to_do() -> None:
    """And one that is leaving says that."""
    window = new_window()
    server = window.server(NORTH, NOON)
    assert views_of(window).view(NOON).servers[0].tone == "plain"
    why = Trouble.of("server_cors", server="north", url=NORTH)
    server.judge(Reach.REFUSED, why, NOON)
    row = views_of(window).view(NOON).servers[0]
    assert (row.tone, row.state, row.socket) == ("bad", "refuses this page", "")
    assert "--enable-cors-header" in row.trouble
    server.use = Use.REMOVED
    assert views_of(window).view(NOON).servers[0].state == "finishing its last tasks"


def test_a_running_task_shows_how_far_it_is() -> None:
    """Overall, and the node it is in; what runs comes first."""
    window = new_window()
    server = window.server(NORTH, NOON)
    running = bound_task(window, server, *RUNNING, number=1)
    waiting_task(window, 2)
    running.progress.begin(NodeId("1"))
    running.progress.begin(NodeId("2"))
    running.progress.reach(NodeId("2"), 0.5)
    view = views_of(window).view(NOON)
    assert [row.task_id for row in view.tasks.rows] == ["t1", "t2"]
    runs, waits = view.tasks.rows
    assert (runs.overall, runs.server) == (0.5, "north:8188")
    assert runs.node == "node 2 · ImageInvert: 50 %"
    assert (runs.can_cancel, runs.can_dismiss) == (True, False)
    assert (waits.state_text, waits.server) == ("waiting for a free server", "")
    assert view.tasks.summary == "1 on servers, 1 waiting here, 0 done"
    assert view.progress == 0.25


def test_a_task_without_any_server_says_what_it_waits_for() -> None:
    """A newcomer may press Run first."""
    window = new_window()
    waiting_task(window, 1)
    assert views_of(window).view(NOON).tasks.rows[0].state_text == "waiting for a server: add one"


def test_a_task_without_a_node_yet_names_none() -> None:
    """It has only started."""
    window = new_window()
    bound_task(window, window.server(NORTH, NOON), *RUNNING)
    assert views_of(window).view(NOON).tasks.rows[0].node == ""


def test_a_wish_to_cancel_is_seen_at_once() -> None:
    """And can't be wished twice."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    task.is_cancel_wanted = True
    row = views_of(window).view(NOON).tasks.rows[0]
    assert (row.state_text, row.can_cancel) == ("cancelling…", False)


def test_a_note_says_why_a_task_stands_still() -> None:
    """A trouble on the way is told while it lasts."""
    window = new_window()
    waiting_task(window, 1).note = Trouble.of("server_silent", server="north")
    assert views_of(window).view(NOON).tasks.rows[0].trouble.startswith("north didn't answer.")


def test_an_ended_task_shows_results_and_is_made_once() -> None:
    """Files by their address, texts as they are; the same row again at the next look."""
    window = new_window()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    task.outputs = (
        Output(NodeId("3"), "image", "a b.png"),
        Output(NodeId("4"), "text", text="<i>hello</i>"),
    )
    window.end(task, State.COMPLETED, NOON, "socket", None)
    views = views_of(window)
    row = views.view(NOON).tasks.rows[0]
    (image, address, name), text = row.results
    assert (image, name) == ("image", "a b.png")
    assert address == f"{NORTH}/a b.png"
    assert text == ("text", "<i>hello</i>", "")
    assert row.is_direct
    assert (row.overall, row.can_dismiss) == (1.0, True)
    assert views.view(NOON).tasks.rows[0] is row
    window.dismiss(task)
    assert views.view(NOON).tasks.rows == ()


def test_a_failed_task_keeps_its_traceback_apart() -> None:
    """The sentence is short; the traceback is there to be unfolded. Its server may be gone."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *RUNNING)
    why = Trouble.of(
        "node_failed", node="2", type="Raise", message="boom", exception="E", traceback="line\n"
    )
    window.end(task, State.FAILED, NOON, "socket", why)
    del window.servers[NORTH]
    row = views_of(window).view(NOON).tasks.rows[0]
    assert row.trouble.startswith("Node 2 (Raise) failed: boom.")
    assert (row.traceback, row.server, row.results) == ("line\n", NORTH, ())


def test_a_task_that_never_had_a_server_has_no_results() -> None:
    """It was cancelled while it waited."""
    window = new_window()
    task = waiting_task(window, 1)
    window.end(task, State.CANCELLED, NOON, "here", None)
    assert views_of(window).view(NOON).tasks.rows[0].results == ()


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


def test_what_has_ended_can_be_run_again() -> None:
    """If its workflow is here, and it is this window's."""
    window = new_window()
    server = window.server(NORTH, NOON)
    tasks = [bound_task(window, server, *RUNNING, number=number) for number in (1, 2, 3)]
    assert not any(row.can_run_again for row in views_of(window).view(NOON).tasks.rows)
    tasks[1].digest = Digest("")
    for task, state in zip(tasks, (State.LOST, State.COMPLETED, State.ADOPTED), strict=True):
        window.end(task, state, NOON, "record", None)
    rows = {row.task_id: row.can_run_again for row in views_of(window).view(NOON).tasks.rows}
    assert rows == {"t1": True, "t2": False, "t3": False}


def test_a_task_at_a_server_that_is_long_silent_can_go_elsewhere() -> None:
    """Once; and not one that only waits here."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *QUEUED)
    waiting_task(window, 2)

    def can_go() -> list[bool]:
        return [row.can_go_elsewhere for row in views_of(window).view(NOON).tasks.rows]

    assert can_go() == [False, False]
    server.is_long_silent = True
    assert can_go() == [True, False]
    task.is_cancel_wanted = True
    assert can_go() == [False, False]


def test_a_server_on_which_a_workflow_fails_that_others_complete_says_so() -> None:
    """Unless there is something worse to say."""
    window = new_window()
    for number, (url, state) in enumerate(
        ((NORTH, State.FAILED), (NORTH, State.FAILED), (SOUTH, State.COMPLETED))
    ):
        task = bound_task(window, window.server(url, NOON), *RUNNING, number=number)
        window.end(task, state, NOON + number, "socket", Trouble.of("node_failed"))
    views = views_of(window)
    north, south = views.view(NOON).servers
    assert north.trouble.startswith("2 tasks failed on north:8188")
    assert south.trouble == ""
    silent = Trouble.of("server_silent", server="north")
    window.servers[NORTH].judge(Reach.DOWN, silent, NOON)
    assert views.view(NOON).servers[0].trouble.startswith("north didn't answer.")


def test_a_card_tells_how_a_token_is_sent_but_not_the_token() -> None:
    """Or, for the form, which kind the server is known to want."""
    window = new_window()
    window.server(NORTH, NOON)
    window.server(SOUTH, NOON)
    known = {NORTH: Access(Mode.BEARER, "s3cret"), SOUTH: Access(Mode.BASIC)}
    views = views_of(window, lambda url: About(known[url]))
    north, south = views.view(NOON).servers
    assert (north.access, north.access_mode) == ("with a Bearer token", "bearer")
    assert (south.access, south.access_mode) == ("", "basic")


def test_a_card_shows_the_causes_and_what_to_copy() -> None:
    """One is said as the trouble itself; of several the browser hides which it is."""
    window = new_window()
    server = window.server(NORTH, NOON)
    down = Trouble.of("doctor_down", server="north", url=NORTH, cure="run it")
    other = Trouble.of("doctor_certificate", server="north", url=NORTH, cure=NORTH)
    (row,) = views_of(window, lambda _: About(None, (down,))).view(NOON).servers
    assert (row.trouble, row.causes) == (WORDS.trouble(down), (("", "run it"),))
    (row,) = views_of(window, lambda _: About(None, (down, other))).view(NOON).servers
    assert "one of these" in row.trouble
    assert row.causes == ((WORDS.trouble(down), "run it"), (WORDS.trouble(other), NORTH))
    (row,) = views_of(window, lambda _: About(original=server)).view(NOON).servers
    assert server.name in row.duplicate


def test_a_server_that_waits_for_a_click_has_a_card() -> None:
    """By its name, or its address."""
    held = {NORTH: "", SOUTH: "south"}
    window = new_window()
    views = Views(window, WORDS, str, Files(), Known(held=held), TaskSearch(window, WORDS))
    rows = views.view(NOON).servers
    assert [(row.name, row.is_held, row.tone) for row in rows] == [
        ("north:8188", True, "plain"),
        ("south", True, "plain"),
    ]


def test_a_blocked_socket_is_said_on_the_card() -> None:
    """And what a token in a header has to do with it."""
    window = new_window()
    window.server(NORTH, NOON).connection.is_blocked = True
    access = Access(Mode.BEARER, "s3cret")
    (plain,) = views_of(window).view(NOON).servers
    (token,) = views_of(window, lambda _: About(access)).view(NOON).servers
    assert "WebSocket blocked" in plain.socket
    assert "/ws" in token.socket


def test_a_card_tells_how_long_it_has_taken_and_how_long_its_like_take() -> None:
    """Queued: its place; running: the seconds; ended: what it took."""
    window = new_window(places=9)
    server = window.server(NORTH, NOON)
    done = bound_task(window, server, *RUNNING, number=1)
    done.started_at = NOON
    window.end(done, State.COMPLETED, NOON + 12, "socket", None)
    running = bound_task(window, server, *RUNNING, number=2)
    running.started_at = NOON + 20
    first = bound_task(window, server, *QUEUED, number=3)
    second = bound_task(window, server, *QUEUED, number=4)
    first.accepted_at = second.accepted_at = NOON
    first.acknowledged_at, second.acknowledged_at = NOON + 21, NOON + 22
    server.note_queue(4, NOON)
    rows = {row.task_id: row for row in views_of(window).view(NOON + 25).tasks.rows}
    assert rows[done.task_id].timing == "took 12 s"
    assert rows[running.task_id].timing == "running for 5 s · usually 12 s"
    assert rows[first.task_id].timing == "2 ahead · waiting for 25 s · usually 12 s"
    assert rows[second.task_id].timing == "3 ahead · waiting for 25 s · usually 12 s"
    first.ahead = 1  # the list knows that somebody else's came behind it
    rows = {row.task_id: row for row in views_of(window).view(NOON + 25).tasks.rows}
    assert rows[first.task_id].timing.startswith("1 ahead")
    server.queue_remaining, first.ahead = None, None
    rows = {row.task_id: row for row in views_of(window).view(NOON + 25).tasks.rows}
    assert rows[first.task_id].timing.startswith("waiting for 25 s")


def test_a_task_that_stands_still_says_what_was_checked() -> None:
    """Instead of standing at 52.25 %."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *RUNNING)
    task.started_at = task.advanced_at = NOON
    views = views_of(window)
    assert views.view(NOON + 60).tasks.rows[0].stuck == ""
    told = views.view(NOON + 300).tasks.rows[0].stuck
    unheard = "Live updates: not connected. Last message about this task: never."
    assert told == f"No progress for 5 min. {unheard}"
    server.connection.connect()
    server.connection.greeted(1)
    task.last_frame_at, task.last_listed_at = NOON + 2, NOON + 298
    told = views.view(NOON + 300).tasks.rows[0].stuck
    assert "Live updates: connected. Last message about this task: noon+2." in told
    assert "At noon+298, north:8188 still had the task." in told
    done = bound_task(window, server, *RUNNING, number=2)
    done.started_at = NOON
    window.end(done, State.COMPLETED, NOON + 10, "socket", None)
    server.failed(Reach.DOWN, Trouble.of("server_slow", server="north"), NOON + 200)
    told = views.view(NOON + 300).tasks.rows[0].stuck
    assert "Tasks like it usually take 10 s." in told
    assert "still had the task" not in told and "north" in told
    server.trouble = None
    assert "north:8188" in views.view(NOON + 300).tasks.rows[0].stuck


def test_a_server_tells_its_figures_with_their_age() -> None:
    """And when a new task would be done there; paused, it says so and tells no wait."""
    window = new_window()
    server = window.server(NORTH, NOON)
    views = views_of(window)
    (row,) = views.view(NOON).servers
    assert (row.figures, row.wait) == ("", "")
    server.answered()
    assert views.view(NOON).servers[0].figures == ""
    server.facts = ServerFacts("0.28.1", "cuda:0", 3 * 2**30, 24 * 2**30)
    server.latency = 0.0042
    server.note_queue(2, NOON + 3)
    done = bound_task(window, server, *RUNNING)
    window.end(done, State.COMPLETED, NOON, "socket", None)
    done.ran = 10.0
    (row,) = views.view(NOON).servers
    assert row.figures == "answers in 4 ms · 3.0 of 24.0 GB memory free · as of noon+3"
    assert row.wait == "a new task would be done in about 30 s"
    server.is_paused = True
    (row,) = views.view(NOON).servers
    assert (row.state, row.wait, row.is_paused) == ("paused", "", True)


def test_a_lost_task_that_was_run_again_does_not_ask_for_it_once_more() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, State.UPLOADING, State.POSTING, State.QUEUED)
    window.end(task, State.LOST, NOON, "record", Trouble.of("lost", server="north"))
    assert "Run it again" in views_of(window).view(NOON).tasks.rows[0].trouble
    task.is_run_again = True
    told = views_of(window).view(NOON).tasks.rows[0].trouble
    assert "A new task was started" in told and "Run it again" not in told


def test_a_server_in_which_the_doctor_found_nothing_says_so() -> None:
    window = new_window()
    window.server(NORTH, NOON)
    about = About(examined_at=NOON)
    (row,) = views_of(window, lambda _: about).view(NOON).servers
    assert row.well.endswith(": no problem found.")
    about = About(examined_at=NOON, causes=(Trouble.of("doctor_slow", server="north", cure=""),))
    (row,) = views_of(window, lambda _: about).view(NOON).servers
    assert row.well.startswith("Checked at")


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


def test_a_task_says_that_its_server_is_paused_or_silent() -> None:
    """Rather than waiting for ever, or running on as if all were well."""
    window = new_window()
    north, south = window.server(NORTH, NOON), window.server(SOUTH, NOON)
    waiting_task(window, 1, pinned=NORTH)
    waiting_task(window, 2)
    running = bound_task(window, south, *RUNNING, number=3)
    north.is_paused = True

    def told() -> dict[str, str]:
        return {row.task_id: row.trouble for row in views_of(window).view(NOON).tasks.rows}

    assert told()["t1"].startswith("Waiting because north:8188 is paused.")
    assert told()["t2"] == told()[running.task_id] == ""
    south.is_paused = True
    assert told()["t2"].startswith("Waiting because north:8188, south:8188 is paused.")
    south.failed(Reach.DOWN, Trouble.of("server_silent", server="south"), NOON)
    assert told()[running.task_id].startswith("south:8188 doesn't answer at the moment.")


def test_a_task_says_that_it_waits_for_a_server_in_vain() -> None:
    """One that can't be used, or is gone; until it can be used again."""
    window = new_window()
    north = window.server(NORTH, NOON)
    window.server(SOUTH, NOON)
    waiting_task(window, 1, pinned=NORTH)

    def row() -> TaskRow:
        return views_of(window).view(NOON).tasks.rows[0]

    assert row().trouble == ""
    north.failed(Reach.DOWN, Trouble.of("server_silent", server="north"), NOON)
    assert row().trouble.startswith("north:8188 can't be used now. This task starts as soon")
    assert row().state_text == "waiting for north:8188, which can't be used now"
    window.forget(north)
    assert row().trouble == ""
    assert row().state_text == "waiting for north:8188, which can't be used now"


def test_ended_tasks_learn_the_names_of_their_servers() -> None:
    """After a reload the tasks are there before the servers are."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *RUNNING)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    views = views_of(window)
    assert views.view(NOON).tasks.rows[0].server == "north:8188"
    server.name = "gpu-1"
    assert views.view(NOON).tasks.rows[0].server == "gpu-1"
    window.forget(server)
    assert views.view(NOON).tasks.rows[0].server == "gpu-1"


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


def test_both_cards_of_a_task_that_moved_say_so() -> None:
    """The old one for good, the new one until it has ended."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    take_out(window, task, NOON)

    def told() -> list[str]:
        return [row.trouble for row in views_of(window).view(NOON).tasks.rows]

    assert told()[0].startswith("Another server is idle: this task is being taken out")
    resubmit(window, task, north, NOON)
    old, new = told()
    assert "one that was taken out of the queue of north:8188" in new
    assert "waited on north:8188 while another server was idle" in old
    del window.servers[NORTH]
    assert f"out of the queue of {NORTH}" in told()[1]
    window.dismiss(task)
    assert told() == [""]


def test_a_server_that_was_lost_shows_no_figures_of_before() -> None:
    """Its socket closed, and it may have restarted: they come back with its next answer."""
    window = new_window()
    server = window.server(NORTH, NOON)
    bound_task(window, server, *RUNNING)
    server.answered()
    server.latency = 0.01
    server.connection.connect()
    server.connection.greeted(1)
    server.note_queue(2, NOON)
    views = views_of(window)
    row = views.view(NOON).servers[0]
    assert (row.state, row.queue) == ("ready", "2 in queue")
    assert row.figures == "answers in 10 ms · as of noon+0"

    server.connection.closed(1)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == ("plain", "checking…", "")
    assert (row.socket, row.figures) == ("live updates lost, reconnecting", "")

    server.failed(Reach.DOWN, Trouble.of("server_silent", server="north"), NOON + 1)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == ("bad", "no answer", "")
    assert row.ours == "1 from this window"

    server.answered()
    server.note_queue(0, NOON + 2)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == (
        "good",
        "ready",
        "0 in queue",
    )


def test_a_running_task_that_its_server_cannot_stop_says_so() -> None:
    """One that makes ids itself would stop whatever runs; before it runs, it can be taken out."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *QUEUED)
    window.rename_prompt(task, PromptId("theirs"))
    task.is_cancel_wanted = True
    assert views_of(window).view(NOON).tasks.rows[0].trouble == ""
    window.move(task, State.RUNNING)
    assert "too old to stop one task alone" in views_of(window).view(NOON).tasks.rows[0].trouble


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
