"""How far a task is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import NodeId
from app.core.progress import Progress

FOUR = frozenset(NodeId(name) for name in "1234")


def at_the_third_node(share: float) -> Progress:
    """Four nodes: two are done, the third has come so far."""
    progress = Progress(FOUR)
    progress.finish([NodeId("1"), NodeId("2")])
    progress.begin(NodeId("3"))
    progress.reach(NodeId("3"), share)
    return progress


def test_every_node_weighs_the_same() -> None:
    """9 of 100 in the third of four nodes is 52.25 %, one step later it is 52.50 %."""
    assert at_the_third_node(9 / 100).overall == pytest.approx(0.5225)
    assert at_the_third_node(10 / 100).overall == pytest.approx(0.5250)
    assert at_the_third_node(10 / 100).node == pytest.approx(0.1)


def test_before_the_nodes_are_known_nothing_is_done() -> None:
    """After a reload the workflow comes a little later."""
    progress = Progress()
    progress.begin(NodeId("1"))
    progress.reach(NodeId("1"), 0.5)
    assert (progress.overall, progress.node) == (0.0, 0.0)
    progress.count(FOUR)
    progress.reach(NodeId("1"), 0.5)
    assert progress.overall == pytest.approx(0.125)


def test_a_node_that_begins_ends_the_one_before() -> None:
    """Servers say nothing at the end of a node that reports no steps."""
    progress = Progress(FOUR)
    assert progress.node == 0.0
    progress.begin(NodeId("1"))
    progress.begin(NodeId("1"))
    assert progress.overall == 0.0
    progress.begin(NodeId("2"))
    assert progress.overall == 0.25


def test_only_the_nodes_that_run_count() -> None:
    """What was heard of others is forgotten when the workflow is known."""
    progress = Progress(FOUR)
    progress.finish([NodeId("1"), NodeId("99")])
    progress.count(frozenset({NodeId("1"), NodeId("2")}))
    assert progress.overall == 0.5
    progress.count(frozenset({NodeId("2"), NodeId("3")}))
    assert progress.overall == 0.0


names = st.sampled_from([NodeId(name) for name in "12345"])
shares = st.floats(0, 1) | st.floats()
steps = st.lists(
    st.tuples(st.just("begin"), names, shares) | st.tuples(st.just("reach"), names, shares),
    min_size=10,
)


@given(steps)
def test_progress_never_falls_and_stays_within_0_and_1(
    history: list[tuple[str, NodeId, float]],
) -> None:
    """Late frames, repeated ones, and numbers that are none."""
    progress = Progress(FOUR)
    before = 0.0
    for verb, node_id, share in history:
        if verb == "begin":
            progress.begin(node_id)
        else:
            progress.reach(node_id, share)
        assert before <= progress.overall <= 1
        assert 0 <= progress.node <= 1
        before = progress.overall


def test_a_new_node_starts_at_its_first_step() -> None:
    """What was told of the one before is not its own."""
    progress = Progress(frozenset({NodeId("1"), NodeId("2")}))
    progress.begin(NodeId("1"))
    progress.step = (9, 100)
    progress.begin(NodeId("1"))
    assert progress.step == (9, 100)
    progress.begin(NodeId("2"))
    assert progress.step == (0.0, 1.0)
