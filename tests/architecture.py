"""What the house is made of, read from its syntax trees; `test_architecture.py` has the rules."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"

PURE: tuple[str, ...] = tuple(
    tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tether"]["pure"]
)
"""Packages and modules without clock, chance, browser or `await`."""


def _name_of(path: Path) -> str:
    parts = path.relative_to(APP).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {_name_of(path): path for path in sorted(APP.rglob("*.py"))}
"""Dotted name -> file, of every module and package."""


def is_in(name: str, *packages: str) -> bool:
    """Tell whether a module is one of these, or inside one."""
    return any(name == each or name.startswith(f"{each}.") for each in packages)


def modules(*packages: str) -> list[str]:
    """Return the modules of these packages."""
    return [name for name in PATHS if is_in(name, *packages)]


@cache
def tree(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(PATHS[module].read_text())


def _named(node: ast.AST, module: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0 and node.module, f"{module}: imports are absolute"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            yield whole if whole in PATHS else node.module


@cache
def imported(module: str) -> frozenset[str]:
    """Return what a module imports, inside functions too: those hide cycles from readers."""
    return frozenset(name for node in ast.walk(tree(module)) for name in _named(node, module))


@cache
def imported_at_once(module: str) -> frozenset[str]:
    """Return what a module imports when it is imported itself, types aside."""
    return frozenset(name for node in tree(module).body for name in _named(node, module))


def imports_between(of: str, *allowed: str) -> list[str]:
    """Return the imports of a package that lead to none of these, as `a -> b`."""
    return [
        f"{module} -> {name}"
        for module in modules(of)
        for name in sorted(imported(module))
        if name in PATHS and not is_in(name, of, *allowed)
    ]
