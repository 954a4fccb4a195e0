"""Names of saved files follow a pattern, and every system takes them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from page.tasks.file_names import (
    LONGEST,
    LONGEST_PATTERN,
    PLACES,
    USUAL,
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
    ],
)
def test_names_that_some_system_refuses(filename: str, name: str) -> None:
    """Devices, folders, what turns letters round, and what is too long."""
    assert file_name(USUAL, {}, filename) == name


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
    name = file_name(pattern, dict.fromkeys(PLACES, fact), filename)
    assert name
    assert len(name.encode()) <= LONGEST + 15
    assert not set(name) & set('<>:"/\\|?*')
    assert all(char.isprintable() for char in name)
    assert name[0] not in " ."
    assert name[-1] not in " ."
    assert name.partition(".")[0].rstrip().upper() not in {"CON", "NUL", "COM1", "LPT9", "AUX"}


@given(ANY)
def test_any_text_is_a_pattern_or_is_refused(typed: str) -> None:
    pattern = kept_pattern(typed)
    assert read_pattern(pattern) == pattern
