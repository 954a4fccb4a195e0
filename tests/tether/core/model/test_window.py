"""All that one browser tab holds."""

from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    bound_task,
    new_task,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import NodeId, PromptId, TaskId, WindowId
from tether.core.model.server import Use
from tether.core.model.task import ASKED_APART, FIRST_TURNS, State
from tether.core.model.window import NOTICES, Changes
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.tracking.frames import task_of
from tether.core.windows.peers import REPORT_LIFETIME, PeerReport, WaitingTask

WHY = Trouble.of("server_silent", server="north")


def test_a_server_keeps_its_client_id_while_the_window_lives() -> None:
    """Its tasks were posted under that id; another server has another."""
    window = new_window()
    north, south = window.server(NORTH, NOON), window.server(SOUTH, NOON)
    assert window.server(NORTH, NOON + 1) is north
    assert window.pending.are_connections_due
    assert north.connection.client_id != south.connection.client_id
    del window.servers[NORTH]
    again = window.server(NORTH, NOON + 9)
    assert again is not north
    assert again.connection.client_id == north.connection.client_id


def test_a_server_that_comes_back_numbers_its_attempts_on() -> None:
    """Or the late close of a socket from before would be taken for its successor's."""
    window = new_window()
    window.server(NORTH, NOON).connection.connect()
    del window.servers[NORTH]
    assert window.server(NORTH, NOON).connection.attempt == 1


def test_a_task_takes_its_way_through_the_window() -> None:
    """It waits, is bound and locks its server, and unlocks it at its end."""
    window = new_window(places=1)
    north = window.server(NORTH, NOON)
    task = waiting_task(window)
    assert window.pending.is_fill_due
    assert list(window.waiting) == [task.task_id]

    window.bind(task, north, NOON)
    assert (task.state, task.server, task.bound_at) == (State.CONNECTING, NORTH, NOON)
    assert task.client_id == north.connection.client_id
    assert (window.waiting, window.bound_to(NORTH), window.bound_to(SOUTH)) == ({}, (task,), ())
    assert window.locks.server_of(task.prompt_id) == NORTH

    window.pending.unsaved.clear()
    window.move(task, State.POSTING)
    assert window.pending.unsaved == {task.task_id}

    window.pending.is_fill_due = False
    window.end(task, State.COMPLETED, NOON + 5, "socket", None)
    assert (task.ended_at, task.ended_by) == (NOON + 5, "socket")
    assert window.pending.is_fill_due
    assert window.locks.report() is None
    assert list(window.ended()) == [task]


def test_a_task_taken_back_keeps_its_turn() -> None:
    """In whatever order tasks come back, the first accepted is the first again."""
    window = new_window()
    north = window.server(NORTH, NOON)
    first, second = bound_task(window, north, number=1), bound_task(window, north, number=2)
    third = waiting_task(window, 3)
    window.pending.is_fill_due = False
    window.unbind(first, WHY)
    window.unbind(second, WHY)
    assert list(window.waiting.values()) == [first, second, third]
    assert first.note == WHY
    assert window.pending.is_fill_due
    assert window.locks.report() is None


def test_work_done_once_more_waits_where_the_list_shows_it() -> None:
    """Beside what it repeats: losses may be found in any order, and run in that of the first."""
    window = new_window()
    third, fourth = waiting_task(window, 3), waiting_task(window, 4)
    for number in (2, 1):
        again = new_task(number)
        again.accepted_at = NOON + 60 - number
        window.add(again)
    numbers = [round((task.asked_at - NOON) * 1000) for task in window.waiting.values()]
    assert numbers == [1, 2, 3, 4]
    assert list(window.waiting.values())[2:] == [third, fourth]


def test_a_pause_takes_back_that_all_is_sent() -> None:
    """Once it is over, tasks go as usual."""
    window = new_window()
    waiting_task(window)
    window.send_all()
    window.pending.is_fill_due = False
    window.pause_all(is_paused=True)
    assert (window.is_paused, window.is_sending_all) == (True, False)
    assert window.pending.is_fill_due
    window.pause_all(is_paused=False)
    window.send_all()
    window.pause_all(is_paused=False)
    assert (window.is_paused, window.is_sending_all) == (False, True)


