"""Where tokens are kept."""

from demo.memory import MemoryRecords
from tests.tether.core.farm import NORTH, SOUTH
from tether.core.protocol.access_token import Access, Mode
from tether.runtime.access_tokens import AccessTokens

TOKEN = Access(Mode.BEARER, "s3cret")


def test_a_token_is_this_tabs_own_unless_the_person_says_otherwise() -> None:
    """And another server never gets it."""
    own, shared = MemoryRecords(), MemoryRecords()
    keys = AccessTokens(own, shared)
    keys.use(NORTH, TOKEN, is_kept=False)
    assert (keys.of(NORTH), keys.of(SOUTH)) == (TOKEN, None)
    assert not keys.is_kept(NORTH) and shared.read_all() == {}
    assert AccessTokens(MemoryRecords(), shared).of(NORTH) is None
    keys.use(NORTH, TOKEN, is_kept=True)
    assert keys.is_kept(NORTH) and own.read_all() == {}
    assert AccessTokens(MemoryRecords(), shared).of(NORTH) == TOKEN


def test_a_token_that_is_taken_back_is_nowhere() -> None:
    """Neither in the tab nor on the device."""
    own, shared = MemoryRecords(), MemoryRecords()
    keys = AccessTokens(own, shared)
    for is_kept in (True, False):
        keys.use(NORTH, TOKEN, is_kept)
        keys.use(NORTH, None, is_kept)
        assert keys.of(NORTH) is None
        assert own.read_all() == shared.read_all() == {}
