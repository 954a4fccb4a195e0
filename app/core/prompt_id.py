"""Prompt ids, chosen by us so that they can be saved before anything is sent."""

from app.core.ids import Chance, PromptId, TaskId


def make_prompt_id(chance: Chance) -> PromptId:
    """Make a canonical lower-case version 4 UUID.

    A server takes the id of the client and refuses any other form; whoever knows it can
    look a lost POST up instead of sending it twice.
    Source: ComfyUI 0.28.1, `POST /prompt`, measured.
    """
    digits = chance.hex(32)
    variant = "89ab"[int(digits[16], 16) % 4]
    return PromptId(
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
    )


def make_task_id(chance: Chance) -> TaskId:
    """Name a task: `t` and 12 hex digits."""
    return TaskId(f"t{chance.hex(12)}")
