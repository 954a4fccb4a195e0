"""The owner of tasks: a phrase that a person can read aloud, and the tag that servers get.

The phrase is a proquint: pronounceable syllables, 16 bits to five letters, the same in any
language. Source: D. Wilkerson, "A Proposal for Proquints", arXiv:0901.4016.
"""

import hashlib
import re

from tether.core.ids import Chance, OwnerTag

OWNER_RECORD = "owner"
"""The key of the owner's phrase among the records that all windows share."""

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_WORD = f"[{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}][{_VOWELS}][{_CONSONANTS}]"
_PHRASE = re.compile(f"{_WORD}(?:-{_WORD}){{3}}")


def make_phrase(chance: Chance) -> str:
    """Make a random phrase: four words, 64 bits."""
    return "-".join(_word(int(chance.hex(4), 16)) for _ in range(4))


def read_phrase(typed: str) -> str | None:
    """Return the phrase that a person typed or a link holds; None when there is none."""
    plain = re.sub(r"[\s\-_.,]+", "-", typed.strip().lower())
    return plain if _PHRASE.fullmatch(plain) else None


def tag_of(phrase: str) -> OwnerTag:
    """Return the tag for servers, from which nobody can tell the phrase."""
    return OwnerTag(hashlib.blake2b(phrase.encode(), digest_size=8).hexdigest())


def _word(bits: int) -> str:
    first, second, last = (_CONSONANTS[bits >> shift & 15] for shift in (12, 6, 0))
    return first + _VOWELS[bits >> 10 & 3] + second + _VOWELS[bits >> 4 & 3] + last
