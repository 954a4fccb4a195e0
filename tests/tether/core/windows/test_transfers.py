"""How many bulk transfers go to one server."""

from tether.core.windows.transfers import PLACE_CONTEST, PLACE_LIFETIME, PLACE_RENEWAL, PLACES


def test_most_connections_stay_free_and_a_hidden_page_keeps_its_place() -> None:
    """Browsers have six connections to a host, and wake hidden pages once a minute."""
    assert PLACES < 6 / 2
    assert PLACE_LIFETIME > 60 + PLACE_RENEWAL
    assert PLACE_CONTEST < 0.2
