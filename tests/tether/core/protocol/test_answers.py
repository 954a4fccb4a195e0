"""What servers answer over HTTP, as values.

The lists of tasks that servers have.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import recorded, recorded_texts
from tests.tether.core.junk import is_bounded, peer_texts, warped
from tether.core.errors import MessageError
from tether.core.ids import PromptId
from tether.core.protocol.answers import (
    MOST_REFUSED,
    Found,
    Record,
    ServerFacts,
    is_cancel,
    is_no_job,
    read_acceptance,
    read_entry,
    read_features,
    read_history,
    read_job,
    read_jobs,
    read_number,
    read_queue,
    read_queue_length,
    read_stats,
    read_upload,
)

DONE = PromptId("6bf8acd6-77af-4097-a974-6d7da93e5a57")
FAILED = PromptId("328ba6f1-cf90-4100-bb11-1d03fcaf58d3")
STOPPED = PromptId("56f53933-387f-4e81-8997-a78528d7823b")


def body(story: str) -> str:
    """What a real server answered."""
    text: str = recorded(story)[0]["body"]
    return text


def test_a_queue_length_is_read() -> None:
    """The cheapest answer of all."""
    assert read_queue_length(body("queue length")) == 0


def test_an_uploaded_picture_keeps_the_name_that_the_server_gave() -> None:
    """With its folder, where it has one."""
    assert read_upload(body("upload")) == "lab.png"
    assert read_upload(body("upload into a folder")) == "a/b/sub.png"
    assert read_upload('{"name": "x.png", "subfolder": 3}') == "x.png"


def test_an_accepted_prompt_tells_which_outputs_will_not_come() -> None:
    """A valid part runs although another part was refused."""
    assert read_acceptance(body("accepted"))[1] == frozenset()
    assert read_acceptance(body("accepted in part"))[1] == {"9"}
    assert read_acceptance('{"prompt_id": "p"}') == ("p", frozenset())


@pytest.mark.parametrize("prompt", ["", "\ud800", "p" * 4_000_000, "a b", "<b>", "é"])
def test_an_id_that_no_server_gives_is_none(prompt: str) -> None:
    """The task is looked for under its own id then."""
    for errors in ({}, {"node_errors": {}}):
        with pytest.raises(MessageError):
            read_acceptance(json.dumps({"prompt_id": prompt, **errors}))


def test_outputs_behind_a_refused_node_will_not_come_either() -> None:
    """And whatever else stands there is no node's name."""
    errors = {"2": {"dependent_outputs": ["4", ["5"], {}]}, "3": {}, "7": "odd"}
    text = json.dumps({"prompt_id": "p", "node_errors": errors})
    assert read_acceptance(text)[1] == {"2", "3", "4", "7"}


def test_a_task_has_a_number() -> None:
    """Which tells a server that was restarted."""
    number = read_number(body("accepted"))
    assert number is not None
    assert number >= 0
    assert read_number('{"prompt_id": "p"}') is None


def test_a_job_tells_how_it_stands_or_ended() -> None:
    """All five states of the jobs API."""
    assert read_job(body("job running")) == Record("in_progress")
    assert read_job('{"status": "pending"}') == Record("pending")

    done = read_job(body("job completed"))
    assert done.state == "completed"
    assert sorted(output.filename for output in done.outputs)[-1] == "t_00001_.png"

    failed = read_job(body("job failed"))
    assert failed.state == "failed"
    assert failed.trouble is not None
    assert dict(failed.trouble.facts)["message"] == "boom é"

    stopped = read_job(body("job cancelled"))
    assert stopped.state == "cancelled"
    assert stopped.trouble is not None


def test_a_failed_job_without_its_error_has_failed() -> None:
    """And a completed one without outputs is completed."""
    failed = read_job('{"status": "failed"}')
    assert failed.trouble is not None
    assert failed.trouble.code == "node_failed"
    assert read_job('{"status": "completed"}') == Record("completed")


