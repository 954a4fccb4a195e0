"""A person's view of the page, and a farm of real servers for it."""

import json
import re
import time
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image
from playwright.sync_api import (
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    WebSocket,
    expect,
)
from playwright.sync_api import (
    Error as PlaywrightError,
)

from simulator.catalogue import CATALOGUE
from simulator.nodes import NodeClasses
from simulator.settings import Settings
from tests.e2e.background import Background
from tests.e2e.built import SERVED
from tests.ports import free_port
from tools.comfy.server import ComfyServer
from tools.dev.serve import PageServer

LOCAL = Settings(port=0, cors="*")

AT_WORK = "before ImageInvert"
"""Where a task of the usual workflow stands while a story goes on."""

PATIENCE = 180.0
"""Seconds after which what a test waits for will not come, on however busy a machine."""


@dataclass
class Farm:
    """Embedded servers and the page that knows them."""

    background: Background
    servers: list[ComfyServer]
    page: PageServer

    @property
    def url(self) -> str:
        """The page's address."""
        return self.page.url

    def change(self, number: int, **fields: Any) -> None:
        """Change settings of a server while it runs."""

        async def change() -> None:
            self.servers[number].change(**fields)

        self.background.run(change())

    def hold(self, *numbers: int, at: str = AT_WORK) -> None:
        """Let all servers, or these, stop what comes to a place. See `ComfyServer.hold`."""
        self._at_each(numbers, lambda server: server.hold(at))

    def release(self, *numbers: int, at: str = AT_WORK) -> None:
        """Let all servers, or these, go on."""
        self._at_each(numbers, lambda server: server.release(at))

    def _at_each(self, numbers: Sequence[int], do: Callable[[ComfyServer], None]) -> None:
        async def do_each() -> None:
            for number in numbers or range(len(self.servers)):
                do(self.servers[number])

        self.background.run(do_each())

    def posts(self, number: int) -> int:
        """How many tasks a server was sent."""
        return sum(
            method == "POST" and path.startswith("/prompt")
            for method, path, _ in self.servers[number].requests
        )

    def polls(self, number: int) -> list[str]:
        """The calls by which a server's books were read."""
        return [
            path
            for _, path, _ in self.servers[number].requests
            if re.match(r"/api/jobs|/queue|/history", path)
        ]


@contextmanager
def farm(
    background: Background,
    count: int = 2,
    classes: Sequence[NodeClasses] = (),
    is_held: bool = False,
    **fields: Any,
) -> Iterator[Farm]:
    """Start servers named gpu-1, gpu-2, … and the page that lists them.

    Args:
        background: Where they run.
        count: How many.
        classes: The node classes of each; all the same when empty.
        is_held: Whether tasks stop when they are at work, until `release`.
        **fields: Settings of all.
    """
    servers = [
        ComfyServer(
            replace(LOCAL, name=f"gpu-{number}", port=free_port(), **fields),
            classes=classes[number - 1] if classes else CATALOGUE,
            seed=number,
        )
        for number in range(1, count + 1)
    ]
    for server in servers:
        background.run(server.start())
    page = background.site
    if page.servers is not None:  # A test with two farms: the other has the address.
        page = PageServer(root=SERVED)
        background.run(page.start())
    page.servers = [{"url": f":{server.port}", "name": server.settings.name} for server in servers]
    made = Farm(background, servers, page)
    if is_held:
        made.hold()
    try:
        yield made
        if page is background.site:
            background.leave()
    finally:
        page.servers = None
        if page is not background.site:
            background.run(page.stop())
        for server in servers:
            background.run(server.stop())


@dataclass
class Heard:
    """What came over the page's WebSockets, as the browser itself saw it.

    `frames` holds (address, frame), `opened` the address of every socket in order, `open` those
    that stand.
    """

    frames: list[tuple[str, Any]] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    open: set[str] = field(default_factory=set)

    def follow(self, page: Page) -> None:
        """Listen to all sockets that a page opens from now on."""
        page.on("websocket", self._on_socket)

    def sockets_of(self, prompt_id: str) -> set[str]:
        """The addresses from which frames about a task came."""
        return {
            url
            for url, frame in self.frames
            if isinstance(frame, dict) and frame["data"].get("prompt_id") == prompt_id
        }

    def _on_socket(self, socket: WebSocket) -> None:
        self.open.add(socket.url)
        self.opened.append(socket.url)
        socket.on("close", lambda closed: self.open.discard(closed.url))
        socket.on("framereceived", lambda payload: self._on_frame(socket.url, payload))

    def _on_frame(self, url: str, payload: str | bytes) -> None:
        self.frames.append((url, json.loads(payload) if isinstance(payload, str) else payload))


def open_page(page: Page, farm_or_url: Farm | str) -> Page:
    """Open Tether and wait until it is ready."""
    page.goto(farm_or_url if isinstance(farm_or_url, str) else farm_or_url.url)
    expect_ready(page)
    return page


def expect_ready(page: Page) -> None:
    """Wait until Python has started."""
    ready = page.locator("html[data-ready=true]")
    expect(ready).to_be_attached()


def noise(seed: int, width: int = 64, height: int = 48) -> Image.Image:
    """A picture of which every pixel tells, and no two seeds are alike."""
    return Image.frombytes("RGB", (width, height), Random(seed).randbytes(width * height * 3))


def as_file(picture: Image.Image, name: str, **options: Any) -> FilePayload:
    """A picture as a file to be picked."""
    buffer = BytesIO()
    picture.save(buffer, format="PNG", **options)
    return {"name": name, "mimeType": "image/png", "buffer": buffer.getvalue()}


