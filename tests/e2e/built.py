"""A built site, and a plain file server for it that can be stopped."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]

SERVED = Path(os.environ.get("SERVED") or ROOT)
"""The folder whose page the browser tests open: the source tree, or a built site."""


def tree(folder: Path, changes: dict[str, tuple[str, str]]) -> Path:
    """Copy what a site is built from, and change some files: path -> (old, new)."""
    ignored = shutil.ignore_patterns("vendor", "__pycache__")
    for name in ("app", "static", "tools"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("index.html", "pyscript.toml", "servers.json"):
        shutil.copy(ROOT / name, folder)
    for name in ("node_modules", "static/vendor"):
        (folder / name).symlink_to(ROOT / name)
    for path, (old, new) in changes.items():
        text = (folder / path).read_text()
        assert old in text, path
        (folder / path).write_text(text.replace(old, new))
    return folder


def build(target: Path, source: Path = ROOT, *options: str) -> Path:
    """Build a site as `make site` does."""
    command = ("node", "tools/site/build.mjs", "--from", source, "--to", target, *options)
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return target


class Host:
    """`python3 -m http.server` above a site: the site has a path of its own there.

    Args:
        folder: Served; the site goes into `tether/` below it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self._port}/tether/"

    def put(self, site: Path, servers: Sequence[dict[str, Any]] = ()) -> None:
        """Put a site in the place of the one before, as an upload does: its files are of now."""
        shutil.rmtree(self._folder / "tether", ignore_errors=True)
        shutil.copytree(site, self._folder / "tether", copy_function=shutil.copy)
        (self._folder / "tether/servers.json").write_text(json.dumps(list(servers)))

    def start(self) -> None:
        """Serve, at the same address as before."""
        command = [sys.executable, "-u", "-m", "http.server", str(self._port)]
        self._process = process = subprocess.Popen(
            [*command, "--bind", "127.0.0.1", "--directory", str(self._folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline(), "it serves"

    def stop(self) -> None:
        """Be gone. Safe to call twice."""
        if self._process is not None:
            self._process.terminate()
            self._process.communicate()
            self._process = None
