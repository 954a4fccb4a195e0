"""How many tasks a person wants of each picture."""

import pytest

from app.core.copies import MOST, read_copies
from app.core.errors import BadInput


@pytest.mark.parametrize(("typed", "copies"), [("1", 1), (" 12 ", 12), ("007", 7), ("99", MOST)])
def test_a_whole_number_is_read(typed: str, copies: int) -> None:
    """As people type it."""
    assert read_copies(typed) == copies


@pytest.mark.parametrize("typed", ["", "0", "-1", "100", "1.5", "1e1", "two", "٣", "9" * 5000])
def test_anything_else_is_refused(typed: str) -> None:
    """With the range that a sentence can tell."""
    with pytest.raises(BadInput) as caught:
        read_copies(typed)
    assert dict(caught.value.trouble.facts) == {"most": "99"}
