"""How many bulk transfers go to one server."""

from app.core.transfers import AT_ONCE, BEAT, PATIENCE, STALE


def test_most_connections_stay_free_and_a_hidden_page_keeps_its_place() -> None:
    """Browsers have six connections to a host, and wake hidden pages once a minute."""
    assert AT_ONCE < 6 / 2
    assert STALE > 60 + BEAT
    assert PATIENCE < 0.2
