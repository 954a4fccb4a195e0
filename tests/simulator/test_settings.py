"""What a server is started with."""

from simulator.settings import Api


def test_the_version_is_told_in_full() -> None:
    """As `/system_stats` shows it."""
    assert [api.release for api in Api] == ["0.28.1", "0.3.64"]
