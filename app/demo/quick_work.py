"""Servers whose nodes make nothing of anything, and soon: for playing scenes."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from demo.agenda import Agenda
from demo.server import InPageServer
from simulator.catalogue import CATALOGUE
from simulator.events import NodeFinished, NodeRaised, RunNode
from simulator.http import Blob
from simulator.nodes import Input, Stepping
from simulator.settings import Settings
from tether.core.ids import ServerUrl

_NODE_SECONDS = 0.01
_SIZE = {"width": 8, "height": 8, "batch_size": 1}

# The page knows what a blur gives, so that its end needs no record; here it takes its steps.
_BLUR = CATALOGUE["ImageBlur"]
CLASSES = {
    **CATALOGUE,
    "ImageBlur": replace(
        _BLUR,
        required=(*_BLUR.required, Input("steps", "INT"), Input("step_ms", "INT")),
        stepping=Stepping(steps="steps", step_ms="step_ms"),
    ),
}


def workflow(steps: int, step_ms: int, number: int, picture: str = "") -> dict[str, Any]:
    """Four nodes, the third of which takes its time; `number` keeps it out of every cache."""
    source = {"class_type": "EmptyImage", "inputs": dict(_SIZE, color=number)}
    if picture:
        source = {"class_type": "LoadImage", "inputs": {"image": picture}}
    blur = {"image": ["2", 0], "blur_radius": 1, "sigma": 1.0 + number / 1e9}
    return {
        "1": source,
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "3": {"class_type": "ImageBlur", "inputs": {**blur, "steps": steps, "step_ms": step_ms}},
        "4": {
            "class_type": "SaveImage",
            "inputs": {"images": ["3", 0], "filename_prefix": "routing"},
        },
    }


def failing_workflow(number: int) -> dict[str, Any]:
    """A node of it raises."""
    nodes = workflow(1, 10, number)
    nodes["2"] = {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}}
    return nodes


class QuickWork:
    """Makes nothing of anything, and is soon done."""

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda

    def keep(self, key: str, content: Any) -> None:
        """No picture is ever looked at."""

    def run(self, run: RunNode, report: Callable[[NodeFinished | NodeRaised], None]) -> None:
        """Report after a moment."""
        done: NodeFinished | NodeRaised
        if run.class_name == "TetherRaise":
            done = NodeRaised(run.run_id, "ValueError", str(run.inputs["message"]), ("line\n",))
        else:
            saves = CLASSES[run.class_name].saves is not None
            made = (Blob(f"made-{run.run_id}", 100, f"made {run.run_id}"),) if saves else ()
            done = NodeFinished(run.run_id, made)
        self._agenda.after(_NODE_SECONDS, report, done)

    def drop_values(self, run_id: int) -> None:
        """There are none."""

    def drop(self, key: str) -> None:
        """There is none."""

    def content(self, key: str) -> None:
        """There is none."""


def quick_server(name: str, url: ServerUrl, random: Random, agenda: Agenda) -> InPageServer:
    """Return a server that does quick work and lets every page call it."""
    settings = Settings(name=name, cors="*", post_delay=0.002)
    return InPageServer(url, settings, random, agenda, QuickWork(agenda), CLASSES)
