"""What a flight recorder saved is played in the simulator."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.quick_work import failing_workflow
from page.console.flight_recorder import FlightRecorder
from page.routing_test.stage import PlayedStage
from page.routing_test.window import PlayedWindow
from tether.core.model.binding import CURED
from tools.dev.replay import Replay, main, read_record


def flight() -> dict[str, Any]:
    """A window's flight: one task completes, with a picture, and one fails."""
    stage = PlayedStage(1, CURED)
    a, b = stage.server("A"), stage.server("B")
    window = PlayedWindow(stage)
    recorder = FlightRecorder(window.window)
    window.runner.listeners.append(recorder.note)
    good = window.submit("ABC", a, steps=8, with_picture=True)
    bad = window.submit("DEF", b, failing_workflow(9))
    stage.play_to_end(good, bad)
    kept: dict[str, Any] = json.loads(json.dumps(recorder.read()))
    return kept


def test_every_task_ends_as_it_did() -> None:
    """Both columns tell of it; uploads are taken for pictures."""
    record = flight()
    replay = Replay(record)
    assert sorted(replay.ends.values()) == [("completed", "completed"), ("failed", "failed")]
    assert any("→ POST /upload/image" in line for line in replay.lines)
    told = [line for line in replay.lines if '"execution_success"' in line]
    assert len(told) == 2, "once recorded, once simulated"


def test_an_end_that_differs_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A server that refuses what the simulator takes, for example."""
    record = flight()
    file = tmp_path / "flight.json"
    file.write_text(json.dumps(record))
    assert main([str(file)]) == 0
    for entry in record["entries"]:
        if "execution_success" in entry.get("text", ""):
            entry["text"] = entry["text"].replace("execution_success", "execution_interrupted")
    file.write_text(json.dumps(record))
    assert main([str(file)]) == 2
    assert "cancelled    completed" in capsys.readouterr().out


def test_a_workflow_that_the_simulator_does_not_know_is_told() -> None:
    """It is refused there."""
    record = flight()
    for entry in record["entries"]:
        entry["body"] = entry.get("body", "").replace("ImageInvert", "SomebodysNode")
    assert ("completed", "refused") in Replay(record).ends.values()


@pytest.mark.parametrize("text", ["", "[]", '{"tether": 2}', "no JSON"])
def test_a_bad_file_is_refused_in_plain_words(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With what to do instead."""
    file = tmp_path / "flight.json"
    file.write_text(text)
    assert main([str(file)]) == 1
    assert "tether.flightRecorder.download()" in capsys.readouterr().out


def test_a_missing_file_is_refused_too(capsys: pytest.CaptureFixture[str]) -> None:
    """And so is none at all."""
    assert (main(["/nowhere/flight.json"]), main([])) == (1, 1)
    assert "make replay FILE=" in capsys.readouterr().out


def test_an_empty_record_is_no_trouble() -> None:
    """Nothing was recorded yet."""
    record = read_record('{"tether": 1, "servers": [], "tasks": [], "entries": []}')
    assert Replay(record).ends == {}
