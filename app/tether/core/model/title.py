"""Titles of tasks: a shipped workflow is named by its key, which each page translates."""

import re
from collections.abc import Callable

JOINT = " · "
"""Between a picture's name and its workflow's."""

_KEYED = re.compile(r"(.* · )?\{([a-z_]+)\}", re.DOTALL)


def title_of(workflow: str, picture: str = "") -> str:
    """Call a task by its picture, if there is one, and its workflow."""
    return f"{picture}{JOINT}{workflow}" if picture else workflow


def keyed(key: str) -> str:
    """Name a shipped workflow in no language."""
    return f"{{{key}}}"


def localized(title: str, name_of: Callable[[str], str]) -> str:
    """Return the title of a task or workflow in a language; one without a known key as it is.

    `name_of` returns the name of a shipped workflow by its key; "" for none.
    """
    found = _KEYED.fullmatch(title)
    name = name_of(found[2]) if found else ""
    return f"{found[1] or ''}{name}" if found and name else title
