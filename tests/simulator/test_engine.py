"""One task from POST to history, and what the connections around it hear."""

import json
from dataclasses import replace

import pytest

from simulator.events import (
    Answer,
    PlaceClosed,
    PlaceOpened,
    Send,
    SocketBlocked,
    SocketDrained,
    Woken,
)
from simulator.settings import Api, Gate, GateKind, Settings
from tests.simulator.shell import CALM, START, FakeShell, photo, slow

FLAGS = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture on it."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


def test_a_task_is_told_in_the_measured_order(shell: FakeShell) -> None:
    """The owner hears all of it; an onlooker only the length of the queue."""
    owner, onlooker = shell.open("A"), shell.open("B")
    prompt_id = shell.post(photo(), "A")
    shell.pass_time(1)
    assert shell.kinds(owner) == [
        "status 0",
        "status 1",
        "status 1",
        "execution_start",
        "execution_cached",
        *("progress_state", "executing 1", "progress_state"),
        *("progress_state", "executing 2", "progress_state"),
        *("progress_state", "executing 3", "progress_state"),
        *("progress_state", "executing 4", "executed 4", "progress_state"),
        *("progress_state", "executing 5", "executed 5", "progress_state"),
        "execution_success",
        "status 0",
        "executing None",
    ]
    assert shell.kinds(onlooker) == ["status 0", "status 1", "status 1", "status 0"]
    assert shell.frames[owner][0]["data"]["sid"] == "A"
    entry = shell.get(f"/history/{prompt_id}")[prompt_id]
    assert entry["status"]["completed"] is True
    assert entry["outputs"]["4"] == {
        "images": [{"filename": "t_00001_.png", "subfolder": "", "type": "output"}]
    }


def test_the_answer_leaves_before_the_first_frames(shell: FakeShell) -> None:
    """With the usual delay nobody hears of a task before its answer."""
    shell.open("A")
    shell.post(photo(), "A")
    sent = [type(effect) for _, effect in shell.trail]
    shell.pass_time(1)
    before = sent[: len(sent) - sent[::-1].index(Answer)]
    assert before.count(Send) == 1  # The greeting of the socket.


def test_a_negative_delay_sends_the_frames_first() -> None:
    """A whole cached task can be over before its POST is answered."""
    shell = FakeShell(replace(CALM, post_delay=-0.2))
    shell.upload("lab.png")
    socket = shell.open("A")
    response = shell.request("POST", "/prompt", {"prompt": photo(), "client_id": "A"})
    assert response is None
    shell.pass_time(0.1)
    assert shell.kinds(socket)[-1] == "executing None"
    assert [response.status for response in shell.answers.values()] == [200]
    shell.pass_time(0.15)
    assert [response.status for response in shell.answers.values()] == [200, 200]


def test_success_is_told_before_the_history_knows() -> None:
    """Between `execution_success` and `executing null` the history is still empty."""
    shell = FakeShell(replace(CALM, success_gap=0.5))
    shell.upload("lab.png")
    socket = shell.open("A")
    prompt_id = shell.post(photo(), "A")
    shell.pass_time(0.1)
    assert shell.kinds(socket)[-1] == "execution_success"
    assert shell.get(f"/history/{prompt_id}") == {}
    assert len(shell.get("/queue")["queue_running"]) == 1
    shell.pass_time(0.5)
    assert shell.kinds(socket)[-2:] == ["status 0", "executing None"]
    assert prompt_id in shell.get(f"/history/{prompt_id}")


def test_a_cached_task_names_the_old_files(shell: FakeShell) -> None:
    """Nothing runs, nothing is written, and yet the results are complete."""
    shell.post(photo(), "A")
    shell.pass_time(1)
    socket, ran = shell.open("A"), len(shell.runs)
    prompt_id = shell.post(photo(), "A")
    shell.pass_time(1)
    assert len(shell.runs) == ran
    assert shell.kinds(socket)[3:] == [
        *("execution_start", "execution_cached"),
        *("executed 4", "progress_state", "executed 5", "progress_state"),
        *("execution_success", "status 0", "executing None"),
    ]
    cached = shell.frames[socket][4]["data"]["nodes"]
    assert cached == ["1", "2", "3", "4", "5"]
    outputs = shell.get(f"/history/{prompt_id}")[prompt_id]["outputs"]
    assert outputs["4"]["images"][0]["filename"] == "t_00001_.png"


