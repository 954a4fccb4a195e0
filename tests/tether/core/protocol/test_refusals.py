"""Why a server, or something before it, took nothing."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.tether.core.farm import recorded, recorded_texts
from tests.tether.core.junk import NESTED, anything, peer_texts
from tether.core.ids import NodeId
from tether.core.protocol.refusals import (
    MOST_WORDS,
    Missing,
    read_missing,
    read_reason,
    read_refusal,
)


def body(story: str) -> str:
    """What a real server answered."""
    text: str = recorded(story)[0]["body"]
    return text


BODIES = [text for text in recorded_texts("body") if text.startswith("{")]


@pytest.mark.parametrize(
    ("story", "code", "told"),
    [
        ("unknown class", "refused_node_class", "Node 'NoSuchNode' not found"),
        ("no output", "refused_no_output", ""),
        ("missing picture", "refused", "#1 LoadImage: Custom validation failed for node (image - "),
        ("no prompt", "refused", "No prompt provided"),
    ],
)
def test_a_refusal_says_what_is_wrong_where(story: str, code: str, told: str) -> None:
    """The server's own words, with the node they are about."""
    trouble = read_refusal(body(story), "gpu-1", 400)
    facts = dict(trouble.facts)
    assert trouble.code == code
    assert facts["server"] == "gpu-1"
    assert facts.get("message", "").startswith(told)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "7",
        "{no JSON",
        "<html><body>words of a page",
        '{"error": {"type": ["odd"], "message": [7]}, "node_errors": {"1": {}}}',
        '{"error": {}, "node_errors": {"1": {"errors": ["odd"]}}}',
        '{"error": {"message": ' + NESTED + "}}",
    ],
)
def test_a_refusal_without_reasons_is_a_refusal(text: str) -> None:
    """Nothing was queued, whatever the server says or doesn't say."""
    trouble = read_refusal(text, "gpu-1", 422)
    assert trouble.code == "refused"
    assert dict(trouble.facts)["message"] == "HTTP 422"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"error": "words"}', "words"),
        ('{"error": {"message": "words", "details": "words"}}', "words"),
        ('{"error": {"code": 7, "message": "more", "details": "words"}}', "more words"),
        ('{"detail": "words"}', "words"),
        ('{"detail": [{"loc": ["body"], "msg": "some"}, {"msg": "words"}, 7]}', "some words"),
        ('{"message": "words", "status": "error"}', "words"),
        ('{"errors": ["a", "b", "c", "d"]}', "a b c"),
        ('"words"', "words"),
        ("  some\n words\x00\u202e ", "some words"),
        ("<html>\n<head><TITLE lang=en>403 Forbidden</TITLE></head><h1>words", "403 Forbidden"),
        ("<!DOCTYPE html><p>words", ""),
        ("x" * 10_000, "x" * MOST_WORDS),
    ],
)
def test_a_reason_is_read_in_whatever_shape(text: str, words: str) -> None:
    """Bounded plain text; nothing of a page but its title."""
    assert read_reason(text) == words


IMAGE = {"type": "custom_validation_failed", "details": "image - Invalid image file: a.png"}
IMAGE |= {"extra_info": {"input_name": "image"}}
LISTED = {"type": "value_not_in_list", "details": "ckpt: 'a' not in []"}
LISTED |= {"extra_info": {"input_name": "ckpt"}}


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (body("missing picture"), (Missing("", NodeId("1"), "image"),)),
        (body("unknown class"), (Missing("NoSuchNode"),)),
        (body("no output"), ()),
        ("<html>", ()),
        ({"error": {"type": "missing_node_type", "extra_info": {"class_type": None}}}, ()),
        (
            {
                "error": {
                    "type": "invalid_prompt",
                    "message": "Cannot execute because node Up scale does not exist.",
                }
            },
            (Missing("Up scale"),),
        ),
        ({"error": {"type": "invalid_prompt", "message": "no"}}, ()),
        (
            {"node_errors": {"1": {"errors": [IMAGE]}, "2": {"errors": [LISTED]}}},
            (Missing("", NodeId("1"), "image"), Missing("", NodeId("2"), "ckpt")),
        ),
        ({"node_errors": {"1": {"errors": [IMAGE, {"type": "value_too_big"}]}}}, ()),
        ({"node_errors": {"1": {"errors": [{**IMAGE, "details": "image - too dark"}]}}}, ()),
        ({"node_errors": {"1": {"errors": [{**LISTED, "extra_info": {}}]}}}, ()),
        ({"node_errors": {"1": {"errors": [IMAGE]}, "2": 7}}, ()),
    ],
)
def test_a_refusal_tells_what_other_servers_may_have(
    answer: Any, missing: tuple[Missing, ...]
) -> None:
    """Files and classes alone; where anything else is wrong too, it is wrong everywhere."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    assert read_missing(text) == missing


@given(peer_texts(BODIES), anything)
def test_a_refusal_can_raise_nothing_at_all(text: str, errors: Any) -> None:
    """A 400 is a refusal even when nobody can read why."""
    for told in (text, json.dumps({"error": errors, "node_errors": errors})):
        read_refusal(told, "gpu-1", 400)
        read_missing(told)
        assert len(read_reason(told)) <= MOST_WORDS


def test_no_words_are_without_end() -> None:
    """They would fill the card."""
    endless = "n" * 10**6
    error = {"errors": [{"message": endless, "details": endless}], "class_type": endless}
    for refusal in ({"node_errors": {endless: error}}, {"error": {"type": endless}}):
        assert len(repr(read_refusal(json.dumps(refusal), "north", 400))) < 1_000
