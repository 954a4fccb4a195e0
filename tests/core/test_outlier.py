"""Servers on which a workflow fails that others complete."""

from app.core.errors import Trouble
from app.core.ids import Digest, ServerUrl
from app.core.outlier import PAUSE, Outliers
from app.core.task import State, Task
from tests.core.farm import INVERT, NOON, NORTH, SOUTH, new_task

OTHER = Digest("07e4")
BOOM = Trouble.of("node_failed", message="CUDA out of memory")


def done(at: float, server: ServerUrl | None = SOUTH, digest: Digest = INVERT) -> Task:
    """A task that was completed."""
    task = new_task(int(at))
    task.state, task.server, task.digest, task.ended_at = State.COMPLETED, server, digest, NOON + at
    return task


def failed(at: float, server: ServerUrl = NORTH, why: Trouble | None = BOOM) -> Task:
    """A task that has failed."""
    task = done(at, server)
    task.state, task.trouble = State.FAILED, why
    return task


def test_a_server_that_fails_twice_where_another_succeeds_gets_no_more() -> None:
    """For ten minutes; then one more failure doubles that."""
    outliers = Outliers([failed(2), failed(1), done(3)])
    assert outliers.shut_until(INVERT, NORTH) == NOON + 2 + PAUSE
    assert outliers.shut_until(INVERT, SOUTH) == 0
    assert outliers.shut_until(OTHER, NORTH) == 0
    assert (outliers.failures_at(NORTH), outliers.failures_at(SOUTH)) == (2, 0)

    again = Outliers([failed(1), failed(2), done(3), failed(700)])
    assert again.shut_until(INVERT, NORTH) == NOON + 700 + 2 * PAUSE


def test_a_workflow_that_fails_everywhere_is_bad_itself() -> None:
    """And one failure may be anything; what succeeded before on that very server too."""
    for tasks in (
        [failed(1), failed(2), failed(3, SOUTH)],
        [failed(1), done(2)],
        [failed(1), failed(2), done(3, digest=OTHER)],
        [done(1, NORTH), failed(2), failed(3)],
    ):
        outliers = Outliers(tasks)
        assert outliers.shut_until(INVERT, NORTH) == 0
        assert outliers.failures_at(NORTH) == 0


def test_a_success_there_forgives_all() -> None:
    """In the order in which they ended."""
    tasks = [failed(1), failed(2), done(3), done(4, NORTH), failed(5)]
    assert Outliers(tasks).shut_until(INVERT, NORTH) == 0


def test_only_errors_of_nodes_count() -> None:
    """Not what was interrupted, refused, or never came to a server."""
    tasks = [
        failed(1, why=Trouble.of("refused")),
        failed(2, why=None),
        failed(3),
        done(4, None),
        done(5),
    ]
    assert Outliers(tasks).shut_until(INVERT, NORTH) == 0


def test_the_pause_does_not_grow_for_ever() -> None:
    """Whoever mended the server is to see it at work within a day."""
    tasks = [*(failed(at) for at in range(1, 40)), done(50)]
    assert Outliers(tasks).shut_until(INVERT, NORTH) < NOON + 86_400
