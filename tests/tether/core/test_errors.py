"""What can go wrong, as facts for a sentence in any language."""

import pytest

from tether.core.errors import BadInput, InvalidTransition, MessageError, TetherError, Trouble


def test_a_trouble_is_a_code_and_its_facts() -> None:
    """Facts keep their order and are texts, so that a record can hold them."""
    trouble = Trouble.of("server_status", server="gpu-1", status=502)
    assert trouble == Trouble("server_status", (("server", "gpu-1"), ("status", "502")))


@pytest.mark.parametrize("kind", [BadInput, MessageError, TetherError])
def test_what_a_person_can_act_on_has_one_base(kind: type[Exception]) -> None:
    """The page shows the trouble of any of them."""
    assert issubclass(kind, TetherError)
    assert not issubclass(InvalidTransition, TetherError)


def test_an_error_reads_as_its_code_and_facts() -> None:
    """For logs; people read the sentence."""
    assert str(BadInput("address_bad", address="x y")) == "address_bad (address=x y)"
    assert str(BadInput("workflow_editor_format")) == "workflow_editor_format"


def test_an_unknown_message_is_told_by_its_start() -> None:
    """A peer's megabyte must not fill the journal."""
    error = MessageError("frame is no JSON", "x" * 1_000_000)
    assert len(str(error)) < 300
    assert dict(error.trouble.facts)["what"] == "frame is no JSON"


def test_our_own_bug_names_machine_state_and_step() -> None:
    """Whoever reads it knows where to look."""
    assert str(InvalidTransition("task t1", "queued", "waiting")) == (
        "task t1: no step from queued by waiting"
    )
