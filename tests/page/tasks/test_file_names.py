"""Names of saved files follow a pattern, and every system takes them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from page.tasks.file_names import (
    LONGEST,
    LONGEST_PATTERN,
    PLACES,
    USUAL,
    Facts,
    file_name,
    kept_pattern,
    read_pattern,
)
from tether.core.errors import BadInput

FACTS = {
    "title": "p.png · Blur",
    "seed": "7",
    "server": "gpu-1",
    "date": "2026-11-29",
    "number": "012",
    "values": "Steps 4, CFG 2.5",
}


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (USUAL, "cat-blur_00001_.png"),
        ("{number}", "012.png"),
        ("{date} {server}_{seed}", "2026-11-29 gpu-1_7.png"),
        ("{title}", "p.png · Blur.png"),
        ("{values}", "Steps 4, CFG 2.5.png"),
        ("best/of: {number}?", "best-of- 012-.png"),
        ("plain", "plain.png"),
    ],
)
def test_a_pattern_names_a_file(pattern: str, name: str) -> None:
    """The usual name is that on the server, behind the picture's; the ending stays."""
    assert file_name(read_pattern(pattern), FACTS, "cat-blur_00001_.png") == name


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{seed}-{name}", "a_.png"),
        ("{name}-{seed}", "a_.png"),
        ("{name} - {seed} - {server}", "a_ - gpu-1.png"),
        ("{seed}", "_.png"),
        ("{seed} {seed}-x", "x.png"),
    ],
)
def test_what_a_result_lacks_leaves_no_gap(pattern: str, name: str) -> None:
    """Neither a seed that is not there, nor the dash before it."""
    assert file_name(pattern, {**FACTS, "seed": ""}, "a_.png") == name


@pytest.mark.parametrize(
    ("filename", "name"),
    [
        ("CON.png", "_CON.png"),
        ("nul.tar.png", "_nul.tar.png"),
        ("com¹.png", "_com¹.png"),
        ("console.png", "console.png"),
        ("../../etc/passwd", "-..-etc-passwd"),
        (".png", "png"),
        ("a\u202egnp.exe", "a gnp.exe"),
        ("a\ud800.png", "a.png"),
        ("a.b/../c", "a.b-..-c"),
        (" a. .png", "a.png"),
        ("mesh.safetensors_index", "mesh.safetensors_index"),
        ("字" * 200 + ".png", "字" * 66 + ".png"),
        ("a~1~~.png", "a-1-.png"),
        ("site.URL", "site.URL_"),
        ("a.lnk", "a.lnk_"),
        ("a.scf", "a.scf_"),
        ("cafe\u0301.png", "caf\u00e9.png"),
        ("👩\u200d👩\ufe0f.png", "👩\u200d👩\ufe0f.png"),
        ("\u200da\u200c.png", "a.png"),
    ],
)
def test_names_that_some_system_refuses(filename: str, name: str) -> None:
    """Devices, folders, what turns letters round, and what is too long."""
    assert file_name(USUAL, {}, filename) == name


@pytest.mark.parametrize(
    ("pattern", "title", "values", "name"),
    [
        ("{values}", "", ("字" * 200, "Steps 4"), "字" * 63 + ", Steps 4.png"),
        ("{values}", "", ("字" * 90, "画" * 90), "字" * 33 + ", " + "画" * 33 + ".png"),
        ("{values}", "", ("a" * 50, "b" * 148), "a" * 50 + ", " + "b" * 148 + ".png"),
        ("{title} {values}", "t" * 300, ("7",), "t" * 198 + " 7.png"),
        ("{title} {title}", "t" * 300, (), "t" * 99 + " " + "t" * 99 + ".png"),
        ("p" * 150 + "{title}" + "q" * 43, "t" * 9, (), "p" * 150 + "t" * 7 + "q" * 43 + ".png"),
        ("p" * 200, "", (), "p" * 200 + ".png"),
    ],
)
def test_what_has_no_room_keeps_its_start(
    pattern: str, title: str, values: tuple[str, ...], name: str
) -> None:
    """Long values leave room for the others, which tell the cells of a sweep apart."""
    assert file_name(pattern, {"title": title, "values": values}, "a.png") == name


@pytest.mark.parametrize("typed", ["", "  ", "\n"])
def test_no_pattern_is_the_usual_one(typed: str) -> None:
    assert read_pattern(typed) == USUAL


@pytest.mark.parametrize("typed", ["{colour}", "{}", "{name", "name}", "{{name}}", "{name}{"])
def test_a_place_that_nothing_has_is_refused(typed: str) -> None:
    with pytest.raises(BadInput, match="pattern_unknown"):
        read_pattern(typed)
    assert kept_pattern(typed) == USUAL


def test_a_long_pattern_is_refused() -> None:
    assert read_pattern("a" * LONGEST_PATTERN)
    with pytest.raises(BadInput, match="pattern_long"):
        read_pattern("a" * (LONGEST_PATTERN + 1))


def test_what_was_remembered_is_used() -> None:
    assert kept_pattern("{seed} {name}") == "{seed} {name}"
    assert kept_pattern(None) == USUAL


ANY = st.text(max_size=300)


@given(st.lists(st.sampled_from([f"{{{each}}}" for each in PLACES] + list(" -_/."))), ANY, ANY)
@example([], "", "")
def test_every_name_is_one_that_a_system_takes(parts: list[str], fact: str, filename: str) -> None:
    """Whatever servers and people call things."""
    pattern = read_pattern("".join(parts)) if len("".join(parts)) <= LONGEST_PATTERN else USUAL
    facts: Facts = {**dict.fromkeys(PLACES, fact), "values": (fact, filename)}
    name = file_name(pattern, facts, filename)
    assert name
    assert len(name.encode()) <= LONGEST + 15
    assert not set(name) & set('<>:"/\\|?*~')
    assert all(char.isprintable() or char in "\u200c\u200d" for char in name)
    assert not name.lower().endswith((".lnk", ".scf", ".url"))
    assert name[0] not in " ."
    assert name[-1] not in " ."
    assert name.partition(".")[0].rstrip().upper() not in {"CON", "NUL", "COM1", "LPT9", "AUX"}


@given(ANY)
def test_any_text_is_a_pattern_or_is_refused(typed: str) -> None:
    pattern = kept_pattern(typed)
    assert read_pattern(pattern) == pattern
