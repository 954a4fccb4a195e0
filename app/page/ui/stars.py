"""Which results a person has starred: in all windows of the browser, by prompt id."""

from collections.abc import Callable

from tether.core.ids import PromptId
from tether.core.model.task import State, Task
from tether.runtime.ports import Records

STAR_RECORD = "star:"
"""The start of every star's key; the result's prompt id follows. Its text is a number by which
stars are ordered."""

MOST = 2_000
"""Stars of a browser, twice the gallery's entries: beyond them the oldest star goes."""

_DIGITS = 15


class Stars:
    """Remembers stars over reloads, a record for each; other windows see them at once."""

    def __init__(self, shared: Records) -> None:
        self._shared = shared
        self._numbers: dict[PromptId, int] = {}
        self._followers: list[Callable[[], None]] = []
        self.keep: Callable[[PromptId], None] = lambda _prompt_id: None
        """Called when a result was starred in this window: it is to be kept."""
        for key, text in shared.read_all().items():
            self._take(key, text)
        shared.listen(self._changed)

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self._numbers

    def follow(self, on_change: Callable[[], None]) -> None:
        """Call a function whenever a star has come or gone, here or in another window."""
        self._followers.append(on_change)

    def toggle(self, prompt_id: PromptId) -> None:
        """Star a result, or take its star away."""
        self.put(prompt_id, prompt_id not in self)

    def put(self, prompt_id: PromptId, is_on: bool) -> None:
        """Star a result, or have it without a star."""
        if is_on == (prompt_id in self):
            return
        if is_on:
            number = max(self._numbers.values(), default=0) + 1
            self._write(prompt_id, min(number, 10**_DIGITS - 1))
            for oldest in sorted(self._numbers, key=self._numbers.__getitem__)[:-MOST]:
                self._write(oldest, None)
            self.keep(prompt_id)
        else:
            self._write(prompt_id, None)
        self._tell()

    def star(self, task: Task, is_on: bool | None = None) -> bool:
        """Star a task's result or not, if told to and it has one; return whether it has a star."""
        if is_on is not None and can_be_starred(task):
            self.put(task.prompt_id, is_on)
        return task.prompt_id in self

    def _write(self, prompt_id: PromptId, number: int | None) -> None:
        key, text = STAR_RECORD + prompt_id, None if number is None else str(number)
        self._shared.write(key, text)
        self._take(key, text)

    def _changed(self, key: str, text: str | None) -> None:
        if key.startswith(STAR_RECORD):
            self._take(key, text)
            self._tell()

    def _take(self, key: str, text: str | None) -> None:
        if not key.startswith(STAR_RECORD):
            return
        prompt_id = PromptId(key.removeprefix(STAR_RECORD))
        if text is not None and text.isdecimal() and len(text) <= _DIGITS:
            self._numbers[prompt_id] = int(text)
        else:
            self._numbers.pop(prompt_id, None)

    def _tell(self) -> None:
        for on_change in self._followers:
            on_change()


def can_be_starred(task: Task) -> bool:
    """Tell whether a task has given a result that can be starred."""
    return task.state is State.COMPLETED and bool(task.outputs)
