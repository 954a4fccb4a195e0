"""How many bulk transfers go to one server, and how slowly."""

from tests.tether.core.farm import NORTH, SOUTH
from tether.core.windows.transfers import (
    PLACE_CONTEST,
    PLACE_LIFETIME,
    PLACE_RENEWAL,
    PLACES,
    SILENT_FOR,
    is_too_slow,
    places,
)


def test_connections_stay_free_and_a_hidden_page_keeps_its_place() -> None:
    """Browsers have six connections to a host, and wake hidden pages once a minute."""
    assert 2 * PLACES < 6
    assert PLACE_LIFETIME > 60 + PLACE_RENEWAL
    assert PLACE_CONTEST < 0.2


def test_each_direction_has_places_of_its_own() -> None:
    names = [*places("upload", NORTH), *places("result", NORTH), *places("upload", SOUTH)]
    assert len(set(names)) == 3 * PLACES


def test_a_slow_line_is_honest_and_a_byte_now_and_then_is_not() -> None:
    """40 MB at 1 Mbit/s, shared by four transfers, with a pause at its beginning."""
    speed = 1e6 / 8 / 4
    assert not any(is_too_slow(int(speed * at), 25 + at) for at in range(int(40e6 / speed)))
    assert not is_too_slow(0, SILENT_FOR)
    assert any(is_too_slow(at // 20, at) for at in range(40))
    assert is_too_slow(10**6, 3600)
