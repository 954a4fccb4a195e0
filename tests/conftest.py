"""Every test closes what it opened: what it leaves is its own failure, not that of a later one."""

import gc
import threading
from collections.abc import Iterator

import pytest
from hypothesis import settings

# Examples are tried, not timed; nothing is written: each run tries others. A profile that somebody
# chose stays.
if settings.get_current_profile_name() == "default":
    settings.register_profile("untimed", deadline=None, database=None, max_examples=50)
    settings.load_profile("untimed")

OF_THE_SESSION = ("test servers", "asyncio_")
"""How the names of threads begin that fixtures of a whole session start."""


@pytest.fixture(autouse=True)
def leaves_nothing() -> Iterator[None]:
    """Collect what the test has let go of: Python complains of a socket or file left open.

    The complaint is an error (`filterwarnings`), and comes now, in the test's own teardown.
    """
    before = set(threading.enumerate())
    yield
    gc.collect()
    gc.freeze()  # What is still in use is looked through no more: the next collection takes 1 ms.
    left = [each.name for each in threading.enumerate() if each not in before and not each.daemon]
    assert not [name for name in left if not name.startswith(OF_THE_SESSION)], f"threads: {left}"
