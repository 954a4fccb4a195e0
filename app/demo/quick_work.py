"""Servers whose nodes only pretend to work, for scenes in virtual time."""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from demo.agenda import Agenda
from demo.server import InPageServer, Report
from simulator.catalogue import CATALOGUE
from simulator.events import NodeFinished, NodeRaised, RunNode
from simulator.http import Blob
from simulator.nodes import Input, Stepping
from simulator.settings import Settings
from tether.core.ids import ServerUrl

_NODE_SECONDS = 0.01
_SIZE = {"width": 8, "height": 8, "batch_size": 1}

# The client knows the outputs of a blur without asking the server, unlike those of TetherSlow.
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
    """Return four nodes, the third of them slow; `number` keeps them out of every cache."""
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
    """Return a workflow whose second node raises."""
    nodes = workflow(1, 10, number)
    nodes["2"] = {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}}
    return nodes


@dataclass(frozen=True, slots=True)
class QuickWork:
    """Reports each node as done after a moment."""

    agenda: Agenda

    def keep(self, key: str, content: Any) -> None:
        """Ignore it: no picture is ever read."""

    def run(self, run: RunNode, report: Report) -> None:
        """Report after a moment."""
        done: NodeFinished | NodeRaised
        if run.class_name == "TetherRaise":
            done = NodeRaised(run.run_id, "ValueError", str(run.inputs["message"]), ("line\n",))
        else:
            saves = CLASSES[run.class_name].saves is not None
            made = (Blob(f"made-{run.run_id}", 100, f"made {run.run_id}"),) if saves else ()
            done = NodeFinished(run.run_id, made)
        self.agenda.after(_NODE_SECONDS, report, done)

    def drop_values(self, run_id: int) -> None:
        """Do nothing: no values are kept."""

    def drop(self, key: str) -> None:
        """Do nothing: no files are kept."""

    def content(self, key: str) -> None:
        """Return None: no files are kept."""


def quick_server(name: str, url: ServerUrl, random: Random, agenda: Agenda) -> InPageServer:
    """Return a server that does quick work and allows every origin."""
    settings = Settings(name=name, cors="*", post_delay=0.002)
    return InPageServer(url, settings, random, agenda, QuickWork(agenda), CLASSES)
