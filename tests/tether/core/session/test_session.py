"""One window's session: the way of its tasks, told as stories."""

import json

import pytest

from tests.tether.core.farm import NOON, NORTH, SOUTH, all_of, asked, greeting, one
from tests.tether.core.model_server import ModelServer, Socket
from tests.tether.core.world import Call, World
from tether.core.commands import (
    Broadcast,
    LoadWorkflow,
    OpenSocket,
    ReleaseFiles,
    SaveEntry,
    SaveRecord,
    StartTimer,
)
from tether.core.errors import Trouble
from tether.core.events import (
    AimChanged,
    Answered,
    BinaryReceived,
    CancelRequested,
    CollectRequested,
    FetchFailed,
    FrameReceived,
    PageChange,
    PageChanged,
    PreviewsChosen,
    QueueOrdered,
    QueuePaused,
    RebalancingChosen,
    ResultFetched,
    ResultsKept,
    SendAllRequested,
    ServerAdded,
    ServerPaused,
    ServerRemoved,
    SocketClosed,
    StorageCleared,
    StorageFailed,
    SubstitutesChanged,
    TaskDismissed,
    TasksOrphaned,
    TaskUnpinned,
    TimerFired,
    WorkflowLoaded,
)
from tether.core.ids import Digest, OwnerTag, ServerUrl, TaskId, WindowId
from tether.core.model.connection import Phase
from tether.core.model.health import only_here
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.protocol.requests import Ask, Owner
from tether.core.session.session import FIRED_AGAIN, LINGER
from tether.core.session.snapshot import write_task
from tether.core.timers import (
    ConnectionTimer,
    FetchTimer,
    LingerTimer,
    PollTimer,
    RebalanceTimer,
    RecheckTimer,
    ReportTimer,
    SocketTimer,
    TurnTimer,
)
from tether.core.windows.ledger import Entry
from tether.core.windows.peers import BroadcastReceived, PeerReport, write_report

KNOWN = Digest("known")


def two_servers(places: int = 2, seed: int = 0) -> World:
    """A window with two servers, both idle."""
    world = World(ModelServer(NORTH), ModelServer(SOUTH), places=places, seed=seed)
    world.live(1)
    return world


def one_server() -> World:
    """A window with one."""
    world = World(ModelServer(NORTH))
    world.live(1)
    return world


def call_for(world: World, ask: Ask) -> Call:
    """The call under way that asks for this."""
    (call,) = [call for call in world.calls.values() if call.request.ask is ask]
    return call


def reach(world: World, task: Task, state: State) -> None:
    """Let all work until a task stands there."""
    for _ in range(100):
        if task.state is state:
            return
        for call in list(world.calls.values()):
            world.reply(call)
            if task.state is state:
                return
        for socket in list(world.sockets.values()):
            world.open(socket)
            if not task.acknowledged_at:
                world.hear(socket)
        if task.acknowledged_at:
            world.servers[NORTH].work()
            for socket in list(world.sockets.values()):
                world.hear(socket)
    raise AssertionError(task.state)


def socket_to(world: World, server: ServerUrl) -> Socket:
    """The socket to a server."""
    (socket,) = [socket for socket in world.sockets.values() if socket.server == server]
    return socket


def test_four_tasks_on_two_servers_are_heard_on_their_own_sockets() -> None:
    """Before any poll; and afterwards nothing is locked and nothing runs on."""
    world = two_servers()
    tasks = [world.accept() for _ in range(4)]
    world.live(5)
    assert {task.state for task in tasks} == {State.COMPLETED}
    assert {task.ended_by for task in tasks} == {"socket"}
    for server in (NORTH, SOUTH):
        own = {task.prompt_id for task in tasks if task.server == server}
        heard = {prompt for _, url, _, _, prompt in world.session.window.journal if url == server}
        assert len(own) == 2
        assert heard == own
    world.settle(within=30)


def test_more_tasks_than_places_wait_in_the_window() -> None:
    """And are bound one by one, as places come free."""
    world = two_servers(places=1)
    tasks = [world.accept() for _ in range(5)]
    world.live(0.5)
    assert [task.state is State.WAITING for task in tasks] == [False, False, True, True, True]
    world.settle(within=60)


