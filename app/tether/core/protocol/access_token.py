"""How a server authenticates requests: the mode, the secret, and where it goes."""

import json
import re
from base64 import b64encode
from enum import Enum
from typing import NamedTuple
from urllib.parse import quote, unquote

from tether.core.errors import BadInput
from tether.core.protocol.outputs import read_json

DEFAULT_NAME = "token"
"""The query parameter that carries a secret unless another is named."""

_LOGIN = re.compile(r"(\s*(?:[a-z][a-z0-9+.-]*://)?)([^/?#\s]*)@", re.IGNORECASE)
_BEARER = re.compile(r"[\x21-\x7e]+")
_NAME = re.compile(r"[\w.~-]+", re.ASCII)


class Mode(Enum):
    """Where a secret is put."""

    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"
    QUERY = "query"


class Access(NamedTuple):
    """A mode and its secret: the token itself, or `user:password` for basic.

    An empty secret has yet to be typed. Only the HTTP adapter reads it, at the last moment: no
    `Request` holds a secret, and so nothing that is logged, recorded or exported does.
    """

    mode: Mode
    secret: str = ""
    name: str = DEFAULT_NAME

    def __repr__(self) -> str:
        return f"Access({self.mode.value})"

    @property
    def is_header(self) -> bool:
        """Whether it goes in a header, which a WebSocket or an `<img>` can't send."""
        return bool(self.secret) and self.mode in (Mode.BEARER, Mode.BASIC)

    def headers(self) -> dict[str, str]:
        """Return the headers of a call."""
        if not self.is_header:
            return {}
        if self.mode is Mode.BEARER:
            return {"Authorization": f"Bearer {self.secret}"}
        return {"Authorization": f"Basic {b64encode(self.secret.encode()).decode()}"}

    def with_query(self, url: str) -> str:
        """Return the address of a call or a socket."""
        if self.mode is not Mode.QUERY or not self.secret:
            return url
        sign = "&" if "?" in url else "?"
        return f"{url}{sign}{quote(self.name, safe='')}={quote(self.secret, safe='')}"


def make_access(mode: str, secret: str, name: str = "") -> Access | None:
    """Make an access of what was typed; None for a server without one.

    Raises:
        BadInput: No call could carry that; the secret is not in the error.
    """
    secret = secret.strip()
    if mode not in [each.value for each in Mode]:
        raise BadInput("token_mode", mode=mode)
    if mode == Mode.NONE.value or not secret:
        return None
    if mode == Mode.BEARER.value and not _BEARER.fullmatch(secret):
        raise BadInput("token_bad")
    if mode == Mode.BASIC.value and ":" not in secret:
        raise BadInput("login_bad")
    name = name.strip() or DEFAULT_NAME
    if not _NAME.fullmatch(name):
        raise BadInput("token_name_bad", name=name)
    try:
        secret.encode()
    except UnicodeEncodeError as error:
        raise BadInput("token_bad") from error
    return Access(Mode(mode), secret, name)


def take_login(typed: str) -> tuple[str, Access | None]:
    """Take `user:password@` out of an address, for Basic authentication."""
    found = _LOGIN.match(typed)
    if found is None:
        return typed, None
    user, _, password = found[2].partition(":")
    login = make_access("basic", f"{unquote(user)}:{unquote(password)}") if found[2] else None
    return found[1] + typed[found.end() :], login


def write_access(access: Access) -> str:
    """Write an access for the browser's storage."""
    return json.dumps({"mode": access.mode.value, "secret": access.secret, "name": access.name})


def read_access(text: str | None) -> Access | None:
    """Read what `write_access` wrote; None for anything else."""
    if text is None:
        return None
    match read_json(text):
        case {"mode": str(mode), "secret": str(secret), "name": str(name)}:
            try:
                return make_access(mode, secret, name)
            except BadInput:
                return None
    return None
