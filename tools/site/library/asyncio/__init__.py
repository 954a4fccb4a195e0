"""The part of asyncio that a page can use: no sockets, no processes, and a loop that never ends."""

from . import events
from .coroutines import *
from .events import *

# Pyodide's loop and policy are made from these.
from .events import _get_running_loop, _set_running_loop
from .exceptions import *
from .futures import *
from .locks import *
from .queues import *
from .taskgroups import *
from .tasks import *
from .timeouts import *

DefaultEventLoopPolicy = events._BaseDefaultEventLoopPolicy


def run(main, *, debug=None, loop_factory=None):
    """Raise: the loop of a page runs already."""
    raise RuntimeError("asyncio.run() can't run in a page: await it, or use create_task()")
