"""Keeps an error in one thing from the others: it is reported, and they go on."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

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
