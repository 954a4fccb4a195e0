"""Addresses of servers, and how public they are: private ones may need permission.

Source: Chromium 142 to 156, "local network access"; 156 measured.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from urllib.parse import quote, urlsplit

from tether.core.errors import BadInput
from tether.core.ids import ClientId, ServerUrl

COMFYUI_PORT = 8188
"""Where a ComfyUI server listens unless told otherwise.

Source: ComfyUI's `--port` default.
"""

_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#@\\<>^|%\"{}`\[\]:]+|\[[0-9a-f:.]+\]")
_PATH_MARKS = "/%:@!$&'()*+,;="
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ODD_SCHEME = re.compile(r"(?!localhost:)[a-z][a-z0-9+-]*:(?!\d)", re.IGNORECASE)


class Space(IntEnum):
    """Where an address is, from the most private to the most public."""

    LOOPBACK = 0
    LOCAL = 1
    PUBLIC = 2


PERMISSIONS = {
    Space.LOOPBACK: ("loopback-network", "local-network-access"),
    Space.LOCAL: ("local-network", "local-network-access"),
}
"""The browser's names of the permission, the newest first."""

_LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.[\d.]+|::1")
_LOCAL = re.compile(
    r"10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|169\.254\.[\d.]+"
    r"|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.[\d.]+|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*"
)
_LOCAL_NAME = re.compile(r"[^.:]+|.*\.(local|lan|internal|home\.arpa)")
_PORT, _DIGITS, _QUAD = (
    re.compile(each, re.ASCII) for each in (r"\d{2,5}", r"[\d.]+", r"\d{1,3}(\.\d{1,3}){3}")
)
_NUMBERS = re.compile(r"[\d.]+|[0-9a-f:.]+:[0-9a-f:.]*")


def parse_server_url(text: str, page_url: str = "http://localhost/") -> ServerUrl:
    """Read an address as people and `servers.json` write it.

    Takes a URL, `host:port`, `host` (port 8188 is meant), `:port` or its digits alone (on the
    page's own host) and `/path/` (a prefix on the page's own origin). Path prefixes are kept; a
    query, a fragment and a slash at the end are dropped. `page_url` is the page's own address.

    Raises:
        BadInput: It is no http(s) address.
    """
    typed = text.strip()
    if _PORT.fullmatch(typed):
        typed = f":{typed}"
    page = urlsplit(page_url)
    if not typed:
        raise BadInput("address_empty")
    if typed.startswith("//"):
        raise BadInput("address_bad", address=text)
    if typed.startswith(":"):
        typed = f"{_page_scheme(page.scheme)}://{_bracketed(page.hostname or 'localhost')}{typed}"
    elif typed.startswith("/"):
        typed = f"{_page_scheme(page.scheme)}://{page.netloc or 'localhost'}{typed}"
    elif not _SCHEME.match(typed):
        if _ODD_SCHEME.match(typed):
            raise BadInput("address_scheme", address=text, scheme=typed.split(":")[0])
        typed = _with_default_port(typed)
    return _normalised(typed, text)


def websocket_url(server: ServerUrl, client_id: ClientId) -> str:
    """Return the address of the server's WebSocket for one client id.

    Source: ComfyUI 0.28.1, `/ws?clientId=`.
    """
    return f"ws{server.removeprefix('http')}/ws?clientId={quote(client_id, safe='')}"


def short_name(server: ServerUrl) -> str:
    """Name a server by its address, as people say it: host, port and path."""
    return server.partition("://")[2]


def _page_scheme(scheme: str) -> str:
    """Return http where the page has none itself, being opened from a file."""
    return scheme if scheme in ("http", "https") else "http"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _with_default_port(typed: str) -> str:
    netloc, *rest = re.split(r"(?=[/?#])", typed, maxsplit=1)
    if not re.search(r":\d+$", netloc):
        netloc = f"{netloc.removesuffix(':')}:{COMFYUI_PORT}"
    return f"http://{netloc}{''.join(rest)}"


def _normalised(url: str, typed: str) -> ServerUrl:
    try:
        parts = urlsplit(url)
        port = parts.port
        host = _bracketed(parts.hostname or "")
        path = quote(re.sub(r"/{2,}", "/", parts.path).rstrip("/"), safe=_PATH_MARKS)
    except ValueError as error:
        raise BadInput("address_bad", address=typed) from error
    if parts.scheme not in ("http", "https"):
        raise BadInput("address_scheme", address=typed, scheme=parts.scheme)
    if "@" in parts.netloc:
        # A password in an address ends up in logs, titles and storage.
        raise BadInput("address_password", address=parts.hostname)
    is_quad = _QUAD.fullmatch(host) and all(int(each) < 256 for each in host.split("."))
    if not _HOST.fullmatch(host) or (_DIGITS.fullmatch(host) and not is_quad) or port == 0:
        raise BadInput("address_bad", address=typed)
    netloc = host if port in (None, 443 if parts.scheme == "https" else 80) else f"{host}:{port}"
    return ServerUrl(f"{parts.scheme}://{netloc}{path}")


@lru_cache(maxsize=1024)
def space_of(url: str) -> Space | None:
    """Return where an address is; None for a name that doesn't show it."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    if _LOOPBACK.fullmatch(host):
        return Space.LOOPBACK
    if _LOCAL.fullmatch(host) or _LOCAL_NAME.fullmatch(host):
        return Space.LOCAL
    return Space.PUBLIC if _NUMBERS.fullmatch(host) else None


def needs_permission(page: str, server: str) -> bool:
    """Say whether a page may call a server only with the person's permission.

    A page whose name doesn't show where it is may be public.
    """
    there, here = space_of(server), space_of(page)
    return there in PERMISSIONS and (here is None or here > there)


def would_prompt(page: str, server: str, permissions: Mapping[Space, str]) -> bool:
    """Say whether a call would open the browser's prompt, which only a click may do."""
    there = space_of(server)
    return (
        there is not None and needs_permission(page, server) and permissions.get(there) == "prompt"
    )


def target_space(page: str, server: str) -> str | None:
    """Return the `targetAddressSpace` of a `fetch`, with which https pages may call http.

    A wrong one makes the call fail, so a name is only guessed where nothing else would work.
    """
    there = space_of(server)
    if there is None or not needs_permission(page, server):
        return None
    host = urlsplit(server).hostname or ""
    is_sure = there is Space.LOOPBACK or _LOCAL.fullmatch(host) is not None
    is_mixed = page.startswith("https:") and server.startswith("http:")
    return there.name.lower() if is_sure or is_mixed else None
