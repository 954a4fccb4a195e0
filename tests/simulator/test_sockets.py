"""Who hears what, and the handshake."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.events import Preview, Send, SocketBlocked, SocketDrained
from simulator.sockets import (
    Sockets,
    plain_preview,
    preview_with_metadata,
    progress_text,
    status_frame,
    text_frame,
)
from simulator.stage import Stage
from tests.simulator.shell import FakeShell

JPEG = b"\xff\xd8\xff\xe0"
FEATURES = {"max_upload_size": 5}
FLAGS = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'


class Room:
    """A registry of its own."""

    def __init__(self, *, shared_sender: bool = True) -> None:
        self.stage = Stage(Random(1))
        self.sockets = Sockets(self.stage, shared_sender=shared_sender)

    def heard(self) -> list[tuple[int, str]]:
        """Who was sent what since the last call."""
        effects = self.stage.take_effects()
        sent = [(each.connection_id, each.frame) for each in effects if isinstance(each, Send)]
        return [(connection_id, text) for connection_id, text in sent if isinstance(text, str)]


@pytest.fixture
def room() -> Room:
    """A registry with A and B connected as 1 and 2."""
    room = Room()
    room.sockets.open(1, "A")
    room.sockets.open(2, "B")
    return room


def test_frames_go_to_one_or_to_all(room: Room) -> None:
    """In the order in which they connected; to strangers not at all."""
    room.sockets.send("B", "one")
    room.sockets.send(None, "all")
    room.sockets.send("C", "nobody")
    room.sockets.send_now("C", "nobody")
    assert room.heard() == [(2, "one"), (1, "all"), (2, "all")]


def test_a_second_socket_takes_over(room: Room) -> None:
    """The first stays connected and hears nothing, not even broadcasts."""
    room.sockets.open(3, "A")
    room.sockets.send("A", "one")
    room.sockets.send(None, "all")
    assert room.heard() == [(3, "one"), (2, "all"), (3, "all")]
    assert room.sockets.connection_ids == (1, 2, 3)


@pytest.mark.parametrize("closing", [1, 3])
def test_either_close_deafens_the_other(room: Room, closing: int) -> None:
    """The id is removed whoever holds it."""
    room.sockets.open(3, "A")
    room.sockets.close(closing)
    room.sockets.close(closing)  # Only once does it matter.
    room.sockets.send("A", "one")
    room.sockets.send(None, "all")
    assert room.heard() == [(2, "all")]


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ([FLAGS], True),
        (["no json", FLAGS], True),
        (["[1]", "5", "null", FLAGS], True),
        (["{}", FLAGS], False),
        (['{"type": "other"}', FLAGS], False),
        (["[" * 100_000, FLAGS], True),
    ],
)
def test_flags_count_as_first_message_only(room: Room, said: list[str], answered: bool) -> None:
    """What isn't a JSON object does not use up the first place."""
    for text in said:
        room.sockets.receive(1, text, FEATURES)
    answer = text_frame("feature_flags", FEATURES)
    assert room.heard() == ([(1, answer)] if answered else [])
    assert room.sockets.wants_metadata("A") is answered
    room.sockets.receive(1, FLAGS, FEATURES)
    assert room.heard() == []


def test_flags_are_forgotten_with_the_connection(room: Room) -> None:
    """A new one has to send them again; strangers may say what they like."""
    room.sockets.receive(1, FLAGS, FEATURES)
    room.sockets.open(3, "A")
    assert not room.sockets.wants_metadata("A")
    assert not room.sockets.wants_metadata(None)
    assert not room.sockets.wants_metadata("C")
    room.sockets.receive(9, FLAGS, FEATURES)


def test_flags_without_sense_are_none(room: Room) -> None:
    """Only true is true."""
    for data in ("5", "null", '{"supports_preview_metadata": 1}'):
        room.sockets.open(3, "A")
        text = f'{{"type": "feature_flags", "data": {data}}}'
        room.sockets.receive(3, text, FEATURES)
        assert not room.sockets.wants_metadata("A")


def test_a_stuck_client_holds_up_what_comes_after(room: Room) -> None:
    """Frames for others before its next one still flow; the rest waits its turn."""
    room.sockets.block(1)
    room.sockets.block(9)
    room.sockets.send("B", "before")
    room.sockets.send(None, "all")
    room.sockets.send("B", "after")
    room.sockets.send_now("B", "direct")
    assert room.heard() == [(2, "before"), (2, "direct")]
    room.sockets.unblock(1)
    assert room.heard() == [(1, "all"), (2, "all"), (2, "after")]


