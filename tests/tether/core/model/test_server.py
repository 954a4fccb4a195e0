"""One server, as a window knows it."""

from tests.tether.core.farm import NOON, NORTH, Chance
from tether.core.errors import Trouble
from tether.core.ids import ClientId
from tether.core.model.changes import Pending
from tether.core.model.connection import Connection, Phase
from tether.core.model.server import FORM_OVERHEAD, JOBS_AGAIN, Reach, Server, Use
from tether.core.protocol.answers import ServerFacts

SILENT = Trouble.of("server_silent", server="north")


def new_server(*draws: float) -> Server:
    """A server of which nothing is known yet."""
    chance = Chance(draws=draws)
    return Server.new(Connection(NORTH, ClientId("me"), chance), chance, Pending())


def test_a_new_server_is_called_by_its_address() -> None:
    """And not yet connected."""
    server = new_server()
    assert (server.name, server.reach) == ("north:8188", Reach.UNKNOWN)
    assert (server.connection.server, server.connection.phase) == (NORTH, Phase.IDLE)


def test_a_server_that_fails_gets_no_task_for_a_while() -> None:
    """Longer with each failure, and never less than half a second."""
    server = new_server(0.1, 0.5)
    server.failed(Reach.DOWN, SILENT, NOON)
    assert (server.reach, server.trouble, server.retry_at) == (Reach.DOWN, SILENT, NOON + 0.5)
    server.failed(Reach.DOWN, SILENT, NOON)
    assert server.retry_at == NOON + 1.0


def test_an_answer_opens_a_server_but_only_a_task_proves_it() -> None:
    """One that answers every probe and refuses every upload is tried ever more rarely."""
    server = new_server(0.5, 0.5, 0.5, 0.5, 0.5)
    server.failed(Reach.DOWN, SILENT, NOON)
    server.failed(Reach.DOWN, SILENT, NOON)
    server.answered()
    assert (server.reach, server.trouble, server.retry_at) == (Reach.UP, None, 0.0)
    assert server.silence.failures == 0

    for failures in (1, 2, 3):
        server.submission_failed(SILENT, NOON)
        server.answered()
        assert (server.errors.failures, server.retry_at) == (failures, 0.0)
    assert server.opens_at == NOON + 2.0
    server.task_accepted()
    assert (server.errors.failures, server.opens_at) == (0, 0.0)


def test_nothing_is_waited_for_when_a_person_is_back() -> None:
    """Neither after silence nor after refusals."""
    server = new_server()
    server.failed(Reach.DOWN, SILENT, NOON)
    server.submission_failed(SILENT, NOON)
    server.retry_now()
    assert server.opens_at == 0.0


def test_a_reason_does_not_shut_a_server_longer() -> None:
    """The failure was counted when it happened."""
    server = new_server()
    server.judge(Reach.DOWN, SILENT, NOON)
    assert (server.reach, server.trouble) == (Reach.DOWN, SILENT)
    assert (server.retry_at, server.silence.failures) == (0.0, 0)


def test_a_server_that_refuses_this_page_is_asked_once_a_minute() -> None:
    """Until a person has mended it, and says so."""
    server = new_server(0.5)
    server.failed(Reach.REFUSED, SILENT, NOON)
    assert server.opens_at == NOON + 60
    server.retry_now()
    assert server.opens_at == 0


def test_the_queue_length_has_an_age() -> None:
    """From frames and answers alike."""
    server = new_server()
    server.note_queue(3, NOON)
    assert (server.queue_remaining, server.queue_read_at) == (3, NOON)


def test_a_picture_must_fit_with_the_form_around_it() -> None:
    """The server's limit is for the whole body; without one anything may be sent."""
    server = new_server()
    assert server.accepts(10**12)
    server.max_upload = 10_000
    assert server.accepts(10_000 - FORM_OVERHEAD)
    assert not server.accepts(10_001 - FORM_OVERHEAD)


def test_what_was_refused_once_is_too_large_whatever_the_server_says() -> None:
    """A proxy before it may allow less."""
    server = new_server()
    for size in (3_000, 2_000, 2_500):
        server.refused_picture(size)
    assert server.accepts(1_999)
    assert not server.accepts(2_000)


def test_uploads_that_break_off_again_and_again_are_refused_without_a_word() -> None:
    """Those at once are one event; one that came takes the suspicion away."""
    server = new_server()
    server.upload_broke(3_000, NOON, NOON + 5)
    server.upload_broke(3_000, NOON + 1, NOON + 6)
    assert server.accepts(3_000)
    server.uploaded(2_000, 1.0)
    server.upload_broke(2_500, NOON + 10, NOON + 15)
    assert server.accepts(2_500) and not server.accepts(3_000) and server.is_refusal_silent
    server.upload_broke(2_600, NOON + 20, NOON + 25)
    assert server.accepts(2_500) and not server.accepts(2_600)

    server.refused_picture(2_550)
    assert not server.is_refusal_silent
    server.uploaded(2_500, 1.0)
    assert server.broken_size is None
    server.forget()
    assert server.accepts(10**12)


