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
from tether.core.tracking.reachability import Diagnosis


def meeting() -> tuple[Server, Diagnosis]:
    """A server that was just added."""
    window = new_window()
    return window.server(NORTH, NOON), Diagnosis(window)


def told(server: Server, diagnosis: Diagnosis, ask: Ask, body: object, status: int = 200) -> bool:
    """The server answers one of the first calls."""
    commands = (*diagnosis.meet(server), *diagnosis.refresh(server))
    event = reply(one(commands, ask), body, status)
    return diagnosis.answered(server, event.request, event.status, event.text, NOON)


def test_a_server_introduces_itself() -> None:
    """Queue, card and limits, each by its own call."""
    server, diagnosis = meeting()
    assert told(server, diagnosis, Ask.PROBE, queue_length(4))
    assert told(server, diagnosis, Ask.STATS, recorded("stats")[0]["body"])
    assert told(server, diagnosis, Ask.FEATURES, recorded("features")[0]["body"])
    assert server.reach is Reach.UP
    assert (server.queue_remaining, server.told_at) == (4, NOON)
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
    server, diagnosis = meeting()
    assert not told(server, diagnosis, Ask.PROBE, body, status)
    assert server.trouble is not None
    assert (server.reach, server.trouble.code) == (reach, code)
    assert server.retry_at > NOON


@pytest.mark.parametrize("ask", [Ask.STATS, Ask.FEATURES])
def test_facts_that_are_not_told_shut_no_server(ask: Ask) -> None:
    """Old ones have no features, and some trip over their own card."""
    server, diagnosis = meeting()
    told(server, diagnosis, Ask.PROBE, queue_length(0))
    assert not told(server, diagnosis, ask, "", 500)
    assert server.reach is Reach.UP
    assert diagnosis.failed(server, one(diagnosis.meet(server), ask), Failure.NETWORK, NOON) == ()
    assert server.reach is Reach.UP


def test_a_limit_once_told_stays() -> None:
    """The socket tells it too; an answer without one takes it not away."""
    server, diagnosis = meeting()
    server.max_upload = 7
    told(server, diagnosis, Ask.FEATURES, {})
    assert server.max_upload == 7


def test_down_and_refused_are_told_apart() -> None:
    """A browser says "Failed to fetch" for both: a call that nobody may read decides."""
    server, diagnosis = meeting()
    probe = one(diagnosis.refresh(server))
    reach = one(diagnosis.failed(server, probe, Failure.NETWORK, NOON))
    assert (reach.ask, reach.is_opaque) == (Ask.REACH, True)
    assert server.trouble is not None
    assert (server.reach, server.trouble.code) == (Reach.DOWN, "server_silent")

    diagnosis.reached(server, NOON)
    assert (server.reach, server.trouble.code) == (Reach.REFUSED, "server_cors")
    assert server.retry_at == NOON + 60

    assert diagnosis.failed(server, reach, Failure.NETWORK, NOON) == ()
    assert (server.reach, server.trouble.code) == (Reach.DOWN, "server_down")
    assert server.silence.failures == 1


def test_a_server_that_hangs_is_slow_not_refused() -> None:
    """It would hang for the second call as well."""
    server, diagnosis = meeting()
    assert diagnosis.failed(server, one(diagnosis.refresh(server)), Failure.TIMEOUT, NOON) == ()
    assert server.trouble is not None
    assert server.trouble.code == "server_slow"


def test_a_server_that_answered_meanwhile_is_up() -> None:
    """However the second call ends."""
    server, diagnosis = meeting()
    reach = one(diagnosis.failed(server, one(diagnosis.refresh(server)), Failure.NETWORK, NOON))
    told(server, diagnosis, Ask.PROBE, queue_length(0))
    diagnosis.reached(server, NOON)
    diagnosis.failed(server, reach, Failure.TIMEOUT, NOON)
    assert (server.reach, server.trouble) == (Reach.UP, None)


def test_every_call_has_its_own_id() -> None:
    """Answers are told apart by it."""
    server, diagnosis = meeting()
    calls = asked((*diagnosis.meet(server), *diagnosis.refresh(server), *diagnosis.meet(server)))
    assert len({call.id for call in calls}) == len(calls) == 5


def test_a_person_who_is_back_sees_the_memory_of_now() -> None:
    server, diagnosis = meeting()
    assert [call.ask for call in asked(diagnosis.renew(server))] == [Ask.PROBE, Ask.STATS]
