"""Writes the lists of Python modules into `pyscript.toml`.

PyScript fetches what `[files]` lists before it runs `app/main.py`. That is all
of `app/` but what `[lazy]` lists: parts that the page fetches when asked for.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / "pyscript.toml"

# PyScript fetches main.py itself, as the page's script.
START = "app/main.py"

# Part of the page -> the folders with its modules.
LAZY = {
    "doctor": ("app/page/servers/doctor_rules.py",),
    "servers": (
        *("app/demo/__init__.py", "app/demo/agenda.py", "app/demo/memory.py"),
        *("app/demo/network.py", "app/demo/server.py", "app/simulator/"),
    ),
    "demo": (
        "app/demo/canvas.py",
        "app/demo/world.py",
    ),
    "routing_test": (
        *("app/page/routing_test/live.py", "app/page/routing_test/panel.py"),
        *("app/page/routing_test/report.py", "app/page/routing_test/scenes.py"),
        *("app/page/routing_test/stage.py", "app/page/routing_test/window.py"),
        "app/demo/quick_work.py",
    ),
    "embedded": ("app/tether/workflows/embedded.py",),
    "form": (
        *("app/page/composer/form_fields.py", "app/page/composer/form_panel.py"),
        "app/tether/workflows/values.py",
    ),
    "runs": ("app/page/composer/recent_runs.py", "app/page/composer/run_history.py"),
    "convert": (
        *("app/tether/workflows/convert.py", "app/tether/workflows/graph.py"),
        *("app/tether/workflows/resolve.py", "app/tether/workflows/widgets.py"),
    ),
    "viewer": ("app/page/viewer/",),
    "lanes": (
        *("app/page/lanes/drawing.py", "app/page/lanes/panel.py", "app/page/lanes/picture.py"),
        "app/page/ui/clock.py",
    ),
    "keeper": (
        *("app/page/gallery/entry.py", "app/page/gallery/keeper.py", "app/page/gallery/store.py"),
        "app/tether/workflows/values.py",
    ),
    "gallery": (
        *("app/page/gallery/dialog.py", "app/page/gallery/panel.py", "app/page/ui/clock.py"),
    ),
    "windows": (
        *("app/page/ui/clock.py", "app/page/windows/others.py", "app/page/windows/panel.py"),
    ),
    "offer": ("app/page/notifications/offer.py",),
}


def lazy_modules(manifest: str) -> set[str]:
    """Return the paths of modules that the page fetches lazily."""
    groups: dict[str, list[str]] = tomllib.loads(manifest).get("lazy", {})
    return {path for paths in groups.values() for path in paths}


def modules_in(root: Path, folders: tuple[str, ...] = ("app/",)) -> list[str]:
    """Return the paths of all modules in these folders."""
    paths = (path.relative_to(root).as_posix() for path in (root / "app").rglob("*.py"))
    return sorted(path for path in paths if path.startswith(folders) and path != START)


def boot_modules(root: Path, lazy: set[str]) -> list[str]:
    """Return the paths of all modules that the page needs before it runs."""
    return [path for path in modules_in(root) if path not in lazy]


def rewritten(manifest: str, boot: list[str], lazy: Mapping[str, list[str]]) -> str:
    """Return the manifest with exactly these modules under `[files]` and `[lazy]`."""
    before, _, rest = manifest.partition("[files]\n")
    between = rest.partition("\n\n")[2].partition("[lazy]\n")[0]
    files = "\n".join(f'"./{path}" = "./{path.removeprefix("app/")}"' for path in boot)
    parts = "\n".join(
        f"{name} = [\n" + "".join(f'    "{path}",\n' for path in paths) + "]"
        for name, paths in lazy.items()
    )
    return f"{before}[files]\n{files}\n\n{between}[lazy]\n{parts}\n"


def fresh(manifest: str) -> str:
    """Return the manifest for the modules of the tree."""
    lazy = {name: modules_in(ROOT, folders) for name, folders in LAZY.items()}
    boot = boot_modules(ROOT, {path for paths in lazy.values() for path in paths})
    return rewritten(manifest, boot, lazy)


def main() -> int:
    """Rewrite both lists from the tree."""
    manifest = fresh(MANIFEST.read_text())
    MANIFEST.write_text(manifest)
    print(f"pyscript.toml: {len(tomllib.loads(manifest)['files'])} modules")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
