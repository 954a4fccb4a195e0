"""Which steps are told."""

import pytest

from simulator.progress import Progress
from simulator.settings import Api


def told(api: Api, steps: int, seconds: float, previews: int = 0) -> list[int]:
    """The steps that get a frame; every `previews`th has a picture."""
    progress = Progress("p", api)
    progress.begin("2")
    return [
        step
        for step in range(1, steps + 1)
        if progress.deserves_frame(
            step * seconds, step, steps, has_preview=bool(previews) and step % previews == 0
        )
    ]


@pytest.mark.parametrize(
    ("steps", "seconds", "expected"),
    [
        (5, 0.04, [1, 4, 5]),
        (5, 0.2, [1, 2, 3, 4, 5]),
        (1, 0.0, [1]),
        (300, 0.2, [*range(1, 300, 2), 300]),
    ],
)
def test_steps_are_told_a_tenth_of_a_second_and_half_a_percent_apart(
    steps: int, seconds: float, expected: list[int]
) -> None:
    """The first and the last always."""
    assert told(Api.V0_28, steps, seconds) == expected
    assert told(Api.V0_3_64, steps, seconds) == list(range(1, steps + 1))


def test_a_preview_is_always_told() -> None:
    """However soon."""
    assert told(Api.V0_28, 10, 0.001, previews=3) == [1, 3, 6, 9, 10]


def test_each_node_begins_anew() -> None:
    """The first step of the next node is a first step."""
    progress = Progress("p", Api.V0_28)
    progress.begin("1")
    assert progress.deserves_frame(0, 1, 5, has_preview=False)
    progress.begin("2")
    assert progress.deserves_frame(0, 1, 5, has_preview=False)
    assert progress.deserves_frame(0, 0, 0, has_preview=False)


def test_finished_nodes_keep_their_steps() -> None:
    """A node without steps ends at 1.0, a cached one at 1."""
    progress = Progress("p", Api.V0_28)
    progress.begin("1")
    progress.finish("1")
    progress.begin("2")
    progress.step("2", 3, 4)
    progress.finish("2")
    progress.finish("3")
    nodes = progress.as_json["nodes"]
    assert isinstance(nodes, dict)
    values = [(repr(node["value"]), repr(node["max"]), node["state"]) for node in nodes.values()]
    done = "finished"
    assert values == [("1.0", "1.0", done), ("4", "4", done), ("1", "1", done)]
