"""Workflows inside what wraps them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.workflows.unwrap import DEEPEST, workflows_in

API = {"1": {"class_type": "SaveImage", "inputs": {}}}
EDITOR: dict[str, Any] = {"nodes": [], "links": []}


@pytest.mark.parametrize(
    "content",
    [
        API,
        {"prompt": API},
        {"input": {"workflow": API, "images": []}},
        {"output": API},
        [1, "id", API, {}, ["1"]],
        {"prompt": [1, "id", API, {}]},
        {"0b0b": {"prompt": [1, "0b0b", API, {}], "outputs": {}}},
        {"workflow": {"prompt": API, "extra_data": {}}},
        {"asset": {"extras": {"prompt": API}}},
        {"__metadata__": {"prompt": json.dumps(API)}},
        json.dumps(API),
        {"prompt": json.dumps(json.dumps(API))},
    ],
)
def test_what_people_and_services_wrap(content: Any) -> None:
    assert workflows_in([json.dumps(content)]) == (API,)


def test_what_ran_stands_before_what_the_editor_keeps() -> None:
    """And one hides the other neither in one text nor in another."""
    both = {"workflow": EDITOR, "output": API}
    assert workflows_in([json.dumps(both)]) == (API, EDITOR)
    assert workflows_in([json.dumps(EDITOR), json.dumps(API)]) == (API, EDITOR)
    sent = {"prompt": API, "extra_data": {"extra_pnginfo": {"workflow": EDITOR}}}
    assert workflows_in([json.dumps(sent)]) == (API, EDITOR)


def test_of_a_history_the_newest_comes_first() -> None:
    second = {"2": API["1"]}
    runs = {"a": {"prompt": [1, "a", API, {}]}, "b": {"prompt": [2, "b", second, {}]}, "c": 3}
    assert workflows_in([json.dumps(runs)]) == (second, API)


@pytest.mark.parametrize(
    "text", ["", "cat", "{", "[]", "3", '"cat"', '{"prompt": "a cat"}', '{"prompt": 3, "a": {}}']
)
def test_what_is_none(text: str) -> None:
    assert workflows_in([text]) == ()


def test_wrappings_without_end_are_not_followed() -> None:
    content: Any = API
    for _ in range(DEEPEST):
        content = {"prompt": content}
    assert workflows_in([json.dumps(content)]) == ()


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["prompt", "workflow", "nodes", "links", "a"]), inner)
    ),
    max_leaves=12,
)


@given(ANY, st.integers(0, 3))
def test_any_json_is_searched(content: Any, times: int) -> None:
    for _ in range(times):
        content = json.dumps(content)
    workflows_in([content if isinstance(content, str) else json.dumps(content)])