def test_a_task_is_saved_before_it_is_posted() -> None:
    """In the very commands that post it, and before them."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.UPLOADING)
    told = world.reply(call_for(world, Ask.UPLOAD))
    record = next(c for c in told if isinstance(c, SaveRecord) and c.key == f"task:{task.task_id}")
    assert json.loads(record.text or "")["state"] == "posting"
    assert told.index(record) < told.index(one(told, Ask.POST))


def test_a_server_without_tasks_is_let_go_after_a_while() -> None:
    """The next task often goes there too."""
    world = one_server()
    task = world.accept()
    world.live(4)
    assert task.is_ended
    assert len(world.sockets) == 1

    # A second task within the time keeps the socket.
    world.pass_time(LINGER - 5)
    second = world.accept()
    world.live(4)
    assert second.is_ended
    assert socket_to(world, NORTH).attempt == 1
    world.pass_time(LINGER + 1)
    assert socket_to(world, NORTH).closing_since is not None
    world.settle(within=5)


def test_a_server_without_tasks_whose_socket_is_lost_is_asked_what_it_does() -> None:
    """Once; one with tasks is polled anyway, and a socket that was let go is no loss."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.RUNNING)
    before = {id(call) for call in world.calls.values()}
    world.close(socket_to(world, NORTH))
    fresh = [call for call in world.calls.values() if id(call) not in before]
    assert [call for call in fresh if call.request.ask is Ask.PROBE] == []
    world.live(6.0)
    assert task.is_ended
    world.close(socket_to(world, NORTH))
    assert call_for(world, Ask.PROBE).request.owner is Owner.REACHABILITY
    world.settle(within=60)


def test_a_linger_that_ends_under_a_task_closes_nothing() -> None:
    """It was started before the task came, and the task came by another server's removal."""
    world = two_servers()
    world.accept(pinned=NORTH)
    world.live(4)
    task = world.accept()
    (probe, _) = sorted(world.calls.values(), key=lambda call: call.request.server)
    world.reply(probe)
    assert task.state is State.WAITING
    world.happen(ServerRemoved(SOUTH))
    assert (task.server, task.state) == (NORTH, State.UPLOADING)
    assert LingerTimer(NORTH) in world.timers
    world.pass_time(LINGER)
    assert socket_to(world, NORTH).closing_since is None


@pytest.mark.parametrize(
    "state",
    [
        State.WAITING,
        State.CONNECTING,
        State.UPLOADING,
        State.POSTING,
        State.UNKNOWN,
        State.QUEUED,
        State.RUNNING,
    ],
)
@pytest.mark.parametrize("has_jobs", [True, False])
def test_a_reload_in_any_state_ends_well(state: State, has_jobs: bool) -> None:
    """Nothing runs twice, nothing is lost."""
    world = World(ModelServer(NORTH, has_jobs))
    world.live(1)
    task = world.accept()
    if state is State.UNKNOWN:
        reach(world, task, State.POSTING)
        world.fail(call_for(world, Ask.POST))
    else:
        reach(world, task, state)
    world.reload()
    world.settle(within=120)
    assert world.session.window.tasks[task.task_id].state is State.COMPLETED


def test_a_post_whose_answer_was_lost_is_found_in_the_books() -> None:
    """It has arrived, so it is not sent again."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.POSTING)
    call = call_for(world, Ask.POST)
    world.deliver(call)
    world.fail(call)
    assert task.state is State.UNKNOWN
    world.settle(within=30)
    assert (task.state, world.servers[NORTH].posts) == (State.COMPLETED, 1)


def test_a_post_that_never_arrived_is_sent_again() -> None:
    """To the same server, under the same id, when nothing can arrive any more."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.POSTING)
    world.fail(call_for(world, Ask.POST))
    world.live(29)
    assert task.state is State.UNKNOWN
    world.settle(within=30)
    assert (task.state, world.servers[NORTH].posts) == (State.COMPLETED, 1)


def test_blocked_sockets_keep_no_task_from_running() -> None:
    """Proxies do that: after ten seconds the task goes on by polling, and says so."""
    world = one_server()
    task = world.accept()
    notes = set()
    for _ in range(60):
        for call in list(world.calls.values()):
            world.reply(call)
        world.servers[NORTH].work()
        world.pass_time(0.5)
        notes.add(task.note and task.note.code)
    assert (task.state, task.ended_by) == (State.COMPLETED, "record")
    assert notes == {None, "by_polling"}
    world.settle(within=60)


