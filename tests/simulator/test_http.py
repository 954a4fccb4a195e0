"""Requests and answers as values."""

import pytest

from simulator.http import (
    Request,
    ServerTrouble,
    body_json,
    body_object,
    json_response,
    split_host,
)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/api/prompt", "/prompt", {}),
        ("/apiary", "/apiary", {}),
        ("/view?a=1&a=2&b=&c", "/view", {"a": "1", "b": "", "c": ""}),
        ("/view?filename=a%20b+c%26", "/view", {"filename": "a b c&"}),
        ("/history/a%2Fb", "/history/a/b", {}),
    ],
)
def test_targets_are_taken_apart(target: str, path: str, query: dict[str, str]) -> None:
    """Decoded; of repeated keys the first counts."""
    request = Request("GET", target, {})
    assert (request.path, request.query) == (path, query)


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("localhost:8188", ("localhost", 8188)),
        ("LOCALHOST", ("localhost", None)),
        ("https://app.example", ("app.example", None)),
        ("[::1]:1", ("::1", 1)),
        ("", ("", None)),
    ],
)
def test_hosts_are_taken_apart(host: str, parts: tuple[str, int | None]) -> None:
    """Of a `Host` header and of an origin alike."""
    assert split_host(host) == parts


@pytest.mark.parametrize("host", ["a:x", "a:99999", "http://[a"])
def test_strange_hosts_are_trouble(host: str) -> None:
    """And nothing else."""
    with pytest.raises(ServerTrouble):
        split_host(host)


def test_bodies_may_be_wide_but_not_deep() -> None:
    """What is read must be writable again."""
    wide = b"[" + b"[1]," * 1000 + b"[[[{}]]]]"
    assert len(body_json(wide)) == 1001
    with pytest.raises(ServerTrouble):
        body_json(b"[" * 250 + b"]" * 250)
    assert body_json(b'["' + b"[" * 250 + b'"]') == ["[" * 250]


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_trouble(body: bytes) -> None:
    """Of any kind."""
    with pytest.raises(ServerTrouble):
        body_json(body)


def test_some_bodies_must_be_objects() -> None:
    """Other JSON is trouble."""
    assert body_object(b'{"a": 1}') == {"a": 1}
    with pytest.raises(ServerTrouble):
        body_object(b"[]")


def test_answers_are_json() -> None:
    """More headers may follow."""
    response = json_response({"a": "é"}, 201).with_headers((("X", "1"),))
    assert (response.status, response.body) == (201, b'{"a": "\\u00e9"}')
    assert response.headers[1:] == (("X", "1"),)


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        ("/object_info/KSampler%20%2F%2FInspire?x=1", ["object_info", "KSampler //Inspire"]),
        ("/api/object_info/A%252FB", ["object_info", "A%2FB"]),
        ("/", [""]),
        ("", []),
    ],
)
def test_an_encoded_slash_ends_no_part_of_a_path(target: str, parts: list[str]) -> None:
    """Names may have slashes, and each part is decoded once."""
    assert Request("GET", target, {}).parts == parts