def test_who_is_put_first_goes_first_in_that_order() -> None:
    """Its place on the sheet stays; what doesn't wait is left out."""
    window = new_window()
    bound = bound_task(window, window.server(NORTH, NOON), number=9)
    tasks = [waiting_task(window, number) for number in range(1, 5)]
    places = [task.asked_at for task in tasks]
    window.pending.unsaved.clear()
    window.pending.is_fill_due = False
    window.reorder((TaskId(each) for each in ("t4", "t9", "unknown", "t2")), None, NOON)
    assert list(window.waiting) == ["t4", "t2", "t1", "t3"]
    assert window.pending.unsaved == {"t4", "t2"}
    assert window.pending.is_fill_due
    assert [task.asked_at for task in tasks] == places
    window.reorder([TaskId("t3")], None, NOON)
    assert all(window.tasks[TaskId(each)].turn < FIRST_TURNS for each in ("t2", "t3", "t4"))
    window.unbind(bound, WHY)
    assert list(window.waiting) == ["t3", "t4", "t2", "t1", "t9"]
    for task in tuple(window.waiting.values()):
        window.end(task, State.CANCELLED, NOON, "here", None)
    window.reorder([TaskId("t1")], None, NOON)
    assert window.waiting == {}


def test_a_task_is_waited_for_until_its_result_is_known() -> None:
    """A record may name none."""
    window = new_window()
    place = UploadPlace(NodeId("1"), "image", "picture")
    second, odd = new_task(2), new_task(3)
    second.after, second.takes, odd.takes = TaskId("t1"), (place,), (place,)
    window.add(second)
    window.add(odd)
    assert window.waited_for() == {TaskId("t1")}
    output = Output(NodeId("3"), "image", "a.png")
    second.source = ResultSource(NORTH, PromptId("p"), output, place)
    assert window.waited_for() == set()


def test_a_task_may_go_to_any_server_instead() -> None:
    """Its record says so, and servers are looked for at once."""
    window = new_window()
    task = waiting_task(window, pinned=NORTH)
    assert task.note is not None
    window.pending.unsaved.clear()
    window.pending.is_fill_due = False
    window.unpin(task)
    assert (task.pinned, task.note) == (None, None)
    assert (window.pending.unsaved, window.pending.is_fill_due) == ({task.task_id}, True)


def test_who_is_put_first_goes_before_what_another_window_put_first() -> None:
    """As far as it has reported that lately."""
    window = new_window()
    task = waiting_task(window)
    theirs = WaitingTask(NOON, TaskId("theirs"), None, "", 7.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (theirs,), {}))
    window.reorder([task.task_id], None, NOON + REPORT_LIFETIME)
    assert 7.0 < task.turn < FIRST_TURNS
    window.reorder([task.task_id], None, NOON)
    assert task.turn < 7.0


def test_tasks_go_right_behind_another() -> None:
    """They keep their order, and others theirs; what was sent meanwhile still marks a place."""
    window = new_window()
    bound = bound_task(window, window.server(NORTH, NOON), number=0)
    for number in range(1, 6):
        waiting_task(window, number)

    def moved(after: str, *names: str) -> str:
        window.pending.unsaved.clear()
        window.reorder(map(TaskId, names), TaskId(after), NOON)
        return " ".join(window.waiting)

    assert moved("t2", "t5", "t4") == "t1 t2 t5 t4 t3"
    assert window.pending.unsaved >= {"t5", "t4"}
    assert moved("t3", "t1") == "t2 t5 t4 t3 t1"
    assert window.pending.unsaved == {"t1"}
    assert window.tasks[TaskId("t1")].turn > FIRST_TURNS
    for after in ("unknown", "t2"):
        assert moved(after, "t2") == "t2 t5 t4 t3 t1"
        assert not window.pending.unsaved
    assert moved(bound.task_id, "t3") == "t3 t2 t5 t4 t1"


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_however_often_tasks_are_moved_each_has_a_turn_of_its_own(
    moves: list[tuple[int, int]],
) -> None:
    """Its number has room for that: the order stays what was wished for."""
    window = new_window()
    names = [waiting_task(window, number).task_id for number in range(1, 6)]
    for number, task_id in enumerate(names):
        window.tasks[task_id].turn = NOON + number * ASKED_APART
    for which, behind in moves:
        task_id, anchor = names[which % 5], (names[behind] if behind < 5 else None)
        expected = [each for each in window.waiting if each != task_id]
        if anchor == task_id:
            expected = list(window.waiting)
        else:
            expected.insert(expected.index(anchor) + 1 if anchor else 0, task_id)
        window.reorder([task_id], anchor, NOON)
        assert list(window.waiting) == expected
        turns = [task.turn for task in window.waiting.values()]
        assert turns == sorted(set(turns))


