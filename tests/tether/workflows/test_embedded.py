"""Workflows inside the files that ComfyUI saves."""

import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.errors import BadInput
from tether.workflows import budget, embedded
from tether.workflows.embedded import Carried, search

FILES = Path(__file__).resolve().parents[2] / "fixtures/carried"

PROMPT = json.dumps({"1": {"class_type": "LoadImage", "inputs": {"image": "é.png"}}})
WORKFLOW = json.dumps({"nodes": [], "version": 0.4})
BOTH = {PROMPT, WORKFLOW}


def found_in(content: bytes, most: int = 200) -> Carried:
    """Search a file; it may be read so many times."""
    looking = search(len(content))
    wanted = next(looking)
    read = 0
    for _ in range(most):
        offset, length = wanted
        read += length
        assert length <= max(len(content), 2**16)
        assert read <= budget.MOST_BYTES + 16 * budget.MOST_PARTS
        try:
            wanted = looking.send(content[offset : offset + length])
        except StopIteration as end:
            result: Carried = end.value
            return result
    raise AssertionError("it never ends")


def held(content: bytes, most: int = 200) -> set[str]:
    """The texts that a file holds."""
    carried = found_in(content, most)
    assert not carried.is_text
    return set(carried.texts)


def chunk(kind: bytes, content: bytes) -> bytes:
    return len(content).to_bytes(4) + kind + content + b"\0\0\0\0"


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return (8 + len(inner)).to_bytes(4) + kind + inner


@pytest.mark.parametrize(
    "name",
    [
        *("saved.png", "packed.png", "international.png", "international_packed.png"),
        *("animated.png", "still.webp", "animated.webp", "photo.jpg", "clip.mp4", "clip.webm"),
    ],
)
def test_what_comfyui_saves(name: str) -> None:
    assert held((FILES / name).read_bytes()) == BOTH


def test_a_comment_in_the_cameras_own_folder() -> None:
    """In UTF-16, as some custom nodes write it; in either order of bytes."""
    little = (FILES / "comment.jpg").read_bytes()
    begin = little.index(b"UNICODE\0") + 8
    length = 2 * len("workflow:" + WORKFLOW)
    text = little[begin : begin + length].decode("utf-16-be").encode("utf-16-le")
    assert held(little[:begin] + text + little[begin + length :]) == {WORKFLOW}
    assert held((FILES / "comment.jpg").read_bytes()) == {WORKFLOW}


def test_other_tags_of_a_camera() -> None:
    """A number, and a text that is no workflow."""
    entries = [(0x0112, 3, 1, 1), (0x013B, 2, 6, 38)]
    folder = b"".join(
        tag.to_bytes(2, "little")
        + kind.to_bytes(2, "little")
        + count.to_bytes(4, "little")
        + value.to_bytes(4, "little")
        for tag, kind, count, value in entries
    )
    block = b"II*\0" + (8).to_bytes(4, "little") + len(entries).to_bytes(2, "little") + folder
    exif = b"Exif\0\0" + block + bytes(4) + b"Alice\0"
    photo = b"\xff\xd8\xff\xe1" + (2 + len(exif)).to_bytes(2) + exif
    assert held(photo) == set()


def test_a_segment_of_another_kind_is_passed_over() -> None:
    """XMP stands in segments of the same number."""
    photo = (FILES / "photo.jpg").read_bytes()
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x/>"
    segment = b"\xff\xe1" + (2 + len(xmp)).to_bytes(2) + xmp
    assert held(photo[:2] + segment + photo[2:]) == BOTH


@pytest.mark.parametrize("name", ["plain.png", "plain.jpg", "plain.webp"])
def test_pictures_that_carry_nothing(name: str) -> None:
    assert held((FILES / name).read_bytes()) == set()


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"\xff\xd8", b"RIFF....WEBP"])
def test_other_files(content: bytes) -> None:
    assert held(content) == set()


@pytest.mark.parametrize(
    "content",
    [
        png(chunk(b"tEXt", b"prompt\0nothing")),
        png(chunk(b"tEXt", b"parameters\0{}")),
        png(chunk(b"zTXt", b"prompt\0\0not packed")),
        png(chunk(b"IEND", b""), chunk(b"tEXt", b"prompt\0{}")),
        png(b"\xff\xff\xff\xfftEXtprompt\0{}"),
    ],
)
def test_chunks_that_are_no_workflow(content: bytes) -> None:
    assert held(content) == set()


