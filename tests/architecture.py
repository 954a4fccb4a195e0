"""What the house is made of, read from its syntax trees; `test_architecture.py` has the rules."""

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APP = ROOT / "app"

PURE: tuple[str, ...] = (
    "simulator",
    *tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tether"]["pure"],
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


def room_of(module: str) -> str:
    """Return the folder that a module lies in; the core's own modules are two rooms."""
    path = PATHS[module].relative_to(APP)
    if path.parent.as_posix() == "tether/core" and path.stem != "__init__":
        return "tether/core/" + ("ids, errors" if path.stem in ("ids", "errors") else "events")
    return path.parent.as_posix() if path.parent.name else path.stem


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """Return the rooms that import from each other, each pair once."""
    return frozenset(
        (room_of(module), room_of(name))
        for module in PATHS
        for name in imported(module)
        if name in PATHS and room_of(module) != room_of(name)
    )


def classes(module: str) -> list[ast.ClassDef]:
    """Return the classes of a module."""
    return [node for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)]


def calls_of(module: str, class_name: str, method: str) -> set[str]:
    """Return the names of what a method calls, also by other methods of its class."""
    found = next(each for each in classes(module) if each.name == class_name)
    methods = {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}
    called: set[str] = set()
    todo = [methods[method]]
    while todo:
        for node in ast.walk(todo.pop()):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                is_own = ast.unparse(node.func) == f"self.{name}" and name in methods
                if is_own and name not in called:
                    todo.append(methods[name])
                called.add(name)
    return called
