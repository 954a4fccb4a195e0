"""What other people do to a server."""

from __future__ import annotations

import json

from tests.world.faults.blow import Blow, Struck, fault


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