def test_another_prefix_runs_only_the_last_node(shell: FakeShell) -> None:
    """What lies before a changed input comes from the cache."""
    shell.post(photo(), "A")
    shell.pass_time(1)
    ran = len(shell.runs)
    shell.post(photo(prefix="dir/sub/other"), "A")
    shell.pass_time(1)
    assert [run.node_id for run in shell.runs[ran:]] == ["4"]


def test_the_cache_keeps_only_what_the_latest_task_could_use(shell: FakeShell) -> None:
    """Values of nodes that the next task doesn't have are dropped when it starts."""
    shell.post(photo(), "A")
    shell.pass_time(1)
    assert len(shell.values) == 5
    shell.post(slow(1, 0), "A")
    shell.pass_time(1)
    assert len(shell.values) == 3  # The loaded picture and two new nodes.


def test_steps_show_progress_and_previews(shell: FakeShell) -> None:
    """With the flag: state, preview with metadata, progress; without: the preview last."""
    with_flag, without = shell.open("A"), shell.open("B")
    shell.say(with_flag, FLAGS)
    shell.post(slow(2), "A")
    shell.post(slow(2, seed=1), "B")
    shell.pass_time(2)
    kinds = shell.kinds(with_flag)
    at = kinds.index("executing 2")
    step = ["progress_state", "binary 4", "progress 2"]
    assert kinds[at + 1 : at + 7] == step * 2
    kinds = shell.kinds(without)
    at = kinds.index("executing 2")
    assert kinds[at + 1 : at + 7] == ["progress_state", "progress 2", "binary 1"] * 2
    frame = next(each for each in shell.frames[with_flag] if isinstance(each, bytes))
    length = int.from_bytes(frame[4:8])
    assert json.loads(frame[8 : 8 + length])["image_type"] == "image/jpeg"
    assert frame[8 + length :] == b"jpeg 0"


def test_steps_come_in_their_time(shell: FakeShell) -> None:
    """Four steps of 150 ms take 0.6 s, and half of it at double speed."""
    shell.post(slow(4, 150), "A")
    shell.pass_time(0.55)
    assert len(shell.get("/queue")["queue_running"]) == 1
    shell.pass_time(0.1)
    assert shell.get("/queue")["queue_running"] == []
    fast = FakeShell(replace(CALM, speed=2.0))
    fast.upload("lab.png")
    fast.post(slow(4, 150), "A")
    fast.pass_time(0.35)
    assert fast.get("/queue")["queue_running"] == []


def test_pace_stretches_every_node() -> None:
    """With `pace` each of five nodes takes its seconds, with previews on the way."""
    shell = FakeShell(replace(CALM, pace=2.0))
    shell.upload("lab.png")
    socket = shell.open("A")
    shell.post(photo(), "A")
    shell.pass_time(9.9)
    assert "execution_success" not in shell.kinds(socket)
    shell.pass_time(0.2)
    assert "execution_success" in shell.kinds(socket)
    assert shell.kinds(socket).count("binary 1") == 5 * 8


@pytest.mark.parametrize(("api", "sent"), [(Api.V0_28, 3), (Api.V0_3_64, 5)])
def test_progress_is_throttled_in_the_new_release(api: Api, sent: int) -> None:
    """Five steps of 40 ms: 0.28 sends the first, one between and the last; 0.3.64 all."""
    shell = FakeShell(replace(CALM, api=api))
    shell.upload("lab.png")
    socket = shell.open("A")
    shell.post(slow(5, 40, previews=False), "A")
    shell.pass_time(1)
    assert shell.kinds(socket).count("progress 2") == sent


def test_a_new_socket_of_the_owner_learns_the_running_node(shell: FakeShell) -> None:
    """On reconnect: `status`, then `executing` without the prompt id; strangers get neither."""
    first = shell.open("A")
    shell.post(slow(), "A")
    shell.pass_time(0.2)
    shell.close(first)
    again, stranger = shell.open("A"), shell.open("B")
    assert shell.frames[again][1] == {"type": "executing", "data": {"node": "2"}}
    assert shell.kinds(stranger) == ["status 1"]


