"""Workflows that a server keeps as files."""

import json
from typing import Any

import pytest
from hypothesis import given

from page.composer import server_files as module
from page.composer.server_files import (
    ServerFile,
    read_blueprint,
    read_blueprints,
    read_saved,
    read_templates,
)
from tests.tether.core.junk import anything
from tether.core.errors import MessageError


def test_saved_workflows_come_by_name_with_their_folders() -> None:
    text = json.dumps(["b.json", "old/a ä.json", ".index.txt", "b.json.bak", 7])
    assert read_saved(text) == [
        ServerFile("b", "/userdata/workflows%2Fb.json"),
        ServerFile("old/a ä", "/userdata/workflows%2Fold%2Fa%20%C3%A4.json"),
    ]
    assert read_saved(text)[0].name == "b.json"


def test_a_name_that_no_url_can_hold_hides_no_other() -> None:
    """Linux servers list files whose names are in another encoding with halves of pairs."""
    assert [each.path for each in read_saved(json.dumps(["a.json", "\udcb0.json"]))] == [
        *("/userdata/workflows%2Fa.json", "/userdata/workflows%2F%3F.json"),
    ]
    assert read_templates(json.dumps([{"templates": [{"name": "\udcb0"}]}]))[0].path == (
        "/templates/%3F.json"
    )


def test_templates_come_in_their_order_with_their_titles() -> None:
    themes: list[Any] = [
        {"title": "Image", "templates": [{"name": "flux/a", "title": "Flux"}, {"name": "b"}, 7]},
        {"title": "Video", "templates": None},
        7,
        {"templates": [{"name": "c", "title": 7}]},
    ]
    assert read_templates(json.dumps(themes)) == [
        ServerFile("Flux", "/templates/flux%2Fa.json"),
        ServerFile("b", "/templates/b.json"),
        ServerFile("c", "/templates/c.json"),
    ]


def test_blueprints_come_by_name() -> None:
    entry = {"source": "templates", "info": {"node_pack": "comfyui"}}
    listed = {"b2": {**entry, "name": "Sharper"}, "a/1": {"name": "Blur"}, "c": {}, "d": 7}
    assert read_blueprints(json.dumps(listed)) == [
        ServerFile("Blur", "/global_subgraphs/a%2F1"),
        ServerFile("Sharper", "/global_subgraphs/b2"),
    ]


def test_a_blueprint_is_read_as_a_workflow_that_runs() -> None:
    node = {"id": -1, "type": "sub", "inputs": [], "outputs": [{"name": "i", "type": "IMAGE"}]}
    text = read_blueprint(json.dumps({"name": "Blur", "data": json.dumps({"nodes": [node]})}))
    assert [each["type"] for each in json.loads(text)["nodes"]] == ["sub", "SaveImage"]
    with pytest.raises(MessageError):
        read_blueprint("null")


def test_only_so_many_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 1)
    assert len(read_saved('["a.json", "b.json"]')) == 1
    assert len(read_blueprints('{"a": {"name": "a"}, "b": {"name": "b"}}')) == 1
    assert len(read_templates('[{"templates": [{"name": "a"}, {"name": "b"}]}]')) == 1


@pytest.mark.parametrize("read", [read_saved, read_templates])
@pytest.mark.parametrize("text", ["", "{}", "7", "<html>"])
def test_what_is_no_list_is_refused(read: Any, text: str) -> None:
    with pytest.raises(MessageError):
        read(text)
    with pytest.raises(MessageError):
        read_blueprints(text.replace("{}", "[]"))


@given(anything)
def test_any_json_is_read_or_refused(content: Any) -> None:
    for read in (read_saved, read_templates, read_blueprints):
        try:
            assert all(isinstance(each.title, str) for each in read(json.dumps(content)))
        except MessageError:
            assert not isinstance(content, dict if read is read_blueprints else list)
