"""Plain input values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.nodes import Input
from simulator.values import BadValue, check_value

COUNT = Input("count", "INT", {"default": 1, "min": 1, "max": 31})
CHOICE = Input("choice", ("a", "b"))


@pytest.mark.parametrize(
    ("each", "value", "result"),
    [
        (COUNT, "7", 7),
        (COUNT, 7.9, 7),
        (COUNT, True, 1),
        (COUNT, {"__value__": 3}, 3),
        (Input("f", "FLOAT"), "1e3", 1000.0),
        (Input("s", "STRING"), 5, "5"),
        (Input("b", "BOOLEAN"), "", False),
        (Input("any", "*"), {"x": 1}, {"x": 1}),
        (CHOICE, "b", "b"),
    ],
)
def test_values_are_converted(each: Input, value: object, result: object) -> None:
    """As Python converts them."""
    assert check_value(each, value) == result


@pytest.mark.parametrize(
    ("each", "value", "kind"),
    [
        (COUNT, 0, "value_smaller_than_min"),
        (COUNT, 32, "value_bigger_than_max"),
        (COUNT, "x", "invalid_input_type"),
        (COUNT, None, "invalid_input_type"),
        (COUNT, float("inf"), "invalid_input_type"),
        (CHOICE, "c", "value_not_in_list"),
        (CHOICE, ["a"], "value_not_in_list"),
    ],
)
def test_values_are_refused(each: Input, value: object, kind: str) -> None:
    """With the kind of the original."""
    with pytest.raises(BadValue) as refused:
        check_value(each, value)
    assert refused.value.error["type"] == kind


def test_a_long_list_is_not_quoted() -> None:
    """Lists of model files can be gigantic."""
    many = Input("many", tuple(map(str, range(21))))
    with pytest.raises(BadValue) as refused:
        check_value(many, "x")
    assert refused.value.error["details"] == "many: 'x' not in (list of length 21)"
    extra = refused.value.error["extra_info"]
    assert isinstance(extra, dict) and extra["input_config"] is None


def test_a_file_is_judged_elsewhere() -> None:
    """The list of files is no list of choices."""
    assert check_value(Input("image", ()), "sub/x.png", is_file=True) == "sub/x.png"


@given(
    st.sampled_from(["INT", "FLOAT", "STRING", "BOOLEAN", "*"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.dictionaries(st.text(), inner),
    ),
)
def test_no_value_raises_anything_else(kind: str, value: object) -> None:
    """Clients send what they like."""
    try:
        check_value(Input("x", kind, {"min": 0, "max": 5}), value)
    except BadValue as refused:
        assert refused.error["type"]