def test_a_server_that_is_down_is_tried_until_it_is_up() -> None:
    """With growing pauses, and the task waits."""
    world = one_server()
    task = world.accept()
    for _ in range(100):
        for call in list(world.calls.values()):
            world.fail(call)
        world.pass_time(0.5)
    probes = asked(world.log, Ask.PROBE)
    assert 3 < len(probes) < 20
    assert task.state is State.WAITING
    assert world.session.window.servers[NORTH].reach is Reach.DOWN
    world.settle(within=60)


def test_the_end_that_passed_while_the_socket_was_away_is_found() -> None:
    """Nothing is replayed; the books know."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.RUNNING)
    world.close(socket_to(world, NORTH))
    for _ in range(9):
        world.servers[NORTH].work()
    world.settle(within=30)
    assert (task.state, task.ended_by) == (State.COMPLETED, "record")


@pytest.mark.parametrize(
    "state", [State.WAITING, State.CONNECTING, State.UPLOADING, State.POSTING, State.RUNNING]
)
def test_a_task_can_be_cancelled_wherever_it_stands(state: State) -> None:
    """It ends as cancelled, and the server has nothing of it left."""
    world = one_server()
    task = world.accept()
    reach(world, task, state)
    world.promises.wishes.add(task.task_id)
    world.happen(CancelRequested(task.task_id))
    world.settle(within=60)
    assert task.state is State.CANCELLED
    assert task.trouble is None


def test_a_server_that_is_removed_sees_its_tasks_to_their_end() -> None:
    """It takes no more, and goes when its socket is gone."""
    world = two_servers()
    task, pinned = world.accept(pinned=NORTH), None
    reach(world, task, State.RUNNING)
    world.happen(ServerRemoved(NORTH))
    pinned = world.accept(pinned=NORTH)
    assert pinned.note == Trouble.of("pinned_gone", server=NORTH)
    world.live(6)
    assert task.state is State.COMPLETED
    assert NORTH not in world.session.window.servers

    # It comes back, and the task that waited for it goes there.
    world.happen(ServerAdded(NORTH, "North"))
    world.settle(within=30)
    assert (pinned.server, pinned.state) == (NORTH, State.COMPLETED)


def test_an_address_is_corrected_under_a_task_that_was_chosen_for_it() -> None:
    """The task goes to the right one; what the wrong one has is seen to its end there."""
    world = two_servers()
    runs = world.accept(pinned=NORTH)
    reach(world, runs, State.RUNNING)
    wrong = ServerUrl("http://wrong:8188")
    world.servers[wrong] = ModelServer(wrong)
    world.happen(ServerAdded(wrong, "Attic"))
    world.happen(ServerPaused(wrong, True))
    waits = world.accept(pinned=wrong)
    world.live(2)
    assert waits.state is State.WAITING
    world.happen(ServerRemoved(wrong, SOUTH))
    world.happen(ServerAdded(SOUTH, "Attic"))
    late = world.accept(pinned=NORTH)
    world.happen(ServerRemoved(NORTH, SOUTH))
    world.settle(within=60)
    assert (runs.server, runs.state) == (NORTH, State.COMPLETED)
    assert (waits.server, waits.state, waits.note) == (SOUTH, State.COMPLETED, None)
    assert late.server == SOUTH


def test_a_removed_server_is_not_forgotten_before_its_socket() -> None:
    """Added again at once, it must not get a second socket under the same client id."""
    world = one_server()
    world.accept()
    world.live(4)
    first = socket_to(world, NORTH)
    world.happen(ServerRemoved(NORTH))
    world.happen(ServerAdded(NORTH, ""))
    task = world.accept()
    for call in list(world.calls.values()):
        world.reply(call)
    assert task.state is State.CONNECTING
    assert list(world.sockets.values()) == [first]
    world.close(first, 1000)
    world.settle(within=60)
    assert task.state is State.COMPLETED


def test_a_close_that_never_comes_lets_a_removed_server_go() -> None:
    """After three seconds."""
    world = one_server()
    world.accept()
    world.live(4)
    world.happen(ServerRemoved(NORTH))
    assert NORTH in world.session.window.servers
    world.pass_time(4)
    assert NORTH not in world.session.window.servers
    # What it still says is nobody's.
    assert world.happen(FrameReceived(NORTH, 1, greeting())) == ()
    assert world.happen(SocketClosed(NORTH, 1, 1006)) == ()


def test_a_server_removed_while_it_is_probed_stops_nobody() -> None:
    """The only probe of a round, and then its answer."""
    world = one_server()
    task = world.accept()
    probe = call_for(world, Ask.PROBE)
    world.happen(ServerRemoved(NORTH))
    assert NORTH not in world.session.window.servers
    world.reply(probe)
    world.servers[SOUTH] = ModelServer(SOUTH)
    world.happen(ServerAdded(SOUTH, ""))
    world.settle(within=30)
    assert task.server == SOUTH

    # The same, and no answer ever comes.
    world.happen(ServerRemoved(SOUTH))
    world.fail(Call(probe.request, world.now))
    assert world.session.window.servers == {}


def test_what_is_back_in_view_is_looked_at_at_once() -> None:
    """Delays end, queues are asked for, and the books of every task."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.RUNNING)
    world.close(socket_to(world, NORTH))
    north = world.session.window.servers[NORTH]
    north.retry_at = world.now + 30
    commands = world.happen(PageChanged(PageChange.VISIBLE))
    assert len(all_of(OpenSocket, commands)) == 1
    assert {request.ask for request in asked(commands)} == {Ask.PROBE, Ask.STATS, Ask.JOBS}
    assert north.retry_at == 0
    world.settle(within=30)


