"""The nine rules of the house, and what no source file may hold."""

import ast
from pathlib import Path

import pytest

from tools.dev.rooms import (
    PATHS,
    PURE,
    ROOT,
    floors,
    imported,
    imported_at_once,
    imports_between,
    is_in,
    modules,
    rooms,
    tree,
)
from tools.site.manifest import MANIFEST, lazy_modules

CORE = (
    ("session",),
    ("tracking",),
    ("submission",),
    ("scheduling",),
    ("model",),
    ("events", "commands"),
    ("windows",),
    ("protocol",),
    ("errors", "timers", "cells"),
    ("ids",),
)
"""The floors of `tether.core`, from the top: each may import what is below it."""

SHARED = ("page.ui",)
"""What every feature of the page may use."""

NEIGHBOURS: dict[tuple[str, str], str] = {
    ("page.tasks", "page.composer"): "a result becomes the next input",
    ("page.tasks", "page.viewer"): "a result is looked at large",
    ("page.gallery", "page.viewer"): "so is a kept one",
    ("page.composer", "page.servers"): "a task can be pinned to a server",
    ("page.console", "page.servers"): "scripts add and remove servers",
}
"""Features that may import another, at most five, each with its reason."""

FEATURES = sorted(
    {name for name in PATHS if PATHS[name].name == "__init__.py" and name.count(".") == 1}
    & set(modules("page")) - set(SHARED)
)

DRAWING = (
    *(("page.app", "App", "_paint"), ("page.page", "Page", "draw")),
    *(("page.servers.panel", "ServersPanel", "show"), ("page.tasks.panel", "TasksPanel", "show")),
    ("page.composer.server_choice", "ServerChoice", "offer"),
    *(("page.lanes.lanes", "Lanes", "changed"), ("page.windows.windows", "Windows", "changed")),
    ("page.health.health", "HealthDialog", "changed"),
)
"""What a paint runs."""

WORK = frozenset(
    {"emit", "soon", "ensure_future", "create_task", "run_again", "accept", "fetch", "call"}
)
"""What starts work, or tells the session of it."""

MOST_PARAMETERS = 6

IMPURE_IMPORTS = frozenset(
    {"asyncio", "js", "pyodide", "pyscript", "random", "secrets", "threading", "time", "uuid"}
)
IMPURE_CALLS = frozenset({"now", "today", "utcnow", "urandom"})

PROXY_MAKERS = frozenset({"create_proxy", "create_once_callable"})
UNSAFE = ("innerHTML", "insertAdjacentHTML", "outerHTML", "eval(")

LONGEST = 400
LONGER: dict[str, str] = {}
"""Files that are longer, each with its reason."""


def calls_of(module: str, class_name: str, method: str) -> set[str]:
    """Return the names of what a method calls, also by other methods of its class."""
    found = next(
        node
        for node in ast.walk(tree(module))
        if isinstance(node, ast.ClassDef) and node.name == class_name
    )
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


def test_1_tether_imports_nothing_of_the_others() -> None:
    """The client is a library: it knows no page."""
    assert imports_between("tether") == []


def test_2_the_simulator_imports_nothing() -> None:
    """A parser shared with the client would hide a shared mistake."""
    assert imports_between("simulator") == []


def test_3_the_demo_imports_tether_and_the_simulator() -> None:
    """It puts the one behind the ports of the other."""
    assert imports_between("demo", "tether", "simulator") == []


def test_4_the_page_imports_tether_and_the_demo_only_lazily() -> None:
    """A page with real servers never fetches the demo."""
    assert imports_between("page", "tether", "demo") == []
    lazy = {ROOT / path for path in lazy_modules(MANIFEST.read_text())}
    eager = [module for module in modules("page") if PATHS[module] not in lazy]
    assert [m for m in eager if any(is_in(n, "demo") for n in imported_at_once(m))] == []


def test_5_main_imports_the_page() -> None:
    """It starts the page, nothing else."""
    assert imports_between("main", "page") == []


def test_6_the_core_imports_only_down() -> None:
    """session ► tracking ► submission ► scheduling ► model ► windows ► protocol ► errors ► ids."""
    floors = {f"tether.core.{name}": depth for depth, row in enumerate(CORE) for name in row}

    def floor_of(module: str) -> int:
        return next(depth for room, depth in floors.items() if is_in(module, room))

    inside = [module for module in modules("tether.core") if module != "tether.core"]
    upward = [
        f"{module} -> {name}"
        for module in inside
        for name in sorted(imported(module))
        if name in inside and floor_of(name) < floor_of(module)
    ]
    assert upward == []


def test_7_runtime_and_adapters_do_not_know_each_other() -> None:
    """The ports lie in `runtime/ports`; the client ties both together."""
    allowed = ("tether.core", "tether.workflows")
    assert imports_between("tether.core") == []
    assert imports_between("tether.workflows", "tether.core") == []
    assert imports_between("tether.runtime", *allowed) == []
    assert imports_between("tether.browser", *allowed) == []
    assert imports_between("tether.process", *allowed) == []


