"""What of the page's standard library is ours, where it can be tried outside a page.

A start itself is tried in `tests/e2e/test_site.py`, and asyncio by all that runs in a browser.
"""

import runpy
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).resolve().parents[3] / "tools/site/library"


def module(path: str) -> dict[str, Any]:
    """What a module has."""
    return runpy.run_path(str(LIBRARY / path))


def test_the_log_is_the_console(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings and errors, with their values; the rest is silent."""
    log = module("logging.py")["getLogger"]("asyncio")
    log.debug("nobody reads %s", "this")
    log.info("nor this")
    log.warning("%s took %s s", "it", 3)
    log.error("it broke", exc_info=ValueError("why"))
    assert capsys.readouterr().err == "asyncio: it took 3 s \nasyncio: it broke why\n"


def test_tracebacks_have_no_colours() -> None:
    """Every colour of the theme is empty."""
    colours = module("_colorize.py")
    assert not colours["can_colorize"](file=None)
    theme = colours["get_theme"](force_no_color=True).traceback
    assert f"{theme.type}{theme.reset}{theme.message}" == ""


def test_packages_have_folders_that_javascript_can_ask_for() -> None:
    """Pyodide calls `__str__`, which a string doesn't have there."""
    loader = module("pyodide/_package_loader.py")
    folders = loader["SITE_PACKAGES"], loader["DSO_DIR"]
    assert [str(folder) for folder in folders] == ["/lib/python3.14/site-packages", "/usr/lib"]
    assert not any(isinstance(folder, str) for folder in folders)
