"""Errors of the core.

TetherError             something a person can act on; carries a `Trouble`
├── BadInput            a file, workflow or address was refused before anything was sent
└── MessageError        a server sent something unreadable
InvalidTransition       a bug of this code; never caught by the product
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trouble:
    """A code of the catalogue, and the facts for its sentence.

    The sentence (who, what happened, what to do now) is `trouble.<code>` in
    `static/i18n/*.json`, with each fact in braces.
    """

    code: str
    facts: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, code: str, /, **facts: object) -> "Trouble":
        """Make a trouble, with the facts as text."""
        return cls(code, tuple((name, str(value)) for name, value in facts.items()))


class TetherError(Exception):
    """An error that a person can act on."""

    def __init__(self, code: str, /, **facts: object) -> None:
        self.trouble = Trouble.of(code, **facts)
        facts_text = ", ".join(f"{name}={value}" for name, value in self.trouble.facts)
        super().__init__(f"{code} ({facts_text})" if facts_text else code)


class BadInput(TetherError):
    """A picture, workflow or address that can't be used; nothing was sent or stored."""


class MessageError(TetherError):
    """A frame or an answer of an unknown shape; the only error that a peer's bytes can raise."""

    def __init__(self, what: str, text: str) -> None:
        super().__init__("message_unknown", what=what, text=text[:200])


class InvalidTransition(Exception):
    """A machine was asked for a step that its state doesn't allow: a bug of this code."""

    def __init__(self, machine: str, state: str, step: str) -> None:
        super().__init__(f"{machine}: no step from {state} by {step}")
