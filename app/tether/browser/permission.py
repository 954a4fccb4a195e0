"""The browser's permission to reach the local network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException, create_proxy

from tether.browser.values import to_object

Key = TypeVar("Key")


async def permission_states(
    names: Mapping[Key, Sequence[str]], on_change: Callable[[], None] | None = None
) -> dict[Key, str]:
    """Return the state of permissions: granted, denied or prompt; the person sees nothing of it.

    Args:
        names: What browsers call each permission, the newest name first; one that this browser
            doesn't know is left out.
        on_change: Called when the person has decided.
    """
    found: dict[Key, str] = {}
    for key, each in names.items():
        for name in each:
            status = await _query(name)
            if status is not None:
                found[key] = str(status.state)
                if on_change is not None:
                    # For as long as the page lives, like the panels' listeners.
                    status.addEventListener("change", create_proxy(lambda _event: on_change()))
                break
    return found


async def _query(name: str) -> Any | None:
    try:
        wanted = to_object({"name": name})
        return await js.navigator.permissions.query(wanted)
    except (AttributeError, JsException):
        return None  # a browser without it
