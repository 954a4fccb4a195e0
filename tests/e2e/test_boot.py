"""The page starts, silently, from its own origin alone, wherever it lives."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, expect_done, farm, noise, open_page, run, wait_for
from tests.e2e.test_page import NO_PYTHON
from tests.e2e.tiny_page import lay_tiny_page
from tests.e2e.watch import Watch
from tools.dev.serve import PageServer

ROOT = Path(__file__).resolve().parents[2]
READY = "html[data-ready=true]"


def expect_ready(page: Page) -> None:
    """Wait until `app/main.py` says that it has started."""
    expect(page.locator(READY)).to_be_attached()


def origin(url: str) -> str:
    """Return `scheme://host:port`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def test_page_starts_and_says_nothing(
    watched_page: Page, watch: Watch, page_server: PageServer
) -> None:
    """Python is ready, the console is empty, and nothing was asked of another origin."""
    for visit in ("first", "second"):
        started = time.perf_counter()
        watched_page.goto(page_server.url)
        expect_ready(watched_page)
        print(f"{visit} visit: ready in {time.perf_counter() - started:.2f} s")
        expect(watched_page.locator("#boot")).to_be_empty()

    assert watch.origins() == {origin(page_server.url)}


@pytest.mark.long
@pytest.mark.fresh_tab
def test_nothing_is_called_empty_before_it_is_known(
    watched_page: Page, page_server: PageServer
) -> None:
    """That there is no server, no task, is said when Python knows; or when it won't come."""
    held: list[Route] = []
    watched_page.route("**/pyodide.asm.wasm", lambda route: held.append(route))
    link = watched_page.get_by_role("link", name="Try it without a server")
    empty = watched_page.locator("#task-none")
    watched_page.goto(page_server.url, wait_until="domcontentloaded")
    expect(watched_page.locator("#run")).to_be_visible()
    expect(link).to_be_hidden()
    expect(empty).to_be_hidden()
    wait_for(watched_page, lambda: held, "the list of servers")
    held.pop().continue_()
    expect_ready(watched_page)
    expect(link).to_be_visible()
    expect(empty).to_be_visible()
    watched_page.add_init_script(NO_PYTHON)
    watched_page.reload(wait_until="domcontentloaded")
    expect(link).to_be_hidden()
    watched_page.evaluate("tetherBootFailed('no Python')")
    expect(link).to_be_visible()


@pytest.mark.long
def test_nothing_depends_on_jspi(watched_page: Page, background: Background) -> None:
    """The page does without suspending WebAssembly, whatever the browser has."""
    with farm(background, 1) as one:
        open_page(watched_page, one)
        found = watched_page.evaluate(
            "[typeof WebAssembly.Suspending, typeof WebAssembly.promising]"
        )
        assert found == ["undefined"] * 2
        run(watched_page, [as_file(noise(1), "one.png")])
        expect_done(watched_page, 1)
        assert watched_page.evaluate("runWebSocketRoutingFixTest()")["passed"] is True


def test_any_web_server_serves_the_page_at_any_path(
    watched_page: Page, watch: Watch, plain_server: str
) -> None:
    """Python's own, with the page in a folder, as on GitHub Pages."""
    watched_page.goto(plain_server)
    expect_ready(watched_page)
    assert all(url.startswith(plain_server) for url in watch.requests)


def test_without_vendor_the_page_says_what_to_run(
    watched_page: Page, watch: Watch, background: Background, tmp_path: Path
) -> None:
    """The clone is fresh; plain HTML names the command."""
    watch.expect("404")
    folder = lay_tiny_page(tmp_path, {"main.py": ""}, with_vendor=False)
    server = PageServer(root=folder)
    background.run(server.start())
    watched_page.goto(server.url)
    expect(watched_page.get_by_role("status")).to_contain_text("make vendor")
    background.run(server.stop())