@pytest.mark.parametrize(
    ("start", "end", "ran"),
    [(2000, 5500, 3.5), (5000, 2000, 0.0), (None, 5500, 0.0), ("x", 1, 0)],
)
def test_a_completed_job_tells_how_long_it_ran(start: Any, end: Any, ran: float) -> None:
    """By the stamps of the server's own clock, if it has them."""
    job = {"status": "completed", "execution_start_time": start, "execution_end_time": end}
    assert read_job(json.dumps(job)).ran == ran
    messages = [["execution_start", {"timestamp": start}], ["x", {"timestamp": end}]]
    entry = {"status": {"status_str": "success", "messages": messages}}
    record = read_entry(entry)
    assert record is not None
    assert record.ran == ran
    unstamped = read_entry({"status": {"status_str": "success", "messages": []}})
    assert unstamped is not None
    assert unstamped.ran == 0.0


def test_the_older_history_says_the_same() -> None:
    """Success, failure and interruption; and nothing of a task that it doesn't know."""
    done = read_history(body("history of a success"), DONE)
    assert done is not None
    assert (done.state, len(done.outputs)) == ("completed", 2)
    assert 0 < done.ran < 10

    failed = read_history(body("history of a failure"), FAILED)
    assert failed is not None
    assert failed.trouble is not None
    assert (failed.state, failed.trouble.code) == ("failed", "node_failed")

    stopped = read_history(body("history of an interruption"), STOPPED)
    assert stopped is not None
    assert stopped.state == "cancelled"

    assert read_history(body("history of nobody"), DONE) is None


def test_a_history_that_ends_without_a_reason_is_a_failure() -> None:
    """Not a success, so it has failed."""
    entry = {"status": {"status_str": "error", "messages": []}, "outputs": {}}
    failed = read_history(json.dumps({"p": entry}), PromptId("p"))
    assert failed is not None
    assert failed.state == "failed"


@pytest.mark.parametrize("status", [{}, {"status": None}])
def test_a_history_without_a_status_tells_the_end_by_its_files(status: dict[str, None]) -> None:
    """Servers before 2024 note what came of a task, and not how it ended."""
    images = {"3": {"images": [{"filename": "a.png", "subfolder": "", "type": "output"}]}}
    entry = {"prompt": [0, "p", {}, {}, ["3"]], "outputs": images, **status}
    done = read_history(json.dumps({"p": entry}), PromptId("p"))
    assert done is not None
    assert (done.state, [each.filename for each in done.outputs]) == ("completed", ["a.png"])
    failed = read_history(json.dumps({"p": {**entry, "outputs": {}}}), PromptId("p"))
    assert failed is not None
    assert failed.trouble is not None
    assert (failed.state, failed.trouble.code) == ("failed", "node_failed")


@pytest.mark.parametrize("text", ['{"error": "no route"}', '{"q": {"outputs": {}}}', '"p"'])
def test_only_an_empty_history_says_that_a_task_is_not_there(text: str) -> None:
    """What is about something else may be a proxy's."""
    with pytest.raises(MessageError):
        read_history(text, PromptId("p"))


def test_only_the_jobs_api_itself_knows_no_job() -> None:
    """A proxy's 404 says nothing of the job."""
    assert is_no_job(404, '{"error": "Job not found"}')
    for status, text in ((404, ""), (404, "<html>"), (404, "{}"), (200, '{"error": ""}')):
        assert not is_no_job(status, text)


def test_only_the_jobs_api_itself_cancels() -> None:
    """Whatever came of it."""
    assert is_cancel(200, '{"cancelled": true}')
    assert is_cancel(200, '{"cancelled": false}')
    for status, text in ((200, "<html>"), (200, "{}"), (405, '{"cancelled": true}')):
        assert not is_cancel(status, text)


