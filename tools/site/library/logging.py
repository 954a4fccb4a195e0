"""The part of logging that asyncio uses: warnings and errors go to the browser's console."""

import sys

DEBUG = 10


class Logger:
    """Prints warnings and errors, each after the logger's name."""

    def __init__(self, name):
        self._name = name

    def debug(self, message, *values, **_):
        """Print nothing."""

    info = debug

    def warning(self, message, *values, exc_info=None):
        """Print a message, and an exception."""
        print(f"{self._name}: {message % values}", exc_info or "", file=sys.stderr)

    error = warning


def getLogger(name):
    """Return a logger."""
    return Logger(name)
