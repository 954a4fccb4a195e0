"""Whose a task is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import Chance
from tether.core.windows.owner import make_phrase, read_phrase, tag_of


class Bits:
    """Draws the same digits again and again."""

    def __init__(self, digits: str) -> None:
        self._digits = digits

    def hex(self, digits: int) -> str:
        """Return them."""
        return self._digits[:digits]

    def uniform(self) -> float:
        """Nobody asks for it."""
        raise AssertionError


@pytest.mark.parametrize(
    ("bits", "word"), [("7f00", "lusab"), ("0001", "babad"), ("3f54", "gutih"), ("dcc1", "tugad")]
)
def test_words_are_those_of_the_proposal(bits: str, word: str) -> None:
    """127.0.0.1 is `lusab-babad`, 63.84.220.193 begins with `gutih`."""
    assert make_phrase(Bits(bits)) == "-".join([word] * 4)


@given(st.integers(0, 2**32))
def test_a_phrase_is_read_as_people_write_it(seed: int) -> None:
    """With spaces or dots, in capitals, with a blank at the end."""
    phrase = make_phrase(Chance(seed))
    assert read_phrase(phrase) == phrase
    assert read_phrase(f" {phrase.upper().replace('-', ' ')}\n") == phrase
    assert read_phrase(phrase.replace("-", " . ")) == phrase


@pytest.mark.parametrize("typed", ["", "lusab", "lusab-babad-gutih-tugax", "lusab-" * 5, "\u0430"])
def test_anything_else_is_no_phrase(typed: str) -> None:
    """A slip of the finger must not search for nobody's tasks."""
    assert read_phrase(typed) is None


def test_tags_tell_owners_apart_and_not_their_phrases() -> None:
    """Servers show them to everybody."""
    tags = {tag_of(make_phrase(Chance(seed))) for seed in range(200)}
    assert len(tags) == 200
    assert tag_of("lusab-babad-gutih-tugad") == tag_of("lusab-babad-gutih-tugad")
    assert {len(tag) for tag in tags} == {16}
