"""What the search of one file may cost."""

from tether.workflows.budget import MOST_BYTES, MOST_PARTS, Budget


def test_parts_and_bytes_are_counted_to_a_bound() -> None:
    budget = Budget()
    assert all(budget.has_part() for _ in range(MOST_PARTS))
    assert not budget.has_part()
    assert budget.has_bytes(MOST_BYTES - 1)
    assert budget.has_bytes(1)
    assert not budget.has_bytes(1)


def test_after_what_was_too_much_nothing_fits() -> None:
    """Otherwise a file could go on with smaller and smaller parts."""
    budget = Budget()
    assert not budget.has_bytes(MOST_BYTES + 1)
    assert not budget.has_bytes(1)
