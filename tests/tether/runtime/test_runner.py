"""The loop carries every command out, in order, and takes events from anywhere."""

import asyncio
import json
from typing import Any

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    SOUTH,
    Chance,
    frame,
    greeting,
    invert_workflow,
    new_task,
    photo,
    queue_length,
    reply,
)
from tests.tether.runtime.world import World, _Sockets
from tether.core.errors import Trouble
from tether.core.events import (
    BinaryReceived,
    CancelRequested,
    FrameReceived,
    ServerAdded,
    SocketOpened,
    TaskAccepted,
    TaskDismissed,
    TimerFired,
)
from tether.core.ids import Digest, NodeId, TaskId
from tether.core.model.connection import Phase
from tether.core.model.identity import make_prompt_id
from tether.core.model.server import Reach
from tether.core.model.task import State
from tether.core.model.window import Changes, Settings
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.session.acceptance import Acceptance
from tether.core.session.session import Session
from tether.core.session.snapshot import TASK_RECORD, read_task, write_task
from tether.core.timers import FetchTimer
from tether.core.tracking.frames import Frames
from tether.core.windows.ledger import read_entry
from tether.runtime.ports import HandOver, no_results
from tether.runtime.runner import Runner

TASK = TaskId("t1")
PROMPT = make_prompt_id(Chance(1))
ACCEPTED = TaskAccepted(
    TASK, PROMPT, "one", invert_workflow(), Digest("1e57"), (photo(size=9),), None
)


class Stage:
    """A runner in a world of its own."""

    def __init__(self, records: dict[str, str] | None = None) -> None:
        self.changes = 0
        self.reported: list[str] = []
        self.runner = Runner(self._changed, lambda what, error: self.reported.append(what))
        self.world = World(self.runner.emit)
        self.world.records.update(records or {})
        self.world.answers = {
            "probe": lambda request: reply(request, queue_length(0)),
            "upload": lambda request: reply(request, {"name": "photo.png"}),
            "post": lambda request: reply(request, {"prompt_id": PROMPT, "node_errors": {}}),
        }
        self.session = Session(self.world.records, Settings("base"), Chance(), NOON)

    def start(self, hand_over: HandOver = no_results) -> None:
        """Start the runner."""
        self.runner.start(self.session, self.world.ports(hand_over))

    def posts(self) -> int:
        """How many POSTs were sent."""
        return sum(done[1] == "post" for done in self.did("send"))

    def did(self, what: str) -> list[tuple[object, ...]]:
        """What of one kind was asked of the world."""
        return [done for done in self.world.done if done[0] == what]

    def _changed(self) -> None:
        self.changes += 1


def test_events_from_before_the_start_are_not_lost() -> None:
    """They are handled once the world is there."""
    stage = Stage()
    stage.runner.emit(ServerAdded(NORTH, "north"))
    assert stage.world.done == []
    stage.start()
    assert NORTH in stage.session.window.servers
    assert stage.changes == 1


def test_followers_are_told_what_a_round_has_changed() -> None:
    """Once a round, tasks that only went on apart from those with a new state; else never."""
    stage = Stage()
    told: list[Changes] = []
    stage.runner.follow(told.append)
    stage.start()
    emit = stage.runner.emit
    emit(ServerAdded(NORTH, "north"))
    assert told == [Changes(frozenset(), frozenset(), True)]
    emit(ACCEPTED)
    assert told[1] == Changes(frozenset({TASK}), frozenset({TASK}), False)
    so_far = len(told)
    emit(TimerFired(("nobody", "waits")))
    assert len(told) == so_far


