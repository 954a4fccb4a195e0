"""Text frames of a server, as values.

The heads of binary frames.

Which frames may be left out when a later one comes.
"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import frame, recorded, recorded_texts
from tests.tether.core.junk import NESTED, anything, is_bounded, peer_texts
from tether.core.errors import MessageError
from tether.core.protocol.messages import (
    GAUGES,
    LONGEST_FRAME,
    MOST_WAITING,
    PREVIEW_HEAD,
    Executed,
    Executing,
    ExecutionEnded,
    ExecutionStart,
    FeatureFlags,
    NodesReached,
    Preview,
    Status,
    UnknownMessage,
    parse_message,
    parse_preview,
)
from tether.core.protocol.outputs import LONGEST_NAME

PROMPT = "6bf8acd6-77af-4097-a974-6d7da93e5a57"


def test_a_real_task_is_understood_frame_by_frame() -> None:
    """Nothing that a server says of a plain task is unknown to us."""
    messages = [parse_message(line["frame"]) for line in recorded("first task")]

    assert messages[0] == Status(0, is_greeting=True)
    assert messages[1] == FeatureFlags(104857600)
    assert messages[2] == Status(1, is_greeting=False)
    assert messages[4] == ExecutionStart(PROMPT)
    assert messages[5] == NodesReached(PROMPT, ())
    assert messages[6] == NodesReached(PROMPT, (("1", 0.0),))
    assert messages[7] == Executing("1", PROMPT)
    assert messages[8] == NodesReached(PROMPT, (("1", 1.0),))
    assert messages[-3] == ExecutionEnded(PROMPT, None)
    assert messages[-1] == Executing(None, PROMPT)
    (first, second) = [message for message in messages if isinstance(message, Executed)]
    assert (first.node_id, first.outputs[0].folder) == ("5", "temp")
    assert (second.node_id, second.outputs[0].filename) == ("4", "t_00001_.png")


def test_start_and_success_are_stamped_by_the_server() -> None:
    """In seconds of its own clock; what is no stamp is none."""
    for told, at in ((1_795_452_237_547, 1_795_452_237.547), ("noon", 0.0), (10**400, 0.0)):
        for kind in ("execution_start", "execution_success"):
            data = {"prompt_id": "P", "timestamp": told}
            message = parse_message(json.dumps({"type": kind, "data": data}))
            assert isinstance(message, ExecutionStart | ExecutionEnded)
            assert message.at == at


def test_steps_become_shares() -> None:
    """One step of four is a quarter, in the older frame and in the newer one."""
    (step,) = recorded("a step of four")
    reached = parse_message(step["frame"])
    assert isinstance(reached, NodesReached)
    assert reached.shares == (("2", 0.25),)

    (state,) = recorded("a node in its first step")
    reached = parse_message(state["frame"])
    assert isinstance(reached, NodesReached)
    assert dict(reached.shares)["1"] == 1.0
    assert 0 < dict(reached.shares)["2"] < 1


def test_cached_nodes_are_done() -> None:
    """A server that has all nodes in its cache says so at once."""
    (cached,) = recorded("everything cached")
    reached = parse_message(cached["frame"])
    assert isinstance(reached, NodesReached)
    assert reached.shares == tuple((node, 1.0) for node in "12345")


def test_a_node_error_is_told_whole() -> None:
    """Node, class, message without its newline, and the traceback in one piece."""
    (raised,) = recorded("a node raises")
    ended = parse_message(raised["frame"])
    assert isinstance(ended, ExecutionEnded)
    assert not ended.is_interrupted
    assert ended.trouble is not None
    facts = dict(ended.trouble.facts)
    assert ended.trouble.code == "node_failed"
    assert (facts["node"], facts["type"], facts["message"]) == ("2", "LabRaise", "boom é")
    assert facts["exception"] == "ValueError"
    assert facts["traceback"].startswith("  File")


def test_an_error_without_its_details_is_an_error_all_the_same() -> None:
    """A newer server may leave out or reshape what we show; the task has failed."""
    bare = parse_message(frame("execution_error", prompt_id="p", traceback=[1, "line"]))
    assert isinstance(bare, ExecutionEnded)
    assert bare.trouble is not None
    assert dict(bare.trouble.facts)["traceback"] == "line"
    assert dict(bare.trouble.facts)["message"] == ""

    barer = parse_message(frame("execution_error", prompt_id="p", traceback="text"))
    assert isinstance(barer, ExecutionEnded)


def test_an_interruption_says_so() -> None:
    """Somebody stopped the task: that is no error of a node."""
    (interrupted,) = recorded("interrupted")
    ended = parse_message(interrupted["frame"])
    assert isinstance(ended, ExecutionEnded)
    assert ended.is_interrupted
    assert ended.trouble is not None
    assert ended.trouble.code == "interrupted"


def test_the_frame_after_a_reconnect_names_no_task() -> None:
    """It names the node alone, and that is no fault."""
    (alone,) = recorded("right after a reconnect")
    assert parse_message(alone["frame"]) == Executing("2", None)


def test_inner_nodes_count_for_the_node_that_the_workflow_shows() -> None:
    """Nodes of an expanded sub-graph have ids that no workflow of ours has."""
    shown = {"display_node_id": "7", "state": "running", "value": 1, "max": 2}
    state = frame("progress_state", prompt_id="p", nodes={"7.0.1": shown, "8": "odd"})
    assert parse_message(state) == NodesReached("p", (("7", 0.5),))

    assert parse_message(
        frame("executing", prompt_id="p", node="7.0.1", display_node="7")
    ) == Executing("7", "p")
    executed = frame("executed", prompt_id="p", node="7.0.1", display_node="7", output=None)
    assert parse_message(executed) == Executed("p", "7", ())
    older = frame("executed", prompt_id="p", node="7", output={})
    assert parse_message(older) == Executed("p", "7", ())


@pytest.mark.parametrize(
    ("value", "most", "share"),
    [
        (1, 4, 0.25),
        (0.5, 1, 0.5),
        (9, 4, 1.0),
        (-1, 4, 0.0),
        (1, 0, 0.0),
        (10**400, 1, 1.0),
        (1, 10**400, pytest.approx(0.0)),
        (float("nan"), 1, 0.0),
        (1, float("nan"), 0.0),
        ("1", 4, 0.0),
    ],
)
def test_a_share_is_between_0_and_1_whatever_is_sent(
    value: object, most: object, share: float
) -> None:
    """Steps beyond the last, none at all, and numbers that no float can hold."""
    reached = parse_message(frame("progress", prompt_id="p", node="2", value=value, max=most))
    assert reached == NodesReached("p", (("2", share),))


@pytest.mark.parametrize("limit", [None, "4", -1, 0, True, float("nan"), -(10**400)])
def test_flags_without_a_limit_are_flags(limit: object) -> None:
    """A server that tells no upload limit, or none that a file can have, leaves it open."""
    assert parse_message(frame("feature_flags", max_upload_size=limit)) == FeatureFlags(None)


@pytest.mark.parametrize("text", ['{"type": "crystools.monitor", "data": {}}', '{"type": "x"}'])
def test_types_of_custom_nodes_are_passed_over(text: str) -> None:
    """Custom nodes send their own types; long names are cut."""
    assert parse_message(text) == UnknownMessage(json.loads(text)["type"])
    assert parse_message(frame("y" * 100)) == UnknownMessage("y" * 80)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"type": 3}',
        '{"type": "status"}',
        '{"type": "status", "data": {"status": {}}}',
        '{"type": "feature_flags", "data": []}',
        '{"type": "executing", "data": {"node": 5, "prompt_id": "p"}}',
        '{"type": "progress", "data": {"value": 1, "max": 2}}',
        '{"type": "executed", "data": {"node": "1"}}',
    ],
)
def test_an_unknown_shape_of_a_known_type_is_told(text: str) -> None:
    """We never guess; what can't be read is a `MessageError`."""
    with pytest.raises(MessageError):
        parse_message(text)


