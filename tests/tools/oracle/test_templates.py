"""Which templates can be compared."""

from tools.oracle.templates import own_nodes, sort_out, spread, templates

CLASSES = {"Save": {}}


def file(kind: str, **more: object) -> dict:
    """A workflow of one node of this class."""
    return {"nodes": [{"type": kind, **more}]}


def test_only_templates_whose_classes_are_described_can_be_compared() -> None:
    """Others are set aside, and counted."""
    found = sort_out({"a": file("Save"), "b": file("Absent")}, CLASSES)
    assert found == (("a",), ("b",))


def test_notes_and_subgraphs_need_no_class() -> None:
    """What is inside a subgraph does."""
    inner = {"definitions": {"subgraphs": [{"id": "s", **file("Save", id=1)}]}}
    whole = {**file("s"), **inner}
    assert own_nodes(whole) == [{"type": "Save", "id": 1}]
    assert sort_out({"a": whole, "n": file("Note")}, CLASSES).usable == ("a", "n")
    inner["definitions"]["subgraphs"][0]["nodes"][0]["type"] = "Absent"
    assert sort_out({"a": {**file("s"), **inner}}, CLASSES).without_class == ("a",)


def test_a_spread_covers_all() -> None:
    """Evenly, each once, however many are asked for."""
    names = tuple("abcdefghij")
    assert spread(names, 3) == ("a", "d", "g")
    assert spread(names, 100) == names


def test_the_package_has_hundreds() -> None:
    """Its other files, such as the index, are none."""
    assert len(templates()) > 600
    assert "index" not in templates()