def test_one_text_hides_no_other_of_its_name() -> None:
    """The first may be an empty object, as some services leave one."""
    texts = (b'prompt\0{"a": 1}', b'prompt\0{"b": 1}')
    found = found_in(png(*(chunk(b"tEXt", text) for text in texts)))
    assert found.texts == ('{"a": 1}', '{"b": 1}')


def test_endless_parts_are_not_followed() -> None:
    chunks = [chunk(b"IDAT", b"")] * (budget.MOST_PARTS + 5)
    assert held(png(*chunks, chunk(b"tEXt", b"prompt\0{}")), 9999) == set()
    riff = b"RIFF....WEBP" + b"VP8 \0\0\0\0" * (budget.MOST_PARTS + 5)
    assert held(riff, 9999) == set()
    assert held(b"\xff\xd8" + b"\xff\xe0\0\2" * (budget.MOST_PARTS + 5), 9999) == set()
    boxes = b"\0\0\0\x10ftypmp42\0\0\0\0" + box(b"free") * (budget.MOST_PARTS + 5)
    assert held(boxes + box(b"moov"), 9999) == set()


def test_parts_beyond_all_reason_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "LONGEST", 4)
    for name in ("saved.png", "still.webp", "clip.mp4", "clip.webm"):
        assert held((FILES / name).read_bytes()) == set()


def test_a_bomb_is_unpacked_to_a_bound() -> None:
    """One packed text of 500 MB, and several of 8 MB each, cost no more than a few megabytes."""
    packer = zlib.compressobj()
    bomb = b"".join(packer.compress(b"{" * 10**6) for _ in range(500)) + packer.flush()
    assert len(bomb) < 10**6
    found = held(png(chunk(b"zTXt", b"prompt\0\0" + bomb)))
    assert found == {"{" * embedded.LONGEST}
    small = zlib.compress(b" " * embedded.LONGEST)
    many = [chunk(b"zTXt", b"prompt\0\0" + small)] * 5
    last = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"{}"))
    assert held(png(*many, last), 9999) == set()


def exif(entries: int, shared: bytes, last: bytes) -> bytes:
    """A block whose entries all name the same bytes, but for the last."""
    begin = 8 + 2 + 12 * (entries + 1)
    places = [(begin, len(shared))] * entries + [(begin + len(shared), len(last))]
    folder = b"".join(
        bytes((0x01, 0x10, 0, 7)) + length.to_bytes(4) + at.to_bytes(4) for at, length in places
    )
    return b"MM\0*" + (8).to_bytes(4) + len(places).to_bytes(2) + folder + shared + last


def webp(block: bytes) -> bytes:
    return b"RIFF....WEBP" + b"EXIF" + len(block).to_bytes(4, "little") + block


def test_entries_that_share_their_bytes_are_copied_to_a_bound() -> None:
    """A WebP of 1 MB, each of whose 499 entries is all of it, in UTF-16."""
    last = b"prompt:{}"
    assert held(webp(exif(5, b"UNICODE\0" + b" a" * 500_000, last))) == {"{}"}
    assert held(webp(exif(499, b"UNICODE\0" + b" a" * 500_000, last))) == set()


def test_a_text_that_proves_damaged_has_cost_what_was_unpacked() -> None:
    """Each unpacks to 8 MB, and has a wrong checksum at its end."""
    damaged = zlib.compress(b" " * (embedded.LONGEST - 1))[:-1] + b"\0"
    decoy = chunk(b"zTXt", b"prompt\0\0" + damaged)
    last = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"{}"))
    assert held(png(decoy, last)) == {"{}"}
    assert held(png(*[decoy] * 5, last)) == set()
    international = chunk(b"iTXt", b"prompt\0\1\0\0\0" + damaged)
    assert held(png(*[international] * 5, last)) == set()


def test_a_packed_text_under_another_name_is_left_packed() -> None:
    """Or a few of them would leave nothing for the workflow."""
    other = chunk(b"zTXt", b"history\0\0" + zlib.compress(b" " * embedded.LONGEST))
    last = chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"{}"))
    assert held(png(*[other] * 20, last)) == {"{}"}


