"""What crosses the border between JavaScript and Python: exposed functions, early acts."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.test_boot import expect_ready
from tests.e2e.tiny_page import lay_tiny_page
from tools.dev.serve import PageServer

EXPOSE = """
import asyncio
import js

def lock():
    return {"server": "http://a", "promptId": None, "locks": [{"since": 1.5, "ids": ["x"]}]}

async def later(first, second):
    await asyncio.sleep(0.01)
    return first + second

def nothing():
    pass

def refuse():
    raise LookupError("no such task: it was removed")

for name, function in (("getWindowServerLock", lock), ("later", later), ("nothing", nothing),
                       ("refuse", refuse)):
    js.tetherExpose(name, function)
js.document.documentElement.dataset.ready = "true"
"""

TAKE = """
import js
js.taken = js.tetherEarly.take()
js.document.documentElement.dataset.ready = "true"
"""

LAZY = """
import js
from pyscript import config

async def load():
    await js.tetherLoadPython(*config["lazy"]["extra"])
    from extra.deep import answer
    return answer

js.tetherExpose("load", load)
js.document.documentElement.dataset.ready = "true"
"""


@pytest.fixture
def serve_tiny(background: Background, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Serve a page with this `main.py` and other files; hand out its address."""
    servers = []

    def serve(main: str, manifest: str = "", more: Mapping[str, str] | None = None) -> str:
        folder = lay_tiny_page(tmp_path, {"main.py": main, **(more or {})})
        with (folder / "pyscript.toml").open("a") as toml:
            toml.write(manifest)
        server = PageServer(root=folder)
        background.run(server.start())
        servers.append(server)
        return server.url

    yield serve
    for server in servers:
        background.run(server.stop())


def test_exposed_functions_are_ordinary_async_functions(
    watched_page: Page, serve_tiny: Callable[..., str]
) -> None:
    """Real promises of plain objects; None is null; exceptions are errors with a name."""
    page = watched_page
    page.goto(serve_tiny(EXPOSE))
    expect_ready(page)
    assert page.evaluate("getWindowServerLock() instanceof Promise")
    assert page.evaluate("getWindowServerLock().then(JSON.stringify)") == (
        '{"server":"http://a","promptId":null,"locks":[{"since":1.5,"ids":["x"]}]}'
    )
    assert page.evaluate("later('a', 'b')") == "ab"
    assert page.evaluate("nothing().then((value) => value === null)")
    refusal = "refuse().catch((e) => [e instanceof Error, e.name, e.message])"
    assert page.evaluate(refusal) == [True, "LookupError", "no such task: it was removed"]


def test_an_announced_function_may_be_called_before_python_is_there(
    watched_page: Page, serve_tiny: Callable[..., str]
) -> None:
    """The call waits and is answered."""
    watched_page.goto(serve_tiny(EXPOSE))
    assert watched_page.evaluate("document.documentElement.dataset.ready ?? 'not yet'") == "not yet"
    assert watched_page.evaluate("getWindowServerLock().then((lock) => lock.server)") == "http://a"


def test_what_the_visitor_does_before_python_is_there_is_kept(
    watched_page: Page, serve_tiny: Callable[..., str]
) -> None:
    """A click on Run and a dropped picture wait, in order, until the page takes them; once."""
    page = watched_page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/app/main.py", hold)
    with page.expect_request("**/app/main.py"):
        page.goto(serve_tiny(TAKE))
    page.get_by_role("button", name="Run").click()
    page.locator("#app").evaluate(
        """(element) => {
          const files = new DataTransfer();
          files.items.add(new File(["abc"], "cat.png", { type: "image/png" }));
          element.dispatchEvent(new DragEvent(
            "drop", { dataTransfer: files, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.get_by_role("status")).to_contain_text("2")
    held[0].continue_()
    expect_ready(page)
    assert page.evaluate("taken.map((act) => act.kind)") == ["click", "files"]
    assert page.evaluate("taken[0].action") == "run"
    assert page.evaluate("[taken[1].target, taken[1].files[0].name]") == ["app", "cat.png"]
    assert page.evaluate("taken[1].files[0].text()") == "abc"
    page.get_by_role("button", name="Run").click()
    assert page.evaluate("tetherEarly.take().length") == 0


def test_python_can_be_fetched_when_it_is_needed(
    watched_page: Page, serve_tiny: Callable[..., str]
) -> None:
    """Modules of [lazy] cost nothing at the start."""
    manifest = '\nextra = ["app/extra/__init__.py", "app/extra/deep.py"]\n'
    modules = {"extra/__init__.py": "", "extra/deep.py": "answer = 42"}
    watched_page.goto(serve_tiny(LAZY, manifest, modules))
    expect_ready(watched_page)
    assert watched_page.evaluate("load()") == 42


def test_an_edited_module_is_never_run_from_old_byte_code(
    watched_page: Page, serve_tiny: Callable[..., str]
) -> None:
    """The compiled copy in static/vendor/ is of another text with the same name."""
    manifest = '\nextra = ["app/tether/__init__.py", "app/tether/core/ids.py"]\n'
    modules = {"tether/__init__.py": "", "tether/core/ids.py": "answer = 43"}
    watched_page.goto(serve_tiny(LAZY.replace("extra.deep", "tether.core.ids"), manifest, modules))
    expect_ready(watched_page)
    assert watched_page.evaluate("load()") == 43
