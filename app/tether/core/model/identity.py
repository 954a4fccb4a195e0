"""Ids of windows, clients, prompts and tasks; each is made before anything is sent."""

from tether.core.ids import Chance, ClientId, PromptId, TaskId, WindowId

DEFAULT_BASE = "abc1373d4ad648a3a81d0587fbe5534b"
"""The first part of every client id, unless the host of the page sets another."""


def make_window_id(chance: Chance) -> WindowId:
    """Make the id of a browser tab: `w` and 12 hex digits."""
    return WindowId(f"w{chance.hex(12)}")


def make_client_id(base: str, now: float, chance: Chance, window_id: WindowId) -> ClientId:
    """Make the client id of one window on one server: `{base}_{timestamp}_{random}_{windowId}`.

    A server keeps one socket per client id, so two owners of one id make each other deaf.
    Source: ComfyUI 0.28.1, measured; docs/protocol.md 5.

    `base` has no `_`. The timestamp is in milliseconds; random digits tell ids of one apart.
    """
    return ClientId(f"{base}_{int(now * 1000)}_{chance.hex(12)}_{window_id}")


def make_prompt_id(chance: Chance) -> PromptId:
    """Make a canonical lower-case version 4 UUID.

    A server accepts an id from the client in this form alone; it allows looking up a POST whose
    answer was lost, instead of sending it twice.
    Source: ComfyUI 0.28.1, `POST /prompt`, measured.
    """
    digits = chance.hex(32)
    variant = "89ab"[int(digits[16], 16) % 4]
    return PromptId(
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
    )


def make_task_id(chance: Chance) -> TaskId:
    """Make the id of a task: `t` and 12 hex digits."""
    return TaskId(f"t{chance.hex(12)}")
