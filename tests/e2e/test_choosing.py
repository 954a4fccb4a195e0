"""Choosing files: what is wrong with one is said at once, and no longer than it is so."""

import json

from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import farm, open_page

EMPTY = {"width": 16, "height": 16, "batch_size": 1, "color": 0}
GOOD = json.dumps(
    {
        "1": {"class_type": "EmptyImage", "inputs": EMPTY},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
    }
)


def file_of(name: str, content: str, kind: str = "application/json") -> FilePayload:
    """A file to be picked."""
    return {"name": name, "mimeType": kind, "buffer": content.encode()}


def test_a_workflow_file_can_be_chosen_again(watched_page: Page, background: Background) -> None:
    """After none was chosen, after a broken one, and in place of a good one."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        again = page.get_by_text("Choose a file…", exact=True)
        chosen = page.locator("#workflow option:checked")
        expect(again).to_be_hidden()
        with page.expect_file_chooser():  # nothing is chosen in it
            page.locator("#workflow").select_option("own")
        with page.expect_file_chooser() as chooser:
            again.click()
        chooser.value.set_files([file_of("broken.json", "{")])
        expect(page.locator("#notices")).to_contain_text("broken.json: ")
        expect(chosen).to_have_text("Own workflow…")
        for name in ("one.json", "two.json"):
            with page.expect_file_chooser() as chooser:
                again.click()
            chooser.value.set_files([file_of(name, GOOD)])
            expect(chosen).to_have_text(name)
        page.locator("#workflow").select_option("invert")
        expect(again).to_be_hidden()
