"""The floors of the house: who may import whom, and what each floor must not touch.

Imports go only down. Read from the syntax trees, imports inside functions included:
those hide cycles from everyone but the reader.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Floor by floor, from the ground: a package (or module) and what of app/ it may import
# besides itself.
FLOORS: dict[str, frozenset[str]] = {
    "app.core": frozenset(),
    "app.simulator": frozenset(),
    "app.browser": frozenset({"app.core"}),
    "app.runtime": frozenset({"app.core"}),
    "app.ui": frozenset({"app.core"}),
    "app.console": frozenset({"app.core", "app.runtime"}),
    "app.inpage": frozenset({"app.core", "app.simulator"}),
    "app.routing_test": frozenset({"app.core", "app.inpage", "app.runtime", "app.simulator"}),
    "app.selftest": frozenset(
        {"app.browser", "app.core", "app.routing_test", "app.runtime", "app.ui"}
    ),
    "app.opening": frozenset({"app.core", "app.runtime"}),
    "app.runs": frozenset({"app.core", "app.opening", "app.runtime", "app.ui"}),
    "app.shelf": frozenset({"app.browser", "app.core", "app.opening", "app.runtime", "app.ui"}),
    "app.forming": frozenset({"app.core", "app.runtime", "app.ui"}),
    "app.drafting": frozenset(
        {"app.core", "app.forming", "app.opening", "app.runtime", "app.shelf", "app.ui"}
    ),
    "app.sending": frozenset(
        {
            *("app.core", "app.drafting", "app.forming", "app.opening", "app.runtime"),
            *("app.shelf", "app.ui"),
        }
    ),
    "app.vitals": frozenset({"app.core", "app.sending", "app.ui"}),
    "app.zoom": frozenset({"app.browser", "app.core", "app.runtime", "app.ui"}),
    "app.acting": frozenset({"app.core", "app.runtime", "app.sending", "app.ui", "app.zoom"}),
    "app.keeping": frozenset({"app.browser", "app.core", "app.runtime"}),
    "app.kept": frozenset({"app.core", "app.keeping", "app.runtime", "app.zoom"}),
    "app.curator": frozenset({"app.core", "app.keeping", "app.kept", "app.runtime", "app.ui"}),
    "app.gallery": frozenset(
        {*("app.browser", "app.core", "app.curator", "app.keeping", "app.runtime", "app.ui")}
    ),
    "app.telling": frozenset({"app.browser", "app.core", "app.runtime", "app.ui"}),
    "app.news": frozenset({"app.browser", "app.core", "app.runtime", "app.ui"}),
    "app.windows": frozenset({"app.core", "app.runtime", "app.ui"}),
    "app.aside": frozenset(
        {
            *("app.core", "app.gallery", "app.news", "app.runtime", "app.tab", "app.telling"),
            *("app.ui", "app.windows"),
        }
    ),
    "app.clinic": frozenset({"app.core", "app.runtime"}),
    "app.lanes": frozenset({"app.core", "app.runtime", "app.ui"}),
    "app.discovery": frozenset({"app.core", "app.runtime", "app.ui"}),
    "app.farm": frozenset(
        {"app.browser", "app.clinic", "app.core", "app.discovery", "app.runtime", "app.ui"}
    ),
    "app.demo": frozenset(
        {"app.browser", "app.core", "app.inpage", "app.runtime", "app.simulator"}
    ),
    "app.outside": frozenset({"app.browser", "app.core", "app.runtime"}),
    "app.world": frozenset({"app.browser", "app.core", "app.demo", "app.outside", "app.runtime"}),
    "app.tab": frozenset({"app.browser", "app.core", "app.runtime"}),
    "app.choices": frozenset({"app.core", "app.runtime", "app.ui"}),
    "app.main": frozenset(
        {
            *("app.acting", "app.aside", "app.browser", "app.choices", "app.console", "app.core"),
            *("app.farm", "app.lanes", "app.runs", "app.vitals"),
            *("app.runtime", "app.selftest", "app.sending", "app.tab", "app.ui", "app.world"),
        }
    ),
}

# The machines get time, chance and ids as arguments, and never wait.
PURE = ("app.core", "app.simulator")
IMPURE_IMPORTS = frozenset(
    {"asyncio", "js", "pyodide", "pyscript", "random", "secrets", "threading", "time", "uuid"}
)
IMPURE_CALLS = frozenset({"now", "today", "utcnow", "urandom"})

PROXY_MAKERS = frozenset({"create_proxy", "create_once_callable"})
UNSAFE = ("innerHTML", "insertAdjacentHTML", "outerHTML", "eval(")

LONGEST = 250
LONGER = {
    "app/simulator/catalogue.py": "a table: the node classes as ComfyUI lists them",
    "app/simulator/execution.py": "one machine: the run of one prompt, node by node",
    "app/simulator/validation.py": "one rule book: ComfyUI's validate_prompt, in its order",
    "tools/comfy_shell.py": "one shell around one machine; its parts share every socket",
}


def name_of(path: Path) -> str:
    """Return a file's dotted module name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {name_of(path): path for path in sorted((ROOT / "app").rglob("*.py"))}
