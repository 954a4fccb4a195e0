"""Which cards of a list stay where they are when its order changes."""

from bisect import bisect_left
from collections.abc import Sequence


def unmoved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return as many keys as can stay: those that stand in the same order before and after.

    All others have to be moved, and a moved card costs the browser more than anything that
    changes in it. It is the longest increasing run of the old places (patience sorting).
    """
    places = {key: place for place, key in enumerate(old)}
    ends: list[int] = []
    """The lowest place on which a run of each length ends."""
    keys: list[str] = []
    before: dict[str, str | None] = {}
    for key in new:
        place = places.get(key)
        if place is None:
            continue
        length = bisect_left(ends, place)
        before[key] = keys[length - 1] if length else None
        ends[length : length + 1] = [place]
        keys[length : length + 1] = [key]
    stays: set[str] = set()
    last = keys[-1] if keys else None
    while last is not None:
        stays.add(last)
        last = before[last]
    return stays
