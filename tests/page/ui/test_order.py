"""Which cards stay where they are."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.ui.order import unmoved

ORDERS = st.lists(st.sampled_from("abcdefg"), unique=True)


@pytest.mark.parametrize(
    ("old", "new", "stays"),
    [
        ("", "", ""),
        ("", "ab", ""),
        ("abc", "abc", "abc"),
        ("abcd", "bcda", "bcd"),  # the first has ended, and goes to the end
        ("abcd", "dabc", "abc"),
        ("abcd", "xbd", "bd"),
        ("ab", "ba", "a"),
    ],
)
def test_only_what_must_move_moves(old: str, new: str, stays: str) -> None:
    """A task that starts or ends moves alone."""
    assert unmoved(old, new) == set(stays)


@given(ORDERS, ORDERS)
def test_what_stays_keeps_its_order_and_is_as_much_as_can_stay(
    old: list[str], new: list[str]
) -> None:
    """Compared with all sets that there are."""
    stays = unmoved(old, new)
    assert [key for key in old if key in stays] == [key for key in new if key in stays]
    for larger in combinations(set(old) & set(new), len(stays) + 1):
        assert [key for key in old if key in larger] != [key for key in new if key in larger]
