"""What the steps of a chain take, and how a result gets into the store."""

import asyncio
import json
from typing import Any

import pytest

from tests.tether.core.farm import NORTH, invert_workflow
from tests.tether.runtime.world import Blob, MemoryFiles
from tether.core.errors import BadInput
from tether.core.ids import NodeId, PromptId, TaskId
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.core.protocol.outputs import Output
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.runtime.handover import hand_over, steps_of

PICTURE = UploadPlace(NodeId("1"), "image", "picture")
SOURCE = ResultSource(NORTH, PromptId("p"), Output(NodeId("3"), "image", "a.png"), PICTURE)
LOADS_FILM = {"required": {"file": [["a.mp4"], {"video_upload": True}]}}


class Told:
    """A describer that knows one class."""

    async def describe(self, classes: list[str]) -> dict[str, NodeInfo | None]:
        """Describe them."""
        text = json.dumps({"LoadFilm": {"input": LOADS_FILM, "output_node": False}})
        return {
            name: read_node_info(name, text) if name == "LoadFilm" else None for name in classes
        }


def films(saves: str) -> Workflow:
    """Load a film, and save something."""
    return parse_workflow(
        json.dumps(
            {
                "5": {"class_type": "LoadFilm", "inputs": {"file": "a.mp4"}},
                "6": {"class_type": saves, "inputs": {"images": ["5", 0]}},
            }
        )
    )


def steps(*workflows: Workflow) -> list[Any]:
    """The steps of a chain of these."""
    files = {(NodeId("1"), "image"): ("a.png", Blob(b""))}
    return asyncio.run(steps_of(workflows, files, "photo", Told()))  # type: ignore[arg-type]


def test_each_step_knows_what_it_takes_of_the_one_before() -> None:
    """By its usual loaders, or as a server describes its nodes; the files are the first's."""
    first, second, third = steps(invert_workflow(), invert_workflow(), invert_workflow())
    assert (first.takes, second.takes, third.takes) == ((), (PICTURE,), (PICTURE,))
    assert [step.title for step in (first, second, third)] == ["photo", "photo 2", "photo 3"]
    assert (len(first.files), second.files) == (1, {})
    _, second = steps(films("SaveVideo"), films("SaveVideo"))
    assert second.takes == (UploadPlace(NodeId("5"), "file", "video"),)


@pytest.mark.parametrize(
    ("workflows", "code"),
    [
        ((), "workflow_not_workflow"),
        ((invert_workflow(), films("SaveVideo")), "chain_unfit"),
    ],
)
def test_what_can_never_go_on_is_no_chain(workflows: tuple[Workflow, ...], code: str) -> None:
    """It would fail only after the first has run."""
    with pytest.raises(BadInput) as refused:
        steps(*workflows)
    assert refused.value.trouble.code == code


def test_a_result_is_stored_under_its_content() -> None:
    """Twice is as good as once; what is gone leaves nothing."""
    files = MemoryFiles()
    results: list[Blob | None] = [Blob(b"ab"), Blob(b"ab"), None]

    async def bring(source: ResultSource) -> Any:
        assert source is SOURCE
        return results.pop(0)

    for expected in (("6162", 2), ("6162", 2), None):
        found = asyncio.run(hand_over(bring, files, TaskId("t2"), SOURCE))  # type: ignore[arg-type]
        assert found == expected
    assert list(files.kept) == ["6162"]
    assert files.users == {"t2": {"6162"}}
