"""Finding out what a server is, and why it can't be used."""

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    asked,
    new_window,
    one,
    queue_length,
    recorded,
    reply,
)
from tether.core.events import Failure
from tether.core.model.server import Reach, Server
from tether.core.protocol.requests import Ask
from tether.core.tracking.reachability import Reachability


def meeting() -> tuple[Server, Reachability]:
    """A server that was just added."""
    window = new_window()
    return window.server(NORTH, NOON), Reachability(window)


def told(
    server: Server, reachability: Reachability, ask: Ask, body: object, status: int = 200
) -> bool:
    """The server answers one of the first calls."""
    commands = reachability.meet(server)
    event = reply(one(commands, ask), body, status)
    return reachability.answered(server, event.request, event.status, event.text, NOON)


def test_a_server_introduces_itself() -> None:
    """Queue, card and limits, each by its own call."""
    server, reachability = meeting()
    assert told(server, reachability, Ask.PROBE, queue_length(4))
    assert told(server, reachability, Ask.STATS, recorded("stats")[0]["body"])
    assert told(server, reachability, Ask.FEATURES, recorded("features")[0]["body"])
    assert server.reach is Reach.UP
    assert (server.queue_remaining, server.queue_read_at) == (4, NOON)
    assert server.facts is not None
    assert server.facts.version == "0.28.1"
    assert server.max_upload == 104857600


@pytest.mark.parametrize(
    ("status", "body", "reach", "code"),
    [
        (401, "", Reach.REFUSED, "server_locked"),
        (403, "", Reach.REFUSED, "server_locked"),
        (502, "<html>", Reach.ODD, "server_odd"),
        (200, "<html>", Reach.ODD, "server_odd"),
    ],
)
def test_what_answers_may_be_locked_or_something_else(
    status: int, body: str, reach: Reach, code: str
) -> None:
    """A gate wants a password; a web server at the wrong port says a page."""
    server, reachability = meeting()
    assert not told(server, reachability, Ask.PROBE, body, status)
    assert server.trouble is not None
    assert (server.reach, server.trouble.code) == (reach, code)
    assert server.retry_at > NOON


@pytest.mark.parametrize("ask", [Ask.STATS, Ask.FEATURES])
def test_facts_that_are_not_told_shut_no_server(ask: Ask) -> None:
    """Old ones have no features, and some trip over their own card."""
    server, reachability = meeting()
    told(server, reachability, Ask.PROBE, queue_length(0))
    assert not told(server, reachability, ask, "", 500)
    assert server.reach is Reach.UP
    assert (
        reachability.failed(server, one(reachability.meet(server), ask), Failure.NETWORK, NOON)
        == ()
    )
    assert server.reach is Reach.UP


def test_a_limit_once_told_stays() -> None:
    """The socket tells it too; an answer without one takes it not away."""
    server, reachability = meeting()
    server.max_upload = 7
    told(server, reachability, Ask.FEATURES, {})
    assert server.max_upload == 7


def test_down_and_refused_are_told_apart() -> None:
    """A browser says "Failed to fetch" for both: a call that nobody may read decides."""
    server, reachability = meeting()
    probe = one(reachability.refresh(server), Ask.PROBE)
    reach = one(reachability.failed(server, probe, Failure.NETWORK, NOON))
    assert (reach.ask, reach.is_opaque) == (Ask.REACH, True)
    assert server.trouble is not None
    assert (server.reach, server.trouble.code) == (Reach.DOWN, "server_silent")

    assert not reachability.answered(server, reach, 0, "", NOON)
    assert (server.reach, server.trouble.code) == (Reach.REFUSED, "server_cors")
    assert server.retry_at == NOON + 60

    assert reachability.failed(server, reach, Failure.NETWORK, NOON) == ()
    assert (server.reach, server.trouble.code) == (Reach.DOWN, "server_down")
    assert server.silence.failures == 1


def test_a_server_that_hangs_is_slow_not_refused() -> None:
    """It would hang for the second call as well."""
    server, reachability = meeting()
    assert (
        reachability.failed(
            server, one(reachability.refresh(server), Ask.PROBE), Failure.TIMEOUT, NOON
        )
        == ()
    )
    assert server.trouble is not None
    assert server.trouble.code == "server_slow"


def test_a_server_that_sends_calls_elsewhere_says_so() -> None:
    """What answers at the other address says nothing of this one."""
    server, reachability = meeting()
    call = one(reachability.refresh(server), Ask.PROBE)
    assert reachability.failed(server, call, Failure.REDIRECTED, NOON) == ()
    assert server.trouble is not None
    assert (server.reach, server.trouble.code) == (Reach.REFUSED, "server_redirects")


def test_a_server_that_answered_meanwhile_is_up() -> None:
    """However the second call ends."""
    server, reachability = meeting()
    reach = one(
        reachability.failed(
            server, one(reachability.refresh(server), Ask.PROBE), Failure.NETWORK, NOON
        )
    )
    told(server, reachability, Ask.PROBE, queue_length(0))
    assert not reachability.answered(server, reach, 0, "", NOON)
    reachability.failed(server, reach, Failure.TIMEOUT, NOON)
    assert (server.reach, server.trouble) == (Reach.UP, None)


def test_every_call_has_its_own_id() -> None:
    """Answers are told apart by it."""
    server, reachability = meeting()
    calls = asked((*reachability.meet(server), *reachability.refresh(server)))
    assert len({call.id for call in calls}) == len(calls) == 5


def test_a_person_who_is_back_sees_the_memory_of_now() -> None:
    server, reachability = meeting()
    assert [call.ask for call in asked(reachability.refresh(server))] == [Ask.PROBE, Ask.STATS]
