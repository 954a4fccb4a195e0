"""What people ask for in these worlds: workflows of two to four nodes."""

import json

from tether.core.events import Picture
from tether.core.ids import Digest, NodeId
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.workflow import Workflow, parse_workflow

COLOURS = 4
FAILS = "fails"
"""A node with this file prefix raises."""


def _empty(colour: int) -> dict[str, object]:
    inputs = {"width": 8, "height": 8, "batch_size": 1, "color": colour}
    return {"class_type": "EmptyImage", "inputs": inputs}


def _save(source: str, prefix: str) -> dict[str, object]:
    return {
        "class_type": "SaveImage",
        "inputs": {"images": [source, 0], "filename_prefix": prefix},
    }


def _invert(source: str) -> dict[str, object]:
    return {"class_type": "ImageInvert", "inputs": {"image": [source, 0]}}


def _preview(source: str) -> dict[str, object]:
    return {"class_type": "PreviewImage", "inputs": {"images": [source, 0]}}


_GRAPHS: dict[str, dict[str, object]] = {
    **{f"plain{n}": {"1": _empty(n), "2": _save("1", f"p{n}")} for n in range(COLOURS)},
    **{
        f"photo{n}": {
            "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
            "2": _invert("1"),
            "3": _save("2", f"f{n}"),
        }
        for n in range(COLOURS)
    },
    "two": {"1": _empty(9), "2": _invert("1"), "3": _save("2", "t"), "4": _preview("1")},
    "failing": {"1": _empty(1), "2": _save("1", FAILS)},
    "odd": {
        "1": _empty(2),
        "2": _save("1", "o"),
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    },
    "told": {
        "1": _empty(4),
        "2": {"class_type": "TetherText", "inputs": {"image": ["1", 0], "text": "hello"}},
        "3": _save("2", "s"),
    },
    "refused": {
        "1": _empty(3),
        "2": {"class_type": "SaveImage", "inputs": {"filename_prefix": "no images"}},
    },
}

WORKFLOWS: dict[Digest, Workflow] = {
    Digest(name): parse_workflow(json.dumps(graph)) for name, graph in _GRAPHS.items()
}
KNOWN = (
    *(f"plain{n}" for n in range(COLOURS)),
    *(f"photo{n}" for n in range(COLOURS)),
    *("two", "odd", "told"),
)
"""Jobs that go well: their ends can be heard.

Those of `odd` and `told` have classes that only the server knows. The text of `told` comes from a
node that is no output.
"""

TAKEN = UploadPlace(NodeId("1"), "image", "picture")
"""What a `photo` takes of the task before."""

RARE = ("failing", "refused")


def kind_of(digest: str) -> str:
    """Return the kind of job behind a digest."""
    return digest.rstrip("0123456789")


def pictures_of(digest: str) -> tuple[Picture, ...]:
    """Return the pictures that a job needs."""
    if kind_of(digest) != "photo":
        return ()
    return (Picture(NodeId("1"), "image", Digest(f"bytes of {digest}"), "photo.png", 8_000_000),)