def test_limits_and_facts_are_read() -> None:
    """The longest upload, the version, the card and its memory."""
    assert read_features(body("features")) == (104857600, True)
    assert read_features("{}") == (None, False)
    facts = read_stats(body("stats"))
    assert facts == ServerFacts("0.28.1", "cpu", 23728562176, 25276502016)


def test_numbers_that_make_no_sense_are_brought_into_bounds() -> None:
    """They are shown, and sums are made of them."""
    assert read_queue_length('{"exec_info": {"queue_remaining": -1}}') == 0
    odd = {"system": {}, "devices": [{"vram_free": -1, "vram_total": 10**400}]}
    assert read_stats(json.dumps(odd)) == ServerFacts("", "", 0, 2**64)


def test_a_server_without_a_card_has_facts() -> None:
    """Empty ones, not an error: nothing depends on them."""
    assert read_stats('{"system": {}, "devices": []}') == ServerFacts("", "", 0, 0)
    assert read_stats('{"system": {}, "devices": [3]}') == ServerFacts("", "", 0, 0)


def history_of_done(text: str) -> Record | None:
    """Read the history of the task that the real answers are about."""
    return read_history(text, DONE)


READERS: list[Callable[[str], Any]] = [
    read_acceptance,
    read_job,
    read_features,
    read_queue_length,
    read_stats,
    read_upload,
    history_of_done,
]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("text", ["", "<html>", "[]", "3"])
def test_what_is_no_answer_is_told(reader: Callable[[str], Any], text: str) -> None:
    """A proxy's page and a truncated body are `MessageError`, never an empty list."""
    with pytest.raises(MessageError):
        reader(text)


@pytest.mark.parametrize("reader", [*READERS[:2], *READERS[3:-1]])
def test_an_object_of_another_shape_is_told(reader: Callable[[str], Any]) -> None:
    """`{}` is an answer to the questions for limits and for a task's history alone."""
    with pytest.raises(MessageError):
        reader("{}")


def test_a_history_entry_of_another_shape_is_told() -> None:
    """It knows the task, but says nothing that we can read."""
    with pytest.raises(MessageError):
        read_history('{"p": {"status": null}}', PromptId("p"))


BODIES = [text for text in recorded_texts("body") if text.startswith("{")]


@given(st.sampled_from(READERS), peer_texts(BODIES))
def test_an_answer_can_raise_nothing_but_a_message_error(
    reader: Callable[[str], Any], text: str
) -> None:
    """Whatever bytes a server answers with, to whatever was asked."""
    try:
        found = reader(text)
    except MessageError:
        return
    assert is_bounded(found)
    if isinstance(found, ServerFacts):
        found = min(found.memory_free, found.memory_total)
    assert reader is read_number or not isinstance(found, int) or found >= 0


ACCEPTED = [json.loads(body("accepted in part"))]


@given(warped(ACCEPTED))
def test_any_node_errors_can_be_read(answer: Any) -> None:
    """The one answer with an inner structure that others write."""
    try:
        _, refused = read_acceptance(json.dumps(answer))
    except MessageError:
        return
    assert all(isinstance(node, str) for node in refused)


def test_open_jobs_are_listed_with_their_states() -> None:
    """The jobs API tells what waits and what runs."""
    jobs = read_jobs(body("open jobs"))
    assert jobs == {"fd5c6322-b409-4d19-838a-841a1e0a4e2b": Found(is_running=True)}
    odd = '{"jobs": [{"id": "p", "status": "pending"}, {"id": "q", "status": "completed"}, 3]}'
    assert read_jobs(odd) == {"p": Found(pending=1)}


def test_a_task_that_is_there_more_than_once_is_counted() -> None:
    """A browser may send a POST twice, and servers queue both."""
    waiting, running = {"id": "p", "status": "pending"}, {"id": "p", "status": "in_progress"}
    jobs = json.dumps({"jobs": [running, waiting, waiting]})
    assert read_jobs(jobs) == {"p": Found(is_running=True, pending=2)}
    queue = {"queue_running": [[0, "p", {}]], "queue_pending": [[1, "p", {}], [2, "p", {}]]}
    assert read_queue(json.dumps(queue)) == {"p": Found(is_running=True, pending=2)}


