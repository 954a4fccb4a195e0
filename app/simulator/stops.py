"""The places where a story stops the work on tasks. ComfyUI has none: they are for tests."""

from collections.abc import Callable


class Stops:
    """The places that are closed: what comes to one waits there until it opens.

    A place is `before CLASS` (its node is shown as running and does nothing yet), `step NUMBER of
    CLASS` (that step has been reported), `executed` (an output node is done and has not said so) or
    `success` (all nodes are done, and the task has not ended).
    """

    def __init__(self) -> None:
        self._closed: set[str] = set()
        self._waiting: dict[str, Callable[[], None]] = {}

    def has(self, place: str) -> bool:
        """Tell whether a task waits there."""
        return place in self._waiting

    def close(self, place: str) -> None:
        """Let nothing pass from now on."""
        self._closed.add(place)

    def open(self, place: str) -> None:
        """Let pass what waits there, and all that comes."""
        self._closed.discard(place)
        waiting = self._waiting.pop(place, None)
        if waiting is not None:
            waiting()

    def interrupt(self) -> None:
        """Let pass what waits anywhere; the places stay closed."""
        waiting, self._waiting = self._waiting, {}
        for action in waiting.values():
            action()

    def when_open(self, place: str, action: Callable[[], None]) -> None:
        """Run an action, at once or when its place opens."""
        if place in self._closed:
            self._waiting[place] = action
        else:
            action()
