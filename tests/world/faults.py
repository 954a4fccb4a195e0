"""All that goes wrong, and what people do meanwhile.

A fault strikes one window, at one of its tasks or servers. It says which windows and servers
it has touched: the table of faults and task states is made from that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial
from random import Random
from typing import TypeAlias

from app.core.events import PageChange, PageChanged, ServerAdded, ServerRemoved
from app.core.requests import Ask
from app.core.task import ENDED, State, Task
from tests.world.browsers import Page
from tests.world.network import Call, Wire
from tests.world.servers import Server
from tests.world.world import World

Struck: TypeAlias = Iterable[Task]
Fault: TypeAlias = Callable[["Blow"], Struck]

FAULTS: dict[str, Fault] = {}

FRAME_KINDS = (
    *("status", "feature_flags", "execution_start", "execution_cached", "executing"),
    *("progress_state", "progress", "executed", "execution_success", "execution_error"),
    *("execution_interrupted", "executing null", "preview"),
)
CUSTOM = '{"type": "crystools.monitor", "data": {"cpu": 12.5}}'
JUNK = ("", "junk", "{}", "[]", '{"type": "status"}', '{"type": "executed", "data": 7}', CUSTOM)
BINARY_JUNK = (b"", b"\0\0\0\1\0\0\0\1\xff", b"\0\0\0\4\0\0\0\2{}", b"\0\0\0\3\0\0\0\0text")


def fault(name: str) -> Callable[[Fault], Fault]:
    """Enter a fault under its name."""

    def enter(strike: Fault) -> Fault:
        FAULTS[name] = strike
        return strike

    return enter


class Blow:
    """One stroke of a fault: where it falls, and the luck that shapes it."""

    def __init__(self, world: World, page: Page, task: Task | None, luck: Random) -> None:
        self.world = world
        self.page = page
        self.task = task
        self.luck = luck
        url = task.server if task is not None else None
        self.server: Server = world.by_url[url] if url else luck.choice(world.servers)

    def tasks(self, *pages: Page) -> list[Task]:
        """Return the tasks of this server or of none yet, in one window or all of these."""
        return [
            task
            for page in pages or (self.page,)
            for task in page.session.window.tasks.values()
            if task.server in (None, self.server.url)
        ]

    def everywhere(self) -> list[Task]:
        """Return the tasks of this server or of none yet, in all windows."""
        return self.tasks(*self.world.pages())

    def window(self) -> list[Task]:
        """Return all tasks of this window."""
        return list(self.page.session.window.tasks.values())

    def wires(self, *, is_open: bool = True) -> list[Wire]:
        """Return this window's socket to the server, open or on its way to be."""
        wires = [w for w in self.page.wires.values() if not w.closing_at]
        wires = [w for w in wires if (w.is_open or not is_open) and self._may_be(w.server)]
        if wires:
            self.server = wires[0].server
        return wires

    def _may_be(self, server: Server) -> bool:
        """Say whether a server may be the one: any, where the task has none yet."""
        return server is self.server or self.task is None or self.task.server is None

    def is_needed(self) -> bool:
        """Say whether a copy of the tab may still ask who it is.

        A copy that nobody answers takes the window over; what becomes of the original that
        comes back later is for the ledger to decide.
        """
        return self.page.tab.needed_until > self.world.clock.now

    def call(self, *, is_on_its_way: bool = False) -> Call | None:
        """Return a call under way: the task's own, else one of this window to this server."""
        calls = [
            call
            for call in self.page.calls.values()
            if self._may_be(call.server) and not (is_on_its_way and call.was_received)
        ]
        own = [c for c in calls if self.task is not None and c.request.task_id == self.task.task_id]
        if not calls:
            return None
        call = self.luck.choice(own or calls)
        self.server = call.server
        return call

    def later(self, shortest: float, longest: float, action: Callable[[], None]) -> None:
        """Have the fault end by itself after a while."""
        self.world.clock.after(self.luck.uniform(shortest, longest), action)

    def say(self, what: str, *facts: object) -> None:
        """Tell the story."""
        self.world.say(self.page.tab, f"      ~ {what}", *facts)