def test_a_task_goes_its_way_and_every_command_reaches_the_world() -> None:
    """From acceptance to a preview, the picture's record always saved before its POST."""
    stage = Stage()
    stage.start()
    emit = stage.runner.emit
    emit(ServerAdded(NORTH, "north"))
    emit(ACCEPTED)
    emit(SocketOpened(NORTH, 1))
    emit(FrameReceived(NORTH, 1, greeting()))
    assert stage.did("open") == [("open", NORTH, 1)]
    assert stage.did("frame") == [("frame", NORTH, 1)]
    asks = [done[1] for done in stage.did("send")]
    assert asks.index("upload") < asks.index("post")
    posted = stage.world.done.index(next(d for d in stage.did("send") if d[1] == "post"))
    assert ("write", f"{TASK_RECORD}{TASK}") in stage.world.done[:posted]
    emit(FrameReceived(NORTH, 1, frame("execution_start", prompt_id=PROMPT)))
    head = bytes.fromhex("0000000100000001ffd8")
    emit(BinaryReceived(NORTH, 1, head, "the frame"))
    assert stage.did("show") == [("show", TASK, "the frame", 8, "image/jpeg")]
    emit(FrameReceived(NORTH, 1, frame("execution_interrupted", prompt_id=PROMPT)))
    emit(TaskDismissed(TASK))
    assert stage.world.files.released == [TASK]
    assert stage.did("stop")


async def stored(task_id: TaskId, source: ResultSource) -> tuple[Digest, int] | None:
    """A result of that name ends so."""
    match source.output.filename:
        case "gone.png":
            return None
        case "bug.png":
            raise ValueError("a bug")
        case "silent.png":
            raise OSError("its server is down")
    assert task_id == TASK
    return Digest("made"), 7


@pytest.mark.parametrize(
    ("name", "state", "pictures", "reported"),
    [
        ("a.png", State.WAITING, 1, []),
        ("gone.png", State.FAILED, 0, []),
        ("silent.png", State.WAITING, 0, []),
        ("bug.png", State.WAITING, 0, ["fetching of a result"]),
    ],
)
def test_a_result_is_stored_for_the_task_that_takes_it(
    name: str, state: State, pictures: int, reported: list[str]
) -> None:
    """What can't be had now is asked for again, whatever the reason."""

    async def story() -> None:
        place = UploadPlace(NodeId("1"), "image", "picture")
        task = new_task(1, pictures=0)
        task.after, task.takes = TaskId("t0"), (place,)
        output = Output(NodeId("3"), "image", name)
        task.source = ResultSource(NORTH, make_prompt_id(Chance(2)), output, place)
        stage = Stage({f"{TASK_RECORD}{TASK}": write_task(task)})
        stage.world.files.kept[task.digest] = invert_workflow().text()
        stage.start(stored)
        for _ in range(3):
            await asyncio.sleep(0)
        task = stage.session.window.tasks[TASK]
        assert (task.state, len(task.pictures), stage.reported) == (state, pictures, reported)
        is_asked_again = any(done[1] == FetchTimer(TASK) for done in stage.did("start"))
        assert is_asked_again == (state is State.WAITING and not pictures)

    asyncio.run(story())


def test_without_anything_outside_there_are_no_results() -> None:
    """As in a world made for something else."""
    with pytest.raises(OSError, match="north"):
        asyncio.run(no_results(TASK, ResultSource(NORTH, make_prompt_id(Chance(2)), *OF_NOTHING)))


OF_NOTHING = Output(NodeId("3"), "image", "a.png"), UploadPlace(NodeId("1"), "image", "picture")


def held() -> Stage:
    """A POST waits for the disk."""
    stage = Stage()
    stage.world.files.is_slow = True
    stage.start()
    stage.runner.emit(ServerAdded(NORTH, "north"))
    stage.runner.emit(ACCEPTED)
    stage.runner.emit(FrameReceived(NORTH, 1, greeting()))
    assert stage.posts() == 0
    return stage


def test_nothing_is_posted_before_the_disk_has_it() -> None:
    """Else a browser that is killed could not say what it has sent."""
    stage = held()
    entry = read_entry(stage.world.files.texts[TASK])
    task = read_task(entry.record if entry else "")
    assert task is not None
    assert (task.state, task.server, task.sends) == (State.POSTING, NORTH, 1)
    (act,) = stage.world.files.waiting
    act()
    assert stage.posts() == 1