def test_the_older_queue_says_the_same() -> None:
    """Servers without the jobs API list whole workflows; we take the ids."""
    queue = read_queue(body("queue with tasks"))
    running = PromptId("3c7ae7a8-54ac-47bd-a113-23db58f8a87d")
    assert queue.pop(running) == Found(is_running=True)
    assert all(found.pending == 1 and not found.is_running for found in queue.values())
    assert sorted(found.ahead or 0 for found in queue.values()) == [*range(1, len(queue) + 1)]
    assert queue
    assert read_queue(body("empty queue")) == {}
    assert read_queue('{"queue_running": ["odd", []], "queue_pending": []}') == {}


def test_the_place_in_a_queue_is_told_by_the_numbers() -> None:
    """Lists are in no order; what runs is before all, and what has no number has no place."""
    pending = [[7, "last", {}], [3.5, "first", {}], ["?", "odd", {}], [7, "first", {}]]
    queue = {"queue_running": [[9, "running", {}]], "queue_pending": pending}
    found = read_queue(json.dumps(queue))
    assert {name: entry.ahead for name, entry in found.items()} == {
        "running": None,
        "first": 1,
        "last": 2,
        "odd": None,
    }
    jobs = [
        {"id": "later", "status": "pending", "priority": 2},
        {"id": "next", "status": "pending", "priority": -1},
        {"id": "old", "status": "pending"},
    ]
    found = read_jobs(json.dumps({"jobs": jobs}))
    assert [found[PromptId(name)].ahead for name in ("later", "next", "old")] == [1, 0, None]
    assert read_queue('{"queue_running": [], "queue_pending": [[NaN, "x"]]}')["x"].ahead is None


LIST_READERS = pytest.mark.parametrize("reader", [read_jobs, read_queue])


@LIST_READERS
@pytest.mark.parametrize("text", ["", "<html>", "[]", "3", "{}"])
def test_what_is_no_list_is_told(reader: Callable[[str], Any], text: str) -> None:
    """A proxy's page and a truncated body are `MessageError`, never an empty list."""
    with pytest.raises(MessageError):
        reader(text)


@LIST_READERS
@given(text=peer_texts([body(story) for story in ("open jobs", "queue with tasks")]))
def test_a_list_can_raise_nothing_but_a_message_error(
    reader: Callable[[str], Any], text: str
) -> None:
    try:
        found = reader(text)
    except MessageError:
        return
    assert all(entry.pending or entry.is_running for entry in found.values())
    assert is_bounded(found)


LONG = "n" * 10**6


def test_no_name_of_a_server_is_without_end() -> None:
    """An upload's name goes into workflow and record; a folder that can't be is none."""
    with pytest.raises(MessageError):
        read_upload(json.dumps({"name": LONG}))
    assert read_upload(json.dumps({"name": "a.png", "subfolder": LONG})) == "a.png"
    _, refused = read_acceptance(
        json.dumps(
            {"prompt_id": "p", "node_errors": {"1": {"dependent_outputs": [LONG, "2"]}, LONG: {}}}
        )
    )
    assert refused == {"1", "2"}
    many: dict[str, Any] = {str(number): {} for number in range(2 * MOST_REFUSED)}
    _, refused = read_acceptance(json.dumps({"prompt_id": "p", "node_errors": many}))
    assert len(refused) == MOST_REFUSED
    facts = {"system": {"comfyui_version": LONG}, "devices": [{"name": LONG}]}
    assert len(repr(read_stats(json.dumps(facts)))) < 300


@pytest.mark.parametrize("limit", [-1, 0, True, 0.5, "4", None, -(10**400)])
def test_an_upload_limit_that_no_file_can_have_is_none(limit: object) -> None:
    assert read_features(json.dumps({"max_upload_size": limit})).max_upload is None
