"""The parts of one server that work together on tasks."""

from dataclasses import dataclass

from simulator.cache import Cache
from simulator.files import Files
from simulator.nodes import NodeClasses
from simulator.settings import Settings
from simulator.sockets import Sockets
from simulator.stage import Stage


@dataclass(slots=True)
class Parts:
    """What every task needs; `temp_prefix` names previews and is new in each process.

    `walks_backwards`: the order of outputs and of missing inputs, which in ComfyUI comes from
    sets and so differs from process to process; clients must not lean on it.
    `settings` may be replaced between two events.
    """

    settings: Settings
    stage: Stage
    sockets: Sockets
    files: Files
    cache: Cache
    classes: NodeClasses
    temp_prefix: str
    walks_backwards: bool
