"""ComfyUI's own frontend on an embedded server, and beside Tether."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import expect_done, farm, open_page, picture_of, wait_for
from tools.comfy.frontend import Frontend
from tools.oracle.__main__ import Outcome, outcomes
from tools.oracle.classes import described
from tools.oracle.compare import Verdict
from tools.oracle.editor import READY
from tools.oracle.templates import sort_out, spread, templates

YELLOW = (255, 255, 0)


def node(number: int, kind: str, *values: object, link: int = 0, **slots: str) -> dict:
    """A node of a chain, as the editor saves it."""
    inputs = [{"name": name, "type": "IMAGE", "link": link} for name in slots.values() if link]
    outputs = [{"name": "IMAGE", "type": "IMAGE", "links": [number]}]
    place = {"pos": [number * 300, 200], "size": [240, 120], "flags": {}, "order": number}
    shown = {"mode": 0, "properties": {}, "widgets_values": [*values]}
    return {
        "id": number,
        "type": kind,
        "inputs": inputs,
        "outputs": outputs if kind != "SaveImage" else [],
        **place,
        **shown,
    }


BLUE_INVERTED = {
    "last_node_id": 3,
    "last_link_id": 2,
    "nodes": [
        node(1, "EmptyImage", 64, 48, 1, 255),
        node(2, "ImageInvert", link=1, name="image"),
        node(3, "SaveImage", "made", link=2, name="images"),
    ],
    "links": [[1, 1, 0, 2, 0, "IMAGE"], [2, 2, 0, 3, 0, "IMAGE"]],
    "groups": [],
    "config": {},
    "extra": {},
    "version": 0.4,
}


@pytest.mark.long
def test_what_the_frontend_ran_can_be_run_again(page: Page, background: Background) -> None:
    """Somebody opens a file in it, edits it and presses Run; Tether finds it among recent runs."""
    with farm(background, count=1) as made:
        server = made.servers[0]
        server.frontend = Frontend()
        editor = page.context.new_page()
        editor.route(
            lambda url: not url.startswith((server.url, "blob:", "data:")),
            lambda route: route.abort(),
        )
        # Somebody who has been here before: without the tour of the templates.
        known = {"Comfy.TutorialCompleted": True}
        editor.request.post(f"{server.url}/api/settings", data=known)
        editor.goto(server.url)
        editor.wait_for_function(READY)
        with editor.expect_file_chooser() as chooser:
            editor.locator("body").press("Control+o")
        file = {"name": "blue.json", "mimeType": "application/json"}
        content = json.dumps(BLUE_INVERTED).encode()
        chooser.value.set_files({**file, "buffer": content})
        editor.wait_for_function("app.graph.nodes.length === 3")
        editor.evaluate("""() => {
            const save = app.graph.nodes.find(each => each.type === 'SaveImage')
            save.widgets.find(each => each.name === 'filename_prefix').value = 'edited'
        }""")
        editor.get_by_test_id("queue-button").click()
        wait_for(editor, lambda: server.engine.process.history.entries, "the end of its task")

        open_page(page, made)
        page.locator("#runs-open").click()
        page.locator("#runs-recent button", has_text="edited_00001_.png").click()
        expect(page.locator("#workflow")).to_have_value("own")
        page.locator("#run").press("Enter")
        expect_done(page, 1)
        assert picture_of(page).getpixel((10, 10)) == YELLOW
        page.locator("#runs-open").click()
        page.locator("#runs-templates summary").click()
        page.locator("#runs-templates button").first.click()
        expect(page.locator("#workflow option:checked")).not_to_have_text("edited_00001_.png")
        expect(page.locator("#runs")).to_be_hidden()


def test_ten_templates_are_converted_as_the_frontend_does() -> None:
    """Evenly over all; the rest is for `make oracle`."""
    verify(compared(10))


@pytest.mark.long
def test_sixty_templates_are_converted_as_the_frontend_does() -> None:
    """Evenly over all."""
    verify(compared(60))


def verify(found: list[Outcome]) -> None:
    """No template has another effect than with the editor."""
    print("\n".join(line for each in found for line in each.lines()))
    names = {each.name for each in found}
    fine = {each.name for each in found if each.verdict in (Verdict.SAME, Verdict.SAME_EFFECT)}
    assert fine == names


def compared(count: int) -> list[Outcome]:
    """So many templates, evenly over all: ours beside the editor's."""
    names = spread(sort_out(templates(), described()).usable, count)

    async def all_of_them() -> list[Outcome]:
        return [each async for each in outcomes(names)]

    # Playwright's own loop runs in this thread.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, all_of_them()).result()
