"""Choosing files: what is wrong with one is said at once, and no longer than it is so."""

import json

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, drop, farm, noise, open_page

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


@pytest.mark.long
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
        expect(chosen).to_have_text("Your own workflow…")
        for name in ("one.json", "two.json"):
            with page.expect_file_chooser() as chooser:
                again.click()
            chooser.value.set_files([file_of(name, GOOD)])
            expect(chosen).to_have_text(name)
        page.locator("#workflow").select_option("invert")
        expect(again).to_be_hidden()


@pytest.mark.long
def test_what_is_mended_is_complained_of_no_more(
    watched_page: Page, background: Background
) -> None:
    """A missing picture that came; a bad workflow file, by another and by a good one."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        notices, lack = page.locator("#notices li"), page.locator("#compose .trouble")
        page.locator("#run").click()
        expect(lack).to_contain_text(["This workflow needs a picture"])
        for name in ("first.json", "second.json"):
            page.locator("#workflow-picker").set_input_files([file_of(name, "{")])
            expect(notices).to_contain_text([f"{name}: "])
            expect(lack).to_have_count(1)
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "one.png")])
        expect(lack).to_have_count(0)
        expect(notices).to_contain_text(["second.json: "])
        page.locator("#workflow-picker").set_input_files([file_of("good.json", GOOD)])
        expect(notices).to_have_count(0)


def test_dropped_files_that_are_no_pictures_are_refused_at_once(
    watched_page: Page, background: Background
) -> None:
    """By their names; the pictures among them stay, and a workflow is taken as one."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        good = as_file(noise(1), "good.png")["buffer"]
        drop(page, ("notes.txt", "text/plain", b"notes"))
        expect(page.locator("#notices")).to_contain_text("notes.txt contains no workflow")
        files = [
            ("notes.png", "image/png", b"notes"),
            ("good.png", "image/png", good),
            ("mine.json", "application/json", GOOD.encode()),
            ("untold", "", b"\0" * 20),
        ]
        drop(page, *files)
        for name in ("notes.png", "untold"):
            expect(page.locator("#notices")).to_contain_text(f"{name} is not a picture")
        expect(page.locator("#pictures li span")).to_have_text(["good.png"])
        expect(page.locator("#workflow option:checked")).to_have_text("mine.json")