def test_a_task_that_waits_can_end() -> None:
    """It holds no place and no lock."""
    window = new_window()
    task = waiting_task(window)
    window.end(task, State.FAILED, NOON, "here", WHY)
    assert window.waiting == {}
    assert task.trouble == WHY


def test_servers_stand_in_the_order_in_which_they_are_used() -> None:
    """A reload knows those first that have its tasks; then comes the list of all."""
    window = new_window()
    window.server(SOUTH, NOON).use = Use.REMOVED
    window.use(NORTH, "", NOON)
    window.use(SOUTH, "", NOON)
    assert list(window.servers) == [NORTH, SOUTH]
    window.use(NORTH, "Attic", NOON)
    assert list(window.servers) == [NORTH, SOUTH]


def test_a_restored_task_takes_its_place() -> None:
    """Waiting, at its server, or ended."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *RUNNING)
    done = bound_task(window, north, *RUNNING, number=2)
    window.end(done, State.COMPLETED, NOON, "socket", None)

    restored = new_window()
    restored.pending.is_fill_due = False
    restored.add(task)
    restored.add(done)
    assert restored.bound_to(NORTH) == (task,)
    assert restored.waiting == {}
    assert not restored.pending.is_fill_due


def test_a_task_pinned_to_a_server_that_is_not_there_says_so() -> None:
    """It waits for that server, and starts when the server comes."""
    window = new_window()
    orphan = waiting_task(window, 1, pinned=NORTH)
    other = waiting_task(window, 2)
    assert orphan.note == Trouble.of("pinned_gone", server=NORTH)
    assert other.note is None

    window.pending.is_fill_due = False
    north = window.use(NORTH, "Attic", NOON)
    assert (north.name, orphan.note) == ("Attic", None)
    assert window.pending.is_fill_due

    window.pending.are_connections_due = False
    window.remove(north)
    assert window.pending.are_connections_due
    assert north.is_leaving
    assert orphan.note == Trouble.of("pinned_gone", server="Attic")
    assert other.note is None
    late = waiting_task(window, 3, pinned=NORTH)
    assert late.note == Trouble.of("pinned_gone", server="Attic")
    assert window.use(NORTH, "", NOON).name == "north:8188"
    assert not north.is_leaving
    assert waiting_task(window, 4, pinned=NORTH).note is None


def test_a_dismissed_task_is_forgotten_with_what_only_it_needed() -> None:
    """A workflow stays as long as some task has it."""
    window = new_window()
    first, second = waiting_task(window, 1), waiting_task(window, 2)
    window.end(first, State.CANCELLED, NOON, "here", None)
    window.dismiss(first)
    assert list(window.tasks) == [second.task_id]
    assert INVERT in window.workflows
    window.end(second, State.CANCELLED, NOON, "here", None)
    window.dismiss(second)
    assert window.workflows == {}
    assert window.pending.unsaved == {first.task_id, second.task_id}


def test_request_ids_never_repeat_and_notices_never_pile_up() -> None:
    """A window lives for weeks."""
    window = new_window()
    assert len({window.next_request() for _ in range(100)}) == 100
    window.notices.extend(WHY for _ in range(100))
    assert len(window.notices) == NOTICES


def test_a_task_goes_by_the_name_that_its_server_gave_it() -> None:
    """For frames, for its lock, and in its record."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    own, given = task.prompt_id, PromptId("given")
    window.pending.unsaved.clear()
    window.rename_prompt(task, given)
    assert (task_of(window, NORTH, given), task_of(window, NORTH, own)) == (task, None)
    assert (window.by_prompt(given), window.by_prompt(own)) == (task, None)
    assert window.locks.server_of(given) == NORTH
    assert window.pending.unsaved == {task.task_id}
    window.rename_prompt(task, PromptId("again"))
    assert task.sent_as == own


def test_what_is_on_its_way_is_no_part_of_a_servers_own_number() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    waiting_task(window, 1)
    for number, states in enumerate(((), ON_THE_WAY, UNKNOWN, QUEUED, RUNNING), start=2):
        bound_task(window, north, *states, number=number)
    assert window.in_transit(NORTH) == 2
    assert window.by_prompt(window.tasks[TaskId("t1")].prompt_id)
    assert window.by_prompt("nobody") is None