def test_8_a_feature_of_the_page_imports_no_other_but_its_neighbours() -> None:
    """At most five pairs, each with its reason."""
    assert len(NEIGHBOURS) <= 5
    for feature in FEATURES:
        allowed = [other for one, other in NEIGHBOURS if one == feature]
        assert imports_between(feature, "tether", "demo", *SHARED, *allowed) == []
    assert imports_between("page.ui", "tether") == []


def test_9_there_is_no_cycle_and_pure_code_has_no_clock_chance_browser_or_await() -> None:
    """A module can be read after all that it imports; a machine gets the world by argument."""
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in done:
            for name in imported(module) & PATHS.keys() - {module}:
                visit(name, (*path, module))
            done.add(module)

    for module in PATHS:
        visit(module, ())
    for module in modules(*PURE):
        assert not {name.partition(".")[0] for name in imported(module)} & IMPURE_IMPORTS, module
        for node in ast.walk(tree(module)):
            waits = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
            assert not isinstance(node, waits), f"{module} waits"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in IMPURE_CALLS, f"{module}:{node.lineno}"


def test_rooms_import_only_down() -> None:
    """Folders that import each other can't be read one after the other (see `tools.dev.rooms`)."""
    assert floors(rooms())[1] == set()


@pytest.mark.parametrize("module", modules("tether.browser", "tether.process"))
def test_adapters_do_not_know_each_other(module: str) -> None:
    """Each adapts one thing; they share what proxies, values, databases and files need."""
    others = {name for name in imported(module) if is_in(name, "tether.browser", "tether.process")}
    shared = {f"tether.browser.{name}" for name in ("proxies", "values", "database")}
    shared.add("tether.process.blob")
    assert others <= {module, *shared}


@pytest.mark.parametrize("module", PATHS)
def test_proxies_are_made_where_they_are_owned(module: str) -> None:
    """A proxy without an owner leaks, or is destroyed before it is called."""
    if is_in(module, "tether.browser", "page.ui.dom"):
        return
    used = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
    used |= {node.id for node in ast.walk(tree(module)) if isinstance(node, ast.Name)}
    assert not used & PROXY_MAKERS


@pytest.mark.parametrize("module", PATHS)
def test_rules_are_changed_by_the_routing_test_alone(module: str) -> None:
    """The page must not be able to run without a cure."""
    if is_in(module, "page.routing_test", "tether.core.model.binding"):
        return
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            assert "Binding" not in ast.unparse(node.func)
            assert "binding" not in {keyword.arg for keyword in node.keywords}


def test_nothing_is_made_from_text() -> None:
    """Names of files and nodes come from strangers: they are text, never HTML or code."""
    scripts = [path for kind in ("*.mjs", "*.js") for path in (ROOT / "static").rglob(kind)]
    sources = [*PATHS.values(), *(path for path in scripts if "vendor" not in path.parts)]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources
        for word in UNSAFE
        if word in path.read_text()
    ]
    assert found == []


def test_modules_are_as_long_as_their_idea() -> None:
    """A longer one gives its reason above."""
    folders = ("app", "static/boot", "static/site", "tools")
    files: list[Path] = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    sources = [path for path in files if path.suffix in (".py", ".mjs", ".js", ".sh")]
    too_long = {
        path.relative_to(ROOT).as_posix()
        for path in sources
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert too_long == LONGER.keys()


def test_no_constructor_takes_more_than_six_parameters() -> None:
    """Nor is there a bundle of more callables: what belongs together is one object."""
    sources = [*PATHS.values(), *(ROOT / "tools").rglob("*.py")]
    trees = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in sources}
    found = []
    for path, whole in trees.items():
        for node in ast.walk(whole):
            if isinstance(node, ast.FunctionDef) and node.name == "__init__":
                given = node.args
                count = len(given.posonlyargs) + len(given.args) + len(given.kwonlyargs) - 1
            elif isinstance(node, ast.ClassDef):
                fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
                count = sum("Callable[" in ast.unparse(each.annotation) for each in fields)
            else:
                continue
            if count > MOST_PARAMETERS:
                found.append(f"{path}:{node.lineno}: {count}")
    assert found == []


def test_two_things_never_share_a_name() -> None:
    """Public classes have names of their own, and so have the constants of the core.

    The simulator is another program: it calls things as ComfyUI does.
    """
    names: dict[str, list[str]] = {}
    for module in PATHS.keys() - set(modules("simulator")):
        for each in tree(module).body:
            if isinstance(each, ast.ClassDef) and not each.name.startswith("_"):
                names.setdefault(each.name, []).append(module)
            targets = each.targets if isinstance(each, ast.Assign) else []
            if is_in(module, "tether.core"):
                for target in targets:
                    if isinstance(target, ast.Name) and target.id.isupper() and target.id[0] != "_":
                        names.setdefault(target.id, []).append(module)
    assert {name: found for name, found in names.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("module", "class_name", "method"), DRAWING)
def test_no_work_starts_from_a_paint(module: str, class_name: str, method: str) -> None:
    """A hidden page paints once a second, or never: work follows the runner instead."""
    assert not calls_of(module, class_name, method) & WORK
