"""What the page shows of a task."""

from page.tasks.row import TaskRow
from tests.page.test_view import views_of
from tests.tether.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    bound_task,
    new_task,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import Digest, NodeId, PromptId, TaskId
from tether.core.model.server import Reach
from tether.core.model.task import State
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.submission.withdrawal import resubmit, take_out


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
    assert row.can_run_again
    (image, address, name), text = row.results
    assert (image, name) == ("image", "a b.png")
    assert address == f"{NORTH}/a b.png"
    assert text == ("text", "<i>hello</i>", "")
    assert row.is_direct
    assert (row.overall, row.can_dismiss) == (1.0, True)
    assert views.view(NOON).tasks.rows[0] is row
    task.has_files = False
    assert not views.view(NOON).tasks.rows[0].can_run_again, "its files were let go meanwhile"
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


def test_a_lost_task_that_was_run_again_does_not_ask_for_it_once_more() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, State.UPLOADING, State.POSTING, State.QUEUED)
    window.end(task, State.LOST, NOON, "record", Trouble.of("lost", server="north"))
    assert "Run it again" in views_of(window).view(NOON).tasks.rows[0].trouble
    task.is_run_again = True
    told = views_of(window).view(NOON).tasks.rows[0].trouble
    assert "A new task was started" in told and "Run it again" not in told


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


def test_a_task_that_is_cancelled_at_a_silent_server_can_be_let_go() -> None:
    """It says what a second press does, and that it may still run there."""
    window = new_window()
    server = window.server(NORTH, NOON)
    task = bound_task(window, server, *RUNNING)
    task.is_cancel_wanted = True
    assert not views_of(window).view(NOON).tasks.rows[0].can_cancel
    server.is_long_silent = True
    row = views_of(window).view(NOON).tasks.rows[0]
    assert row.can_cancel
    assert "Press Cancel again to let the task go" in row.trouble
    task.note = Trouble.of("given_up", server="gpu-1")
    row = views_of(window).view(NOON).tasks.rows[0]
    assert row.can_cancel
    assert "a new task runs on another server" in row.trouble


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


def test_a_task_that_follows_another_says_so_and_what_to_do_when_that_failed() -> None:
    """Then from where its file comes; once ended, it says its end."""
    window = new_window()
    first = bound_task(window, window.use(NORTH, "north", NOON), *RUNNING)
    first.title = "a.png · {invert}"
    second = new_task(2, pictures=0)
    second.after = first.task_id
    second.takes = (UploadPlace(NodeId("1"), "image", "picture"),)
    window.add(second)
    views = views_of(window)

    def told() -> tuple[str, str]:
        row = next(row for row in views.view(NOON).tasks.rows if row.task_id == "t2")
        return row.state_text, row.trouble

    after = "after “a.png · Invert colours”"
    assert told() == (after, "")
    window.end(first, State.FAILED, NOON, "socket", None)
    assert told()[0] == after
    assert told()[1].startswith("Waits for “a.png · Invert colours”, which failed. Run that again")
    output = Output(NodeId("3"), "image", "inv.png")
    second.source = ResultSource(NORTH, first.prompt_id, output, second.takes[0])
    assert told() == ("fetching what it needs from north", "")
    second.source = second.source._replace(server=SOUTH)
    second.note = Trouble.of("after_unreachable", server="south")
    assert told()[0] == "fetching what it needs from south:8188"
    assert told()[1].startswith("south can't give")
    window.end(second, State.FAILED, NOON, "here", Trouble.of("after_removed"))
    assert told()[0] == "failed"
    assert told()[1].startswith("The task whose result")


def test_a_task_whose_predecessor_is_gone_can_be_shown() -> None:
    """For the moment until it fails."""
    window = new_window()
    task = new_task(2)
    task.after, task.takes = TaskId("t1"), (UploadPlace(NodeId("1"), "image", "picture"),)
    window.add(task)
    assert views_of(window).view(NOON).tasks.rows[0].state_text == "after “”"
