"""Uploads and `/view`, beyond the recorded cases."""

import json
from dataclasses import replace

import pytest

from simulator.http import FileBody, FilePart, PictureBody, Response, TextPart
from simulator.settings import Api
from tests.simulator.shell import CALM, START, FakeShell


@pytest.fixture
def shell() -> FakeShell:
    """A server with a ten byte picture."""
    shell = FakeShell()
    shell.upload("lab.png")
    return shell


@pytest.fixture
def empty() -> FakeShell:
    """A server without files."""
    return FakeShell()


def view(shell: FakeShell, query: str = "filename=lab.png&type=input", **headers: str) -> Response:
    """The answer to `/view`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = shell.request("GET", f"/view?{query}", headers=named)
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("0-3", 0, 4), ("4-", 4, 10), ("-3", 7, 10), ("-99", 0, 10), ("8-99", 8, 10)],
)
def test_a_part_of_a_file(shell: FakeShell, asked: str, start: int, stop: int) -> None:
    """206 with the place of the part."""
    response = view(shell, range=f"bytes={asked}")
    assert response.status == 206
    assert isinstance(response.body, FileBody)
    assert (response.body.start, response.body.stop) == (start, stop)
    assert dict(response.headers)["Content-Range"] == f"bytes {start}-{stop - 1}/10"


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=5-4", "bytes=-", "lines=1-2", "bytes=-0"])
def test_a_part_that_is_none(shell: FakeShell, asked: str) -> None:
    """416 with the size."""
    response = view(shell, range=asked)
    assert response.status == 416
    assert dict(response.headers)["Content-Range"] == "bytes */10"


def test_a_known_file_is_not_sent_again(shell: FakeShell) -> None:
    """By tag, by any tag, or by date; a wrong tag beats a right date."""
    headers = dict(view(shell).headers)
    tag, changed = headers["Etag"], headers["Last-Modified"]
    assert tag == f'"{int(START * 10**9):x}-a"'
    assert view(shell, if_none_match=tag).status == 304
    assert view(shell, if_none_match=f'"x", W/{tag}').status == 304
    assert view(shell, if_none_match="*").status == 304
    assert view(shell, if_modified_since=changed).status == 304
    assert view(shell, if_none_match='"x"', if_modified_since=changed).status == 200


@pytest.mark.parametrize(
    ("query", "form", "quality", "channel"),
    [
        ("preview=webp;50", "webp", 50, "rgba"),
        ("preview=jpeg", "jpeg", 90, "rgb"),
        ("preview=jpeg;80&channel=a", "webp", 80, "rgba"),
        ("preview=png;x", "webp", 90, "rgba"),
        ("preview=webp&channel=rgb", "webp", 90, "rgb"),
        ("channel=a", "png", 90, "a"),
        ("channel=rgb", "png", 90, "rgb"),
    ],
)
def test_a_rendering(shell: FakeShell, query: str, form: str, quality: int, channel: str) -> None:
    """Only WebP and JPEG are previews; the shell does the work, and 500 if it can't."""
    body = view(shell, f"filename=lab.png&type=input&{query}").body
    assert isinstance(body, PictureBody)
    assert (body.format, body.quality, body.channel) == (form, quality, channel)
    assert body.otherwise.status == 500


@pytest.mark.parametrize(
    ("api", "name", "kind", "is_attached"),
    [
        (Api.V0_28, "v.svg", "application/octet-stream", True),
        (Api.V0_28, "V.HTML", "application/octet-stream", True),
        (Api.V0_28, "v.webm", "video/webm", False),
        (Api.V0_28, "noending", "application/octet-stream", False),
        (Api.V0_3_64, "v.svg", "image/svg+xml", False),
        (Api.V0_3_64, "v.html", "application/octet-stream", False),
        (Api.V0_3_64, "v.png", "image/png", False),
    ],
)
def test_active_content_is_not_shown_inline(
    api: Api, name: str, kind: str, is_attached: bool
) -> None:
    """The old release overlooks SVG."""
    shell = FakeShell(replace(CALM, api=api))
    shell.upload(name)
    headers = dict(view(shell, f"filename={name}&type=input").headers)
    assert headers["Content-Type"] == kind
    assert headers["Content-Disposition"].startswith("attachment") is is_attached
    assert ("X-Content-Type-Options" in headers) is (api is Api.V0_28)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filename=lab.png&type=other", 400),
        ("filename=..%2Flab.png", 400),
        ("filename=+[input]", 400),
        ("filename=lab.png&type=input&subfolder=..", 403),
        ("filename=lab.png&type=input&subfolder=a", 404),
        ("filename=x%2Flab.png&type=input", 200),
        ("filename=lab.png+[input]", 200),
        ("other=1", 404),
    ],
)
def test_bad_names(shell: FakeShell, query: str, status: int) -> None:
    """400, 403 or 404 without a body; folders inside the name don't count."""
    assert view(shell, query).status == status


def test_only_the_first_image_counts(empty: FakeShell) -> None:
    """Other files are dropped; of texts with one name the first counts."""
    form = (
        FilePart("other", "o.png", empty.make_blob(1, "o")),
        FilePart("image", "a.png", empty.make_blob(1, "a")),
        FilePart("image", "b.png", empty.make_blob(1, "b")),
        TextPart("type", "temp"),
        TextPart("type", "input"),
    )
    response = empty.request("POST", "/upload/image", form=form)
    assert response is not None
    assert json.loads(response.body) == {"name": "a.png", "subfolder": "", "type": "temp"}
    assert len(empty.blobs) == 1


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
    empty: FakeShell, name: str, fields: dict[str, str], status: int
) -> None:
    """Whatever the reason."""
    response = empty.upload(name, **fields)
    assert response is not None and response.status == status
    assert len(empty.blobs) == (status == 200)


@pytest.mark.parametrize(("word", "names"), [("1", 1), ("true", 1), ("yes", 2)])
def test_overwriting_has_two_words(empty: FakeShell, word: str, names: int) -> None:
    """Any other means no."""
    empty.upload("a.png", "one")
    empty.upload("a.png", "two", overwrite=word)
    info = empty.get("/object_info/LoadImage")
    assert len(info["LoadImage"]["input"]["required"]["image"][0]) == names


def test_an_upload_without_a_picture_is_refused(empty: FakeShell) -> None:
    """400 without a field `image`, 500 for a body that can't be taken apart."""
    response = empty.request("POST", "/upload/image", form=(TextPart("image", "a.png"),))
    assert response is not None and response.status == 400
    response = empty.request("POST", "/upload/image", is_malformed=True)
    assert response is not None and response.status == 500
