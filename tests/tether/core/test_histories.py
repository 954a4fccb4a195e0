"""A window's whole life, in random histories: whatever goes wrong, no promise is broken.

The promises themselves are in `world.py`, and are checked after every event.
"""

import json
import random

from hypothesis import example, given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH, SOUTH, frame, success_frames
from tests.tether.core.model_server import WORKFLOWS, ModelServer, Prompt
from tests.tether.core.world import World
from tether.core.events import (
    BinaryReceived,
    CancelRequested,
    Failure,
    FrameReceived,
    PageChange,
    PageChanged,
    ServerAdded,
    ServerRemoved,
    TaskDismissed,
)
from tether.core.ids import PromptId
from tether.core.model.task import ON_SERVER, State
from tether.core.protocol.requests import Ask

DELAYS = (0.1, 0.5, 1.0, 2.0, 5.0, 12.0, 31.0)


class Fate:
    """Decides what happens next; `luck` chooses among what can be meant."""

    def __init__(self, world: World, luck: int) -> None:
        self.world = world
        self.luck = luck

    def one_of(self, things):
        """One of these, or None when there is none."""
        things = list(things)
        return things[self.luck % len(things)] if things else None

    def call(self):
        return self.one_of(self.world.calls.values())

    def socket(self):
        return self.one_of(self.world.sockets.values())

    def server(self):
        return self.one_of(self.world.servers.values())

    def task(self):
        return self.one_of(self.world.session.window.tasks.values())

    def post(self):
        """A POST under way, after some plain steps if there is none yet."""
        world = self.world
        for _ in range(4):
            posts = [call for call in world.calls.values() if call.request.ask is Ask.POST]
            if posts:
                return self.one_of(posts)
            for call in list(world.calls.values()):
                if call.request.id in world.calls:
                    world.reply(call)
            for socket in list(world.sockets.values()):
                world.open(socket)
                world.hear(socket)
        return None

    # The plain course of things.

    def accept(self) -> None:
        pinned = (None, None, NORTH, SOUTH)[self.luck % 4]
        self.world.accept(("known", "odd")[self.luck % 3 == 0], pinned)

    def arrive(self) -> None:
        if call := self.call():
            self.world.deliver(call)

    def reply(self) -> None:
        if call := self.call():
            self.world.reply(call)

    def open(self) -> None:
        if socket := self.socket():
            self.world.open(socket)

    def hear(self) -> None:
        if socket := self.socket():
            for _ in range(1 + self.luck % 5):
                if socket in self.world.sockets.values():
                    self.world.hear(socket)

    def work(self) -> None:
        self.server().work()

    def load(self) -> None:
        self.world.load()

    def wait(self) -> None:
        self.world.pass_time(DELAYS[self.luck % len(DELAYS)])

    def live(self) -> None:
        self.world.live(1.0)

    # What people do.

    def cancel(self) -> None:
        if task := self.task():
            self.world.promises.wishes.add(task.task_id)
            self.world.happen(CancelRequested(task.task_id))

    def dismiss(self) -> None:
        if task := self.task():
            self.world.happen(TaskDismissed(task.task_id))

    def again(self) -> None:
        """Once more what has ended; elsewhere what hasn't."""
        if (task := self.task()) and task.digest in WORKFLOWS:
            self.world.accept(task.digest, again_of=task.task_id)
            if not task.is_ended:
                self.world.promises.wishes.add(task.task_id)
                self.world.happen(CancelRequested(task.task_id))

    def return_(self) -> None:
        self.world.happen(PageChanged(list(PageChange)[self.luck % 4]))

    def reload(self) -> None:
        self.world.reload()

    def reload_in_post(self) -> None:
        if call := self.post():
            if self.luck % 2:
                self.world.deliver(call)
            self.world.reload()

    def add(self) -> None:
        self.world.happen(ServerAdded(self.server().url, "again"))

    def remove(self) -> None:
        self.world.happen(ServerRemoved(self.server().url))

    def somebody_stops(self) -> None:
        if task := self.task():
            server = self.world.servers.get(task.server)
            if server:
                server.interrupt(task.prompt_id)
                if self.luck % 2:
                    server.forget(task.prompt_id)
                    self.world.promises.forgiven.add(task.task_id)

    # What goes wrong.

    def fail(self) -> None:
        if call := self.call():
            self.world.fail(call, list(Failure)[self.luck % 2])

    def lose_post(self) -> None:
        """The one call whose outcome matters: it had arrived, or not, or arrives later."""
        if call := self.post():
            if self.luck % 3 == 0:
                self.world.deliver(call)
            if self.luck % 2:
                self.world.fail(call)
            else:
                self.world.reply(call, 502)
                self.world.ghosts.append(call)

    def repeat_post(self) -> None:
        if call := self.post():
            self.world.repeat(call)
            if self.luck % 2:
                self.world.reply(call)

    def refuse(self) -> None:
        if call := self.call():
            if self.luck % 3 == 0:
                self.world.deliver(call)
            # A gate that says no has passed nothing on; behind a 5xx it may have worked.
            self.world.reply(call, (429, 502)[call.answer is not None or self.luck % 2])

    def haunt(self) -> None:
        if call := self.one_of(self.world.ghosts):
            self.world.haunt(call)

    def cut(self) -> None:
        if socket := self.socket():
            self.world.close(socket)

    def deafen(self) -> None:
        if socket := self.socket():
            self.world.servers[socket.server].unregister(socket.client_id)

    def swallow(self) -> None:
        if (socket := self.socket()) and socket.frames:
            socket.frames.popleft()

    def double(self) -> None:
        if (socket := self.socket()) and socket.frames:
            socket.frames.appendleft(socket.frames[0])

    def mislead(self) -> None:
        """Frames of a task from another server, or when they can't be."""
        if (socket := self.socket()) and (task := self.task()):
            texts = [
                *success_frames(task.prompt_id),
                frame("execution_error", prompt_id=task.prompt_id),
            ]
            can_be = task.state is State.POSTING or task.state in ON_SERVER
            if task.server != socket.server or not can_be:
                for text in texts:
                    self.world.happen(FrameReceived(socket.server, socket.attempt, text))
                    self.world.happen(FrameReceived(socket.server, socket.attempt - 1, text))

    def junk(self) -> None:
        if socket := self.socket():
            text = ("junk", "{}", json.dumps({"type": "status"}))[self.luck % 3]
            self.world.happen(FrameReceived(socket.server, socket.attempt, text))
            head = (b"", b"\0\0\0\1\0\0\0\1\xff", b"\0\0\0\4\0")[self.luck % 3]
            self.world.happen(BinaryReceived(socket.server, socket.attempt, head, None))

    def restart(self) -> None:
        server = self.server()
        server.restart()
        for socket in list(self.world.sockets.values()):
            if socket.server == server.url:
                self.world.close(socket)

    def lose_workflow(self) -> None:
        self.world.load(is_there=False)


