"""How many tasks a person wants of each picture."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


@given(st.text())
def test_any_text_is_a_number_or_refused(typed: str) -> None:
    """Also digits of other scripts, and endless ones."""
    with suppress(BadInput):
        assert 1 <= read_copies(typed) <= MOST