def test_a_page_is_hidden_until_it_comes_into_view() -> None:
    """A network that comes back shows it to nobody."""
    world = one_server()
    window = world.session.window
    for change, is_hidden in (
        (PageChange.ONLINE, False),
        (PageChange.HIDDEN, True),
        (PageChange.ONLINE, True),
        (PageChange.VISIBLE, False),
        (PageChange.HIDDEN, True),
        (PageChange.RESUMED, False),
    ):
        world.happen(PageChanged(change))
        assert window.is_hidden == is_hidden


def test_that_a_page_is_hidden_is_told_at_once() -> None:
    """The other windows of the browser can't wait for its next news."""
    world = one_server()
    world.session.window.peers.known.add(WindowId("other"))
    reach(world, world.accept(), State.QUEUED)
    (tell,) = all_of(Broadcast, world.happen(PageChanged(PageChange.HIDDEN)))
    assert json.loads(tell.text)["hidden"]


def test_windows_of_a_browser_tell_each_other_what_they_have() -> None:
    """A window that has never heard another says so once, at its start."""
    world = one_server()
    assert len(all_of(Broadcast, world.log)) == 1
    task = world.accept()
    assert len(all_of(Broadcast, world.log)) == 1
    other = write_report(WindowId("other"), PeerReport(world.now, (), {}))
    (told,) = all_of(Broadcast, world.happen(BroadcastReceived(other)))
    assert task.task_id in told.text
    assert ReportTimer() in world.timers
    assert all_of(Broadcast, world.happen(TimerFired(ReportTimer())))
    second = world.accept()
    assert second.task_id in all_of(Broadcast, world.log)[-1].text
    # When there is nothing left to tell, nothing goes on.
    world.settle(within=90)


def test_a_workflow_that_is_gone_ends_what_needs_it_and_nothing_else() -> None:
    """A task that its server has goes on; one that only waits has failed."""
    world = one_server()
    tasks = [world.accept() for _ in range(4)]
    reach(world, tasks[0], State.RUNNING)
    world.reload()
    world.load(is_there=False)
    window = world.session.window
    assert window.tasks[tasks[0].task_id].state is State.RUNNING
    assert window.tasks[tasks[3].task_id].state is State.FAILED
    trouble = window.tasks[tasks[3].task_id].trouble
    assert trouble is not None
    assert trouble.code == "workflow_gone"


