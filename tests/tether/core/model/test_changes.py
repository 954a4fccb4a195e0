"""What has changed, for each who acts on it."""

from tests.tether.core.farm import NOON, NORTH, bound_task, new_window
from tether.core.errors import Trouble
from tether.core.ids import TaskId
from tether.core.model.changes import Changes, Pending
from tether.core.model.server import Reach
from tether.core.protocol.answers import ServerFacts

NOTHING = Changes(frozenset(), frozenset(), False)


def test_saved_tasks_are_changed_tasks() -> None:
    """Followers are told of them with those that only progressed, once."""
    pending = Pending()
    pending.unsaved |= {TaskId("t2"), TaskId("t1")}
    pending.gauges.add(TaskId("t3"))
    assert pending.take_unsaved() == ["t1", "t2"]
    assert pending.take_unsaved() == []
    assert pending.take() == Changes(frozenset({"t1", "t2"}), frozenset({"t1", "t2", "t3"}), False)
    assert pending.take() == NOTHING


def test_a_server_that_comes_or_goes_concerns_connections_too() -> None:
    pending = Pending()
    pending.server_set_changed()
    assert pending.take().servers
    assert pending.are_connections_due, "only who tends them takes that"


def test_followers_are_told_of_what_they_show_of_a_server() -> None:
    """Its reach, why, its facts, its name, a pause, its removal; not the same again."""
    window = new_window()
    north = window.server(NORTH, NOON)
    window.pending.take()

    def changed() -> bool:
        return window.pending.take().servers

    facts, down = ServerFacts("0.28.1", "card", 1, 2), Trouble.of("server_down")
    for _ in range(2):
        north.answered()
        north.note_facts(facts)
        is_changed = changed()
    assert not is_changed
    north.note_facts(ServerFacts("0.28.1", "card", 0, 2))
    assert changed()
    north.judge(Reach.DOWN, down, NOON)
    assert changed()
    north.judge(Reach.DOWN, Trouble.of("server_cors"), NOON)
    assert changed()
    window.use(NORTH, "Studio", NOON)
    assert changed()
    window.pause(north, True)
    assert changed()
    window.remove(north)
    assert changed()
    window.forget(north)
    assert changed()
    assert window.servers == {}


def test_a_task_and_its_queue_are_no_change_of_servers() -> None:
    window = new_window()
    north = window.server(NORTH, NOON)
    window.pending.take()
    bound_task(window, north)
    north.note_queue(3, NOON)
    assert not window.pending.take().servers