def test_the_survivor_of_two_sockets_goes_deaf(shell: FakeShell) -> None:
    """Whichever closes, its client id is unregistered for good."""
    older, newer = shell.open("A"), shell.open("A")
    shell.post(slow(), "A")
    shell.pass_time(0.3)
    assert shell.kinds(older) == ["status 0"]
    heard = len(shell.frames[newer])
    assert heard > 3
    shell.close(older)
    shell.pass_time(2)
    assert len(shell.frames[newer]) == heard


def test_without_a_client_id_everybody_hears_progress_and_nobody_the_end(
    shell: FakeShell,
) -> None:
    """Foreign progress and previews of the old format, even for a client with the flag."""
    socket = shell.open("A")
    shell.say(socket, FLAGS)
    shell.post(slow(2))
    shell.pass_time(2)
    assert set(shell.kinds(socket)[2:]) == {
        *("status 1", "progress_state", "progress 2", "binary 1", "status 0"),
    }


def test_a_node_that_raises_ends_its_task(shell: FakeShell) -> None:
    """The error is told to the owner and kept; the queue goes on."""
    socket = shell.open("A")
    workflow = slow()
    workflow["2"] = {
        "class_type": "TetherRaise",
        "inputs": {"image": ["1", 0], "message": "boom é"},
    }
    prompt_id = shell.post(workflow, "A")
    shell.pass_time(1)
    assert shell.kinds(socket)[-3:] == ["execution_error", "status 0", "executing None"]
    error = shell.frames[socket][-3]["data"]
    assert error["exception_message"] == "boom é\n"
    assert (error["node_id"], error["node_type"]) == ("2", "TetherRaise")
    entry = shell.get(f"/history/{prompt_id}")[prompt_id]
    assert entry["status"]["status_str"] == "error"
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "failed"


@pytest.mark.parametrize("named", [True, False])
def test_an_interrupt_takes_effect_at_the_next_step(shell: FakeShell, named: bool) -> None:
    """A bare interrupt stops whatever runs, one with an id only that task."""
    socket = shell.open("A")
    prompt_id = shell.post(slow(10), "A")
    shell.pass_time(0.2)
    shell.request("POST", "/interrupt", {"prompt_id": "somebody else's"})
    shell.pass_time(0.2)
    assert "execution_interrupted" not in shell.kinds(socket)
    shell.request("POST", "/interrupt", {"prompt_id": prompt_id} if named else None)
    assert "execution_interrupted" not in shell.kinds(socket)
    shell.pass_time(0.2)
    end = ["execution_interrupted", "status 0", "executing None"]
    assert shell.kinds(socket)[-3:] == end
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "cancelled"
    assert len(shell.values) == 1  # The loaded picture; what the slow node made is dropped.


def test_an_interrupt_while_idle_does_not_hit_the_next_task(shell: FakeShell) -> None:
    """The flag is cleared when a task starts."""
    shell.request("POST", "/interrupt")
    prompt_id = shell.post(slow(1), "A")
    shell.pass_time(1)
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "completed"


def test_a_node_that_does_not_look_runs_to_its_end(shell: FakeShell) -> None:
    """The interruption then names the next node."""
    socket = shell.open("A")
    workflow = slow()
    inputs = {"image": ["1", 0], "ms": 2000, "seed": 0}
    workflow["2"] = {"class_type": "TetherBlock", "inputs": inputs}
    shell.post(workflow, "A")
    shell.pass_time(0.4)
    shell.request("POST", "/interrupt")
    shell.pass_time(1.5)
    assert "execution_interrupted" not in shell.kinds(socket)
    shell.pass_time(0.2)
    ended = next(f for f in shell.frames[socket] if f["type"] == "execution_interrupted")
    assert (ended["data"]["node_id"], ended["data"]["executed"]) == ("3", ["1", "2"])


