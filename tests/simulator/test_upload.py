"""`POST /upload/image`, beyond the recorded cases."""

import json

import pytest

from simulator.http import FilePart, TextPart
from tests.simulator.shell import FakeShell


@pytest.fixture
def shell() -> FakeShell:
    """An empty server."""
    return FakeShell()


def test_only_the_first_image_counts(shell: FakeShell) -> None:
    """Other files are dropped; of texts with one name the first counts."""
    form = (
        FilePart("other", "o.png", shell.make_blob(1, "o")),
        FilePart("image", "a.png", shell.make_blob(1, "a")),
        FilePart("image", "b.png", shell.make_blob(1, "b")),
        TextPart("type", "temp"),
        TextPart("type", "input"),
    )
    response = shell.request("POST", "/upload/image", form=form)
    assert response is not None
    assert json.loads(response.body) == {"name": "a.png", "subfolder": "", "type": "temp"}
    assert len(shell.blobs) == 1


@pytest.mark.parametrize(
    ("name", "fields", "status"),
    [
        ("", {}, 400),
        ("a.png", {"subfolder": "../x"}, 400),
        ("../a.png", {}, 400),
        ("a.png", {"type": "models"}, 500),
        ("a.png", {"type": ""}, 500),
        ("a.png", {"overwrite": "yes"}, 200),
    ],
)
def test_refused_uploads_leave_no_bytes(
    shell: FakeShell, name: str, fields: dict[str, str], status: int
) -> None:
    """Whatever the reason."""
    response = shell.upload(name, **fields)
    assert response is not None and response.status == status
    assert len(shell.blobs) == (status == 200)


@pytest.mark.parametrize(("word", "names"), [("1", 1), ("true", 1), ("yes", 2)])
def test_overwriting_has_two_words(shell: FakeShell, word: str, names: int) -> None:
    """Any other means no."""
    shell.upload("a.png", "one")
    shell.upload("a.png", "two", overwrite=word)
    info = shell.get("/object_info/LoadImage")
    assert len(info["LoadImage"]["input"]["required"]["image"][0]) == names
