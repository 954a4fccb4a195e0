"""What the page fetches before it runs: its own modules, and the standard library."""

import ast
import io
import json
import marshal
import re
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.site.byte_code import is_kept, module_of, read_rules
from tools.site.manifest import MANIFEST, boot_modules, fresh, lazy_modules, rewritten

ROOT = Path(__file__).resolve().parents[3]
STDLIB = ROOT / "static/vendor/pyodide/python_stdlib.zip"

# Each costs a start more than a named tuple does, even if what it writes is compiled beforehand.
MOST_DATACLASSES = 60

# The page's own runtime brings these along.
RUNTIME = frozenset({"_pyscript", "js", "polyscript", "pyodide", "pyodide_js", "pyscript"})

# The page's own packages.
OWN = frozenset({"demo", "page", "simulator", "tether"})

# Compiled into the interpreter, or made by another module: no file has their names. The last is
# for `tether.open`, which no page calls.
WITHOUT_FILE = frozenset(
    {
        "binascii",
        "builtins",
        "collections.abc",
        "errno",
        "os",
        "posixpath",
        "gc",
        "io",
        "itertools",
        "math",
        "os.path",
        "sys",
        "time",
        "zlib",
        "unicodedata",
        "tether.process_client",
    }
)


def shipped() -> list[str]:
    """Return the paths of all modules that ever run in the page."""
    manifest = MANIFEST.read_text()
    lazy = lazy_modules(manifest)
    return sorted({"app/main.py", *boot_modules(ROOT, lazy), *lazy})


def imports(source: str) -> Iterator[str]:
    """Yield the absolute names of all modules that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def library(archive: bytes) -> set[str]:
    """Return the names of all modules in the page's standard library."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        single = [name.removesuffix("c") for name in opened.namelist() if name.endswith(".pyc")]
        modules, _ = marshal.loads(opened.read("packed.bin"))
    return {*modules, *(module_of(path)[0] for path in single)}


def is_dataclass(node: ast.AST) -> bool:
    """Tell whether this is a class under `@dataclass`."""
    if not isinstance(node, ast.ClassDef):
        return False
    names = (ast.unparse(each).partition("(")[0] for each in node.decorator_list)
    return any(name in ("dataclass", "dataclasses.dataclass") for name in names)


def test_manifest_lists_every_module_the_first_screen_needs() -> None:
    """Otherwise the page fails on an import, or fetches what is not there."""
    manifest = MANIFEST.read_text()
    assert manifest == fresh(manifest), "run `make manifest`"


def test_manifest_turns_off_the_same_plugins_for_both_interpreters() -> None:
    """PyScript loads all plugins for MicroPython, unless an empty config says no."""
    page = (ROOT / "index.html").read_text()
    micropython = page.partition("<mpy-config hidden>")[2].partition("</mpy-config>")[0]
    assert json.loads(micropython)["plugins"] == tomllib.loads(MANIFEST.read_text())["plugins"]


def test_dataclasses_on_the_way_to_the_first_screen_are_few() -> None:
    """What the first screen doesn't need belongs under [lazy]."""
    manifest = MANIFEST.read_text()
    found = {
        path: count
        for path in ["app/main.py", *boot_modules(ROOT, lazy_modules(manifest))]
        if (count := sum(map(is_dataclass, ast.walk(ast.parse((ROOT / path).read_text())))))
    }
    total = sum(found.values())
    print(f"{total} dataclasses on the way to the first screen")
    assert total <= MOST_DATACLASSES, f"{total} dataclasses: {found}"


IMPORTS = (ast.Import, ast.ImportFrom)
LAZY = tomllib.loads(MANIFEST.read_text())["lazy"]

TOGETHER = {"gallery": ("keeper", "viewer"), "routing_test": ("servers",), "demo": ("servers",)}
"""Parts that are always fetched with others."""


@pytest.mark.parametrize("part", LAZY)
def test_a_part_that_is_fetched_later_comes_with_all_that_it_imports(part: str) -> None:
    """But for what the first screen has; an import inside a function fetches its own part first."""
    paths = [path for each in (part, *TOGETHER.get(part, ())) for path in LAZY[each]]
    there = {*boot_modules(ROOT, lazy_modules(MANIFEST.read_text())), *paths}
    for path in paths:
        body = ast.parse((ROOT / path).read_text()).body
        at_import = [ast.unparse(node) for node in body if isinstance(node, IMPORTS)]
        for name in imports("\n".join(at_import)):
            file = f"app/{name.replace('.', '/')}.py"
            assert file in there or not (ROOT / file).exists(), f"{path} imports {name}"


@pytest.mark.parametrize("path", shipped())
def test_everything_the_page_imports_is_shipped(path: str) -> None:
    """The standard library in the page is a part of the whole one."""
    names = library(STDLIB.read_bytes())
    missing = []
    for module in imports((ROOT / path).read_text()):
        top = module.partition(".")[0]
        is_there = module in names or module in WITHOUT_FILE
        if top not in RUNTIME | OWN and not is_there:
            missing.append(module)
    assert missing == [], f"{path} imports what tools/site/stdlib_rules.txt leaves out"


def test_first_screen_is_compiled_beforehand() -> None:
    """Byte code of every module of [files] and PyScript's own is ready, to be checked."""
    packed = (ROOT / "static/vendor/app_cache.bin").read_bytes()
    body = 4 + int.from_bytes(packed[:4], "big")
    index: dict[str, list[int]] = json.loads(packed[4:body])
    sources = {re.sub(r"__pycache__/(\w+)\.cpython-\d+\.pyc$", r"\1.py", path) for path in index}
    listed = {
        path.removeprefix("./") for path in tomllib.loads(MANIFEST.read_text())["files"].values()
    }
    assert listed <= sources
    assert "pyscript/context.py" in sources
    flags = {packed[body + start + 4 : body + start + 8] for start, _ in index.values()}
    assert flags == {b"\x03\0\0\0"}


def test_rules_keep_and_leave_out() -> None:
    """The last rule that matches wins; what no rule names is kept."""
    rules = read_rules("# no rule\n- a/* b\n+ a/kept\n")
    names = ("a/__init__.py", "a/kept.py", "b.py", "c.py", "bb.py")
    assert [is_kept(name, rules) for name in names] == [False, True, False, True, True]


def test_boot_leaves_out_what_is_fetched_later(tmp_path: Path) -> None:
    """main.py is fetched as the page's script; the rest has its own time."""
    for name in ("app/main.py", "app/core/a.py", "app/late.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    assert boot_modules(tmp_path, {"app/late.py"}) == ["app/core/a.py"]


def test_rewriting_keeps_the_rest_of_the_manifest() -> None:
    """Only the lines under [files] and [lazy] change."""
    before = 'a = 1\n\n[files]\n"./app/x.py" = "./app/x.py"\n\n# Later.\n[lazy]\nb = [\n]\n'
    after = rewritten(before, ["app/y.py", "app/z.py"], {"b": [], "c": ["app/l.py"]})
    assert (
        after
        == before.replace(
            '"./app/x.py" = "./app/x.py"',
            '"./app/y.py" = "./y.py"\n"./app/z.py" = "./z.py"',
        )
        + 'c = [\n    "app/l.py",\n]\n'
    )
