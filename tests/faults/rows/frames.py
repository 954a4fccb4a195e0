"""What happens to the frames of a WebSocket."""

from collections.abc import Callable
from dataclasses import replace

from tests.faults.rows.row import OLD, Row
from tests.faults.stage import Stage

FAILING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "picture.png"}},
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}


def swallowed(*frames: str, workflow: dict[str, object] | None = None) -> Callable[[Stage], None]:
    """These frames never arrive."""

    def story(stage: Stage) -> None:
        stage.fault("swallow", frames=frames)
        stage.send(workflow)

    return story


def node_error(stage: Stage) -> None:
    """A node raises."""
    stage.send(FAILING)


def doubled(stage: Stage) -> None:
    """Each frame comes twice."""
    stage.fault("duplicate")
    stage.send()


def joined_by(kind: str) -> Callable[[Stage], None]:
    """Frames that concern nobody come before and after each of ours."""

    def story(stage: Stage) -> None:
        stage.fault("inject", kinds=[kind])
        stage.send()

    return story


ALL_THREE = swallowed("executed", "execution_success", "executing_null")

IN_BOTH = ("all three swallowed", "binary junk", "duplicated frames")
"""In a browser frames come through static/boot/frames.mjs."""

ROWS = tuple(
    replace(row, is_in_browser=row.name in IN_BOTH, is_in_process=True)
    for row in (
        Row(
            "executed swallowed",
            swallowed("executed"),
            by="record",
            again=(OLD,),
        ),
        Row(
            "execution_success swallowed",
            swallowed("execution_success"),
            by="record",
            again=(OLD,),
        ),
        Row(
            "executing null swallowed",
            swallowed("executing_null"),
            by="record",
            again=(OLD,),
        ),
        Row("all three swallowed", ALL_THREE, by="record", again=(OLD,)),
        Row("node error", node_error, ("failed", "failed"), by="socket", again=(OLD,)),
        Row(
            "node error, its frames swallowed",
            swallowed("execution_error", "executing_null", workflow=FAILING),
            ("failed", "failed"),
            by="record",
            again=(OLD,),
        ),
        Row("malformed JSON", joined_by("malformed"), by="socket"),
        Row("unknown type", joined_by("unknown"), by="socket"),
        Row("binary junk", joined_by("junk"), by="socket"),
        Row("foreign frames", joined_by("foreign"), by="socket"),
        Row("duplicated frames", doubled, by="socket"),
    )
)
