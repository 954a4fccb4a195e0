"""One task after the other."""

from dataclasses import replace

import pytest

from simulator.events import NodeFinished
from tests.simulator.shell import CALM, FakeShell, photo, slow

UUID = "11111111-2222-4333-8444-555555555555"


@pytest.fixture
def shell() -> FakeShell:
    """A server with one picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


def test_the_next_task_starts_when_one_ends(shell: FakeShell) -> None:
    """`executing null` first, then the gauge of the next one's start."""
    owner, other = shell.open("A"), shell.open("B")
    shell.post(slow(2, 100), "A")
    shell.post(slow(2, 100, 1), "B")
    shell.pass_time(2)
    kinds = shell.kinds(owner)
    at = kinds.index("executing None")
    assert kinds[at - 2 : at + 2] == ["execution_success", "status 1", "executing None", "status 1"]
    assert shell.kinds(other)[-1] == "executing None"
    entries = shell.get("/history").values()
    times = [entry["status"]["messages"] for entry in entries]
    assert times[0][-1][1]["timestamp"] <= times[1][0][1]["timestamp"]


def test_a_long_row_of_cached_tasks_does_not_recurse() -> None:
    """Each is over as it starts, a thousand of them at one moment."""
    shell = FakeShell(replace(CALM, success_gap=0.0))
    shell.upload("lab.png")
    shell.post(photo())
    shell.pass_time(1)
    for _ in range(1000):
        shell.post(photo())
    shell.pass_time(0.01)
    assert len(shell.get("/history")) == 1001


def test_no_task_starts_before_its_time() -> None:
    """`post_delay` holds the first one back; HTTP shows it waiting."""
    shell = FakeShell(replace(CALM, post_delay=0.5))
    shell.upload("lab.png")
    socket = shell.open("A")
    prompt_id = shell.post(slow(), "A")
    shell.pass_time(0.4)
    assert shell.kinds(socket) == ["status 0"]
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "pending"
    shell.pass_time(0.2)
    assert shell.get(f"/api/jobs/{prompt_id}")["status"] == "in_progress"


def test_the_gauge_tells_of_its_own_moment() -> None:
    """Late as it is sent, it counts what was queued when its task came."""
    shell = FakeShell(replace(CALM, post_delay=0.5))
    shell.upload("lab.png")
    socket = shell.open("A")
    for seed in range(3):
        shell.post(slow(seed=seed), "A")
    shell.pass_time(0.6)
    gauges = [kind for kind in shell.kinds(socket) if kind.startswith("status")]
    assert gauges == ["status 0", "status 1", "status 3", "status 2", "status 3"]


def test_only_the_owner_of_the_running_task_is_shown_its_node(shell: FakeShell) -> None:
    """And only while a node runs: not in the gap after the last."""
    shell.engine.settings = replace(CALM, success_gap=1.0)
    shell.post(slow(2, 100), "A")
    shell.pass_time(0.1)
    assert shell.kinds(shell.open("A")) == ["status 1", "executing 2"]
    assert shell.kinds(shell.open("B")) == ["status 1"]
    shell.pass_time(5)
    assert shell.kinds(shell.open("A")) == ["status 0"]


def test_reports_nobody_waits_for_are_thrown_away(shell: FakeShell) -> None:
    """Twice the same, or about a run that never was."""
    shell.post(photo())
    shell.pass_time(1)
    before = set(shell.blobs)
    for run_id in (shell.runs[-1].run_id, 999):
        blob = shell.make_blob(1, "late")
        shell.feed(NodeFinished(run_id, files=(blob,)))
    assert set(shell.blobs) == before


def test_two_equal_entries_have_one_gauge(shell: FakeShell) -> None:
    """The failed answer told nobody of its task; it runs all the same."""
    socket = shell.open("A")
    body = {"prompt": slow(1, 0), "number": 1, "prompt_id": UUID}
    for _ in range(2):
        shell.request("POST", "/prompt", body)
    shell.pass_time(1)
    gauges = [kind for kind in shell.kinds(socket) if kind.startswith("status")]
    assert gauges[:3] == ["status 0", "status 1", "status 2"]  # The second is of the start.
    assert len(shell.runs) == 3


def test_only_the_named_task_is_interrupted(shell: FakeShell) -> None:
    """And none while nothing runs."""
    shell.request("POST", "/interrupt")
    shell.post(slow(5, 100), "A", prompt_id=UUID)
    shell.pass_time(0.1)
    for name, status in (("other", "in_progress"), (UUID, "cancelled")):
        shell.request("POST", "/interrupt", {"prompt_id": name})
        shell.pass_time(0.2)
        assert shell.get(f"/api/jobs/{UUID}")["status"] == status


def test_a_failed_node_ends_its_task(shell: FakeShell) -> None:
    """The next one runs."""
    workflow = slow()
    workflow["2"] = {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "x"}}
    shell.post(workflow)
    shell.post(photo())
    shell.pass_time(1)
    ends = [entry["status"]["status_str"] for entry in shell.get("/history").values()]
    assert ends == ["error", "success"]


def test_a_death_throws_away_what_is_being_made(shell: FakeShell) -> None:
    """With or without a task."""
    shell.kill()
    shell.post(slow(5, 100))
    shell.pass_time(0.1)
    assert shell.values
    shell.kill()
    assert shell.values == set()
