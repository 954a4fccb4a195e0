"""The list of servers that whoever hosts the page presets."""

from typing import NamedTuple

from tether.core.errors import Trouble


class Listed(NamedTuple):
    """The text of the list, or None and the trouble.

    `where` is the address of a list elsewhere that `servers.json` names, else "".
    """

    text: str | None
    where: str = ""
    trouble: Trouble | None = None