def test_opened_as_a_file_the_page_says_what_to_run(watched_page: Page, watch: Watch) -> None:
    """Someone double-clicked index.html."""
    watch.expect("blocked by CORS policy")
    watch.expect("ERR_FAILED")
    watched_page.goto((ROOT / "index.html").as_uri())
    expect(watched_page.get_by_role("status")).to_contain_text("make demo")


@pytest.mark.fresh_tab
@pytest.mark.browser_context_args(java_script_enabled=False)
def test_without_scripts_the_page_says_what_it_needs(watched_page: Page) -> None:
    """The same words serve a browser that runs no script at all."""
    watched_page.goto((ROOT / "index.html").as_uri())
    expect(watched_page.locator(".unscripted")).to_be_visible()
    expect(watched_page.locator(".unscripted")).to_contain_text("JavaScript")


def test_the_notice_for_browsers_without_scripts_is_hidden_from_others(
    watched_page: Page, page_server: PageServer
) -> None:
    """It must not flash before Python is there."""
    watched_page.goto(page_server.url, wait_until="commit")
    expect(watched_page.locator(".unscripted")).to_be_hidden()
    expect_ready(watched_page)


@pytest.mark.fresh_tab
@pytest.mark.parametrize(
    ("lacks", "script"),
    [
        ("WebAssembly", "delete window.WebAssembly"),
        # Modules still run here: without WebAssembly nothing starts, as without modules.
        (
            "WebAssembly and module scripts",
            "delete window.WebAssembly; delete HTMLScriptElement.prototype.noModule",
        ),
    ],
)
def test_a_browser_that_is_too_old_is_told_so(
    watched_page: Page, watch: Watch, page_server: PageServer, lacks: str, script: str
) -> None:
    """In words that a person can act on, whatever else goes wrong there."""
    watch.allow("")
    watched_page.add_init_script(script)
    watched_page.goto(page_server.url)
    expect(watched_page.locator("#boot")).to_have_text(
        f"Tether cannot run in this browser: it has no {lacks}. "
        "Open this page in a current Chrome, Edge, Firefox or Safari."
    )


def test_policy_forbids_code_from_text_and_from_elsewhere(
    watched_page: Page, watch: Watch, page_server: PageServer
) -> None:
    """Whatever a stranger's file name or answer contains, it cannot become a program."""
    watch.expect("policy violated: script-src.* eval")
    watch.expect("policy violated: script-src-elem inline")
    watch.expect("policy violated: script-src-elem https://cdn.invalid/x.js")
    watch.expect("Content Security Policy")
    watched_page.goto(page_server.url)
    expect_ready(watched_page)
    # In a timer: the debugger's own evaluation is above the policy.
    tried = watched_page.evaluate(
        """() => new Promise((resolve) => setTimeout(() => {
          try { Function("return 1")(); resolve("ran"); } catch (error) { resolve(error.name); }
        }))"""
    )
    assert tried == "EvalError"
    ran = watched_page.evaluate(
        """() => new Promise((resolve) => {
          let refusals = 0;
          document.addEventListener("securitypolicyviolation", () => {
            refusals += 1;
            if (refusals === 2) setTimeout(() => resolve(window.ran ?? "nothing ran"));
          });
          const add = (properties) =>
            document.head.append(Object.assign(document.createElement("script"), properties));
          add({ textContent: "window.ran = 1" });
          add({ src: "https://cdn.invalid/x.js" });
        })"""
    )
    assert ran == "nothing ran"


def test_an_error_in_main_is_shown_on_the_page(
    watched_page: Page, watch: Watch, background: Background, tmp_path: Path
) -> None:
    """The visitor sees the exception, not an endless "Starting…"."""
    watch.expect("no screws left")
    source = "raise RuntimeError('no screws left')"
    server = PageServer(root=lay_tiny_page(tmp_path, {"main.py": source}))
    background.run(server.start())
    watched_page.goto(server.url)
    expect(watched_page.get_by_role("status")).to_contain_text(
        "could not start: RuntimeError: no screws left"
    )
    background.run(server.stop())
