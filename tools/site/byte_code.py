"""Compiles Pyodide's standard library and the page's modules to byte code, inside Pyodide.

`vendor.mjs` and `python.mjs` run this in Node, because only the same Python writes byte
code with the magic number that the page's Python accepts. The page then
imports without compiling, which halves its start. The library's archive is stored, not
deflated: a web server that compresses does it better, and one that doesn't
runs on the same machine.
"""

import ast
import importlib.util
import marshal
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import TypeAlias

# PEP 552: bit 0 says the header holds the source's hash, bit 1 that it is to be
# checked. There is no source in the page to check.
UNCHECKED_HASH = (0b01).to_bytes(4, "little")

_HEADER = 16
"""Bytes before the code in a `.pyc`."""


Rule: TypeAlias = tuple[bool, str]
"""A pattern of `stdlib_rules.txt`, and whether it keeps what it matches."""


def read_rules(text: str) -> list[Rule]:
    """Parse `stdlib_rules.txt`; its own first lines explain it."""
    rules: list[Rule] = []
    for line in text.splitlines():
        sign, _, patterns = line.partition(" ")
        if sign in ("+", "-"):
            rules.extend((sign == "+", pattern) for pattern in patterns.split())
    return rules


def is_kept(name: str, rules: Sequence[Rule]) -> bool:
    """Tell whether these rules keep this source file."""
    path = name.removesuffix(".py")
    for keeps, pattern in reversed(rules):
        if fnmatchcase(path, pattern):
            return keeps
    return True


def build(
    source: str,
    target: str,
    rules: Sequence[Rule] = (),
    own: Mapping[str, str] | None = None,
    start: Collection[str] = (),
    written: Iterable[str] = (),
) -> None:
    """Compile the stock archive of sources, as far as the rules keep it, into an archive.

    `own` has the modules of `tools/site/library/` by path; without them nothing is packed.
    `start` names the modules that every start imports; `written` is the source that these
    write then: see `tools/site/written.py`.
    """
    with zipfile.ZipFile(source) as stock:
        sources = {
            name: stock.read(name)
            for name in stock.namelist()
            if name.endswith(".py") and is_kept(name, rules)
        }
    own = own or {}
    sources |= {path: text.encode() for path, text in own.items()}
    first = {path: text for path, text in sources.items() if module_of(path)[0] in start}
    with zipfile.ZipFile(target, "w") as compiled:
        for path in sorted(sources.keys() - first.keys()):
            content = byte_code(sources[path], f"/lib/python314.zip/{path}")
            compiled.writestr(zipfile.ZipInfo(f"{path}c"), content)
        if own:
            content = packed(first, written, "/lib/python314.zip/")
            compiled.writestr(zipfile.ZipInfo("packed.bin"), content)


def archive(sources: Mapping[str, str], written: Iterable[str] = ()) -> bytes:
    """Pack modules of the page, by path; `written` as in `build`."""
    return packed({path: text.encode() for path, text in sources.items()}, written)


def packed(sources: Mapping[str, bytes], written: Iterable[str], folder: str = "") -> bytes:
    """Pack modules, by path, as `tools/site/library/sitecustomize.py` unpacks them.

    `folder` is where tracebacks say that the modules are.
    """
    modules = {}
    for path, text in sorted(sources.items()):
        name, is_package = module_of(path)
        modules[name] = is_package, byte_code(text, f"{folder}{path}")[_HEADER:]
    codes = {
        text: marshal.dumps(compile(text, "<string>", "eval" if text[:6] == "lambda" else "exec"))
        for text in sorted(set(written))
    }
    return marshal.dumps((modules, codes))


def module_of(path: str) -> tuple[str, bool]:
    """Return the name of the module in a file, and whether it is a package."""
    name = path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__"), name.endswith(".__init__")


@cache  # Compiled once to see what it writes, and once more with that.
def byte_code(source: bytes, file: str) -> bytes:
    """Return the content of a `.pyc` without docstrings; `file` is what tracebacks call the source.

    They are a fifth of it: bytes that travel, and memory of every tab.
    """
    code = compile(bare(source), file, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def bare(source: bytes) -> ast.Module:
    """Parse a module, and remove its docstrings.

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
