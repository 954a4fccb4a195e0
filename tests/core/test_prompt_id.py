"""Ids of prompts and tasks."""

import re
import uuid

from hypothesis import given
from hypothesis import strategies as st

from app.core.prompt_id import make_prompt_id, make_task_id
from tests.core.farm import Chance


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
