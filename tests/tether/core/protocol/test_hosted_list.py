"""The hosted list, as it was read."""

from tether.core.protocol.hosted_list import Listed


def test_a_list_is_of_the_page_itself_unless_it_says_where() -> None:
    """`servers.json` mostly is the list."""
    assert Listed("[]") == Listed("[]", "", None)