MODULES = sorted(PATHS)


@cache
def tree(module: str) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(PATHS[module].read_text())


@cache
def imported(module: str) -> frozenset[str]:
    """Return the dotted names of everything that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{module}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.add(whole if whole in PATHS else node.module)
    return frozenset(names)


def is_part(module: str, of: str) -> bool:
    """Tell whether a module is this one, or inside this package."""
    return module == of or module.startswith(f"{of}.")


def floor_of(module: str) -> str:
    """Return the floor on which a module of `app` lives."""
    floors = [floor for floor in FLOORS if is_part(module, floor)]
    assert len(floors) == 1, f"{module} lives on no floor: name it in {Path(__file__).name}"
    return floors[0]


def inside(*packages: str) -> list[str]:
    """Return the modules of these packages."""
    return [module for module in MODULES if any(is_part(module, each) for each in packages)]


def own(module: str) -> Iterator[str]:
    """Yield what a module imports from `app`."""
    yield from (name for name in sorted(imported(module)) if is_part(name, "app"))


@pytest.mark.parametrize("module", [module for module in MODULES if module != "app"])
def test_imports_go_down(module: str) -> None:
    """No floor knows of those above it, nor of its neighbours."""
    floor = floor_of(module)
    allowed = FLOORS[floor] | {floor}
    wrong = [name for name in own(module) if not any(is_part(name, each) for each in allowed)]
    assert wrong == [], f"{floor} may import only {sorted(allowed)}"


@pytest.mark.parametrize("module", inside("app.browser"))
def test_adapters_do_not_know_each_other(module: str) -> None:
    """Each adapts one thing of the browser; they share only the ownership of proxies."""
    neighbours = set(own(module)) - {module, "app.browser", "app.browser.proxies"}
    assert not [name for name in neighbours if is_part(name, "app.browser")]


def test_no_import_cycles() -> None:
    """A module can be read after all that it imports."""
    graph = {module: [name for name in own(module) if name in PATHS] for module in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for name in graph[module]:
                if name != module:
                    visit(name, (*path, module))
            done.add(module)

    for module in MODULES:
        visit(module, ())


@pytest.mark.parametrize("module", inside(*PURE))
def test_machines_are_pure(module: str) -> None:
    """No clock, no chance, no waiting, no browser: only what comes in by argument."""
    tops = {name.partition(".")[0] for name in imported(module)}
    assert not tops & IMPURE_IMPORTS
    for node in ast.walk(tree(module)):
        is_async = isinstance(node, ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith)
        assert not is_async, f"{module}:{getattr(node, 'lineno', 0)} waits"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in IMPURE_CALLS, f"{module}:{node.lineno} asks the world"


@pytest.mark.parametrize("module", MODULES)
def test_proxies_are_made_where_they_are_owned(module: str) -> None:
    """A proxy without an owner leaks, or is destroyed before it is called."""
    if is_part(module, "app.browser") or module == "app.ui.dom":
        return
    used = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree(module)) if isinstance(node, ast.Name)}
    assert not used & PROXY_MAKERS


@pytest.mark.parametrize("module", MODULES)
def test_rules_are_changed_by_the_routing_test_alone(module: str) -> None:
    """The page must not be able to run without a cure."""
    if is_part(module, "app.routing_test") or module == "app.core.binding":
        return
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            assert "Binding" not in ast.unparse(node.func)
            assert "binding" not in {keyword.arg for keyword in node.keywords}


def page_sources() -> list[Path]:
    """Return every source file that runs in the page and is ours."""
    scripts = [path for kind in ("*.mjs", "*.js") for path in (ROOT / "static").rglob(kind)]
    return [*PATHS.values(), *(path for path in scripts if "vendor" not in path.parts)]


def test_nothing_is_made_from_text() -> None:
    """Names of files and nodes come from strangers: they are text, never HTML or code."""
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in page_sources()
        for word in UNSAFE
        if word in path.read_text()
    ]
    assert found == []


def test_modules_are_short() -> None:
    """One idea a file; a longer one gives its reason above."""
    folders = ("app", "static/boot", "static/site", "tools")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    sources = [path for path in files if path.suffix in (".py", ".mjs", ".js", ".sh")]
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines()) for path in sources
    }
    too_long = {name for name, length in lengths.items() if length > LONGEST}
    assert too_long - LONGER.keys() == set(), "split it, or give a reason in LONGER"
    assert LONGER.keys() - too_long == set(), "no longer long: take it out of LONGER"
