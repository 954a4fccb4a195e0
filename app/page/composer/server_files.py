"""What a server keeps as files: the workflows that people saved there, templates, blueprints."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

from tether.core.errors import MessageError
from tether.core.protocol.outputs import name_of, read_json, texts
from tether.workflows.blueprint import completed

SAVED_PATH = "/userdata?dir=workflows&recurse=true"
"""Names of files in a folder. Source: ComfyUI, app/user_manager.py, read; 404 without a folder."""

TEMPLATES_PATH = "/templates/index.json"
"""The official templates by theme. Source: comfyui-workflow-templates 0.11, read."""

CHINESE_TEMPLATES_PATH = "/templates/index.zh.json"
"""The same with Chinese titles."""

BLUEPRINTS_PATH = "/global_subgraphs"
"""Subgraphs of node packs and of ComfyUI itself, by id. Source: app/subgraph_manager.py, read."""

MOST_FILES = 2000
"""Names that are shown: each is an element of the page."""


class ServerFile(NamedTuple):
    """A workflow by what people call it, and the path where it is read."""

    title: str
    path: str

    @property
    def name(self) -> str:
        """The file's name, as a person would choose it from a folder."""
        return f"{self.title}.json"


def read_saved(text: str) -> list[ServerFile]:
    """Read the answer to `SAVED_PATH`, in the order of the names.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if not isinstance(content, list):
        raise MessageError("userdata", text)
    names = sorted(name for name in texts(content) if name.endswith(".json"))[:MOST_FILES]
    return [
        ServerFile(name.removesuffix(".json"), f"/userdata/{_quoted(f'workflows/{name}')}")
        for name in names
    ]


def read_templates(text: str) -> list[ServerFile]:
    """Read the answer to `TEMPLATES_PATH`, in its order.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if not isinstance(content, list):
        raise MessageError("templates", text)
    return list(_templates(content))[:MOST_FILES]


def read_blueprints(text: str) -> list[ServerFile]:
    """Read the answer to `BLUEPRINTS_PATH`, in the order of the names.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if not isinstance(content, dict):
        raise MessageError("global_subgraphs", text)
    named = (
        (name_of(each.get("name")), key) for key, each in content.items() if isinstance(each, dict)
    )
    return [
        ServerFile(name, f"{BLUEPRINTS_PATH}/{_quoted(key)}") for name, key in sorted(named) if name
    ][:MOST_FILES]


def read_blueprint(text: str) -> str:
    """Return a blueprint as a workflow that runs.

    Raises:
        MessageError: The server gives none.
    """
    match read_json(text):
        case {"data": str(data)}:
            return json.dumps(completed(read_json(data)), ensure_ascii=False)
    raise MessageError("global_subgraph", text)


def _quoted(name: str) -> str:
    """Return a name for a path; one that no URL can hold leads to nothing."""
    return quote(name, safe="", errors="replace")


def _templates(content: list[Any]) -> Iterator[ServerFile]:
    for theme in content:
        listed = theme.get("templates") if isinstance(theme, dict) else None
        for each in listed if isinstance(listed, list) else ():
            match each:
                case {"name": str(name)}:
                    title = name_of(each.get("title")) or name
                    yield ServerFile(title, f"/templates/{_quoted(name)}.json")