@given(peer_texts(recorded_texts("frame")))
def test_a_frame_can_raise_nothing_but_a_message_error(text: str) -> None:
    """Whatever bytes a peer sends; and every share stays between 0 and 1."""
    try:
        message = parse_message(text)
    except MessageError:
        return
    assert is_bounded(message)
    assert not isinstance(message, Status) or message.queue_remaining >= 0
    if isinstance(message, NodesReached):
        assert all(0 <= share <= 1 for _, share in message.shares)


@pytest.mark.parametrize(("told", "read"), [("-3", 0), ("1" + "0" * 400, MOST_WAITING)])
def test_a_queue_is_as_long_as_a_queue_can_be(told: str, read: int) -> None:
    """A server's mistake is no sum that fails."""
    text = f'{{"status": {{"exec_info": {{"queue_remaining": {told}}}}}}}'
    message = parse_message(f'{{"type": "status", "data": {text}}}')
    assert message == Status(read, is_greeting=False)


def test_the_step_of_the_running_node_is_told_as_the_server_says_it() -> None:
    """Nine of a hundred, by either frame; nonsense is no step."""
    told = '{"type": "progress", "data": {"value": 9, "max": 100, "prompt_id": "p", "node": "3"}}'
    message = parse_message(told)
    assert isinstance(message, NodesReached) and message.step == (9, 100)
    for state, expected in (
        ({"state": "running", "value": 9, "max": 100}, (9, 100)),
        ({"state": "running", "value": 9, "max": 0}, None),
        ({"state": "running", "value": 190, "max": 100}, (100, 100)),
        ({"state": "finished", "value": 1, "max": 1}, None),
        ("nonsense", None),
    ):
        nodes = {"1": {"state": "finished", "value": 1, "max": 1}, "3": state}
        text = json.dumps({"type": "progress_state", "data": {"prompt_id": "p", "nodes": nodes}})
        message = parse_message(text)
        assert isinstance(message, NodesReached) and message.step == expected


