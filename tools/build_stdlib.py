"""Compiles Pyodide's standard library to byte code; runs inside Pyodide itself.

`tools/vendor.mjs` runs this in Node, because only the same Python writes byte
code with the magic number that the page's Python accepts. The page then
imports without compiling, which halves its start. The archive is stored, not
deflated: a web server that compresses does it better, and one that doesn't
runs on the same machine.
"""

import ast
import importlib.util
import marshal
import zipfile
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

# PEP 552: bit 0 says the header holds the source's hash, bit 1 that it is to be
# checked. There is no source in the page to check.
UNCHECKED_HASH = (0b01).to_bytes(4, "little")


class Rule(NamedTuple):
    """One pattern of `stdlib_rules.txt`."""

    keeps: bool
    pattern: str


def read_rules(text: str) -> list[Rule]:
    """Parse `stdlib_rules.txt`; its own first lines explain it."""
    rules: list[Rule] = []
    for line in text.splitlines():
        sign, _, patterns = line.partition(" ")
        if sign in ("+", "-"):
            rules.extend(Rule(sign == "+", pattern) for pattern in patterns.split())
    return rules


def is_kept(name: str, rules: Sequence[Rule]) -> bool:
    """Tell whether a library trimmed by these rules holds this source file."""
    path = name.removesuffix(".py")
    for rule in reversed(rules):
        if fnmatchcase(path, rule.pattern):
            return rule.keeps
    return True


def build(source: str, target: str, rules: Sequence[Rule] = ()) -> None:
    """Write the archive of byte code."""
    with zipfile.ZipFile(source) as stock, zipfile.ZipFile(target, "w") as compiled:
        for name in sorted(stock.namelist()):
            if not name.endswith(".py") or not is_kept(name, rules):
                continue
            content = byte_code(stock.read(name), f"/lib/python314.zip/{name}")
            compiled.writestr(zipfile.ZipInfo(f"{name}c"), content)


def byte_code(source: bytes, file: str) -> bytes:
    """Return the content of a `.pyc` without docstrings; `file` is what tracebacks call the source.

    They are a fifth of it: bytes that travel, and memory of every tab.
    """
    code = compile(bare(source), file, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def bare(source: bytes) -> ast.Module:
    """Parse a module and take out its docstrings.

    Decorated classes keep theirs: a dataclass without one makes one up, slowly, at every start.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if not isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) or (isinstance(node, ast.ClassDef) and node.decorator_list):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            stand_in = ast.Pass(lineno=node.body[0].lineno, col_offset=0)
            node.body[:1] = [] if len(node.body) > 1 else [stand_in]
    return ast.fix_missing_locations(tree)
