"""Tasks that a server gave ids of its own, found by the ids that they were sent under.

Source: ComfyUI before July 2025, `post_prompt`, read: it makes an id whatever was sent.
"""

from typing import Any

from tether.core.errors import MessageError
from tether.core.ids import PromptId
from tether.core.protocol.answers import PLAIN_ID, Record, read_entry, read_object


def sent_as(item: Any) -> PromptId | None:
    """Return the id that an item of a queue or a history was sent under, by its tag."""
    match item:
        case [_, str(), _, {"tether": {"prompt": str(sent)}}, *_]:
            return PromptId(sent)
    return None


def read_given_ids(text: str) -> dict[PromptId, list[PromptId]]:
    """Read `GET /queue`: the ids that tasks were sent under -> those that they have there.

    Tasks that have their own are left out. The one that runs comes first, then the next.
    """
    found: dict[PromptId, list[PromptId]] = {}
    match read_object(text):
        case {"queue_running": list(running), "queue_pending": list(pending)}:
            for item in (*running, *sorted(pending, key=number_of)):
                sent = sent_as(item)
                if sent is not None and sent != item[1] and PLAIN_ID.fullmatch(item[1]):
                    found.setdefault(sent, []).append(PromptId(item[1]))
    return found


def read_recent(text: str, sent: PromptId) -> tuple[PromptId | None, Record | None]:
    """Read `GET /history`: the id and the record of a task among its entries.

    Raises:
        MessageError: It is no history, or nothing can be read of the task.
    """
    page = read_object(text)
    entries = page if isinstance(page, dict) else {"": page}
    for given, entry in entries.items():
        match entry:
            case {"prompt": item}:
                is_own = given == sent or (sent_as(item) == sent and PLAIN_ID.fullmatch(given))
            case _:
                raise MessageError("`/history` has an unknown shape", text)
        if is_own:
            record = read_entry(entry)
            if record is None:
                raise MessageError("`/history` has an unknown shape", text)
            return PromptId(given), record
    return None, None


def number_of(item: Any) -> float:
    """Return the number of an item of a queue: the smallest runs next."""
    match item:
        case [int() | float() as number, *_]:
            return number
    return 0.0
