"""What a server has, as far as it was asked."""

import json

import pytest

from app.core import inventory
from app.core.eligibility import Lack
from app.core.ids import Digest, NodeId
from app.core.inventory import ASKED_AGAIN, Inventory
from app.core.workflow import Workflow

FIRST = Digest("f1")
NOON = 1000.0


def workflow(value: str = "fine.pth") -> Workflow:
    return Workflow(
        {
            NodeId("1"): {"class_type": "LoadImage", "inputs": {}},
            NodeId("2"): {"class_type": "Up/scale", "inputs": {"name": value}},
            NodeId("3"): {"class_type": "Up/scale", "inputs": {}},
        }
    )


def described(*choices: str) -> str:
    return json.dumps({"Up/scale": {"input": {"required": {"name": [list(choices)]}}}})


def told(*choices: str) -> Inventory:
    """A server that has described its class."""
    found = Inventory()
    found.ask(7, "Up/scale")
    found.answered(7, 200, described(*choices), NOON)
    return found


def test_a_class_is_asked_for_once() -> None:
    found = Inventory()
    assert found.wanted(FIRST, workflow(), NOON) == ["Up/scale"]
    assert not found.knows(workflow())
    assert found.ask(7, "Up/scale") == "/object_info/Up%2Fscale"
    assert found.is_asked() and found.wanted(FIRST, workflow(), NOON) == []
    found.answered(7, 200, described("fine.pth"), NOON)
    assert not found.is_asked() and found.wanted(FIRST, workflow(), NOON) == []
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()


def test_what_was_lacking_is_asked_for_again_later() -> None:
    found = told("other.pth")
    lacks = (Lack("Up/scale", "name", "fine.pth"),)
    assert found.lacks(FIRST, workflow(), NOON + ASKED_AGAIN) == lacks
    assert found.wanted(FIRST, workflow(), NOON + ASKED_AGAIN) == []
    later = NOON + ASKED_AGAIN + 1
    assert found.lacks(FIRST, workflow(), later) == ()
    assert found.wanted(FIRST, workflow(), later) == ["Up/scale"]
    found.ask(8, "Up/scale")
    found.failed(8, later)
    assert found.lacks(FIRST, workflow(), later) == lacks


@pytest.mark.parametrize(("status", "text"), [(404, ""), (200, "<html>"), (500, "")])
def test_an_answer_that_says_nothing_keeps_no_task_away(status: int, text: str) -> None:
    found = told("other.pth")
    found.ask(8, "Up/scale")
    found.answered(8, status, text, NOON)
    assert found.knows(workflow()) and found.lacks(FIRST, workflow(), NOON) == ()


def test_answers_to_nobodys_questions_are_dropped() -> None:
    found = Inventory()
    found.answered(9, 200, described("a"), NOON)
    found.failed(9, NOON)
    assert not found.knows(workflow()) and found.infos == {}


def test_a_server_that_restarted_is_asked_anew() -> None:
    found = told("other.pth")
    assert found.lacks(FIRST, workflow(), NOON)
    found.forget()
    assert found.lacks(FIRST, workflow(), NOON) == ()
    assert found.wanted(FIRST, workflow(), NOON) == ["Up/scale"]


def test_a_substitute_changes_the_verdict() -> None:
    found = told("other.pth")
    assert found.lacks(FIRST, workflow(), NOON)
    found.substitute({"fine.pth": "other.pth"})
    assert found.lacks(FIRST, workflow(), NOON) == ()
    nodes = {key: dict(node) for key, node in workflow().nodes.items()}
    assert found.fitted(nodes)[NodeId("2")]["inputs"] == {"name": "other.pth"}


def test_verdicts_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inventory, "VERDICTS", 2)
    found = told("other.pth")
    for digest in "abc":
        assert found.lacks(Digest(digest), workflow(), NOON)
    assert set(found._lacks) == {"c"}
