"""The page's words: few, the same in every sentence, in both languages."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ROW = re.compile(r"^\| (?P<english>[a-z ]+) \| (?P<chinese>[^|]+) \|", re.MULTILINE)
TERMS = {
    row["english"]: row["chinese"].strip().split(" / ")
    for row in ROW.finditer((ROOT / "docs/glossary.md").read_text())
}
ENGLISH, CHINESE = (
    json.loads((ROOT / f"static/i18n/{language}.json").read_text()) for language in ("en", "zh")
)
MACHINERY = re.compile(r"\b(socket|probe|ledger|lease|epoch)s?\b", re.IGNORECASE)


def spoken(sentence: str) -> str:
    """A sentence without its facts, and without what is typed as it stands."""
    return re.sub(r"\{[^}]*\}", " ", sentence)


def test_chinese_numbers_stand_apart_from_words() -> None:
    """A fact that is a number has spaces around it, as everywhere else."""
    number, word = r"\{(?:count|number|done|missing|most)\}", r"[\u4e00-\u9fff]"
    close = re.compile(f"{word}{number}|{number}{word}")
    assert {key: said for key, said in CHINESE.items() if close.search(said)} == {}


def test_there_are_few_words() -> None:
    assert 30 <= len(TERMS) <= 40


@pytest.mark.parametrize("term", TERMS)
def test_a_word_has_one_translation(term: str) -> None:
    """Wherever the English word stands; and it does stand somewhere."""
    stem = term.removesuffix("s").removesuffix("e")
    said = {
        key: CHINESE[key]
        for key, sentence in ENGLISH.items()
        if re.search(rf"\b{stem}", spoken(sentence), re.IGNORECASE)
    }
    assert said
    wrong = {
        key: (ENGLISH[key], sentence)
        for key, sentence in said.items()
        if not any(word in sentence for word in TERMS[term])
    }
    assert wrong == {}


def test_nobody_reads_of_machinery() -> None:
    """WebSockets are named where a proxy must be told of them."""
    found = {key for key, sentence in ENGLISH.items() if MACHINERY.search(spoken(sentence))}
    assert found == set()


def test_chinese_is_polite_and_has_no_stray_spaces() -> None:
    """No informal you; no space between two Chinese characters."""
    for key, sentence in CHINESE.items():
        assert "你" not in sentence, key
        assert not re.search(r"[\u4e00-\u9fff，。：；] +[\u4e00-\u9fff]", sentence), key
