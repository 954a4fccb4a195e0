"""The simulator against what real servers sent: status, headers, JSON, order of frames."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.conformance.compare import differences
from tests.conformance.replay import Conversation, recorded, replay
from tests.conformance.traces import FOLDER, SCRIPTS, read_trace


def test_every_trace_is_replayed() -> None:
    """A new recording without a script would be left out in silence."""
    assert {path.stem for path in FOLDER.glob("*.jsonl")} == set(SCRIPTS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_simulator_says_what_the_real_server_said(name: str) -> None:
    """Word for word, but for the list in `allowed.py`."""
    theirs = recorded(read_trace(name))
    ours = replay(name, SCRIPTS[name])
    assert theirs.exchanges
    assert differences(name, theirs, ours) == []


@pytest.fixture(scope="module")
def spoken() -> Conversation:
    """What the simulator says to the trace with the most to lose."""
    return replay("07_errors", SCRIPTS["07_errors"])


def _frame(told: Conversation, kind: str) -> tuple[list[dict], int]:
    frames = told.frames["wsA 1"]
    return frames, next(at for at, frame in enumerate(frames) if frame.get("type") == kind)


def _change_status(told: Conversation) -> None:
    told.exchanges[0].status = 500


def _drop_header(told: Conversation) -> None:
    del told.exchanges[0].headers["access-control-allow-origin"]


def _change_json(told: Conversation) -> None:
    told.exchanges[0].json["error"]["type"] = "other"


def _add_json(told: Conversation) -> None:
    told.exchanges[0].json["error"]["more"] = 1


def _swap_answers(told: Conversation) -> None:
    told.exchanges[0], told.exchanges[1] = told.exchanges[1], told.exchanges[0]


def _change_field(told: Conversation) -> None:
    frames, at = _frame(told, "executed")
    frames[at]["data"]["display_node"] = "1"


def _change_kind_of_number(told: Conversation) -> None:
    frames, at = _frame(told, "progress_state")
    frames[at]["data"]["nodes"]["2"]["max"] = 1


def _change_preview_format(told: Conversation) -> None:
    frames = told.frames["wsA 1"]
    next(frame for frame in frames if "binary" in frame)["event"] = 4


def _drop_frame(told: Conversation) -> None:
    frames, at = _frame(told, "execution_cached")
    del frames[at]


def _drop_last_frame(told: Conversation) -> None:
    told.frames["wsB 1"].pop()


def _double_frame(told: Conversation) -> None:
    frames, at = _frame(told, "execution_success")
    frames.insert(at, frames[at])


def _swap_frames(told: Conversation) -> None:
    frames, at = _frame(told, "executing")
    frames[at], frames[at + 1] = frames[at + 1], frames[at]


def _swap_success_and_status(told: Conversation) -> None:
    frames, at = _frame(told, "execution_success")
    frames[at], frames[at + 1] = frames[at + 1], frames[at]


def _tell_a_stranger(told: Conversation) -> None:
    frames, at = _frame(told, "execution_start")
    told.frames["wsB 1"].insert(3, frames[at])


def _lose_connection(told: Conversation) -> None:
    del told.frames["wsB 1"]


@pytest.mark.parametrize(
    "spoil",
    [
        _change_status,
        _drop_header,
        _change_json,
        _add_json,
        _swap_answers,
        _change_field,
        _change_kind_of_number,
        _change_preview_format,
        _drop_frame,
        _drop_last_frame,
        _double_frame,
        _swap_frames,
        _swap_success_and_status,
        _tell_a_stranger,
        _lose_connection,
    ],
)
def test_the_comparison_bites(spoil: Callable[[Conversation], None], spoken: Conversation) -> None:
    """A changed field, a dropped frame, two swapped: each is found."""
    ours = deepcopy(spoken)
    spoil(ours)
    theirs = recorded(read_trace("07_errors"))
    assert differences("07_errors", theirs, spoken) == []
    assert differences("07_errors", theirs, ours) != []


def test_any_single_lost_frame_is_found(spoken: Conversation) -> None:
    """Every frame counts, but for repeated gauges of the queue."""
    theirs = recorded(read_trace("07_errors"))
    unnoticed = []
    frames = spoken.frames["wsA 1"]
    for at in range(0, len(frames), 7):
        ours = Conversation(spoken.exchanges, dict(spoken.frames))
        ours.frames["wsA 1"] = frames[:at] + frames[at + 1 :]
        if not differences("07_errors", theirs, ours):
            unnoticed.append(frames[at])
    assert {frame.get("type") for frame in unnoticed} <= {"status"}