def test_the_death_of_a_stuck_client_frees_all(room: Room) -> None:
    """Its own frames are lost."""
    room.sockets.block(1)
    room.sockets.send("A", "lost")
    room.sockets.send("B", "late")
    room.sockets.close(1)
    assert room.heard() == [(2, "late")]


def test_separate_senders_know_no_blocking() -> None:
    """The switch."""
    room = Room(shared_sender=False)
    room.sockets.open(1, "A")
    room.sockets.block(1)
    room.sockets.send("A", "one")
    assert room.heard() == [(1, "one")]


def test_a_killed_server_cuts_its_sockets_and_sends_them_nothing() -> None:
    """Not even what a blocked one held back."""
    shell = FakeShell()
    sockets = [shell.open("A"), shell.open("B")]
    shell.feed(SocketBlocked(sockets[0]))
    shell.request("POST", "/queue", {"clear": True})
    shell.kill()
    assert shell.cut == sockets
    shell.forget_the_past()
    shell.feed(SocketDrained(sockets[0]))
    shell.request("POST", "/queue", {"clear": True})
    assert [shell.frames[each] for each in sockets] == [[], []]


def test_a_socket_without_a_client_id_gets_one() -> None:
    """32 hex digits, told as `sid`; any text works as id."""
    shell = FakeShell()
    first, second = shell.open_at("/ws"), shell.open("")
    sids = [shell.frames[each][0]["data"]["sid"] for each in (first, second)]
    assert all(len(sid) == 32 and int(sid, 16) >= 0 for sid in sids)
    assert sids[0] != sids[1]
    emoji = shell.open("%F0%9F%98%80%20x")
    assert shell.frames[emoji][0]["data"]["sid"] == "😀 x"


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("open"), st.sampled_from("ABC")),
            st.tuples(st.just("close"), st.integers(0, 9)),
            st.tuples(st.just("block"), st.integers(0, 9)),
            st.tuples(st.just("drain"), st.integers(0, 9)),
            st.tuples(st.just("send"), st.sampled_from(["A", "B", "C", None])),
        )
    )
)
def test_every_client_hears_its_frames_in_order(history: list[tuple[str, object]]) -> None:
    """Whatever blocks, drains, opens and closes in between, nothing is told twice."""
    room = Room()
    opened, sent, heard = 0, 0, []
    for what, whom in history:
        match what:
            case "open":
                opened += 1
                room.sockets.open(opened, str(whom))
            case "close":
                room.sockets.close(int(str(whom)))
            case "block":
                room.sockets.block(int(str(whom)))
            case "drain":
                room.sockets.unblock(int(str(whom)))
            case "send":
                sent += 1
                room.sockets.send(None if whom is None else str(whom), f"{sent:06}")
        heard += room.heard()
    for connection_id in range(1, opened + 1):
        mine = [text for who, text in heard if who == connection_id]
        assert mine == sorted(set(mine))


def test_plain_previews_carry_no_id() -> None:
    """Code 1, the kind of image, the image."""
    assert plain_preview(Preview(False, JPEG)) == bytes.fromhex("0000000100000001ffd8ffe0")
    assert plain_preview(Preview(True, b"x")) == bytes.fromhex("0000000100000002") + b"x"


def test_previews_with_metadata_name_node_and_task() -> None:
    """Code 4, a length, JSON, the image."""
    frame = preview_with_metadata(Preview(True, b"image"), "2", "p")
    assert frame[:4] == bytes.fromhex("00000004")
    length = int.from_bytes(frame[4:8])
    metadata = json.loads(frame[8 : 8 + length])
    assert metadata["image_type"] == "image/png"
    assert (metadata["node_id"], metadata["prompt_id"]) == ("2", "p")
    assert frame[8 + length :] == b"image"


def test_progress_texts_name_a_node() -> None:
    """Code 3, a length, the node id, the text; what can't be written is replaced."""
    assert progress_text("6", "hellö") == bytes.fromhex("000000030000000136") + "hellö".encode()
    assert progress_text("\ud800", "\ud800").endswith(b"??")


def test_messages_are_escaped_as_comfyui_does() -> None:
    """ASCII only, with spaces."""
    assert text_frame("x", {"a": "é"}) == '{"type": "x", "data": {"a": "\\u00e9"}}'
    assert "sid" not in status_frame(3)
    assert json.loads(status_frame(3, "A"))["data"]["sid"] == "A"


def test_bytes_are_binary_frames(room: Room) -> None:
    """Previews are; all else is text."""
    room.sockets.send("A", b"x")
    assert room.stage.take_effects() == (Send(1, b"x"),)
