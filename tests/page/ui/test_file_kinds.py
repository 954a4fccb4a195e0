"""What a file is, and which inputs take it."""

import pytest

from page.ui.file_kinds import first_picture, kind_of
from tether.core.events import Picture
from tether.core.ids import Digest, NodeId
from tether.core.protocol.node_info import FileKind


@pytest.mark.parametrize(
    ("media_type", "name", "kind"),
    [
        ("image/png", "a.png", "picture"),
        ("", "IMG_0001.CR2", "picture"),
        ("video/mp4", "a.mp4", "video"),
        ("", "A.MKV", "video"),
        ("audio/mpeg", "a.mp3", "audio"),
        ("", "a.opus", "audio"),
        ("image/svg+xml", "a.svg", "file"),
        ("application/json", "a.json", "file"),
        ("", "a.glb", "file"),
        ("", "a.FBX", "file"),
        ("text/plain", "a", "file"),
        ("application/octet-stream", "a.mkv", "video"),
        ("application/ogg", "a.ogg", "audio"),
        ("application/octet-stream", "a.bin", "file"),
        ("audio/webm", "a.webm", "audio"),
        ("image/png", "a.mp4", "picture"),
    ],
)
def test_the_kind_of_a_file(media_type: str, name: str, kind: FileKind) -> None:
    """By its type, or by its name where the browser knows no type."""
    assert kind_of(media_type, name) == kind


def test_the_first_of_several_files_that_is_a_picture() -> None:
    """A film can't stand in a picture's place."""

    def given(name: str) -> Picture:
        return Picture(NodeId("1"), "file", Digest(name), name, 1)

    film, photo = given("a.mp4"), given("b.png")
    assert first_picture((film, photo, given("c.png"))) == photo
    assert first_picture((film,)) is None