PLAIN = ("work", "accept", "arrive", "reply", "open", "hear", "load", "wait", "live")
PEOPLE = (
    "cancel",
    "dismiss",
    "again",
    "return_",
    "reload",
    "reload_in_post",
    "add",
    "remove",
    "somebody_stops",
)
FAULTS = (
    *(
        "fail",
        "lose_post",
        "lose_post",
        "repeat_post",
        "refuse",
        "haunt",
        "cut",
        "deafen",
        "swallow",
        "double",
        "mislead",
        "junk",
    ),
    *("restart", "lose_workflow"),
)


def play(seed: int, length: int) -> None:
    """One history, from its seed."""
    fate = random.Random(seed)
    servers = (ModelServer(NORTH), ModelServer(SOUTH, has_jobs=fate.random() < 0.5))
    world = World(*servers, places=fate.randint(1, 3), seed=seed)
    world.accept()
    # Some histories are calm, so that rare moments aren't buried under faults.
    kinds = fate.choice([PLAIN * 3 + PEOPLE + FAULTS, PLAIN * 6 + PEOPLE, PLAIN * 6 + FAULTS])
    for _ in range(length):
        getattr(Fate(world, fate.randrange(1000)), fate.choice(kinds))()
    for url in world.servers:
        world.happen(ServerAdded(url, ""))
    world.settle(within=150)


# The page is loaded again while a deletion of doubles is under way; a prompt runs twice, and its
# second run is cancelled; a task that a person lets go at a silent server runs there.
@example(822771, 103)
@example(612, 32)
@example(781, 57)
@given(st.integers(0, 1_000_000), st.integers(20, 120))
def test_no_history_loses_a_task_or_runs_one_twice(seed: int, length: int) -> None:
    """After the last fault has healed, every task ends, and ends as its server knows."""
    play(seed, length)


def test_a_post_that_the_browser_repeats_runs_once_where_the_list_shows_it() -> None:
    """Both wait behind somebody else's task: one goes, the other runs."""
    north = ModelServer(NORTH)
    world = World(north)
    task = world.accept()
    north.running = Prompt(PromptId("somebody else's"), "other", is_bad=False)
    call = Fate(world, 0).post()
    assert call is not None
    world.repeat(call)
    world.live(1.0)
    assert [prompt.prompt_id for prompt in north.pending].count(task.prompt_id) <= 1
    world.settle(within=60)
    assert north.runs[task.prompt_id] == 1
