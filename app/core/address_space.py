"""How public an address is: browsers ask a person before a page may reach the more private.

Source: Chromium 142 to 156, "local network access"; 156 measured.
"""

import re
from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from urllib.parse import urlsplit


class Space(IntEnum):
    """From the most private to the most public."""

    LOOPBACK = 0
    LOCAL = 1
    PUBLIC = 2


PERMISSIONS = {
    Space.LOOPBACK: ("loopback-network", "local-network-access"),
    Space.LOCAL: ("local-network", "local-network-access"),
}
"""What a browser calls its leave, the newest name first."""

_LOOPBACK = re.compile(r"localhost|.*\.localhost|127\.[\d.]+|::1")
_LOCAL = re.compile(
    r"10\.[\d.]+|192\.168\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|169\.254\.[\d.]+"
    r"|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.[\d.]+|f[cd][0-9a-f]{2}:.*|fe[89ab][0-9a-f]:.*"
)
_LOCAL_NAME = re.compile(r"[^.:]+|.*\.(local|lan|internal|home\.arpa)")
_NUMBERS = re.compile(r"[\d.]+|[0-9a-f:.]+:[0-9a-f:.]*")


@lru_cache(maxsize=1024)
def space_of(url: str) -> Space | None:
    """Return where an address is; None for a name that doesn't tell."""
    host = (urlsplit(url).hostname or "").removesuffix(".")
    if _LOOPBACK.fullmatch(host):
        return Space.LOOPBACK
    if _LOCAL.fullmatch(host) or _LOCAL_NAME.fullmatch(host):
        return Space.LOCAL
    return Space.PUBLIC if _NUMBERS.fullmatch(host) else None


def needs_leave(page: str, server: str) -> bool:
    """Say whether the browser lets a page call a server only with the person's leave.

    A page whose name doesn't tell may be public.
    """
    there, here = space_of(server), space_of(page)
    return there in PERMISSIONS and (here is None or here > there)


def is_to_be_asked(page: str, server: str, leave: Mapping[Space, str]) -> bool:
    """Say whether a call would make the browser ask: that is for a click alone."""
    there = space_of(server)
    return there is not None and needs_leave(page, server) and leave.get(there) == "prompt"


def target_space(page: str, server: str) -> str | None:
    """Return what `fetch` is to be told of a server's place, so that https pages may call http.

    A wrong one makes the call fail: of a name we only guess, and so only where nothing else
    would work.
    """
    there = space_of(server)
    if there is None or not needs_leave(page, server):
        return None
    host = urlsplit(server).hostname or ""
    is_sure = there is Space.LOOPBACK or _LOCAL.fullmatch(host) is not None
    is_mixed = page.startswith("https:") and server.startswith("http:")
    return there.name.lower() if is_sure or is_mixed else None
