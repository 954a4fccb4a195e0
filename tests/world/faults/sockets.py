"""What goes wrong with sockets, and what comes over them."""

from __future__ import annotations

import json
from functools import partial
from random import Random

from tests.world.faults.blow import Blow, Struck, fault

FRAME_KINDS = (
    *("status", "feature_flags", "execution_start", "execution_cached", "executing"),
    *("progress_state", "progress", "executed", "execution_success", "execution_error"),
    *("execution_interrupted", "executing null", "preview"),
)
CUSTOM = '{"type": "crystools.monitor", "data": {"cpu": 12.5}}'
JUNK = ("", "junk", "{}", "[]", '{"type": "status"}', '{"type": "executed", "data": 7}', CUSTOM)
BINARY_JUNK = (b"", b"\0\0\0\1\0\0\0\1\xff", b"\0\0\0\4\0\0\0\2{}", b"\0\0\0\3\0\0\0\0text")


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
    server.swallows_left = blow.luck.choice((1, 2, 1_000))
    blow.say("%s swallows %s, %d times", server.url, kinds, server.swallows_left)

    def spit() -> None:
        server.swallows = frozenset()

    blow.later(1.0, 40.0, spit)
    return blow.everywhere()
