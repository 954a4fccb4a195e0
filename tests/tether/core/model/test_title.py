"""What tasks are called, in whatever language the page speaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.model.title import JOINT, keyed, localized, title_of

NAMES = {"invert": "反转颜色", "blur": "模糊"}


def name_of(key: str) -> str:
    return NAMES.get(key, "")


def test_a_shipped_workflow_is_named_in_the_pages_language() -> None:
    title = title_of(keyed("invert"), "katze · 1.png")
    assert localized(title, name_of) == "katze · 1.png · 反转颜色"
    assert localized(title_of(keyed("blur")), name_of) == "模糊"


@pytest.mark.parametrize(
    "title",
    ["mine.json", "a.png · mine.json", "a.png · {later}", "{invert}.json", "{invert} · b", ""],
)
def test_what_has_a_name_of_its_own_keeps_it(title: str) -> None:
    """So does a shipped workflow of another version of the page, and an old task's title."""
    assert localized(title, name_of) == title


@given(st.text(), st.sampled_from(sorted(NAMES)))
def test_any_picture_keeps_its_name(picture: str, key: str) -> None:
    shown = localized(title_of(keyed(key), picture), name_of)
    assert shown == (f"{picture}{JOINT}{NAMES[key]}" if picture else NAMES[key])


@given(st.text())
def test_any_text_is_a_title(text: str) -> None:
    """Titles come from files and servers, too."""
    assert localized(text, name_of)[:1] == text[:1] or text.startswith("{")