def test_what_must_be_sent_again_and_is_gone_has_failed() -> None:
    """The server has it not, and nothing is left to send."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.POSTING)
    world.fail(call_for(world, Ask.POST))
    world.reload()
    world.loads.clear()
    world.live(31)
    again = world.session.window.tasks[task.task_id]
    while not world.loads:
        world.pass_time(0.5)
        for call in list(world.calls.values()):
            world.reply(call)
    assert again.state is State.UNKNOWN
    world.load(is_there=False)
    assert (again.state, again.ended_by) == (State.FAILED, "here")


def test_a_workflow_that_nobody_needs_is_not_kept() -> None:
    """It was being read when its last task ended."""
    world = one_server()
    world.happen(WorkflowLoaded(KNOWN, None))
    task = world.accept("odd")
    world.loads.append(KNOWN)
    world.load()
    assert list(world.session.window.workflows) == [task.digest]


def test_the_tasks_of_a_window_that_is_gone_are_seen_to_their_end() -> None:
    """Over HTTP: their frames go to a client id that is gone."""
    gone = one_server()
    running = gone.accept()
    reach(gone, running, State.RUNNING)
    waiting = gone.accept()
    ledger = [
        Entry(gone.session.window.window_id, 0, write_task(task), NOON)
        for task in (running, waiting)
    ]

    world = World(gone.servers[NORTH], seed=1)
    world.accepted |= gone.accepted
    world.now = gone.now
    world.happen(TasksOrphaned(tuple(ledger)))
    adopted = [world.session.window.tasks[task.task_id] for task in (running, waiting)]
    assert world.session.window.locks.server_of(running.prompt_id) == NORTH
    world.settle(within=60)
    assert {task.state for task in adopted} == {State.COMPLETED}
    assert adopted[0].ended_by == "record"


def test_all_is_sent_when_a_person_wants_to_leave() -> None:
    """More than the usual places; each ends well."""
    world = one_server()
    tasks = [world.accept() for _ in range(6)]
    world.live(1)
    assert only_here(world.session.window)
    world.happen(SendAllRequested())
    world.live(1)
    assert only_here(world.session.window) == 0
    assert all(task.acknowledged_at for task in tasks)
    world.settle(within=60)


def test_what_waited_for_its_turn_is_sent_with_all_others_at_once() -> None:
    """The press itself sends it: nothing else may happen for a while."""
    world = one_server()
    first = world.accept()
    reach(world, first, State.UPLOADING)
    world.pass_time(0.1)
    held = world.accept()
    for _ in range(20):
        for call in list(world.calls.values()):
            if call.request.task_id != first.task_id:
                world.reply(call)
    assert (first.state, held.state) == (State.UPLOADING, State.UPLOADING)
    world.accept()
    assert one(world.happen(SendAllRequested()), Ask.POST).task_id == held.task_id
    world.settle(within=60)


def test_a_pause_takes_back_that_all_is_to_be_sent() -> None:
    """And while it lasts, nobody can wish for that; other windows hear of it at once."""
    world = one_server()
    window = world.session.window
    window.peers.known.add(WindowId("other"))
    for _ in range(6):
        world.accept()
    world.happen(SendAllRequested())
    assert all_of(Broadcast, world.happen(QueuePaused(True)))
    assert not window.is_sending_all
    world.happen(SendAllRequested())
    assert not window.is_sending_all
    world.happen(QueuePaused(False))
    world.settle(within=60)


def test_an_owners_tasks_are_collected_in_another_window() -> None:
    """And seen to their end there."""
    sender = one_server()
    task = sender.accept()
    reach(sender, task, State.QUEUED)
    world = World(sender.servers[NORTH], seed=1)
    world.now = sender.now
    world.happen(CollectRequested(OwnerTag("0f")))
    (call,) = [each for each in world.calls.values() if each.request.ask is Ask.OWN_QUEUE]
    item = [1, task.prompt_id, {}, {"tether": {"owner": "0f"}}, []]
    call.answer = (200, {"queue_running": [], "queue_pending": [item]})
    world.accepted.add(TaskId(task.prompt_id))
    world.reply(call)
    world.settle(within=60)
    assert world.session.window.tasks[TaskId(task.prompt_id)].state is State.COMPLETED


def test_what_is_kept_is_noted_once_it_is_said() -> None:
    """Of a task that is gone from the list there is nothing to note."""
    world = World()
    task = world.accept()
    assert all_of(SaveRecord, world.happen(ResultsKept(task.task_id)))
    assert task.is_kept
    assert world.happen(ResultsKept(TaskId("gone"))) == ()


def test_only_an_ended_task_can_be_dismissed() -> None:
    """Anything else is still somebody's work."""
    world = World()
    task = world.accept()
    assert world.happen(TaskDismissed(task.task_id)) == ()
    world.happen(CancelRequested(task.task_id))
    assert ReleaseFiles(task.task_id) in world.happen(TaskDismissed(task.task_id))
    assert world.happen(TaskDismissed(task.task_id)) == ()
    assert world.happen(CancelRequested(task.task_id)) == ()


