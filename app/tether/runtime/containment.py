"""Keeps an error in one thing from the others: it is reported, and they go on."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

Report: TypeAlias = Callable[[str, Exception], None]
"""Takes what was being done, and the error: it is a bug of ours."""


def report(what: str, error: Exception) -> None:
    """Hand an error to the loop's exception handler, as that of work that nobody waits for."""
    told = {"message": f"Error in {what}", "exception": error}
    asyncio.get_event_loop().call_exception_handler(told)


def contained(what: str, work: Callable[[], object], tell: Report = report) -> None:
    """Do some work, and report what it raises."""
    try:
        work()
    except Exception as error:
        tell(what, error)


class BackgroundWork:
    """Work that nobody waits for; what it raises goes to the loop's exception handler."""

    def __init__(self) -> None:
        self._jobs: set[asyncio.Task[None]] = set()

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run it."""
        job = asyncio.ensure_future(work)
        self._jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: asyncio.Future[None]) -> None:
        # At once: asyncio itself would report it when the job is collected as garbage.
        self._jobs.discard(job)
        error = None if job.cancelled() else job.exception()
        if isinstance(error, Exception):
            report("work in the background", error)
