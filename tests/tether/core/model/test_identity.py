"""Ids of windows and of their sockets.

Ids of prompts and tasks.
"""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON, Chance
from tether.core.model.identity import (
    DEFAULT_BASE,
    make_client_id,
    make_prompt_id,
    make_task_id,
    make_window_id,
)


def test_a_window_is_w_and_twelve_hex_digits() -> None:
    """Another one for every window."""
    ids = {make_window_id(Chance(seed)) for seed in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch(r"w[0-9a-f]{12}", name) for name in ids)


def test_a_client_id_names_base_time_and_window() -> None:
    """`{base}_{timestamp}_{random}_{windowId}`, the time in milliseconds."""
    window_id = make_window_id(Chance())
    base, stamp, random, owner = make_client_id(
        DEFAULT_BASE, NOON + 0.25, Chance(), window_id
    ).split("_")
    assert base == "abc1373d4ad648a3a81d0587fbe5534b"
    assert stamp == "1795452000250"
    assert re.fullmatch(r"[0-9a-f]{12}", random)
    assert owner == window_id


def test_two_ids_of_one_moment_differ() -> None:
    """Two servers' ids are often made in the same millisecond."""
    chance = Chance()
    window_id = make_window_id(chance)
    first = make_client_id("base", NOON, chance, window_id)
    assert first != make_client_id("base", NOON, chance, window_id)


@given(st.integers())
def test_a_prompt_id_is_a_canonical_uuid(seed: int) -> None:
    """A server refuses any other form, upper case included."""
    prompt_id = make_prompt_id(Chance(seed))
    parsed = uuid.UUID(prompt_id)
    assert str(parsed) == prompt_id
    assert parsed.version == 4
    assert parsed.variant == uuid.RFC_4122


def test_ids_differ() -> None:
    """A prompt id that comes twice would run twice."""
    chance = Chance()
    assert len({make_prompt_id(chance) for _ in range(200)}) == 200


def test_a_task_is_t_and_twelve_hex_digits() -> None:
    """Short enough for a log line."""
    assert re.fullmatch(r"t[0-9a-f]{12}", make_task_id(Chance()))
