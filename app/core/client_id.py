"""Client ids that nobody shares, and the window ids inside them."""

from app.core.ids import Chance, ClientId, WindowId

DEFAULT_BASE = "abc1373d4ad648a3a81d0587fbe5534b"
"""The first part of every client id, unless the host of the page sets another."""


def make_window_id(chance: Chance) -> WindowId:
    """Name a browser tab: `w` and 12 hex digits."""
    return WindowId(f"w{chance.hex(12)}")


def make_client_id(base: str, now: float, chance: Chance, window_id: WindowId) -> ClientId:
    """Name one window on one server: `{base}_{timestamp}_{random}_{windowId}`.

    A server keeps one socket per client id, so two owners of one id make each other deaf.
    Source: ComfyUI 0.28.1, measured; protocol section 5.

    Args:
        base: Any text without `_`.
        now: Seconds since the epoch; the id holds milliseconds.
        chance: Gives the 12 random digits that tell ids of one millisecond apart.
        window_id: The tab that owns the socket.
    """
    return ClientId(f"{base}_{int(now * 1000)}_{chance.hex(12)}_{window_id}")
