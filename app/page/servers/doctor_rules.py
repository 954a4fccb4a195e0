"""Why a server can't be used, as far as a browser lets a page find out, and what cures it."""

from typing import NamedTuple
from urllib.parse import urlsplit

from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Mode
from tether.core.protocol.address import COMFYUI_PORT, Space, needs_permission, space_of


class Signs(NamedTuple):
    """What an examination found; a call that was not made is None.

    Attributes:
        permission: The browser's for that server's space: granted, denied, prompt, or "" where
            it has no such thing.
        is_secure: The page is a secure context: only such a page can get permission.
        status: Of a call that the page may read.
        is_comfy: What it read is a ComfyUI server's.
        is_slow: That call timed out.
        is_redirected: It was to go to another address.
        has_echo: A call whose answer nobody can read was answered: something is there.
        bare_status: Of a call without the token, which needs no preflight.
        has_plain_echo: Something answers plain http on the port of an https server.
        refused_mb: Size of a picture that was refused as too large.
    """

    page: str
    server: ServerUrl
    name: str
    permission: str = ""
    is_secure: bool = True
    access: Mode = Mode.NONE
    status: int | None = None
    is_comfy: bool = False
    is_slow: bool = False
    is_redirected: bool = False
    has_echo: bool = False
    bare_status: int | None = None
    has_plain_echo: bool = False
    is_socket_blocked: bool = False
    refused_mb: int | None = None


UPGRADE = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; "
    'proxy_set_header Connection "upgrade";'
)
"""What nginx needs to pass WebSockets."""


def causes(signs: Signs) -> tuple[Trouble, ...]:
    """Return the cause, or all that look the same from here, the likeliest first.

    Each has the fact `cure`: what to type where, "" where it is nothing to type.
    """
    if signs.status is not None:
        return _of_answer(signs)
    hidden = _before_any_call(signs)
    if hidden is not None:
        return (hidden,)
    if signs.is_slow:
        return (_cause(signs, "doctor_slow"),)
    if signs.is_redirected:
        return (_cause(signs, "doctor_redirected"),)
    if signs.has_echo:
        return _of_echo(signs)
    return _of_silence(signs)


def origin_of(page: str) -> str:
    """Return the origin that a server has to let in."""
    parts = urlsplit(page)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "null"


def plain_of(server: ServerUrl) -> ServerUrl:
    """Return the address of plain http on the port of an https server."""
    parts = urlsplit(server)
    netloc = parts.netloc if parts.port else f"{parts.netloc}:443"
    return ServerUrl(f"http://{netloc}{parts.path}")


def _of_answer(signs: Signs) -> tuple[Trouble, ...]:
    """The page may read what answers."""
    if signs.status in (401, 403):
        has_token = signs.access is not Mode.NONE
        code = "doctor_token_wrong" if has_token else "doctor_token_needed"
        return (_cause(signs, code, status=signs.status),)
    if signs.status in (502, 503, 504):
        return (_cause(signs, "doctor_proxy", status=signs.status),)
    if not signs.is_comfy:
        return (_cause(signs, "doctor_odd", status=signs.status),)
    found = []
    if signs.is_socket_blocked and signs.access in (Mode.BEARER, Mode.BASIC):
        cure = "location /ws { auth_basic off; }"
        found.append(_cause(signs, "doctor_socket_token", cure))
    elif signs.is_socket_blocked:
        found.append(_cause(signs, "doctor_socket", UPGRADE))
    if signs.refused_mb is not None:
        limit = max(100, 2 * signs.refused_mb)
        cure = f"client_max_body_size {limit}m;"
        found.append(_cause(signs, "doctor_too_large", cure, size=signs.refused_mb, limit=limit))
    return tuple(found)


def _before_any_call(signs: Signs) -> Trouble | None:
    """The browser itself forbids the call."""
    is_https = signs.page.startswith("https:")
    asks = needs_permission(signs.page, signs.server) and bool(signs.permission)
    if asks and signs.is_secure and signs.permission == "denied":
        site = f"chrome://settings/content/siteDetails?site={origin_of(signs.page)}"
        return _cause(signs, "doctor_denied", site)
    if asks and signs.is_secure and signs.permission == "prompt":
        return _cause(signs, "doctor_unasked")
    is_plain = signs.server.startswith("http:")
    if is_https and is_plain and not asks and space_of(signs.server) is not Space.LOOPBACK:
        return _cause(signs, "doctor_mixed", f"https{signs.server.removeprefix('http')}")
    return None


def _of_echo(signs: Signs) -> tuple[Trouble, ...]:
    """Something answers, and the page may not read it."""
    cors = _cause(signs, "doctor_cors", f"--enable-cors-header {origin_of(signs.page)}")
    if signs.access in (Mode.BEARER, Mode.BASIC):
        preflight = _cause(
            signs, "doctor_preflight", "if ($request_method = OPTIONS) { return 204; }"
        )
        return (preflight,) if signs.bare_status is not None else (preflight, cors)
    return (cors, _cause(signs, "doctor_unreadable"))


def _of_silence(signs: Signs) -> tuple[Trouble, ...]:
    """Nothing answers, or the browser says so."""
    flags = "--listen " if space_of(signs.server) is not Space.LOOPBACK else ""
    port = urlsplit(signs.server).port
    # One without a port is a proxy before ComfyUI, and no port of its own.
    if port not in (None, COMFYUI_PORT):
        flags += f"--port {port} "
    start = f"python main.py {flags}--enable-cors-header {origin_of(signs.page)}"
    found = [_cause(signs, "doctor_down", start)]
    if signs.server.startswith("https:"):
        untrusted = _cause(signs, "doctor_certificate", signs.server)
        found = [untrusted] if signs.has_plain_echo else [*found, untrusted]
    elif needs_permission(signs.page, signs.server) and signs.permission == "denied":
        found.append(_cause(signs, "doctor_insecure"))
    return tuple(found)


def _cause(signs: Signs, code: str, cure: str = "", **facts: object) -> Trouble:
    return Trouble.of(code, server=signs.name, url=signs.server, cure=cure, **facts)
