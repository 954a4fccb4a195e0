"""Types of ids, and the source of random ones."""

from hashlib import blake2b
from typing import NewType, Protocol

ServerUrl = NewType("ServerUrl", str)
"""A server's normalised address, e.g. `http://gpu-1:8188`: no slash at the end."""

ClientId = NewType("ClientId", str)
"""What a server knows a WebSocket by."""

WindowId = NewType("WindowId", str)
"""One browser tab: `w` and 12 hex digits."""

TaskId = NewType("TaskId", str)
"""A window's own id of a job."""

PromptId = NewType("PromptId", str)
"""The servers' id of a job: a canonical lower-case UUID."""

NodeId = NewType("NodeId", str)
"""A node's key in a workflow in API format."""

OwnerTag = NewType("OwnerTag", str)
"""Marks a task on a server with its owner: 16 hex digits."""

Digest = NewType("Digest", str)
"""The BLAKE2b of a stored workflow or picture, in hex."""


class Chance(Protocol):
    """A source of randomness; the core has none of its own."""

    def uniform(self) -> float:
        """Return a number in [0, 1)."""

    def hex(self, digits: int) -> str:
        """Return that many random hex digits, lower case."""


def digest_of(text: str) -> Digest:
    """Return the digest of a stored text."""
    # Half a surrogate pair, which JavaScript's texts may have, is stored as a replacement.
    return Digest(blake2b(text.encode("utf-8", "replace"), digest_size=32).hexdigest())
