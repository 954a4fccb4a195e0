"""Writes the list of Python modules into `pyscript.toml`.

PyScript fetches what `[files]` lists before it runs `app/main.py`. That is all
of `app/` but what `[lazy]` lists, and what runs outside the page.
"""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "pyscript.toml"

# The simulator serves `tools/` and the routing test; PyScript fetches main.py
# itself, as the page's script.
NOT_AT_BOOT = ("app/main.py", "app/routing_test/", "app/simulator/")


def lazy_modules(manifest: str) -> set[str]:
    """Return the paths that the page fetches only when asked for."""
    groups: dict[str, list[str]] = tomllib.loads(manifest).get("lazy", {})
    return {path for paths in groups.values() for path in paths}


def boot_modules(root: Path, lazy: set[str]) -> list[str]:
    """Return the paths of all modules that the page needs before it runs."""
    paths = (path.relative_to(root).as_posix() for path in (root / "app").rglob("*.py"))
    return sorted(path for path in paths if path not in lazy and not path.startswith(NOT_AT_BOOT))


def rewritten(manifest: str, modules: list[str]) -> str:
    """Return the manifest with exactly these modules under `[files]`."""
    before, _, rest = manifest.partition("[files]\n")
    _, gap, after = rest.partition("\n\n")
    lines = "\n".join(f'"./{path}" = "./{path}"' for path in modules)
    return f"{before}[files]\n{lines}{gap}{after}"


def main() -> int:
    """Rewrite `[files]` from the tree."""
    manifest = MANIFEST.read_text()
    fresh = rewritten(manifest, boot_modules(ROOT, lazy_modules(manifest)))
    MANIFEST.write_text(fresh)
    print(f"pyscript.toml: {len(tomllib.loads(fresh)['files'])} modules")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
