"""The page's sentences: complete in every language, and only text goes in.

Spans of time in words.
"""

import asyncio
import json
import re
from pathlib import Path

import pytest

from page.ui.words import LANGUAGES, Words, choose_language, holds, say_duration, show_errors
from tether.core.errors import BadInput, Trouble
from tether.core.model.title import keyed, title_of

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = {
    language: json.loads((ROOT / "static" / "i18n" / f"{language}.json").read_text())
    for language in LANGUAGES
}
SOURCE = "\n".join(path.read_text() for path in sorted((ROOT / "app").rglob("*.py")))
PAGE = (ROOT / "index.html").read_text()


def facts(sentence: str) -> set[str]:
    """The facts that a sentence has places for."""
    return set(re.findall(r"\{(\w+)\}", sentence))


def test_every_language_has_every_sentence_with_the_same_facts() -> None:
    """What one language can say, all can."""
    english = CATALOGUES["en"]
    for language, catalogue in CATALOGUES.items():
        assert catalogue.keys() == english.keys(), language
        for key, sentence in catalogue.items():
            assert sentence.strip(), (language, key)
            assert facts(sentence) == facts(english[key]), (language, key)


def test_every_trouble_of_the_program_has_its_sentence() -> None:
    """A code without a sentence would be shown bare; a sentence without a code is dead."""
    made = set(re.findall(r"(?:Trouble\.of|BadInput|TetherError)\(\s*\"(\w+)\"", SOURCE))
    told = {key.removeprefix("trouble.") for key in CATALOGUES["en"] if key.startswith("trouble.")}
    assert len(made) > 30
    assert made <= told
    dead = {code for code in told if f'"{code}"' not in SOURCE}
    assert {code for code in dead if f'"trouble.{code}"' not in SOURCE} == set()


def test_the_page_itself_says_what_the_english_catalogue_says() -> None:
    """The HTML is painted before Python is there: it must not change its words then."""
    say_duration = re.findall(r'data-say="([\w.]+)"[^>]*>([^<]*)<', PAGE)
    assert len(say_duration) > 15
    for key, text in say_duration:
        assert CATALOGUES["en"][key] == text, key


def test_what_was_said_is_said_again_in_another_language() -> None:
    """With its facts, sentences among them; what another catalogue has is left alone."""
    words = Words(json.dumps({"took": "took {time} on {server}", "seconds": "{count} s"}))
    said = words.say("took", time=words.say("seconds", count=5), server='["a{count}"]')
    assert said == 'took 5 s on ["a{count}"]'
    bare = words.say("seconds")
    words.use(json.dumps({"took": "在 {server} 用时 {time}", "seconds": "{count} 秒"}), "zh")
    assert words.language == "zh"
    assert words.again(said.note()) == '在 ["a{count}"] 用时 5 秒'
    assert words.again(bare.note()) == "{count} 秒"
    assert bare.note() == "seconds"
    nested = words.say("seconds")
    for _ in range(100):
        nested = words.say("took", time=nested, server='"')
    assert len(nested.note()) < 5000, "a note grows as its sentence does"
    assert words.again(nested.note()) == nested
    assert words.again("other") is None


def test_no_other_catalogue_has_a_sentence_of_the_page() -> None:
    """By its key alone the page knows that it is its own."""
    report = json.loads((ROOT / "static" / "i18n" / "routing-test.en.json").read_text())
    assert not report.keys() & CATALOGUES["en"].keys()


def test_a_shipped_workflow_is_named_in_the_language_of_the_page() -> None:
    """All that can be chosen have a name; a title from a file stays, whatever it looks like."""
    chooser = PAGE.partition('<select id="workflow">')[2].partition("</select>")[0]
    shipped = set(re.findall(r'value="(\w+)" data-say="workflow\.', chooser))
    assert shipped >= {"invert", "upscale"}
    for language, catalogue in CATALOGUES.items():
        words = Words(json.dumps(catalogue))
        for key in shipped:
            name = catalogue[f"workflow.{key}"]
            assert words.title(title_of(keyed(key), "a.png")) == f"a.png · {name}", language
        assert words.title("a.png · {mine}.json") == "a.png · {mine}.json"


def test_a_fact_goes_in_once_and_is_not_read_again() -> None:
    """A server's message with braces in it is no place for the next fact."""
    words = Words('{"trouble.t": "{server}: {message}"}')
    trouble = Trouble.of("t", server="{message}", message="<b>")
    assert words.trouble(trouble) == "{message}: <b>"


def test_a_key_that_nobody_wrote_is_shown_as_it_is() -> None:
    """Better a key than nothing."""
    assert Words("{}").say("nothing.here") == "nothing.here"


@pytest.mark.parametrize(
    ("kept", "preferred", "chosen"),
    [
        (None, "zh-CN", "zh"),
        (None, "de", "en"),
        ("en", "zh-CN", "en"),
        ("xx", "zh-TW", "zh"),
    ],
)
def test_the_language_is_the_kept_one_else_the_browsers(
    kept: str | None, preferred: str, chosen: str
) -> None:
    """And English for everybody else."""
    assert choose_language(kept, preferred) == chosen


WORDS = Words((Path(__file__).resolve().parents[3] / "static/i18n/en.json").read_text())


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "under 1 s"),
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
    assert say_duration(WORDS, seconds) == said


def test_what_keeps_a_wish_from_being_done_is_said() -> None:
    """In words; what is done needs none."""

    async def work(code: str) -> None:
        if code:
            raise BadInput(code, picture="a.txt")

    words, said = Words('{"trouble.not_a_picture": "{picture} is no picture."}'), list[str]()
    for code in ("", "not_a_picture"):
        asyncio.run(show_errors(work(code), words, said.append))
    assert said == ["a.txt is no picture."]


@pytest.mark.parametrize(
    ("query", "found"),
    [("", True), ("CAT", True), ("red cat", True), ("red dog", False), ("猫", True)],
)
def test_every_word_of_a_query_must_be_there(query: str, found: bool) -> None:
    """In any text and any order."""
    assert holds(["a Cat", "Red", "黑猫"], query) is found