def test_what_the_browser_could_not_keep_is_told() -> None:
    """Work goes on."""
    world = one_server()
    trouble = Trouble.of("storage_full")
    world.happen(StorageFailed(trouble))
    assert list(world.session.window.notices) == [trouble]


def test_what_the_person_has_deleted_is_saved_again_and_told() -> None:
    """Tasks that servers have are followed, also by the next page."""
    world = one_server()
    task = world.accept()
    before = write_task(task)
    commands = world.happen(StorageCleared())
    (record,) = (each for each in all_of(SaveRecord, commands) if each.key.startswith("task:"))
    assert record.text != before, "it is later than what may have been missed"
    assert [each.task_id for each in all_of(SaveEntry, commands)] == [task.task_id]
    assert list(world.session.window.notices) == [Trouble.of("files_deleted")]


def test_events_of_what_is_not_there_change_nothing() -> None:
    """Late timers, sockets and previews of servers and tasks that are gone."""
    world = one_server()
    nowhere = ServerUrl("http://nowhere")
    for key in (
        ConnectionTimer(nowhere, 1),
        SocketTimer(TaskId("t9")),
        RecheckTimer(TaskId("t9")),
        TurnTimer(TaskId("t9")),
        PollTimer(nowhere),
    ):
        assert world.happen(TimerFired(key)) == ()
    assert world.happen(TimerFired(LingerTimer(nowhere))) == ()
    assert world.happen(BinaryReceived(nowhere, 1, b"", None)) == ()
    assert world.happen(ServerRemoved(nowhere)) == ()


def test_a_new_session_asks_for_the_workflows_it_needs() -> None:
    """Each once; and takes up its sockets and its looks before any event."""
    world = one_server()
    tasks = [world.accept() for _ in range(3)]
    reach(world, tasks[0], State.RUNNING)
    before = len(world.log)
    world.reload()
    commands = world.log[before:]
    assert all_of(LoadWorkflow, commands) == [LoadWorkflow(KNOWN)]
    assert len(all_of(OpenSocket, commands)) == 1
    assert len(asked(commands, Ask.JOBS)) == 1


def test_an_aimed_connection_stays_until_it_is_let_go() -> None:
    """Others are closed some time after their last task; the aim ends with the next lock too."""
    world = two_servers()
    world.happen(AimChanged(NORTH))
    world.live(1)
    north = world.session.window.servers[NORTH].connection
    assert north.phase is Phase.OPEN
    world.live(3 * LINGER)
    assert north.phase is Phase.OPEN and world.session.window.aimed == NORTH
    world.happen(AimChanged(None))
    world.live(LINGER + 2)
    assert north.phase is Phase.IDLE


def test_an_aim_keeps_a_connection_that_was_about_to_go() -> None:
    """Its last task has ended, and its time runs."""
    world = two_servers()
    world.happen(AimChanged(NORTH))
    world.live(1)
    world.happen(AimChanged(None))
    world.live(LINGER / 2)
    world.happen(AimChanged(NORTH))
    world.live(2 * LINGER)
    assert world.session.window.servers[NORTH].connection.phase is Phase.OPEN


def test_names_that_stand_for_others_go_to_the_servers_inventory() -> None:
    """A server that was asked anew forgets what it said, and keeps those."""
    world = World(ModelServer(NORTH))
    north = world.session.window.servers[NORTH]
    world.happen(SubstitutesChanged(NORTH, {"fine.pth": "mine.pth"}))
    world.happen(SubstitutesChanged(ServerUrl("http://nowhere"), {}))
    north.inventory.query(-5, "Special")
    north.inventory.answered(-5, 200, "{}", world.now)
    world.happen(ServerAdded(NORTH, "north"))
    assert north.inventory.infos == {}
    assert north.inventory.substitutes == {"fine.pth": "mine.pth"}