def test_a_frame_that_is_too_long_is_not_read() -> None:
    """What it told is found in the server's books."""
    with pytest.raises(MessageError, match="too long"):
        parse_message('{"type": "status", "text": "' + "x" * LONGEST_FRAME + '"}')


def head(story: str) -> bytes:
    """The start of a real frame."""
    return bytes.fromhex(recorded(story)[0]["hex"])


def described(about: object) -> bytes:
    """A preview of the newer form with any description."""
    text = json.dumps(about).encode()
    return b"\0\0\0\4" + len(text).to_bytes(4, "big") + text + b"\xff\xd8"


def test_the_newer_form_names_its_task() -> None:
    """With our feature flag, a preview says whose it is; the picture starts behind."""
    frame = head("described preview")
    preview = parse_preview(frame)
    assert preview == Preview("image/jpeg", 174, "fd5c6322-b409-4d19-838a-841a1e0a4e2b", "2")
    assert frame[174:].startswith(b"\xff\xd8\xff")


def test_the_older_form_names_nobody() -> None:
    """JPEG or PNG, eight bytes from the start."""
    assert parse_preview(head("bare preview")) == Preview("image/jpeg", 8)
    assert parse_preview(b"\0\0\0\1\0\0\0\2\x89PNG") == Preview("image/png", 8)


def test_texts_are_passed_over() -> None:
    """Progress texts go to everybody and name no task."""
    assert parse_preview(head("progress text")) is None
    assert parse_preview(b"") is None


def test_a_preview_without_a_node_is_one() -> None:
    """The task is what matters."""
    frame = described({"prompt_id": "p", "image_type": "image/png"})
    assert parse_preview(frame) == Preview("image/png", len(frame) - 2, "p", None)


@pytest.mark.parametrize(
    "frame",
    [
        b"\1",
        b"\0\0\0\1\0\0\0\3gif",
        b"\0\0\0\1\1",
        b"\0\0\0\4",
        b"\0\0\0\4\xff\xff\xff\xff{}",
        b"\0\0\0\4\0\0\0\1\xff",
        described({"prompt_id": "p", "image_type": "image/svg+xml"}),
        described([]),
        b"\0\0\0\4" + len(NESTED).to_bytes(4, "big") + NESTED.encode(),
    ],
)
def test_a_preview_of_an_unknown_shape_is_told(frame: bytes) -> None:
    """Unknown kinds, cut frames, and descriptions that describe nothing."""
    with pytest.raises(MessageError):
        parse_preview(frame)


REAL = [bytes.fromhex(text) for text in recorded_texts("hex")]


