"""What every browser test needs: Chromium, the page's server, and a watch on both."""

import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Page, expect

from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.e2e.failures import IS_RED, Console, leave_behind
from tests.e2e.farm import PATIENCE
from tests.e2e.warm_tab import WarmTab, leave_anyway
from tests.e2e.watch import Watch, report_violations
from tools.dev.serve import PageServer

expect.set_options(timeout=PATIENCE * 1000)

ROOT = Path(__file__).resolve().parents[2]
FOUND_BY_SETUP = ROOT / "var" / "chromium"
SHELL = ROOT / "var" / "chromium-headless-shell"

FLAGS = [
    "--no-sandbox",
    # All tabs of the page in one process: each would compile Python anew.
    "--process-per-site",
    # This machine, by a name that is no loopback name for the browser: a page of the local network.
    "--host-resolver-rules=MAP lan.test 127.0.0.1",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page lives for seconds here, and optimizing its code takes a fifth of its time.
    # What is served from the source tree runs as people's browsers run it.
    *(() if SERVED == ROOT else ("--js-flags=--liftoff-only --no-opt --single-threaded",)),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder `browser`."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Name the browser in every test of it: between tests that do and don't, it is started anew."""
    if "seat" in metafunc.fixturenames and "browser_name" not in metafunc.fixturenames:
        metafunc.fixturenames.append("browser_name")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Launch the Chromium that the set-up found; Playwright's own if it names none."""
    path = os.environ.get("CHROMIUM", "")
    if not path and FOUND_BY_SETUP.exists():
        path = FOUND_BY_SETUP.read_text().strip()
    found = {"executable_path": path} if path else {}
    return {**browser_type_launch_args, **found, "args": FLAGS}


@pytest.fixture(scope="session")
def browser(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any]
) -> Iterator[Browser]:
    """The browser of this worker: Chromium's headless shell, if the set-up found it.

    Without all that serves windows, tests take a sixth less time. What needs windows, prompts or
    the cache of pages left launches a whole Chromium of its own.
    """
    launch = browser_type_launch_args
    is_named = bool(os.environ.get("CHROMIUM"))
    if SHELL.exists() and launch.get("headless", True) and not is_named and SHELL.read_text():
        launch = {**launch, "executable_path": SHELL.read_text()}
    browser = browser_type.launch(**launch)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    """The thread in which a test's servers run."""
    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="session")
def page_server(background: Background) -> PageServer:
    """The page as shipped: its list of servers is empty."""
    return background.site


@pytest.fixture
def plain_server() -> Iterator[str]:
    """`python3 -m http.server` above the page, which has a path of its own there."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with subprocess.Popen(
        [*command, "--directory", str(SERVED.parent)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://\S+/", process.stdout.readline())
        assert address is not None
        yield f"{address[0]}{SERVED.name}/"
        process.terminate()


@pytest.fixture(scope="session")
def warm_tab(
    browser: Browser, browser_context_args: dict[str, Any], background: Background
) -> Iterator[WarmTab]:
    """The tab of this worker."""
    tab = WarmTab(lambda: opened(browser.new_context(**browser_context_args)), background.site)
    yield tab
    tab.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, Any]:
    """Note that a test failed, for the fixtures that end after it."""
    report = yield
    item.stash[IS_RED] = item.stash.get(IS_RED, False) or report.failed
    return report


@pytest.fixture
def seat(request: pytest.FixtureRequest, background: Background) -> Iterator[Page]:
    """An empty tab: the worker's, or one of its own for a test that is marked `fresh_tab`."""
    if request.node.get_closest_marker("fresh_tab"):
        page = opened(request.getfixturevalue("context")).new_page()
        background.leave = partial(leave, page.context)
        yield page
    else:
        tab = request.getfixturevalue("warm_tab")
        page = tab.lend()
        background.leave = partial(leave, page.context)
        yield page
        tab.take_back()
    background.leave = lambda: None


@pytest.fixture
def page(seat: Page) -> Page:
    """The same tab, for tests that announce nothing."""
    return seat


@pytest.fixture
def watch(seat: Page, request: pytest.FixtureRequest) -> Iterator[Watch]:
    """Watch all pages of the test; fail it at its end on any problem it did not expect."""
    watch, console = Watch(seat.context), Console(seat.context)
    yield watch
    watch.stop()
    console.stop()
    if request.node.stash.get(IS_RED, False) or not watch.is_content():
        leave_behind(request.node.nodeid, console)
    watch.verify()


@pytest.fixture
def watched_page(watch: Watch, seat: Page) -> Page:
    """An empty tab under watch; open more with `watched_page.context.new_page()`."""
    return seat


def leave(context: BrowserContext) -> None:
    """Let all tabs go elsewhere."""
    for page in context.pages:
        page.goto("about:blank")


def opened(context: BrowserContext) -> BrowserContext:
    """Prepare a new context for pages of tests."""
    context.set_default_timeout(PATIENCE * 1000)
    leave_anyway(context)
    report_violations(context)
    return context
