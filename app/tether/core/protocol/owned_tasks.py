"""One owner's tasks in a server's queue and history."""

from dataclasses import dataclass
from typing import Any

from tether.core.errors import MessageError
from tether.core.ids import ClientId, OwnerTag, PromptId
from tether.core.protocol.answers import OpenState, Record, read_entry, read_object
from tether.core.protocol.outputs import name_of
from tether.core.protocol.sent_tasks import number_of, sent_as


@dataclass(frozen=True, slots=True)
class OwnedTask:
    """One task of the owner, as its server knows it."""

    prompt_id: PromptId
    sent_as: PromptId | None
    """What it was sent under, where its server gave it another id."""
    client_id: ClientId
    title: str
    record: Record


def read_open(text: str, owner: OwnerTag) -> list[OwnedTask]:
    """Read `GET /queue`: the owner's tasks that wait or run, in their order."""
    match read_object(text):
        case {"queue_running": list(running), "queue_pending": list(pending)}:
            parts: tuple[tuple[list[Any], OpenState], ...] = (
                (running, "in_progress"),
                (sorted(pending, key=number_of), "pending"),
            )
            return [
                found
                for items, state in parts
                for item in items
                if (found := _owned(item, owner, Record(state))) is not None
            ]
    raise MessageError("`/queue` has an unknown shape", text)


def read_ended(text: str, owner: OwnerTag) -> tuple[frozenset[str], list[OwnedTask]]:
    """Read a page of `GET /history`: the ids of its entries, and the owner's tasks among them."""
    page = read_object(text)
    if not isinstance(page, dict):
        raise MessageError("`/history` has an unknown shape", text)
    found = []
    for entry in page.values():
        record = read_entry(entry)
        item = _owned(entry.get("prompt"), owner, record) if record is not None else None
        if item is not None:
            found.append(item)
    return frozenset(page), found


def _owned(item: Any, owner: OwnerTag, record: Record) -> OwnedTask | None:
    """Read `[number, prompt_id, workflow, extra_data, outputs]`; None for another owner's."""
    match item:
        case [_, str(prompt), _, {"tether": {"owner": tag} as tether} as extra, *_] if (
            tag == owner and name_of(prompt)
        ):
            title, client = tether.get("title"), extra.get("client_id")
            sent = sent_as(item)
            return OwnedTask(
                PromptId(prompt),
                sent if sent != prompt else None,
                ClientId(name_of(client)),
                title[:200] if isinstance(title, str) else "",
                record,
            )
    return None
