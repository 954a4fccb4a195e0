"""Writes the lists of Python modules into `pyscript.toml`.

PyScript fetches what `[files]` lists before it runs `app/main.py`. That is all
of `app/` but what `[lazy]` lists: parts that the page fetches when asked for.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "pyscript.toml"

# PyScript fetches main.py itself, as the page's script.
START = "app/main.py"

# Part of the page -> the folders with its modules.
LAZY = {
    "doctor": ("app/core/doctor.py",),
    "servers": ("app/inpage/", "app/simulator/"),
    "routing_test": ("app/routing_test/", "app/ui/report.py"),
    "demo": ("app/demo/",),
    "carried": ("app/core/carried.py",),
    "form": ("app/core/form.py", "app/core/values.py", "app/ui/form.py", "app/ui/labels.py"),
    "runs": ("app/core/runs.py", "app/ui/runs.py"),
    "editor": ("app/core/editor/",),
    "zoom": (
        *("app/browser/clipboard.py", "app/browser/picture_tab.py"),
        *("app/ui/zoom.py", "app/zoom.py"),
    ),
    "lanes": (
        *("app/core/lane_bar.py", "app/core/lane_line.py", "app/core/lane_rows.py"),
        *("app/core/lanes.py", "app/ui/clock.py", "app/ui/lane_", "app/ui/lanes.py"),
    ),
    "keeping": (
        *("app/browser/shelf.py", "app/browser/thumbnail.py", "app/core/gallery.py"),
        *("app/core/values.py", "app/keeping.py"),
    ),
    "gallery": (
        *("app/core/album.py", "app/curator.py", "app/kept.py", "app/ui/gallery.py"),
        *("app/ui/clock.py", "app/ui/gallery_card.py", "app/ui/labels.py"),
    ),
    "offers": ("app/ui/offers.py",),
    "windows": ("app/core/others.py", "app/ui/clock.py", "app/ui/windows.py"),
    "telling": ("app/browser/notification.py",),
}


def lazy_modules(manifest: str) -> set[str]:
    """Return the paths that the page fetches only when asked for."""
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
    files = "\n".join(f'"./{path}" = "./{path}"' for path in boot)
    parts = "\n".join(
        f"{name} = [\n" + "".join(f'    "{path}",\n' for path in paths) + "]"
        for name, paths in lazy.items()
    )
    return f"{before}[files]\n{files}\n\n{between}[lazy]\n{parts}\n"


def fresh(manifest: str) -> str:
    """Return the manifest as the tree wants it."""
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
