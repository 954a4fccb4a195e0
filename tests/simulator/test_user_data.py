"""What an editor keeps on its server."""

import json

import pytest

from simulator.http import Response
from tests.simulator.shell import START, FakeShell

NAME = "/userdata/workflows%2Fmine.json"
CHANGED = int(START * 1000)


@pytest.fixture
def shell() -> FakeShell:
    """A server with two saved workflows."""
    shell = FakeShell()
    for name in (NAME, "/api/userdata/workflows%2Fold%2Ffirst.json"):
        assert sent(shell, "POST", name, raw=b'{"nodes": []}').status == 200
    return shell


def sent(shell: FakeShell, method: str, target: str, **content: object) -> Response:
    """The answer to a request."""
    response = shell.request(method, target, **content)
    assert response is not None
    return response


def test_settings_are_kept_one_by_one_or_together(shell: FakeShell) -> None:
    """An unknown one is null."""
    assert shell.get("/settings") == {}
    assert sent(shell, "POST", "/api/settings/Comfy.Locale", raw=b'"de"').status == 200
    assert sent(shell, "POST", "/settings", body={"a": [1], "b": None}).status == 200
    assert shell.get("/api/settings") == {"Comfy.Locale": "de", "a": [1], "b": None}
    assert shell.get("/settings/Comfy.Locale") == "de"
    assert shell.get("/settings/nosuch") is None
    assert sent(shell, "POST", "/settings", body=[1]).status == 500


def test_a_file_comes_back_as_it_was(shell: FakeShell) -> None:
    """As a download, of a type by its name; the style sheet alone is shown."""
    answer = sent(shell, "GET", NAME)
    assert answer.body == b'{"nodes": []}'
    headers = dict(answer.headers)
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Disposition"] == "attachment"
    sent(shell, "POST", "/userdata/user.css", raw=b"a{}")
    assert dict(sent(shell, "GET", "/userdata/user.css").headers)["Content-Disposition"] == "inline"
    sent(shell, "POST", "/userdata/page.html", raw=b"<p>")
    kind = dict(sent(shell, "GET", "/userdata/page.html").headers)["Content-Type"]
    assert kind == "application/octet-stream"
    assert sent(shell, "GET", "/userdata/nosuch.json").status == 404


def test_files_outlive_the_process(shell: FakeShell) -> None:
    """And settings too: both are on the server's disk."""
    sent(shell, "POST", "/settings/a", raw=b"1")
    shell.kill()
    assert sent(shell, "GET", NAME).status == 200
    assert shell.get("/settings/a") == 1


def test_a_folder_is_listed(shell: FakeShell) -> None:
    """Names, names in parts, or all that is known of each; with what is below or without."""
    assert shell.get("/userdata?dir=workflows") == ["mine.json"]
    both = "/userdata?dir=workflows&recurse=true"
    assert shell.get(both) == ["mine.json", "old/first.json"]
    assert shell.get(f"{both}&split=true")[1] == ["old/first.json", "old", "first.json"]
    info = {"path": "mine.json", "size": 13, "modified": CHANGED, "created": CHANGED}
    assert shell.get("/userdata?dir=workflows&full_info=true") == [info]
    assert shell.get("/userdata?dir=.&recurse=true")[0] == "workflows/mine.json"
    for target, status in (("", 400), ("?dir=..%2F", 403), ("?dir=nosuch", 404)):
        assert sent(shell, "GET", f"/userdata{target}").status == status


def test_a_file_is_replaced_only_where_that_is_allowed(shell: FakeShell) -> None:
    """It is, unless the request says no."""
    assert sent(shell, "POST", f"{NAME}?overwrite=false", raw=b"{}").status == 409
    answer = sent(shell, "POST", f"{NAME}?full_info=true", raw=b"{}")
    assert json.loads(answer.body)["size"] == 2
    assert json.loads(sent(shell, "POST", NAME, raw=b"{}").body) == "workflows/mine.json"


def test_a_file_is_moved_and_deleted(shell: FakeShell) -> None:
    """Onto another one only where that is allowed."""
    target = "workflows%2Fold%2Ffirst.json"
    assert sent(shell, "POST", f"{NAME}/move/{target}?overwrite=false").status == 409
    assert sent(shell, "POST", f"{NAME}/move/{target}").status == 200
    assert sent(shell, "POST", f"{NAME}/move/{target}").status == 404
    assert sent(shell, "DELETE", f"/userdata/{target}").status == 204
    assert sent(shell, "DELETE", f"/userdata/{target}").status == 404


@pytest.mark.parametrize("name", ["..%2Fx", "%2Fetc%2Fpasswd", "%252e%252e%252Fx", "."])
def test_no_path_leaves_the_users_folder(shell: FakeShell, name: str) -> None:
    """Neither encoded once nor twice; the folder itself is no file."""
    for method in ("GET", "POST", "DELETE"):
        assert sent(shell, method, f"/userdata/{name}").status == 403
    assert sent(shell, "POST", f"{NAME}/move/{name}").status == 403


@pytest.mark.parametrize(
    ("method", "target", "allowed"),
    [
        ("PATCH", "/settings", "GET,HEAD,POST"),
        ("POST", "/userdata?dir=x", "GET,HEAD"),
        ("PUT", NAME, "GET,HEAD,POST,DELETE"),
        ("GET", f"{NAME}/move/x", "POST"),
    ],
)
def test_other_methods_are_refused(
    shell: FakeShell, method: str, target: str, allowed: str
) -> None:
    """With those that there are."""
    answer = sent(shell, method, target)
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, allowed)


@pytest.mark.parametrize("target", ["/userdata/", "/settings/a/b", "/api/api/settings"])
def test_other_paths_are_not_its_own(shell: FakeShell, target: str) -> None:
    """They are unknown, as any."""
    assert sent(shell, "GET", target).status == 404
