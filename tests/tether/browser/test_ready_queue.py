"""The page's loop runs what is ready at once, in its order, and leaves the browser its turn."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """What was seen in Pyodide."""
    node = shutil.which("node")
    assert node is not None
    command = (node, str(HERE / "in_node.mjs"), "", str(HERE / "queue_in_pyodide.py"))
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    seen: dict[str, Any] = json.loads(told.stdout)
    return seen


def test_all_that_is_ready_runs_in_its_order(found: dict[str, Any]) -> None:
    """What is cancelled doesn't, and an error is reported and in nobody's way."""
    assert found["order"] == ["first", "ValueError('bad')", "last", "by the first"]


def test_a_chain_of_awaits_takes_one_turn_of_the_browser(found: dict[str, Any]) -> None:
    """Each turn costs more than most of what Python does in it."""
    assert found["turns before"] >= 1, "the loop uses the queue"
    assert found["turns of hops"] <= 1


def test_the_browser_has_its_turn_though_work_never_rests(found: dict[str, Any]) -> None:
    """Timers, clicks and frames come all the same."""
    assert found["timer"] == "fired"
