"""What asyncio asks of concurrent.futures, in a page without threads: names, and no pools."""

FIRST_COMPLETED = "FIRST_COMPLETED"
FIRST_EXCEPTION = "FIRST_EXCEPTION"
ALL_COMPLETED = "ALL_COMPLETED"

TimeoutError = TimeoutError


class CancelledError(Exception):
    """The future was cancelled."""


class InvalidStateError(Exception):
    """The future can't do that any more."""


class Future:
    """Nothing is one: asyncio compares with it."""