def test_nobody_is_in_a_hurry_for_nothing() -> None:
    """Only tasks that wait can be sent."""
    window = new_window()
    window.send_all()
    assert not window.is_sending_all
    waiting_task(window)
    window.send_all()
    assert window.is_sending_all
    assert window.pending.is_fill_due


def test_work_that_was_given_up_stays_away_from_where_it_may_still_be_done() -> None:
    """Until that is over."""
    window = new_window()
    original = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    again = waiting_task(window, 2)
    assert window.abandoned_at(again) is None
    again.again_of = original.task_id
    assert window.abandoned_at(again) == NORTH
    window.end(original, State.CANCELLED, NOON, "record", None)
    assert window.abandoned_at(again) is None


def test_a_window_can_become_another_client_of_a_server() -> None:
    """From the next socket on, and over reloads; its tasks keep the name they were sent under."""
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    before = north.connection.client_id
    window.pending.are_connections_due = False
    window.renew_client_id(north, NOON + 60)
    assert before == task.client_id != north.connection.client_id
    assert window.client_ids[NORTH] == north.connection.client_id
    assert north.connection.client_id.endswith(window.window_id)
    assert window.pending.are_connections_due


def test_changes_are_taken_once() -> None:
    """Whoever takes them tells all others."""
    window = new_window()
    window.pending.saved.add(TaskId("one"))
    window.pending.gauges |= {TaskId("one"), TaskId("two")}
    window.pending.are_servers_changed = True
    one, two = TaskId("one"), TaskId("two")
    assert window.pending.take() == Changes(frozenset({one}), frozenset({one, two}), True)
    assert not any(window.pending.take())


def test_a_paused_server_gets_no_task_until_it_goes_on() -> None:
    """The dispatcher is to look, and followers are told."""
    window = new_window()
    north = window.server(NORTH, NOON)
    for is_paused in (True, False):
        window.pending.take()
        window.pending.is_fill_due = False
        window.pause(north, is_paused)
        assert north.takes_tasks != is_paused
        assert window.pending.is_fill_due and window.pending.take().servers


def test_a_server_that_is_forgotten_is_gone() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *RUNNING)
    other = bound_task(window, window.server(SOUTH, NOON), *RUNNING, number=2)
    for each in (task, other):
        window.end(each, State.COMPLETED, NOON, "socket", None)
    window.pending.take()
    north.name = "gpu-1"
    window.forget(north)
    assert list(window.servers) == [SOUTH]
    assert (task.server_name, other.server_name) == ("gpu-1", "")
    assert [window.server_name(each) for each in (task, other)] == ["gpu-1", "south:8188"]
    waits = waiting_task(window, 3)
    assert window.server_name(waits) == ""
    waits.pinned = SOUTH
    assert window.server_name(waits) == "south:8188"
    assert window.pending.unsaved >= {task.task_id}
    assert window.pending.take().servers


def test_a_task_that_waits_for_another_stands_in_no_queue_until_it_may() -> None:
    """Those behind it go first; then it has the turn that it was accepted with."""
    window = new_window()
    first, second = new_task(1), new_task(2)
    second.after = first.task_id
    second.takes = (UploadPlace(NodeId("1"), "image", "picture"),)
    later = new_task(3)
    for task in (first, second, later):
        window.add(task)
    assert list(window.waiting) == ["t1", "t3"]
    assert list(window.following) == ["t2"]
    assert list(window.live) == ["t1", "t2", "t3"]
    window.pending.is_fill_due = False
    window.admit(second)
    assert list(window.waiting) == ["t1", "t2", "t3"]
    assert window.following == {}
    assert window.pending.is_fill_due


def test_when_nothing_waits_for_a_task_any_more_its_record_says_so() -> None:
    """Until then, whoever takes over its window needs it, though it has failed."""
    window = new_window()
    first, second = waiting_task(window, 1), new_task(2)
    second.after = first.task_id
    second.takes = (UploadPlace(NodeId("1"), "image", "picture"),)
    window.add(second)
    window.end(first, State.FAILED, NOON, "here", None)
    window.pending.unsaved.clear()
    window.end(second, State.CANCELLED, NOON, "here", None)
    assert window.following == {}
    assert window.pending.unsaved == {"t1", "t2"}