def test_nothing_is_cancelled_before_the_disk_says_so() -> None:
    """Else a browser that is killed would call the task lost."""
    stage = held()
    stage.world.files.waiting.pop()()
    stage.runner.emit(CancelRequested(TASK))
    assert [done[1] for done in stage.did("send")][-1] == "post"
    entry = read_entry(stage.world.files.texts[TASK])
    task = read_task(entry.record if entry else "")
    assert task is not None
    assert task.is_cancel_wanted
    for act in stage.world.files.waiting:
        act()
    assert [done[1] for done in stage.did("send")][-2:] == ["post", "cancel"]


def test_what_waits_for_the_disk_is_not_posted_by_a_page_that_sleeps() -> None:
    """Its window may be another page's meanwhile; when it wakes up, it looks the task up."""
    stage = held()
    stage.runner.pause()
    stage.world.files.waiting[0]()
    assert stage.posts() == 0
    stage.runner.resume()
    assert stage.session.window.tasks[TASK].state is State.UNKNOWN


def test_a_task_is_cancelled_while_it_uploads() -> None:
    """Its call is aborted."""
    stage = Stage()
    del stage.world.answers["upload"]
    stage.start()
    stage.runner.emit(ServerAdded(NORTH, "north"))
    stage.runner.emit(ACCEPTED)
    stage.runner.emit(FrameReceived(NORTH, 1, greeting()))
    stage.runner.emit(CancelRequested(TASK))
    assert len(stage.did("abort")) == 1


SAVED = json.dumps(dict(invert_workflow().nodes))


@pytest.mark.parametrize(
    ("kept", "state"),
    [(SAVED, State.WAITING), ("damaged", State.FAILED), (None, State.FAILED)],
)
def test_a_reload_reads_the_workflows_back(kept: str | None, state: State) -> None:
    """A waiting task goes on with its workflow, and says so when the browser lost it."""

    async def story() -> None:
        before = Stage()
        before.start()
        before.runner.emit(ACCEPTED)
        after = Stage(before.world.records)
        if kept is not None:
            after.world.files.kept[Digest("1e57")] = kept
        after.start()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert after.session.window.tasks[TASK].state is state

    asyncio.run(story())


def test_whatever_the_store_raises_a_task_that_waits_for_it_ends() -> None:
    """The browser may have closed its store, in words of its own."""

    async def read(_digest: Digest) -> str:
        raise RuntimeError("TransactionInactiveError")

    async def story() -> None:
        before = Stage()
        before.start()
        before.runner.emit(ACCEPTED)
        after = Stage(before.world.records)
        after.world.files.read_text = read  # type: ignore[method-assign, assignment]
        after.start()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert after.session.window.tasks[TASK].state is State.FAILED

    asyncio.run(story())


def broken(*_: object) -> Any:
    """A bug."""
    raise OverflowError("too large")


def test_an_adapter_that_breaks_drops_no_other_command() -> None:
    """Our own bug is reported, and whoever waits for the answer is told that there is none."""
    stage = Stage()
    stage.start()
    stage.world.answers["stats"] = stage.world.answers["probe"] = broken
    stage.runner.emit(ServerAdded(SOUTH, "south"))
    assert stage.reported == ["sending of STATS /system_stats", "sending of PROBE /prompt"]
    assert [done[1] for done in stage.did("send")] == ["stats", "features", "probe", "reach"]
    assert stage.session.window.servers[SOUTH].reach is Reach.DOWN


def at_work(monkeypatch: pytest.MonkeyPatch, where: object, name: str) -> Stage:
    """A task runs in the south; what is taken in of the north breaks."""
    stage = Stage()
    stage.start()
    emit = stage.runner.emit
    emit(ServerAdded(SOUTH, "south"))
    emit(ACCEPTED)
    emit(FrameReceived(SOUTH, 1, greeting()))
    emit(ServerAdded(NORTH, "north"))
    whole = getattr(where, name)

    def breaks(self: object, first: object, *rest: object) -> object:
        about = getattr(first, "server", None) or getattr(first, "url", None)
        return broken() if about == NORTH else whole(self, first, *rest)

    monkeypatch.setattr(where, name, breaks)
    return stage


