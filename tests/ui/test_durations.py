"""Spans of time in words."""

from pathlib import Path

import pytest

from app.ui.durations import spoken
from app.ui.words import Words

WORDS = Words((Path(__file__).resolve().parents[2] / "static/i18n/en.json").read_text())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "less than 1 s"),
        (1.4, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (75, "1 min 15 s"),
        (600, "10 min"),
        (3599, "59 min"),
        (3661, "1 h 1 min"),
    ],
)
def test_a_span_is_said_as_a_person_would(seconds: float, said: str) -> None:
    assert spoken(WORDS, seconds) == said
