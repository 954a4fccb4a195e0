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

# What runs in a Python process, and in no page.
OUTSIDE = (
    *("app/tether/command.py", "app/tether/process/"),
    *("app/tether/process_client.py", "app/tether/process_world.py"),
)

# Part of the page -> its modules and folders, below app/.
LAZY = {
    "doctor": ("page/servers/doctor_rules.py",),
    "servers": (
        *("demo/__init__.py", "demo/agenda.py", "demo/memory.py", "demo/network.py"),
        *("demo/server.py", "simulator/"),
    ),
    "demo": ("demo/canvas.py", "demo/world.py"),
    "routing_test": (
        *("page/routing_test/live.py", "page/routing_test/panel.py", "page/routing_test/report.py"),
        *("page/routing_test/scenes.py", "page/routing_test/stage.py"),
        *("page/routing_test/window.py", "demo/quick_work.py"),
    ),
    "embedded": (
        *("tether/runtime/workflow_file.py", "tether/workflows/budget.py"),
        "tether/workflows/embedded.py",
        *("tether/workflows/graph.py", "tether/workflows/tags.py", "tether/workflows/unwrap.py"),
    ),
    "form": (
        "page/composer/field_rows.py",
        *("page/composer/form_fields.py", "page/composer/form_panel.py", "page/composer/sweep.py"),
        *("page/composer/presets.py", "page/composer/presets_panel.py"),
        "page/composer/prompt_file.py",
        "tether/workflows/dynamic_choices.py",
        *("tether/workflows/queued.py", "tether/workflows/values.py"),
        "tether/workflows/variants.py",
    ),
    "runs": (
        *("page/composer/run_history.py", "page/composer/server_files.py"),
        *("page/composer/server_workflows.py", "tether/workflows/blueprint.py"),
    ),
    "convert": (
        *("tether/workflows/convert.py", "tether/workflows/dynamic_choices.py"),
        "tether/workflows/graph.py",
        *("tether/workflows/queued.py", "tether/workflows/resolve.py"),
        *("tether/workflows/values.py", "tether/workflows/widgets.py"),
    ),
    "mask": ("page/composer/mask_painter.py", "page/composer/painting.py"),
    "queue": ("page/tasks/queue.py", "page/tasks/queue_dialog.py"),
    "samples": ("page/composer/samples.py",),
    "save": (
        *("page/tasks/file_names.py", "page/tasks/save_all.py", "page/ui/clock.py"),
        "tether/workflows/values.py",
    ),
    "saving": (
        *("page/saving_panel.py", "page/tasks/file_names.py", "page/tasks/save_all.py"),
        "page/ui/clock.py",
        "tether/workflows/values.py",
    ),
    "grid": (
        *("page/grid/contact_sheet.py", "page/grid/panel.py", "page/grid/sweeps.py"),
        "page/ui/clock.py",
    ),
    "viewer": ("page/viewer/", "tether/workflows/values.py"),
    "lanes": (
        *("page/lanes/drawing.py", "page/lanes/panel.py", "page/lanes/picture.py"),
        "page/ui/clock.py",
    ),
    "keeper": (
        *("page/gallery/entry.py", "page/gallery/keeper.py", "page/gallery/store.py"),
        "tether/workflows/values.py",
    ),
    "gallery": ("page/gallery/dialog.py", "page/gallery/panel.py", "page/ui/clock.py"),
    "windows": ("page/ui/clock.py", "page/windows/others.py", "page/windows/panel.py"),
    "offer": ("page/notifications/offer.py",),
}


def lazy_modules(manifest: str) -> set[str]:
    """Return the paths of modules that the page fetches lazily."""
    groups: dict[str, list[str]] = tomllib.loads(manifest).get("lazy", {})
    return {path for paths in groups.values() for path in paths}


def modules_in(root: Path, places: tuple[str, ...] = ("",)) -> list[str]:
    """Return the page's modules among these, and in these folders, which are below `app/`."""
    paths = (path.relative_to(root / "app").as_posix() for path in (root / "app").rglob("*.py"))
    found = sorted(f"app/{path}" for path in paths if path.startswith(places))
    return [path for path in found if path != START and not path.startswith(OUTSIDE)]


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
    lazy = {name: modules_in(ROOT, places) for name, places in LAZY.items()}
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