def test_one_budget_is_for_all_of_a_file() -> None:
    """Not for each level or end of it: boxes in boxes, entries after segments, tags after tags."""
    many = budget.MOST_PARTS * 3 // 4
    keys = box(b"keys", bytes(8), box(b"mdta", b"prompt"))
    items = box(b"ilst", box(b"\0\0\0\1", box(b"data", bytes(8), b"{}")))
    meta = box(b"meta", box(b"hdlr"), keys, items)
    for decoys, prompt in ((1, "{}"), (many, "")):
        moov = box(b"moov", *[box(b"free")] * decoys, meta)
        video = box(b"ftyp", b"qt  ") + box(b"free") * decoys + moov
        assert held(video, 9999) == {prompt} - {""}
        tag = b"\x45\xa3\x86PROMPT" + b"\x44\x87\x82{}"
        webm = b"\x1a\x45\xdf\xa3" + b"\x45\xa3\x81X\x44\x87" * 2 * decoys + tag
        assert held(webm) == {prompt} - {""}
        segment = b"\xff\xe1\xff\xff" + b"x" * 65_533
        exif_segment = b"Exif\0\0" + exif(1, b"Canon", b"prompt:{}")
        size = (2 + len(exif_segment)).to_bytes(2)
        photo = b"\xff\xd8" + segment * (decoys // 2) + b"\xff\xe1" + size + exif_segment
        assert held(photo, 9999) == {prompt} - {""}
        entries = exif(min(decoys, 498), b"Canon", b"prompt:{}")
        riff = b"RIFF....WEBP" + b"VP8 \0\0\0\0" * (decoys + decoys // 6) + webp(entries)[12:]
        assert held(riff, 9999) == {prompt} - {""}
    large = chunk(b"tEXt", b"other\0" + b"x" * (embedded.LONGEST - 6))
    last = chunk(b"tEXt", b"prompt\0{}")
    assert held(png(large, last)) == {"{}"}
    assert held(png(*[large] * 5, last)) == set()
    too_late = b"RIFF....WEBP" + b"VP8 \0\0\0\0" * budget.MOST_PARTS + webp(entries)[12:]
    assert held(too_late, 9999) == set()


def test_metadata_of_a_video_counts_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    video = (FILES / "clip.mp4").read_bytes()
    assert held(video) == BOTH
    monkeypatch.setattr(budget, "MOST_BYTES", 100)
    assert held(video) == set()


HEADS = [b"", png(), b"RIFF....WEBP", b"\xff\xd8\xff\xe1", b"\0\0\0\x10ftyp", b"\x1a\x45\xdf\xa3"]


@given(head=st.sampled_from(HEADS), rest=st.binary(max_size=300))
def test_any_bytes_carry_something_or_nothing(head: bytes, rest: bytes) -> None:
    """Whatever a stranger's file is made of, the search ends and raises nothing."""
    assert all(isinstance(text, str) for text in found_in(head + rest, 9999).texts)


def test_metadata_where_quicktime_puts_it() -> None:
    """Straight in `moov`, without the four bytes; with a box whose length has eight bytes."""
    name = b"prompt"
    keys = box(b"keys", bytes(7), b"\1", box(b"mdta", name))
    data = box(b"data", bytes(8), b'{"a": 1}')
    items = box(b"ilst", box(b"\0\0\0\1", data), box(b"\0\0\0\x09", data))
    moov = box(b"moov", box(b"meta", box(b"hdlr"), keys, items))
    large = b"\0\0\0\1free" + (16).to_bytes(8)
    assert held(box(b"ftyp", b"qt  ") + large + moov) == {'{"a": 1}'}
    endless = b"\0\0\0\0" + moov[4:]
    assert held(box(b"ftyp", b"qt  ") + endless) == {'{"a": 1}'}


@pytest.mark.parametrize(
    "inside",
    [
        (),
        (box(b"udta"),),
        (box(b"meta", bytes(4), box(b"hdlr")),),
        (box(b"meta", bytes(4), box(b"keys", bytes(8))),),
    ],
)
def test_videos_that_carry_nothing(inside: tuple[bytes, ...]) -> None:
    assert held(box(b"ftyp", b"mp42") + box(b"moov", *inside)) == set()


def test_a_tag_without_a_text() -> None:
    webm = b"\x1a\x45\xdf\xa3" + b"\x45\xa3\x86PROMPT" + b"\x45\xa3\0" + b"\x44\x87\xff"
    assert held(webm) == set()


@pytest.mark.parametrize(
    "name", ["packed.png", "still.webp", "photo.jpg", "comment.jpg", "clip.mp4", "clip.webm"]
)
@given(data=st.data())
def test_damaged_files_end_the_search(name: str, data: st.DataObject) -> None:
    """Wherever they are cut, and whatever byte is wrong."""
    content = bytearray((FILES / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found = found_in(bytes(content[: data.draw(st.integers(0, len(content)))]), 9999)
    assert all(isinstance(text, str) for text in found.texts)


API = b'{"1": {"class_type": "A", "inputs": {}}}'


def little(number: int, length: int = 4) -> bytes:
    return number.to_bytes(length, "little")


def comments(text: bytes) -> bytes:
    row = b"prompt=" + text
    return little(0) + little(1) + little(len(row)) + row


def flac(*blocks: tuple[int, bytes]) -> bytes:
    rows = [bytes([kind]) + len(content).to_bytes(3) + content for kind, content in blocks]
    return b"fLaC" + b"".join(rows)


SOUNDS = [
    flac((0, bytes(34)), (4 | 128, comments(API)), (4, comments(b"[]"))),
    flac((4, comments(API))),
    b"OggS" + bytes(22) + bytes([1, 8 + len(comments(API))]) + b"OpusTags" + comments(API),
    b"ID3\3\0\0\0\0\1\0TXXX" + (3 + len(API)).to_bytes(4) + b"\0\0" + b"\3a\0" + API + bytes(99),
]


@pytest.mark.parametrize("content", SOUNDS)
def test_sounds(content: bytes) -> None:
    assert held(content) == {API.decode()}


def test_endless_blocks_of_a_sound_are_not_followed() -> None:
    blocks = [(1, b"")] * (budget.MOST_PARTS + 5)
    assert held(flac(*blocks, (4, comments(API))), 9999) == set()


@pytest.mark.parametrize(
    "content",
    [
        b"glTF" + bytes(8) + little(len(API)) + b"JSON" + API,
        little(len(API), 8) + API + bytes(9),
        b"<svg><metadata><![CDATA[" + API + b"]]></metadata></svg>",
        b'\xef\xbb\xbf <?xml version="1.0"?>\n<svg><metadata>' + API + b"</metadata></svg>",
    ],
)
def test_models_drawings_and_latents(content: bytes) -> None:
    assert held(content) == {API.decode()}


def test_a_comment_of_a_video_is_a_text_of_any_name() -> None:
    comment = b'{"prompt": "{}"}'
    items = box(b"ilst", box(b"\xa9cmt", box(b"data", bytes(8), comment)))
    itunes = box(b"moov", box(b"udta", box(b"meta", bytes(4), box(b"hdlr"), items)))
    assert held(box(b"ftyp", b"mp42") + itunes) == {comment.decode()}
    quicktime = box(b"moov", box(b"udta", box(b"\xa9cmt", bytes(4), comment)))
    assert held(box(b"wide") + box(b"mdat") + quicktime) == {comment.decode()}
    mkv = b"\x1a\x45\xdf\xa3" + b"\x45\xa3\x87COMMENT" + b"\x44\x87" + bytes([128 + 16]) + comment
    assert held(mkv) == {comment.decode()}


def test_each_segment_of_a_photo_counts() -> None:
    """A camera's own comes before; a comment may be the whole of it."""
    photo = (FILES / "photo.jpg").read_bytes()
    other = (FILES / "plain.jpg").read_bytes()[2:20]
    note = b"\xff\xfe" + (2 + len(API)).to_bytes(2) + API
    camera = b"Exif\0\0" + exif(1, b"Canon", b"Canon!")
    first = b"\xff\xe1" + (2 + len(camera)).to_bytes(2) + camera
    assert held(photo[:2] + first + note + photo[2:] + other) == BOTH | {API.decode()}


def test_a_picture_may_have_the_texts_of_a_camera() -> None:
    assert held(png(chunk(b"eXIf", exif(1, b"Canon", b"prompt:" + API)))) == {API.decode()}


def test_a_text_in_latin_1() -> None:
    assert held(png(chunk(b"tEXt", 'prompt\0{"a": "é"}'.encode("latin-1")))) == {'{"a": "é"}'}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_text_is_all_of_a_file(encoding: str) -> None:
    text = '\n {"1": "é"}'
    found = found_in((text if encoding == "utf-8" else text.strip()).encode(encoding))
    assert found == Carried((text if encoding == "utf-8" else text.strip(),), is_text=True)


def test_a_text_beyond_any_workflow_is_not_even_read() -> None:
    looking = search(embedded.LONGEST + 1)
    next(looking)
    with pytest.raises(BadInput) as refused:
        looking.send(b"[" * 64)
    assert refused.value.trouble.code == "workflow_too_long"


def test_comments_that_end_behind_the_file_are_not_read() -> None:
    assert held(b"fLaC\x04\x01\x00\x01") == set()


@given(head=st.sampled_from([*SOUNDS, b"glTF", b"fLaC", b"<svg>", b"{", b"\xff\xfe"]), at=st.data())
def test_any_bytes_of_the_other_kinds(head: bytes, at: st.DataObject) -> None:
    content = head[: at.draw(st.integers(0, len(head)))] + at.draw(st.binary(max_size=60))
    assert all(isinstance(text, str) for text in found_in(content, 9999).texts)