def run(
    page: Page,
    files: list[FilePayload] | list[Path],
    workflow: str = "invert",
    server: str = "",
) -> None:
    """Pick pictures, a workflow and a server (by name), press Run, wait for acceptance.

    By the keyboard: the form may come just then and move the button from under the mouse.
    """
    page.locator("#picture-picker").set_input_files(files)
    page.locator("#workflow").select_option(workflow)
    if server:
        choose_server(page, server)
    page.locator("#run").press("Enter")
    expect(page.locator("#pictures li")).to_have_count(0)


def choose_server(page: Page, name: str) -> None:
    """Choose a server by its name, whatever is said of its state beside it."""
    shown = re.compile(rf"^{re.escape(name)}( – .*)?$")
    option = page.locator("#server-choice option").filter(has_text=shown)
    page.locator("#server-choice").select_option(option.get_attribute("value"))


def run_own(page: Page, workflow: dict[str, Any], name: str = "") -> None:
    """Choose a workflow of one's own, and press Run."""
    text = json.dumps(workflow)
    # A name for each: the one before may be chosen yet, under the same value.
    name = name or f"{zlib.crc32(text.encode()):08x}.json"
    give_workflow(page, text, name)
    expect(page.locator("#workflow option:checked")).to_have_text(name)
    page.locator("#run").press("Enter")


def give_workflow(page: Page, text: str, name: str = "mine.json") -> None:
    """Pick a workflow file."""
    file: FilePayload = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    page.locator("#workflow-picker").set_input_files([file])


def open_menu(page: Page) -> None:
    """Open the menu, where settings and rare actions are."""
    page.locator("#menu-open").click()


UNFOLD = "all => { for (const each of all) each.open = true; }"


def unfold_form(page: Page) -> None:
    """Unfold the form that adds a server."""
    page.locator("#server-new").evaluate_all(UNFOLD)


def unfold_servers(page: Page) -> None:
    """Unfold the servers that are a line each: then their buttons are there.

    Not by clicks: a server in trouble unfolds by itself, perhaps just then.
    """
    page.locator(".server details").evaluate_all(UNFOLD)


def tasks(page: Page, state: str = "") -> Any:
    """The cards of tasks, of one state or all."""
    return page.locator(f".task[data-state={state}]" if state else ".task")


def expect_done(page: Page, count: int) -> None:
    """Wait until so many tasks are done: the more, the longer."""
    patience = 1000 * PATIENCE * max(1, count / 100)
    expect(tasks(page, "completed")).to_have_count(count, timeout=patience)


def result_of(page: Page, title: str) -> Image.Image:
    """The picture that a task's card shows."""
    card = page.locator(".task", has=page.locator(".title", has_text=title))
    return pixels(seen(card.locator("figure.image")))


def picture_of(page: Page, number: int = 0) -> Image.Image:
    """A picture that the page shows, by its place."""
    return pixels(seen(page.locator(".task figure.image").nth(number)))


def seen(figure: Locator) -> Locator:
    """A result that is fetched now at the latest: it comes into view."""
    figure.scroll_into_view_if_needed()
    shown = figure.locator(".result")
    expect(shown).to_have_count(1)
    return shown


def pixels(shown: Locator) -> Image.Image:
    """A picture as the page itself has it: a `blob:` is nobody else's."""
    data = shown.evaluate(
        """async (image) => {
            // A larger copy may take its place just then.
            for (let source = ""; source !== image.src;) {
                source = image.src;
                await image.decode().catch((error) => { if (source === image.src) throw error; });
            }
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            canvas.getContext("2d").drawImage(image, 0, 0);
            return canvas.toDataURL("image/png").split(",")[1];
        }"""
    )
    return Image.open(BytesIO(b64decode(data))).convert("RGB")


def saved(page: Page, number: int = 0) -> bytes:
    """The file behind a picture that the page shows, as its server gave it."""
    data = (
        page.locator(".task .result")
        .nth(number)
        .evaluate(
            """async (image) => {
            const content = await (await fetch(image.src)).blob();
            return new Promise((done) => {
                const reader = new FileReader();
                reader.onload = () => done(reader.result.split(",")[1]);
                reader.readAsDataURL(content);
            });
        }"""
        )
    )
    return b64decode(data)


_DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, type, bytes] of files)
    transfer.items.add(new File([Uint8Array.from(bytes)], name, {type}));
  document.querySelector("h1").dispatchEvent(
    new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: transfer}));
}"""


def drop(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Drop files anywhere on the page: (name, type, content)."""
    page.evaluate(_DROP, [(name, kind, list(content)) for name, kind, content in files])


def until(page: Page, expression: str) -> None:
    """Wait until something is so; Playwright's own way needs `eval`, which the page forbids."""
    wait_for(page, lambda: _is_so(page, expression), expression)


def wait_for(page: Page, condition: Callable[[], Any], what: str) -> None:
    """Wait until something is so outside the page, which goes on meanwhile."""
    give_up_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up_at, f"it never came: {what}"
        page.wait_for_timeout(25)  # Playwright handles what the page does meanwhile


def _is_so(page: Page, expression: str) -> bool:
    try:
        return bool(page.evaluate(expression))
    except PlaywrightError as error:
        if "context was destroyed" not in str(error):
            raise
        return False  # the page was on its way to another


def own_tasks(page: Page) -> list[dict[str, Any]]:
    """What the page says of its tasks."""
    return page.evaluate("windowTasks()")


def lock(page: Page) -> dict[str, Any] | None:
    """The window's lock."""
    return page.evaluate("getWindowServerLock()")


def fresh_window(context: BrowserContext, farm: Farm) -> Page:
    """Open one more tab on the page."""
    return open_page(context.new_page(), farm)