# Calls.


@fault("request lost")
def _request_lost(blow: Blow) -> Struck:
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    call.lost_there = True
    blow.say("request lost: %s", call.request.path)
    if blow.luck.random() < 0.5:
        call.broke()
    return blow.tasks()


@fault("answer lost")
def _answer_lost(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.lost_back = True
    blow.say("answer lost: %s", call.request.path)
    if blow.luck.random() < 0.5:
        blow.later(0.2, 20.0, call.broke)
    return blow.tasks()


@fault("late request")
def _late_request(blow: Blow) -> Struck:
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    # It arrives all the same when the page has given it up long before.
    call.late_there = blow.luck.uniform(0.5, 29.0)
    blow.say("request late by %.1f s: %s", call.late_there, call.request.path)
    if blow.luck.random() < 0.5:
        blow.later(0.1, 3.0, call.broke)
    return blow.tasks()


@fault("late answer")
def _late_answer(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.late_back = blow.luck.choice((0.5, 3.0, 9.0, 25.0))
    blow.say("answer late by %.1f s: %s", call.late_back, call.request.path)
    return blow.tasks()


@fault("error status")
def _error_status(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    if call.was_received or blow.luck.random() < 0.5:
        call.status = blow.luck.choice((500, 502, 504))
        blow.say("answered by %s, though done: %s", call.status, call.request.path)
    else:
        call.lost_there = True
        blow.say("answered by a proxy: %s", call.request.path)
        call.link.clock.after(call.link.delay(), call.back, 502, "Bad Gateway")
    return blow.tasks()


@fault("gate")
def _gate(blow: Blow) -> Struck:
    """A proxy says no, and has passed nothing on."""
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    call.lost_there = True
    status = blow.luck.choice((401, 403, 429))
    if call.request.ask in (Ask.JOBS, Ask.CANCEL) and status == 403:
        status = 429
    blow.say("refused by a gate with %d: %s", status, call.request.path)
    call.link.clock.after(call.link.delay(), call.back, status, "no")
    return blow.tasks()


@fault("odd answer")
def _odd_answer(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.is_odd = True
    blow.say("a page of somebody's for an answer: %s", call.request.path)
    return blow.tasks()


# Sockets.


@fault("cut")
def _cut(blow: Blow) -> Struck:
    for wire in blow.wires(is_open=False):
        blow.say("cut: %s", wire.server.url)
        wire.cut()
        return blow.tasks()
    return ()


@fault("half-open")
def _half_open(blow: Blow) -> Struck:
    for wire in blow.wires(is_open=False):
        blow.say("half-open: %s", wire.server.url)
        wire.break_silently()
        return blow.tasks()
    return ()


@fault("deaf")
def _deaf(blow: Blow) -> Struck:
    for wire in blow.wires():
        blow.say("deaf: %s", wire.server.url)
        blow.server.unregister(wire.client_id)
        return blow.tasks()
    return ()


@fault("doubled frames")
def _doubled(blow: Blow) -> Struck:
    for wire in blow.wires(is_open=False):
        blow.say("frames come twice: %s", wire.server.url)
        wire.is_doubling = True
        return blow.tasks()
    return ()


@fault("late frames")
def _late_frames(blow: Blow) -> Struck:
    """What a socket has said comes once more, some time later."""
    for wire in blow.wires():
        if wire.past:
            blow.say("old frames again: %s", wire.server.url)
            for frame in blow.luck.sample(wire.past, min(6, len(wire.past))):
                blow.later(0.0, 8.0, partial(wire.give, frame))
            return blow.tasks()
    return ()


@fault("foreign frames")
def _foreign(blow: Blow) -> Struck:
    """Frames about tasks of other windows or other servers, and of nobody."""
    wires = blow.wires()
    tasks = blow.page.session.window.tasks.values()
    # An adopted task is known to two windows.
    own = {task.prompt_id for task in tasks if task.server in (None, blow.server.url)}
    others = [
        task
        for page in blow.world.pages()
        for task in page.session.window.tasks.values()
        if task.prompt_id not in own
    ]
    if not wires:
        return ()
    wire = wires[0]
    name = blow.luck.choice(others).prompt_id if others else "nobody's"
    blow.say("frames of %s from %s", name, wire.server.url)
    for text in ending_frames(name, blow.luck):
        wire.give(text)
    return blow.tasks()


def ending_frames(name: str, luck: Random) -> list[str]:
    """Return what a server would say of a prompt that goes well, or doesn't."""
    image = {"filename": "x_1_.png", "subfolder": "", "type": "output"}
    frames: list[tuple[str, dict[str, object]]] = [
        ("execution_start", {"prompt_id": name}),
        ("progress", {"value": 1, "max": 2, "node": "2", "prompt_id": name}),
        ("executing", {"node": "2", "prompt_id": name}),
    ]
    if luck.random() < 0.3:
        frames.append(("execution_error", {"prompt_id": name, "node_id": "2"}))
    else:
        for node in ("2", "3", "4"):
            output = {"images": [image]}
            frames.append(("executed", {"node": node, "output": output, "prompt_id": name}))
        frames.append(("execution_success", {"prompt_id": name}))
    frames.append(("executing", {"node": None, "prompt_id": name}))
    return [json.dumps({"type": kind, "data": data}) for kind, data in frames]


@fault("junk")
def _junk(blow: Blow) -> Struck:
    for wire in blow.wires():
        blow.say("junk from %s", wire.server.url)
        for text in JUNK:
            wire.give(text)
        for head in BINARY_JUNK:
            wire.give(head)
        return blow.tasks()
    return ()


@fault("swallowed frames")
def _swallowed(blow: Blow) -> Struck:
    server = blow.server
    kinds = blow.luck.sample(FRAME_KINDS, blow.luck.choice((1, 1, 2, 3)))
    server.swallows |= frozenset(kinds)
    blow.say("%s swallows %s", server.url, kinds)

    def spit() -> None:
        server.swallows = frozenset()

    blow.later(1.0, 40.0, spit)
    return blow.everywhere()


# The network and the servers.


@fault("black hole")
def _black_hole(blow: Blow) -> Struck:
    """Nothing reaches a server, and nothing comes back."""
    link = blow.world.link(blow.page.tab.browser, blow.server)
    link.is_black = True
    blow.say("%s is a black hole", blow.server.url)
    blow.later(1.0, 40.0, link.heal)
    return blow.everywhere()


@fault("offline")
def _offline(blow: Blow) -> Struck:
    browser = blow.page.tab.browser
    links = [blow.world.link(browser, server) for server in blow.world.servers]
    for link in links:
        link.is_black = True
    blow.say("offline")

    def back() -> None:
        for link in links:
            link.heal()
        for tab in browser.tabs:
            if tab.page is not None:
                tab.page.tell(PageChanged(PageChange.ONLINE))

    blow.later(1.0, 25.0, back)
    return blow.window()


@fault("slow network")
def _slow(blow: Blow) -> Struck:
    link = blow.world.link(blow.page.tab.browser, blow.server)
    link.slowness = blow.luck.choice((0.5, 2.0, 6.0))
    blow.say("the way to %s takes up to %.1f s", blow.server.url, link.slowness)

    def quicken() -> None:
        link.slowness = 0.0

    blow.later(3.0, 40.0, quicken)
    return blow.everywhere()


@fault("restart")
def _restart(blow: Blow) -> Struck:
    server = blow.server
    if not server.is_up:
        return ()
    struck = blow.everywhere()
    is_power_cut = blow.luck.random() < 0.3
    if is_power_cut:
        # The whole machine is gone: nobody resets the connections.
        for wire in list(server.wires.values()):
            wire.is_half_open = True
    blow.say("%s restarts%s", server.url, ", its power was cut" if is_power_cut else "")
    server.kill()
    blow.later(0.05, 12.0, server.start)
    return struck


@fault("pause")
def _pause(blow: Blow) -> Struck:
    server = blow.server
    if server.is_paused or not server.is_up:
        return ()
    server.pause()
    blow.say("%s stands still", server.url)

    def go_on() -> None:
        if server.is_paused:
            server.go_on()

    # No longer: a request that waits there would be delivered later than assumed.
    blow.later(1.0, 24.0, go_on)
    return blow.everywhere()


@fault("failing")
def _failing(blow: Blow) -> Struck:
    server = blow.server
    server.is_failing = True
    blow.say("%s answers everything with an error", server.url)

    def recover() -> None:
        server.is_failing = False

    blow.later(1.0, 30.0, recover)
    return blow.everywhere()


@fault("silent")
def _silent(blow: Blow) -> Struck:
    """A server takes requests and never answers; its sockets go on."""
    server = blow.server
    server.is_silent = True
    blow.say("%s answers no request", server.url)

    def recover() -> None:
        server.is_silent = False

    blow.later(1.0, 30.0, recover)
    return blow.everywhere()


@fault("dropped sockets")
def _dropping(blow: Blow) -> Struck:
    """A server accepts sockets and lets them go before it has greeted."""
    server = blow.server
    server.is_dropping = True
    blow.say("%s drops every socket", server.url)
    for wire in list(server.wires.values()):
        wire.cut()

    def keep() -> None:
        server.is_dropping = False

    blow.later(5.0, 30.0, keep)
    return blow.everywhere()


# Other people.


@fault("somebody interrupts")
def _interrupts(blow: Blow) -> Struck:
    blow.say("somebody interrupts %s", blow.server.url)
    blow.server.ask("POST", "/interrupt")
    return blow.everywhere()


@fault("somebody deletes")
def _deletes(blow: Blow) -> Struck:
    """A prompt that waits; or one that doesn't wait there yet, and nothing happens."""
    pending = blow.server.pending()
    own = [blow.task.prompt_id] if blow.task is not None else []
    if not (own or pending):
        return ()
    name = blow.luck.choice(own if own and own[0] in pending else pending or own)
    blow.say("somebody deletes %s", name)
    blow.server.ask("POST", "/queue", json.dumps({"delete": [name]}).encode())
    return blow.everywhere()


@fault("somebody clears")
def _clears(blow: Blow) -> Struck:
    blow.say("somebody clears %s", blow.server.url)
    if blow.luck.random() < 0.5:
        blow.server.ask("POST", "/queue", b'{"clear": true}')
    else:
        blow.server.clear_history()
    return blow.everywhere()


@fault("a crowd")
def _crowd(blow: Blow) -> Struck:
    """Somebody's tasks, posted without a client id: everybody hears of them."""
    blow.say("a crowd at %s", blow.server.url)
    inputs = {"width": 8, "height": 8, "batch_size": 1}
    for number in range(3):
        color = blow.luck.randrange(1 << 24)
        graph = {
            "1": {"class_type": "EmptyImage", "inputs": {**inputs, "color": color}},
            "2": {
                "class_type": "TetherSlow",
                "inputs": {"image": ["1", 0], "steps": 3, "step_ms": 250, "seed": number}
                | {"previews": True},
            },
            "3": {
                "class_type": "SaveImage",
                "inputs": {"images": ["2", 0], "filename_prefix": "x"},
            },
        }
        blow.server.ask("POST", "/prompt", json.dumps({"prompt": graph}).encode())
    return blow.everywhere()


# The person and the browser.


@fault("cancel")
def _cancel(blow: Blow) -> Struck:
    if blow.task is None:
        return ()
    blow.world.cancel(blow.page, blow.task)
    return (blow.task,)


@fault("server removed")
def _removed(blow: Blow) -> Struck:
    page, url = blow.page, blow.server.url
    blow.say("%s is removed", url)
    struck = blow.tasks()
    page.tell(ServerRemoved(url))
    blow.later(0.0, 20.0, lambda: page.tell(ServerAdded(url, "")))
    return struck


@fault("back in view")
def _in_view(blow: Blow) -> Struck:
    blow.say("comes back into view")
    blow.page.tell(PageChanged(blow.luck.choice((PageChange.VISIBLE, PageChange.ONLINE))))
    blow.page.look()
    return blow.window()


@fault("reload")
def _reload(blow: Blow) -> Struck:
    struck = blow.window()
    blow.say("reloads")
    blow.page.tab.reload()
    return struck


@fault("clock jump")
def _clock_jump(blow: Blow) -> Struck:
    struck = blow.window()
    blow.page.tab.offset += blow.luck.choice((-28_800.0, -40.0, 40.0, 28_800.0))
    blow.say("reloads with its clock at %+.0f s", blow.page.tab.offset)
    blow.page.tab.reload()
    return struck


@fault("crash")
def _crash(blow: Blow) -> Struck:
    """The page dies without a word; the person opens it again."""
    if blow.is_needed():
        return ()
    struck = blow.window()
    tab = blow.page.tab
    blow.say("crashes")
    tab.crash()
    tab.is_missed = True
    blow.later(0.1, 20.0, tab.come_back)
    return struck


@fault("tab closed")
def _closed(blow: Blow) -> Struck:
    """A tab is closed, and mostly opened again: its sessionStorage comes back."""
    if blow.is_needed():
        return ()
    struck = blow.window()
    tab = blow.page.tab
    blow.say("is closed")
    tab.end()
    if blow.luck.random() < 0.7:
        tab.is_missed = True
        blow.later(0.5, 40.0, tab.come_back)
    return struck


@fault("frozen")
def _frozen(blow: Blow) -> Struck:
    return _sleeps(blow, "is frozen", is_cached=False)


@fault("cached")
def _cached(blow: Blow) -> Struck:
    return _sleeps(blow, "goes into the browser's cache", is_cached=True)


def _sleeps(blow: Blow, what: str, *, is_cached: bool) -> Struck:
    page = blow.page
    if blow.is_needed():
        return ()
    struck = blow.window()
    blow.say(what)
    page.sleep(is_cached)

    def wake() -> None:
        if page.is_asleep and not page.is_gone:
            blow.say("wakes up")
            page.wake()

    blow.later(0.5, 40.0, wake)
    return struck


@fault("tab duplicated")
def _duplicated(blow: Blow) -> Struck:
    """The original lives, and goes on living until the copy knows what it is."""
    page = blow.page
    if len(blow.world.tabs()) > 8:
        return ()
    blow.say("is duplicated")
    page.tab.needed_until = blow.world.clock.now + 2.0
    page.tab.browser.duplicate(page.tab)
    return blow.window()


OF_CALLS = (
    *("request lost", "answer lost", "late request", "late answer", "error status"),
    *("gate", "odd answer"),
)
STATES = tuple(state.value for state in State if state is not State.ADOPTED)
"""A task that another window has adopted is met there, in the state that it has."""

UNREACHED: dict[tuple[str, str], str] = {
    **{("cancel", state.value): "a task that has ended can't be cancelled" for state in ENDED},
    **{(name, "connecting"): "nothing is asked while a socket opens" for name in OF_CALLS},
    **{
        (name, "connecting"): "the first frame of a socket ends the connecting"
        for name in ("deaf", "late frames", "foreign frames", "junk")
    },
}
"""Cells of the table that can't be reached, and why."""
