"""Byte code without docstrings."""

import ast
import marshal

from tools.site.byte_code import bare, byte_code

SOURCE = b'''"""A module."""
from dataclasses import dataclass

def told():
    """Say it."""

async def later():
    """Later."""
    return 3

class Plain:
    """Plain."""
    size = 3

@dataclass
class Kept:
    """Kept."""
    size: int

text = "no docstring"
'''


def test_docstrings_stay_behind_but_for_those_of_dataclasses() -> None:
    """All else is as it was: values, empty bodies, lines of tracebacks."""
    found: dict[str, object] = {"__name__": "found"}
    code = marshal.loads(byte_code(SOURCE, "found.py")[16:])
    exec(code, found)
    told, later, plain, kept = (found[name] for name in ("told", "later", "Plain", "Kept"))
    assert [each.__doc__ for each in (told, later, plain, kept)] == [None, None, None, "Kept."]
    assert found.get("__doc__") is None
    assert callable(told) and told() is None
    assert isinstance(plain, type) and plain.__dict__["size"] == 3
    assert found["text"] == "no docstring"
    assert told.__code__.co_firstlineno == 4  # type: ignore[attr-defined]


def test_a_file_without_docstrings_is_not_changed() -> None:
    source = "import re\nx = 1\n"
    assert ast.dump(bare(source.encode())) == ast.dump(ast.parse(source))
