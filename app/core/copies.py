"""How many tasks a person wants of each picture."""

import re

from app.core.errors import BadInput

MOST = 99


def read_copies(typed: str) -> int:
    """Read a whole number from 1 to 99.

    Raises:
        BadInput: It is none.
    """
    found = re.fullmatch(r"[0-9]{1,9}", typed.strip())
    copies = int(found[0]) if found else 0
    if not 1 <= copies <= MOST:
        raise BadInput("copies_bad", most=MOST)
    return copies