def test_a_server_that_a_person_lets_work_again_gets_what_waited() -> None:
    """One that nobody knows is passed over."""
    world = World(ModelServer(NORTH))
    world.happen(ServerPaused(NORTH, True))
    world.happen(ServerPaused(ServerUrl("http://nowhere"), True))
    task = world.accept()
    world.live(2)
    assert task.state is State.WAITING
    world.happen(ServerPaused(NORTH, False))
    world.live(2)
    assert task.server == NORTH


def test_a_task_for_one_server_is_let_go_to_any() -> None:
    """Once it has left the queue there is nothing to let go."""
    world = World(ModelServer(NORTH))
    task = world.accept(pinned=SOUTH)
    world.live(2)
    assert task.state is State.WAITING
    world.happen(TaskUnpinned(task.task_id))
    world.settle(within=60)
    assert task.server == NORTH
    world.happen(TaskUnpinned(task.task_id))


def test_a_paused_queue_goes_on_in_the_order_that_was_wished_for() -> None:
    """A reload meanwhile changes nothing about that order."""
    world = World(ModelServer(NORTH), places=1)
    world.happen(QueuePaused(True))
    tasks = [world.accept() for _ in range(3)]
    world.happen(QueueOrdered((tasks[2].task_id,)))
    world.live(2)
    assert {task.state for task in tasks} == {State.WAITING}
    world.reload()
    waiting = world.session.window.waiting
    assert list(waiting) == [tasks[number].task_id for number in (2, 0, 1)]
    world.happen(QueuePaused(True))
    world.happen(QueuePaused(False))
    world.settle(within=60)


def test_a_task_that_waits_moves_to_a_server_that_comes_free() -> None:
    """Both are shown, and each was posted once; without the wish it stays."""
    world = two_servers(seed=1)  # in which the model server finds no task bad
    world.happen(ServerPaused(SOUTH, True))
    first, task = world.accept(), world.accept()
    world.servers[NORTH].is_stopped = True
    world.live(2)
    assert (first.server, task.server) == (NORTH, NORTH)
    world.happen(ServerPaused(SOUTH, False))
    world.live(15)
    assert task.server == NORTH
    assert not task.is_moving
    world.happen(RebalancingChosen(True))
    world.live(30)
    assert task.state is State.CANCELLED
    assert task.trouble == Trouble.of("moved", server=NORTH)
    new = list(world.session.window.tasks.values())[-1]
    assert (new.again_of, new.state, new.server) == (task.task_id, State.COMPLETED, SOUTH)
    world.servers[NORTH].is_stopped = False
    world.live(30)
    assert RebalanceTimer() not in world.timers
    assert first.state is State.COMPLETED
    assert [server.posts for server in world.servers.values()] == [2, 1]
    assert task.prompt_id not in world.servers[NORTH].runs


def test_previews_are_asked_for_until_a_person_wants_none() -> None:
    world = two_servers()
    world.accept()
    world.live(20)
    world.happen(PreviewsChosen(False))
    world.accept()
    world.live(20)
    bodies = [json.loads(request.body or "") for request in asked(world.log, Ask.POST)]
    assert [body["extra_data"]["preview_method"] for body in bodies] == ["auto", "none"]


def posts_to(world: World, url: ServerUrl) -> int:
    """How many tasks were posted there, accepted or not."""
    return sum(each.server == url for each in asked(world.log, Ask.POST))


def test_a_file_that_one_server_alone_has_leads_all_tasks_there() -> None:
    """The other is tried once, and again when the file may have been copied to it."""
    world = two_servers()
    north, south = world.servers[NORTH], world.servers[SOUTH]
    north.has_own = False
    tasks = [world.accept("own") for _ in range(6)]
    world.settle(200)
    assert {(task.ended_by, task.server) for task in tasks} == {("socket", SOUTH)}
    assert 1 <= posts_to(world, NORTH) <= 2, "those that were on their way together"

    south.has_own = False
    lost = world.accept("own")
    world.promises.forgiven.add(lost.task_id)
    world.settle(200)
    assert lost.trouble is not None and lost.trouble.code == "nobody_can"
    assert dict(lost.trouble.facts)["missing"].count("own.png") == 2
    north.has_own = south.has_own = True
    world.happen(ServerAdded(NORTH, "north"))
    assert world.accept("own").state is State.WAITING
    world.settle(200)


