"""The list of servers that whoever hosts the page presets."""

from typing import NamedTuple

from tether.core.errors import Trouble


class Listed(NamedTuple):
    """What a read brought: the text, None where nothing came, and what is to be said then.

    `where` is the address of a list that `servers.json` leaves to another place, else "".
    """

    text: str | None
    where: str = ""
    trouble: Trouble | None = None
