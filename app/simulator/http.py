"""HTTP requests and answers as values; file contents stay with the shell."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

# What is accepted must be writable again from any depth of calls.
_DEEPEST = 200
# Possessive, so that matching is never quadratic.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes that the shell keeps under `key`, with any digest that tells contents apart."""

    key: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file field of a multipart body."""

    field: str
    filename: str
    blob: Blob


@dataclass(frozen=True, slots=True)
class TextPart:
    """A text field of a multipart body."""

    field: str
    text: str


Form: TypeAlias = tuple[FilePart | TextPart, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One whole HTTP request.

    `target` is the path and query as sent, still percent-encoded. Header names are lower case.
    `form` replaces `body` when the shell parsed a multipart body. `size` is the number of bytes
    of the body; a body over the limit need not be read, its size alone earns the 413.
    `is_malformed` tells of a multipart body that can't be taken apart.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    form: Form | None = None
    size: int = 0
    is_malformed: bool = False

    @property
    def path(self) -> str:
        """The decoded path, without the query and without the `/api` prefix."""
        path = self.full_path
        return path.removeprefix("/api") if path.startswith("/api/") else path

    @property
    def parts(self) -> list[str]:
        """The decoded parts of the path, without the `/api` prefix."""
        parts = self.full_parts
        return parts[1:] if parts[:1] == ["api"] else parts

    @property
    def full_path(self) -> str:
        """The decoded path, without the query."""
        return unquote(self._encoded_path)

    @property
    def full_parts(self) -> list[str]:
        """The decoded parts of the path: an encoded slash is no end of one.

        Source: aiohttp 3.14, measured: `/object_info/{node_class}` takes `A%2FB` as one name.
        """
        return [unquote(part) for part in self._encoded_path.split("/")[1:]]

    @property
    def _encoded_path(self) -> str:
        return self.target.partition("#")[0].partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """The decoded query; of repeated keys the first counts."""
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        return dict(reversed(pairs))


@dataclass(frozen=True, slots=True)
class FileBody:
    """Bytes `start` to `stop` (excluded) of a blob."""

    key: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class PictureBody:
    """A picture that the shell decodes and encodes in another format.

    `channel` is `rgba` (as it is), `rgb` or `a`. If the blob is no picture the shell sends
    `otherwise` in place of the whole answer.
    """

    key: str
    format: str
    quality: int
    channel: str
    otherwise: "Response"


@dataclass(frozen=True, slots=True)
class Response:
    """One whole HTTP answer. The shell leaves out the body of a 304 and of an answer to `HEAD`."""

    status: int = 200
    headers: Headers = ()
    body: bytes | FileBody | PictureBody = b""

    def with_headers(self, headers: Headers) -> "Response":
        """Return the same answer with more headers."""
        return replace(self, headers=self.headers + headers)


class ServerTrouble(Exception):
    """The real server raises an unhandled exception here, and the client sees a bare 500."""


TROUBLE = Response(
    500,
    (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")),
    b"500 Internal Server Error\n\nServer got itself in trouble",
)


def json_response(value: object, status: int = 200) -> Response:
    """Return an answer in JSON, spaced and escaped as ComfyUI's."""
    headers = (("Content-Type", "application/json; charset=utf-8"),)
    return Response(status, headers, json.dumps(value).encode())


def parse_json(text: str) -> object:
    """Parse JSON that a client sent.

    Raises:
        ValueError: It is no JSON, or nested so deeply that parsing it could overflow the stack,
            which ends a browser's Python for good.
    """
    if text.count("[") + text.count("{") > _DEEPEST:
        depth = 0
        for bracket in _BRACKET.findall(_STRING.sub("", text)):
            depth += 1 if bracket in "[{" else -1
            if depth > _DEEPEST:
                raise ValueError(f"nested deeper than {_DEEPEST} levels")
    value: object = json.loads(text)
    return value


def body_json(body: bytes) -> object:
    """Return the JSON value in a body, whatever its Content-Type.

    Raises:
        ServerTrouble: It isn't UTF-8 JSON. Source: ComfyUI 0.28.1 wire, measured.
    """
    try:
        return parse_json(body.decode())
    except ValueError as error:
        raise ServerTrouble(f"a request body isn't JSON: {error}") from error


def body_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in a body.

    Raises:
        ServerTrouble: It isn't JSON, or not an object.
    """
    value = body_json(body)
    if not isinstance(value, dict):
        raise ServerTrouble(f"a request body is JSON but no object: {type(value).__name__}")
    return value


def split_host(host: str) -> tuple[str, int | None]:
    """Return host name and port of a `Host` header or an origin.

    Raises:
        ServerTrouble: The port isn't a number below 65536.
    """
    try:
        parts = urlsplit(host if "//" in host else f"//{host}")
        return (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise ServerTrouble(f"`{host}` names no host: {error}") from error
