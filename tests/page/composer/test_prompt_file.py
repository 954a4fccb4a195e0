"""Files of values as people have them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.composer.prompt_file import read_values_file
from tether.core.errors import BadInput
from tether.workflows.variants import MOST


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("p.txt", "a cat\r\n\n  a dog, big \n", {"": ["a cat", "  a dog, big "]}),
        ("p", "\ufeff一只猫", {"": ["一只猫"]}),
        ("p.csv", "text,steps\na cat,20\n\n", {"text": ["a cat"], "steps": ["20"]}),
        (
            "P.CSV",
            '\ufefftext, cfg \n"a cat, big\nand old",7\n"say ""hi""",8,\n',
            {"text": ["a cat, big and old", 'say "hi"'], "cfg": ["7", "8"]},
        ),
        ("p.tsv", "text\t\nx\ty\n", {"text": ["x"]}),
        ("p.csv", "text;cfg\n1,5;7,5\n", {"text": ["1,5"], "cfg": ["7,5"]}),
        ("p.csv", "text\na cat, sitting\n", {"text": ["a cat, sitting"]}),
        ("p.csv", "text,cfg\ra cat,7\r", {"text": ["a cat"], "cfg": ["7"]}),
        ("p.tsv", "text\na; b, c\n", {"text": ["a; b, c"]}),
    ],
)
def test_a_value_is_a_line_or_a_cell(name: str, text: str, columns: dict[str, list[str]]) -> None:
    """Whatever spreadsheet wrote it."""
    assert read_values_file(name, text) == columns


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("p.txt", " \n", "values_none"),
        ("p.csv", "", "values_none"),
        ("p.csv", "text\n", "values_none"),
        ("p.csv", ",\n1,2\n", "values_none"),
        ("p.csv", "text,steps\na cat\n", "values_lacking"),
        ("p.csv", 'text\n"' + "x" * 200_000, "values_none"),
        ("p.txt", "x\n" * (MOST + 1), "values_many"),
        ("p.csv", "text,cfg\na cat, old,7\n", "values_extra"),
        ("p.csv", "text,cfg,text\n1,2,3\n", "values_twice"),
        ("p.txt", "caf\ufffd", "values_encoded"),
        ("p.csv", "t\0e\0x\0t\0", "values_encoded"),
    ],
)
def test_what_cannot_be_used_says_why(name: str, text: str, code: str) -> None:
    """With the file's name."""
    with pytest.raises(BadInput) as refused:
        read_values_file(name, text)
    assert refused.value.trouble.code == code
    assert dict(refused.value.trouble.facts)["file"] == name


@given(st.text(), st.sampled_from(["p.txt", "p.csv", "p.tsv"]))
def test_any_text_is_values_or_says_why(text: str, name: str) -> None:
    """All columns have the same number of values."""
    try:
        columns = read_values_file(name, text)
    except BadInput:
        return
    assert len({len(values) for values in columns.values()}) == 1
