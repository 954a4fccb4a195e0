"""The names by which the core tells things apart, and where chance comes from."""

from tests.tether.core import farm
from tether.core.ids import (
    Chance,
    ClientId,
    Digest,
    NodeId,
    PromptId,
    ServerUrl,
    TaskId,
    WindowId,
    digest_of,
)


def test_an_id_is_the_text_that_it_names() -> None:
    """Ids go into JSON, URLs and storage keys as they are."""
    for kind in (ServerUrl, ClientId, WindowId, TaskId, PromptId, NodeId, Digest):
        assert kind("x-1") == "x-1"


def test_chance_is_handed_in() -> None:
    """A seed makes a history that can be told again."""
    chance: Chance = farm.Chance(7, draws=[0.5])
    again: Chance = farm.Chance(7, draws=[0.5])
    assert chance.uniform() == again.uniform() == 0.5
    assert chance.hex(12) == again.hex(12)
    assert 0 <= chance.uniform() < 1
    assert len(chance.hex(32)) == 32


def test_a_text_is_named_by_its_content() -> None:
    """Whatever JavaScript holds in it; the name is as long as that of a picture."""
    assert digest_of("a") == digest_of("a") != digest_of("b")
    assert len(digest_of("\ud800")) == 64