def test_a_deleted_task_leaves_no_trace(shell: FakeShell) -> None:
    """Only waiting tasks are deleted; all that is told is a shorter queue."""
    socket = shell.open("A")
    running, waiting = shell.post(slow(), "A"), shell.post(slow(seed=1), "A")
    shell.pass_time(0.2)
    shell.request("POST", "/queue", {"delete": [waiting, running, "unknown"]})
    assert shell.kinds(socket)[-1] == "status 1"
    assert shell.get(f"/history/{waiting}") == {}
    response = shell.request("GET", f"/api/jobs/{waiting}")
    assert response is not None and response.status == 404
    shell.pass_time(2)
    assert shell.get(f"/api/jobs/{running}")["status"] == "completed"


def test_a_killed_server_forgets_all_but_files(shell: FakeShell) -> None:
    """Sockets are cut, tasks and history lost, `temp` emptied, numbers start again."""
    socket = shell.open("A")
    done = shell.post(photo(), "A")
    shell.pass_time(1)
    shell.post(slow(), "A")
    shell.post(slow(seed=1), "A")
    shell.pass_time(0.2)
    shell.kill()
    assert shell.cut == [socket]
    assert shell.get(f"/history/{done}") == {}
    assert shell.get("/queue") == {"queue_running": [], "queue_pending": []}
    assert shell.request("GET", "/view?filename=t_00001_.png").status == 200
    names = [blob for blob in shell.blobs if blob.startswith("made")]
    assert len(names) == 1
    assert not shell.values
    response = shell.request("POST", "/prompt", {"prompt": photo()})
    assert json.loads(response.body)["number"] == 0
    shell.pass_time(3)


def test_a_late_report_of_a_killed_run_is_thrown_away(shell: FakeShell) -> None:
    """Its values and files would lie around for ever."""
    shell.holds_work = True
    shell.post({"1": photo()["1"], "5": {**photo()["5"], "inputs": {"images": ["1", 0]}}})
    shell.pass_time(0.1)
    shell.feed(shell.report(shell.runs[0]))
    late = shell.report(shell.runs[1])
    shell.kill()
    shell.feed(late)
    assert not shell.values
    assert all(blob.startswith("up") for blob in shell.blobs)


def test_a_client_that_stops_reading_silences_all(shell: FakeShell) -> None:
    """Tasks go on and HTTP works; the backlog arrives in order when the stuck one dies."""
    stuck, other = shell.open("A"), shell.open("B")
    shell.feed(SocketBlocked(stuck))
    prompt_id = shell.post(photo(), "B")
    shell.pass_time(1)
    assert shell.kinds(other) == ["status 0"]
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "completed"
    late = shell.open("C")
    assert shell.kinds(late) == ["status 0"]  # The reply on connect goes past the queue.
    shell.close(stuck)
    assert shell.kinds(other)[-1] == "executing None"


def test_with_separate_senders_a_stuck_client_harms_nobody() -> None:
    """The switch for tests that need peace."""
    shell = FakeShell(replace(CALM, shared_sender=False))
    shell.upload("lab.png")
    stuck, other = shell.open("A"), shell.open("B")
    shell.feed(SocketBlocked(stuck))
    shell.post(photo(), "B")
    shell.pass_time(1)
    assert shell.kinds(other)[-1] == "executing None"
    shell.feed(SocketDrained(stuck))


def test_the_same_history_twice_gives_the_same_effects() -> None:
    """No clock, no chance of its own."""

    def play() -> list[tuple[float, object]]:
        shell = FakeShell(replace(CALM, pace=0.5), seed=7)
        shell.upload("lab.png")
        shell.open("A")
        shell.post(photo(), "A")
        shell.pass_time(1.3)
        shell.request("POST", "/interrupt")
        shell.post(slow())
        shell.pass_time(30)
        return shell.trail

    assert play() == play()


def test_an_early_or_repeated_wake_up_does_no_harm(shell: FakeShell) -> None:
    """Timers of real shells are imprecise."""
    socket = shell.open("A")
    shell.post(slow(2, 100), "A")
    for _ in range(400):
        shell.pass_time(0.001)
        shell.feed(Woken())
    shell.pass_time(1)
    assert shell.kinds(socket)[-1] == "executing None"
    assert shell.now > START


def test_settings_may_change_while_it_runs(shell: FakeShell) -> None:
    """Tests switch faults on and off without a restart."""
    shell.engine.settings = replace(Settings(), cors=None, shared_sender=False)
    response = shell.request("GET", "/prompt", headers={"sec-fetch-site": "cross-site"})
    assert response is not None and response.status == 403