def test_what_one_server_sends_hurts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is reported, and said on its card; events that wait behind it are handled."""
    stage = at_work(monkeypatch, Frames, "take")
    task = stage.session.window.tasks[TASK]
    stage.runner.pause()
    stage.runner.emit(FrameReceived(NORTH, 1, "{}"))
    stage.runner.emit(FrameReceived(SOUTH, 1, frame("execution_start", prompt_id=PROMPT)))
    stage.runner.resume()
    assert task.state is State.RUNNING
    assert stage.reported == ["handling of FrameReceived"]
    north = stage.session.window.servers[NORTH]
    assert north.mishap == Trouble.of("mishandled", server="north")
    assert stage.session.window.servers[SOUTH].mishap is None


def test_an_event_of_no_server_that_breaks_is_a_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not even saying so may stop the others."""
    stage = Stage()
    stage.start()
    monkeypatch.setattr(Acceptance, "accept", broken)
    stage.runner.emit(ACCEPTED)
    assert list(stage.session.window.notices) == [Trouble.of("mishandled_here")]
    monkeypatch.setattr(Session, "mishandled", broken)
    stage.runner.emit(ACCEPTED)
    stage.runner.emit(ServerAdded(NORTH, "north"))
    assert NORTH in stage.session.window.servers
    assert stage.reported[1:] == ["handling of TaskAccepted", "what follows TaskAccepted"]


def test_nothing_is_posted_whose_record_could_not_be_written() -> None:
    """The outcome counts as unknown: it is looked up, and sent again later."""
    stage = Stage()
    stage.start()
    emit = stage.runner.emit
    emit(ServerAdded(SOUTH, "south"))
    emit(ACCEPTED)
    write, stage.world.shared.write = stage.world.shared.write, broken
    emit(FrameReceived(SOUTH, 1, greeting()))
    stage.world.shared.write = write
    assert stage.posts() == 0
    assert stage.session.window.tasks[TASK].state is State.UNKNOWN


def test_a_follower_that_breaks_is_followed_by_the_others() -> None:
    """And so is a listener, and whoever waits."""

    async def story() -> None:
        stage = Stage()
        told: list[Changes] = []
        stage.runner.listeners.append(broken)
        stage.runner.follow(broken)
        stage.runner.follow(told.append)
        stage.start()
        stage.runner.emit(ServerAdded(NORTH, "north"))
        assert len(told) == 1
        assert {"a listener", "a follower"} == set(stage.reported)

    asyncio.run(story())


def test_a_socket_that_cannot_be_opened_is_a_closed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the next attempt comes after a delay."""
    stage = Stage()
    stage.start()
    monkeypatch.setattr(_Sockets, "open", broken)
    stage.runner.emit(ServerAdded(SOUTH, "south"))
    stage.runner.emit(ACCEPTED)
    assert stage.session.window.servers[SOUTH].connection.phase is Phase.WAITING


def test_a_condition_is_tested_after_every_round() -> None:
    """And at once, where it holds already."""

    async def story() -> None:
        stage = Stage()
        stage.start()
        steps = list[int]()
        waiting = asyncio.ensure_future(stage.runner.until(lambda: len(steps) == 2, 5.0))
        for number in range(2):
            await asyncio.sleep(0)
            assert not waiting.done()
            steps.append(number)
            stage.runner.emit(TimerFired(("nobody", "waits")))
        assert await waiting is True
        assert await stage.runner.until(lambda: True, 0.0) is True

    asyncio.run(story())


def test_a_wait_ends_in_its_time() -> None:
    """Rounds that change other things don't prolong it."""

    async def story() -> None:
        stage = Stage()
        stage.start()
        waiting = asyncio.ensure_future(stage.runner.until(lambda: False, 0.05))
        await asyncio.sleep(0)
        stage.runner.emit(TimerFired(("nobody", "waits")))
        assert await waiting is False

    asyncio.run(story())
