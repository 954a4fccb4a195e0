"""The routing test shows the disease, the cure, and every cure that is missing."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from page.routing_test import report
from page.routing_test.report import play_all, summary
from page.routing_test.scenes import (
    FIRST_LISTED,
    FIRST_WINS,
    LOCK_FORGOTTEN,
    NOT_AIMED,
    NOT_BOUND,
    NOT_CHECKED,
    ONLY_ONE_MOVES,
    RECONNECTS_ANYWHERE,
    SCENES,
    SHARED_ID,
    moved_connection,
)
from page.routing_test.stage import Outcome, PlayedStage, Scene
from page.ui.words import Words
from tests.page.routing_test.expected import EXPECTED
from tether.core.model.binding import CURED, Binding
from tether.core.tracking.reconciler import Reconciler

ROOT = Path(__file__).parents[3]
WORDS = {
    language: Words((ROOT / f"static/i18n/routing-test.{language}.json").read_text())
    for language in ("en", "zh")
}

MISSING: list[tuple[str, Binding]] = [
    ("client id", SHARED_ID),
    ("aim", NOT_AIMED),
    ("consistency", NOT_CHECKED),
    ("binding", NOT_BOUND),
    ("reconnect", RECONNECTS_ANYWHERE),
    ("one connection per server", FIRST_WINS),
    ("one connection per server", ONLY_ONE_MOVES),
    ("shortest queue", FIRST_LISTED),
    ("lock", LOCK_FORGOTTEN),
]


def played(seed: int = 1, cured: Binding = CURED, language: str = "en") -> list[dict[str, Any]]:
    """The scenes, played."""
    return asyncio.run(play_all(WORDS[language].say, seed, cured=cured))


def red(scenes: list[dict[str, Any]]) -> set[int]:
    """The scenes that failed."""
    return {scene["id"] for scene in scenes if not scene["passed"]}


@pytest.mark.parametrize("seed", range(1, 21))
def test_all_scenes_pass_with_every_seed(seed: int) -> None:
    """The disease shows before the fix, and is gone after it."""
    assert red(played(seed)) == set()


@pytest.mark.parametrize(("cure", "cured"), MISSING)
def test_a_missing_cure_turns_exactly_its_scenes_red(cure: str, cured: Binding) -> None:
    """As it was written down beforehand."""
    assert red(played(cured=cured)) == EXPECTED[cure]


def test_missing_reconciliation_turns_its_scenes_red(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other scenes are played without it anyway."""
    monkeypatch.setattr(Reconciler, "query", lambda *_: ())
    assert red(played()) == EXPECTED["reconciliation"]


def test_the_bug_stands_where_it_was_seen() -> None:
    """By the product's own rule of progress: (2 + 0.09) / 4, and with 10 of 100 (2 + 0.1) / 4."""
    before = played()[6]["before"]
    assert before == "ABC completed. DEF stays at 52.25 % forever."
    outcome = asyncio.run(moved_connection(PlayedStage(1, ONLY_ONE_MOVES), reached=10))
    assert outcome.sentences[1] == ("task.stands", {"task": "DEF", "percent": "52.50"})


def test_evidence_names_the_deciding_frames() -> None:
    """Before: DEF is heard up to 9 of 100, and then its socket is closed. After: to its end."""
    evidence = played()[6]["evidence"]
    before = [(line["server"], line["what"]) for line in evidence["before"]]
    heard = before.index(("B", "← progress DEF 3: 9/100"))
    assert ("B", "socket closed") in before[heard:]
    assert ("A", "← executing null ABC") in before[heard:]
    assert ("B", "← executing null DEF") not in before
    assert ("B", "← executing null DEF") in [(e["server"], e["what"]) for e in evidence["after"]]


def test_the_same_seed_plays_the_same() -> None:
    """But for the milliseconds; and another one plays other ids."""
    first, second, other = played(3), played(3), played(4)
    for scene in (*first, *second, *other):
        del scene["ms"]
    assert first == second != other


def test_a_scene_that_breaks_is_red_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are played all the same."""

    async def broken(_stage: PlayedStage) -> Outcome:
        raise ValueError("no such thing")

    scene = Scene(1, SHARED_ID, broken)
    monkeypatch.setattr(report, "SCENES", (scene, SCENES[1]))
    scenes = played()
    assert red(scenes) == {1}
    assert scenes[0]["after"] == "The scene itself failed: ValueError: no such thing."


def test_the_summary_names_what_failed() -> None:
    """Scenes by number, servers by name."""
    say = WORDS["en"].say
    scenes = played(cured=NOT_CHECKED)
    assert summary(say, scenes, []) == "FAILED: scenes 3 of 12. A fix is missing."
    live = [{"name": "north", "passed": True}, {"name": "south", "passed": False}]
    assert summary(say, [], live).endswith("Servers that don't work: south.")
    assert summary(say, [], live[:1]).endswith("All 1 servers work.")


def test_both_languages_have_the_same_words_and_facts() -> None:
    """A sentence that nobody wrote would be shown as its key."""
    texts = {
        language: json.loads((ROOT / f"static/i18n/routing-test.{language}.json").read_text())
        for language in WORDS
    }
    assert texts["en"].keys() == texts["zh"].keys()
    for key, english in texts["en"].items():
        places = [
            {part.split("}")[0] for part in text.split("{")[1:]}
            for text in (english, texts["zh"][key])
        ]
        assert places[0] == places[1], key
    for scene in played(language="zh"):
        for part in (scene["title"], scene["before"], scene["after"]):
            assert part.isascii() is False and "{" not in part and "task." not in part