def test_a_server_may_ask_to_be_left_alone() -> None:
    """For ten minutes at most; a shorter rest never ends a longer one."""
    server = new_server(0.5, 0.5)
    server.submission_failed(SILENT, NOON, pause=60.0)
    server.rest(20.0, NOON)
    assert server.opens_at == NOON + 60
    server.rest(float("inf"), NOON)
    assert server.opens_at == NOON + 600


def test_a_server_that_told_nothing_has_not_too_few() -> None:
    """Only a number that it told can be too small."""
    server = new_server()
    assert not server.has_fewer_than(2)
    server.note_queue(2, NOON)
    assert not server.has_fewer_than(2)
    assert server.has_fewer_than(3)


def test_numbers_that_go_back_and_a_forgotten_past_are_signs_of_a_restart() -> None:
    """When they came is known; when it was is not."""
    server = new_server()
    server.note_number(4, NOON, NOON + 1)
    server.note_number(3, NOON, NOON + 2)  # asked for before the other was told
    assert server.restarted_at == 0
    server.note_number(0, NOON + 3, NOON + 4)
    assert server.restarted_at == NOON + 4
    server.note_history(is_known=True, now=NOON + 5)
    server.note_history(is_known=False, now=NOON + 6)
    assert (server.remembered_at, server.restarted_at) == (NOON + 5, NOON + 6)


def test_a_server_is_long_silent_after_half_a_minute() -> None:
    """Then a person may want to go elsewhere; any answer ends it."""
    server = new_server()
    for at, is_long in ((0, False), (30, False), (31, True)):
        server.failed(Reach.DOWN, SILENT, NOON + at)
        assert server.is_long_silent is is_long
    server.answered()
    assert not server.is_long_silent
    server.failed(Reach.DOWN, SILENT, NOON + 90)
    assert not server.is_long_silent


def test_the_latest_uploads_tell_the_bandwidth() -> None:
    """Each new one counts as much as all before."""
    server = new_server()
    server.uploaded(100, 0.0)
    assert server.bandwidth == 0.0
    server.uploaded(100, 2.0)
    server.uploaded(100, 1.0)
    assert server.bandwidth == 75.0


def test_a_person_may_keep_new_tasks_away() -> None:
    server = new_server()
    assert server.takes_tasks
    server.is_paused = True
    assert not server.takes_tasks
    server.is_paused, server.use = False, Use.REMOVED
    assert not server.takes_tasks


def test_a_server_is_ready_when_it_is_up_and_nothing_keeps_tasks_from_it() -> None:
    """Neither a person, nor a failure a moment ago."""
    server = new_server()
    assert not server.is_ready(NOON)
    server.answered()
    assert server.is_ready(NOON)
    server.is_paused = True
    assert not server.is_ready(NOON)
    server.is_paused = False
    server.rests_until = NOON + 5
    assert not server.is_ready(NOON)
    assert server.is_ready(NOON + 5)


def test_a_server_leaves_as_soon_as_it_is_not_listed() -> None:
    """Removed, or only restored for its tasks."""
    server = new_server()
    found = []
    for server.use in Use:
        found.append((server.is_leaving, server.takes_tasks))
    assert found == [(False, True), (True, False), (True, False)]


def test_facts_are_kept_and_told_when_they_differ() -> None:
    server, facts = new_server(), ServerFacts("0.28.1", "card", 1, 2)
    server.note_facts(facts)
    assert server.facts == facts
    assert server.pending.take().servers
    server.note_facts(facts)
    assert not server.pending.take().servers


def test_a_jobs_api_that_failed_is_asked_again_later() -> None:
    """After a minute; never where it is certain that there is none."""
    server = new_server()
    server.lacks_jobs(NOON)
    server.retry_jobs(NOON + JOBS_AGAIN - 1)
    assert not server.has_jobs
    server.retry_jobs(NOON + JOBS_AGAIN)
    assert server.has_jobs
    server.lacks_jobs(NOON, is_sure=True)
    server.retry_jobs(NOON + 10 * JOBS_AGAIN)
    assert not server.has_jobs


def test_what_a_server_told_before_its_socket_was_lost_is_outdated() -> None:
    """It may have restarted; until it says anew how long its queue is."""
    server = new_server()
    server.note_queue(2, NOON)
    assert not server.is_queue_outdated
    server.connection.connect()
    server.connection.greeted(1)
    server.connection.closed(1)
    assert server.is_queue_outdated
    server.note_queue(0, NOON + 1)
    assert not server.is_queue_outdated