@pytest.mark.parametrize("is_elsewhere", [True, False])
def test_an_upload_that_never_gets_through_is_not_tried_for_ever(is_elsewhere: bool) -> None:
    """Its server answers all else; as soon as that is sure, it goes elsewhere or has failed."""
    world = two_servers() if is_elsewhere else one_server()
    world.servers[NORTH].takes_uploads = False
    tasks = [world.accept() for _ in range(2)]
    for _ in range(30):
        world.live(1.0)
    if not is_elsewhere:
        world.promises.forgiven |= {task.task_id for task in tasks}
    world.settle(100)
    ends = {State.COMPLETED} if is_elsewhere else {State.FAILED}
    assert {task.state for task in tasks} == ends
    uploads = [each.server for each in asked(world.log, Ask.UPLOAD)]
    assert uploads.count(NORTH) <= 4, "what is under way together is one try"


def test_an_answer_that_could_not_be_taken_in_counts_as_none() -> None:
    """Nobody waits for it; its server's card says so, and what went before is followed up."""
    world = one_server()
    task = world.accept()
    reach(world, task, State.QUEUED)
    task.whole_on = 1
    server = world.session.window.servers[NORTH]
    commands = world.happen(PageChanged(PageChange.ONLINE))
    lists = one(commands, Ask.JOBS)
    world.session.window.pending.unsaved.add(task.task_id)
    commands = world.session.mishandled(Answered(lists, 200, "{}"), world.now)
    assert server.mishap == Trouble.of("mishandled", server=server.name)
    assert (server.reach, task.whole_on) == (Reach.DOWN, 0)
    assert all_of(SaveRecord, commands)
    again = one(world.happen(PageChanged(PageChange.ONLINE)), Ask.JOBS, Ask.QUEUE)
    assert again.id != lists.id


def test_a_timer_that_could_not_be_handled_fires_again() -> None:
    """Else a server would never be asked any more."""
    world = one_server()
    timer = PollTimer(NORTH)
    assert world.session.mishandled(TimerFired(timer), world.now) == (
        StartTimer(timer, FIRED_AGAIN),
    )


def test_what_could_not_be_handled_and_is_of_no_server_is_a_notice() -> None:
    """The person learns of it all the same."""
    world = one_server()
    assert world.session.mishandled(PageChanged(PageChange.ONLINE), world.now) == ()
    assert world.session.window.notices[-1] == Trouble.of("mishandled_here")


def test_a_chain_goes_on_where_the_page_left_it() -> None:
    """A reload between the steps repeats nothing: the second's record has all that it needs."""
    world = one_server()
    first = world.accept()
    second = world.accept(after=first)
    world.live(3)
    assert first.state is State.COMPLETED
    (fetch,) = world.fetches
    saved = [each.key for each in all_of(SaveRecord, world.log[: world.log.index(fetch)])]
    assert saved[-2:] == sorted(f"task:{task.task_id}" for task in (first, second))
    world.reload()
    assert list(world.fetches) == [fetch], "it is asked for anew"
    world.happen(FetchFailed(second.task_id))
    assert FetchTimer(second.task_id) in world.timers
    world.pass_time(3)
    assert list(world.fetches) == [fetch, fetch]
    world.happen(ResultFetched(second.task_id, Digest("made"), 9))
    world.live(5)
    second = world.session.window.tasks[second.task_id]
    assert second.state is State.COMPLETED
    assert world.servers[NORTH].posts == 2


def test_a_page_that_comes_back_asks_for_results_at_once() -> None:
    """The network was away; timers may be late."""
    world = one_server()
    second = world.accept(after=world.accept())
    world.live(3)
    world.happen(FetchFailed(second.task_id))
    world.happen(PageChanged(PageChange.ONLINE))
    assert len(world.fetches) == 2


def test_what_follows_a_task_ends_with_it_in_one_round() -> None:
    """Cancelled together; and one that was removed leaves nothing to wait for."""
    world = World()
    first = world.accept()
    second = world.accept(after=first)
    world.happen(CancelRequested(first.task_id))
    assert second.state is State.CANCELLED
    world.now += 1
    third = world.accept(after=first, again_of=second.task_id)
    assert third.state is State.WAITING, "wanted after that"
    world.happen(TaskDismissed(first.task_id))
    assert third.state is State.FAILED
