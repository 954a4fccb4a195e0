"""The window's locks."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON, NORTH, SOUTH
from tests.tether.core.junk import anything, peer_texts
from tether.core.ids import PromptId, ServerUrl
from tether.core.model.locks import Locks, mismatches

A, B, C = PromptId("a"), PromptId("b"), PromptId("c")


def test_the_report_is_null_exactly_while_nothing_is_held() -> None:
    """No empty object, no stale server."""
    locks = Locks()
    assert locks.report() is None
    assert locks.write() is None
    locks.hold(A, NORTH, NOON)
    assert locks.report() is not None
    locks.release(A)
    locks.release(A)
    assert locks.report() is None


def test_the_report_names_the_task_that_was_bound_last() -> None:
    """And lists every server with its prompts; times in milliseconds."""
    locks = Locks()
    locks.hold(A, NORTH, NOON)
    locks.hold(B, SOUTH, NOON + 2)
    locks.hold(C, NORTH, NOON + 1)
    assert locks.report() == {
        "server": SOUTH,
        "promptId": B,
        "since": 1795452002000,
        "locks": [
            {"server": NORTH, "promptIds": [A, C], "since": 1795452000000},
            {"server": SOUTH, "promptIds": [B], "since": 1795452002000},
        ],
    }
    locks.release(B)
    report = locks.report()
    assert report is not None
    assert report["promptId"] == C


def test_of_tasks_bound_in_one_moment_the_last_is_named() -> None:
    """One round of the dispatcher binds several at the same time."""
    locks = Locks()
    for prompt_id, server in ((A, NORTH), (B, SOUTH), (C, NORTH)):
        locks.hold(prompt_id, server, NOON)
    report = locks.report()
    assert report is not None
    assert (report["server"], report["promptId"]) == (NORTH, C)


def test_a_task_knows_its_own_server() -> None:
    """Whatever other tasks hold."""
    locks = Locks()
    locks.hold(A, NORTH, NOON)
    locks.hold(B, SOUTH, NOON)
    assert (locks.server_of(A), locks.server_of(B), locks.server_of(C)) == (NORTH, SOUTH, None)


def test_locks_of_forgotten_tasks_go() -> None:
    """A task whose record can't be read must not lock a server for ever."""
    locks = Locks()
    locks.hold(A, NORTH, NOON)
    locks.hold(B, SOUTH, NOON)
    locks.retain({B})
    assert (locks.server_of(A), locks.server_of(B)) == (None, SOUTH)


held = st.dictionaries(
    st.text().map(PromptId),
    st.tuples(st.text().map(ServerUrl), st.floats(0, 4e9)),
    max_size=6,
)


@given(held)
def test_locks_survive_a_reload(holds: dict[PromptId, tuple[ServerUrl, float]]) -> None:
    """The record says the same after it was read, the report included."""
    locks, restored = Locks(), Locks()
    for prompt_id, (server, since) in holds.items():
        locks.hold(prompt_id, server, since)
    restored.read(locks.write() or "")
    assert restored.report() == locks.report()
    assert restored.write() == locks.write()
    assert (restored.report() is None) == (not holds)


@given(
    peer_texts(['{"rows": [["p", "http://north", 1.5]]}'])
    | anything.map(lambda x: json.dumps({"rows": x}))
)
def test_a_damaged_record_loses_its_damaged_rows_alone(text: str) -> None:
    """No exception, and what was read can be reported and written."""
    locks = Locks()
    locks.read(text)
    report: Any = locks.report()
    assert (report is None) == (locks.write() is None)


def test_task_lock_and_socket_must_name_one_server() -> None:
    """Checked before every call; what disagrees is to be mended."""
    assert mismatches(NORTH, NORTH, NORTH) == ()
    assert mismatches(NORTH, SOUTH, NORTH) == ("lock",)
    assert mismatches(NORTH, None, None) == ("lock", "socket")
    assert mismatches(NORTH, NORTH, SOUTH) == ("socket",)
