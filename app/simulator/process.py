"""The state of one server process, which ends when the server is killed; files outlive it."""

from simulator.cache import Cache
from simulator.files import Files
from simulator.history import History
from simulator.nodes import NodeClasses
from simulator.queue import TaskQueue
from simulator.settings import Settings
from simulator.sockets import Sockets
from simulator.stage import Stage
from simulator.stops import Stops
from simulator.user_data import UserData


class Process:
    """What the routes and the worker share; `settings` may be replaced between two events.

    `temp_prefix` names previews. `walks_backwards` is the order of outputs and of missing
    inputs: ComfyUI takes it from sets, so it differs from process to process and no client
    may rely on it.
    """

    def __init__(
        self,
        settings: Settings,
        stage: Stage,
        files: Files,
        user_data: UserData,
        classes: NodeClasses,
    ) -> None:
        self.settings = settings
        self.stage = stage
        self.files = files
        self.user_data = user_data
        self.classes = classes
        self.temp_prefix = f"ComfyUI_temp_{stage.make_letters(5)}"
        self.walks_backwards = stage.flip_coin()
        self.sockets = Sockets(stage, shared_sender=settings.shared_sender)
        self.stops = Stops()
        self.cache = Cache()
        self.queue = TaskQueue()
        self.history = History(settings.history_limit)