def test_a_gate_is_asked_before_any_route(shell: FakeShell) -> None:
    """401 for requests and sockets; the files of a refused upload are dropped."""
    shell.engine.settings = replace(CALM, gate=Gate(GateKind.BEARER, "secret"))
    blobs = set(shell.blobs)
    response = shell.upload("more.png")
    assert response is not None and response.status == 401
    assert shell.blobs == blobs
    socket = shell.open("A")
    assert shell.refused[socket].status == 401
    assert shell.frames[socket] == []


@pytest.mark.parametrize(
    ("settings", "headers", "status"),
    [
        (Settings(), {"sec-fetch-site": "cross-site"}, 403),
        (Settings(), {"host": "localhost:x", "origin": "http://localhost"}, 500),
        (replace(CALM, sockets=False), {}, 400),
    ],
)
def test_sockets_are_refused_by_an_answer(
    settings: Settings, headers: dict[str, str], status: int
) -> None:
    """A foreign origin, a port that is no number, a proxy that can't upgrade."""
    shell = FakeShell(settings)
    assert shell.refused[shell.open("A", headers)].status == status


def test_a_body_over_the_limit_is_refused_by_its_size(shell: FakeShell) -> None:
    """413, and no route sees it."""
    response = shell.request("POST", "/prompt", size=CALM.max_upload_size + 1)
    assert response is not None and response.status == 413
    assert response.body == b"Maximum request body size 104857600 exceeded."


def test_only_answers_of_routes_carry_cors_headers(shell: FakeShell) -> None:
    """A preflight does; a method that isn't allowed and a failure don't."""
    requests = (("OPTIONS", "/prompt", 200), ("PATCH", "/prompt", 405), ("POST", "/queue", 500))
    for method, path, status in requests:
        response = shell.request(method, path, raw=b"no json")
        assert response is not None and response.status == status
        assert ("Access-Control-Allow-Origin" in dict(response.headers)) is (status == 200)


def test_the_files_of_a_failed_upload_are_dropped(shell: FakeShell) -> None:
    """The text fields have none."""
    blobs = set(shell.blobs)
    response = shell.upload("more.png", type="no folder")
    assert response is not None and response.status == 500
    assert shell.blobs == blobs


def test_a_refused_task_starts_nothing(shell: FakeShell) -> None:
    """400 with the reasons; the gauge stays as it was."""
    socket = shell.open("A")
    response = shell.request("POST", "/prompt", {"prompt": photo("missing.png")})
    shell.pass_time(1)
    assert response is not None and response.status == 400
    assert shell.kinds(socket) == ["status 0"]


def test_equal_entries_fail_the_server_and_run(shell: FakeShell) -> None:
    """The second gets a 500 without a gauge of its own; both tasks run."""
    shell.engine.settings = replace(CALM, post_delay=0.5)
    body = {"prompt": slow(), "number": 1, "prompt_id": "11111111-2222-4333-8444-555555555555"}
    socket = shell.open("A")
    answers = [shell.request("POST", "/prompt", body) for _ in range(2)]
    assert [each.status for each in answers if each is not None] == [200, 500]
    assert shell.get("/prompt") == {"exec_info": {"queue_remaining": 2}}
    shell.pass_time(9)
    assert [kind for kind in shell.kinds(socket) if kind.startswith("status")] == [
        *("status 0", "status 1", "status 2", "status 1", "status 1", "status 0"),
    ]


def test_a_client_that_offers_its_features_gets_the_servers(shell: FakeShell) -> None:
    """The first message of a socket may ask for previews with metadata."""
    socket = shell.open("A")
    shell.say(socket, FLAGS)
    assert shell.kinds(socket) == ["status 0", "feature_flags"]


def test_a_story_stops_the_work_and_lets_it_go_on(shell: FakeShell) -> None:
    """By two events like any other."""
    shell.feed(PlaceClosed("success"))
    prompt_id = shell.post(photo())
    shell.pass_time(60)
    assert shell.get(f"/history/{prompt_id}") == {}
    shell.feed(PlaceOpened("success"))
    shell.pass_time(1)
    assert prompt_id in shell.get(f"/history/{prompt_id}")