@given(
    st.binary(max_size=64)
    | st.binary(max_size=PREVIEW_HEAD).map(lambda rest: b"\0\0\0\4" + rest)
    | anything.map(described)
    | st.builds(
        lambda frame, at, byte: frame[:at] + bytes([byte]) + frame[at + 1 :],
        st.sampled_from(REAL),
        st.integers(0, 180),
        st.integers(0, 255),
    )
)
def test_a_binary_frame_can_raise_nothing_but_a_message_error(frame: bytes) -> None:
    """Whatever bytes a peer sends."""
    try:
        preview = parse_preview(frame)
    except MessageError:
        return
    assert preview is None or preview.mime in ("image/jpeg", "image/png")


def as_sent(kind: str, **data: object) -> str:
    """A text frame, as ComfyUI writes it."""
    return json.dumps({"type": kind, "data": data})


def gauge_of(text: str) -> tuple[str, str] | None:
    """Read a frame by the patterns as `static/boot/frames.mjs` does; None for no gauge."""
    for prefix, begin, end in GAUGES:
        if text.startswith(prefix):
            first = text.find(begin, len(prefix))
            last = text.find(end, first)
            return (prefix, text[first:last]) if 0 < first < last else None
    return None


def test_a_later_gauge_of_the_same_node_says_all() -> None:
    """Two steps of one node of one task are gauges of the same."""
    one, two = (as_sent("progress", value=v, max=4, prompt_id="P", node="2") for v in (1, 2))
    assert gauge_of(one) == gauge_of(two) is not None


def test_gauges_of_other_nodes_and_tasks_are_others() -> None:
    """Neither another node, nor another task, nor the other kind says it."""
    frames = [
        as_sent("progress", value=1, max=4, prompt_id="P", node="2"),
        as_sent("progress", value=1, max=4, prompt_id="P", node="3"),
        as_sent("progress", value=1, max=4, prompt_id="Q", node="2"),
        as_sent("progress_state", prompt_id="P", nodes={}),
        as_sent("progress_state", prompt_id="Q", nodes={"2": {"prompt_id": "P"}}),
    ]
    assert len({gauge_of(each) for each in frames}) == len(frames)


def test_all_nodes_of_a_task_are_one_gauge() -> None:
    """`progress_state` says all that an earlier one said: no node is in its name."""
    one = as_sent("progress_state", prompt_id="P", nodes={"1": {"state": "running"}})
    two = as_sent("progress_state", prompt_id="P", nodes={"1": {}, "2": {"state": "running"}})
    assert gauge_of(one) == gauge_of(two) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        as_sent("executing", node="2", prompt_id="P"),
        as_sent("executed", node="2", prompt_id="P", output={}),
        as_sent("status", status={"exec_info": {"queue_remaining": 1}}),
        as_sent("progress", value=1, max=4),
        as_sent("progress", prompt_id="P"),
        as_sent("progress_state", prompt_id="P"),
    ],
)
def test_anything_else_is_none(text: str) -> None:
    """What must not be left out, and what isn't written as ComfyUI writes it."""
    assert gauge_of(text) is None


def test_what_a_real_server_sends_is_recognised() -> None:
    """Every recorded gauge is one, and nothing else is."""
    for text in recorded_texts("frame"):
        is_gauge = json.loads(text)["type"] in ("progress", "progress_state")
        assert (gauge_of(text) is not None) == is_gauge, text


LONG = "n" * 300_000


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("progress", {"node": LONG, "value": 1, "max": 2}),
        ("progress_state", {"nodes": {LONG: {"state": "finished"}}}),
        ("progress_state", {"nodes": {"1": {"state": "finished", "display_node_id": LONG}}}),
        ("executing", {"node": LONG}),
        ("executing", {"node": "1", "display_node": LONG}),
        ("executed", {"node": LONG, "output": {"images": [{"filename": "a.png"}]}}),
        ("execution_cached", {"nodes": [LONG]}),
        (
            "execution_error",
            {"node_id": LONG, "node_type": LONG, "exception_message": LONG, "traceback": [LONG]},
        ),
    ],
)
def test_no_text_of_a_server_is_without_end(kind: str, data: dict[str, object]) -> None:
    """Nodes, classes, words of an error: each is cut; a node that runs is none that has ended."""
    message = parse_message(frame(kind, prompt_id="p", **data))
    assert "n" * LONGEST_NAME in repr(message) or kind == "execution_error"
    assert len(repr(message)) < 30_000
