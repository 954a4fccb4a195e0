"""Addresses of servers: what people type, what we compare, what we call."""

import re
from urllib.parse import quote, urlsplit

from app.core.errors import BadInput
from app.core.ids import ClientId, ServerUrl

COMFYUI_PORT = 8188
"""Where a ComfyUI server listens unless told otherwise.

Source: ComfyUI's `--port` default.
"""

_HOST = re.compile(r"[^\s\x00-\x20\x7f/?#@\\<>^|%\"{}`\[\]:]+|\[[0-9a-f:.]+\]")
_PATH_MARKS = "/%:@!$&'()*+,;="
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_ODD_SCHEME = re.compile(r"(?!localhost:)[a-z][a-z0-9+-]*:(?!\d)", re.IGNORECASE)


def parse_server_url(text: str, page_url: str = "http://localhost/") -> ServerUrl:
    """Read an address as people and `servers.json` write it.

    Takes a URL, `host:port`, `host` (port 8188 is meant), `:port` (on the page's own host)
    and `/path/` (a prefix on the page's own origin). Path prefixes are kept; a query, a
    fragment and a slash at the end are dropped.

    Args:
        text: What was typed.
        page_url: The page's own address, for the relative forms.

    Raises:
        BadInput: It is no http(s) address.
    """
    typed = text.strip()
    page = urlsplit(page_url)
    if typed.startswith("//") or not typed:
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
    """A page opened from a file has no http of its own."""
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
    if not _HOST.fullmatch(host):
        raise BadInput("address_bad", address=typed)
    netloc = host if port in (None, 443 if parts.scheme == "https" else 80) else f"{host}:{port}"
    return ServerUrl(f"{parts.scheme}://{netloc}{path}")
