"""The transcripts of docs/routing-test.md are what the test says."""

import asyncio
from pathlib import Path

import pytest

from page.routing_test.report import play_all, score, summary
from page.ui.words import Words
from tests.page.routing_test.expected import EXPECTED

ROOT = Path(__file__).parents[3]
DOCS = (ROOT / "docs/routing-test.md").read_text()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_transcript_is_real(language: str) -> None:
    """Every line of every scene stands there."""
    say = Words((ROOT / f"static/i18n/routing-test.{language}.json").read_text()).say
    scenes = asyncio.run(play_all(say))
    for scene in scenes:
        block = (
            f"{scene['id']:>4} {say('passed')}  {scene['title']}\n"
            f"    {say('column.before')}: {scene['before']}\n"
            f"    {say('column.after')}: {scene['after']}\n"
        )
        assert block in DOCS
    assert summary(say, scenes, []) in DOCS
    two = [{"passed": True}] * 2
    assert f"\n{score(say, scenes, two)}\n" in DOCS
    one_failed = score(say, [*scenes[1:], {"passed": False}], [])
    assert one_failed == score(say, scenes, []).replace("12/", "11/")


def test_the_table_of_cures_is_the_tested_one() -> None:
    """In both languages."""
    for red in EXPECTED.values():
        numbers = sorted(red)
        assert f"| {', '.join(map(str, numbers))} |" in DOCS
        assert f"| {'、'.join(map(str, numbers))} |" in DOCS
