"""The form for a new task: how many, where it goes, and how pictures come in."""

import json
from base64 import b64encode

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    give_workflow,
    noise,
    open_page,
    run,
    tasks,
    unfold_servers,
    wait_for,
)
from tests.e2e.test_form import history
from tests.e2e.watch import Watch


def test_as_many_tasks_of_each_picture_as_are_wanted(
    watched_page: Page, background: Background
) -> None:
    """Three of each of two; Run says so, and below that they are alike without a seed."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        copies = page.get_by_label("How many of each")
        copies.fill("2")
        copies.press("ArrowUp")
        expect(copies).to_have_value("3")
        run_button, alike = page.locator("#run"), page.locator("#copies-alike")
        expect(run_button).to_have_text("Run 3 on 2 servers")
        expect(alike).to_contain_text("this workflow has no seed")
        page.locator("#picture-picker").set_input_files(
            [as_file(noise(number), f"{number}.png") for number in range(2)]
        )
        expect(run_button).to_have_text("Run 6 on 2 servers")
        run_button.click()
        expect_done(page, 6)
        expect(copies).to_have_value("3")
        page.locator("#picture-picker").set_input_files([as_file(noise(2), "2.png")])
        copies.fill("1")
        expect(run_button).to_have_text("Run")
        expect(alike).to_be_hidden()
        copies.press("Enter")
        expect_done(page, 7)
        expect(tasks(page).filter(has_text="0.png")).to_have_count(3)


@pytest.mark.long
def test_each_copy_has_a_seed_of_its_own(watched_page: Page, background: Background) -> None:
    """If that is wanted; a workflow without pictures has copies too."""
    workflow = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
        },
        "2": {
            "class_type": "TetherSlow",
            "inputs": {"image": ["1", 0], "steps": 1, "step_ms": 1, "seed": 7, "previews": False},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "s"}},
    }
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        give_workflow(page, json.dumps(workflow))
        page.locator("#copies").fill("4")
        alike = page.locator("#copies-alike")
        expect(alike).to_contain_text("tick “A new seed for each task”")
        page.locator("#form-fresh").check()
        expect(alike).to_be_hidden()
        page.locator("#run").click()
        expect_done(page, 4)
        seeds = {sent["2"]["inputs"]["seed"] for sent in history(one, 0)}
        assert len(seeds) == 4


@pytest.mark.long
def test_a_number_that_makes_no_sense_is_refused(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """With a sentence; the picture stays."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
        for typed in ("0", "100", "1.5", ""):
            page.locator("#copies").fill(typed)
            page.locator("#run").click()
            expect(page.locator("#compose .trouble")).to_contain_text("a whole number from 1 to 99")
            expect(page.locator("#pictures li")).to_have_count(1)
            expect(tasks(page)).to_have_count(0)
        page.locator("#copies").fill("2")
        page.locator("#run").click()
        expect_done(page, 2)


@pytest.mark.long
def test_automatic_says_which_server_now_and_why(
    watched_page: Page, background: Background
) -> None:
    """By queues; then by what was learned; then what is missing. A chosen server needs no word."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        line = page.locator("#server-forecast")
        expect(line).to_have_text("Now: gpu-1 or gpu-2 (equal queues)")
        two.hold(0)
        run(page, [as_file(noise(1), "1.png")], server="gpu-1")
        expect(line).to_be_hidden()
        page.locator("#server-choice").select_option("")
        expect(line).to_have_text("Now: gpu-2, 0 in its queue (gpu-1: 1 in its queue)")
        two.release(0)
        expect_done(page, 1)
        expect(line).to_have_text("Now: gpu-1 or gpu-2 (equal queues)")
        run(page, [as_file(noise(2), "2.png")], server="gpu-2")
        expect_done(page, 2)
        two.hold(0)
        run(page, [as_file(noise(3), "3.png")], server="gpu-1")
        page.locator("#server-choice").select_option("")
        expect(line).to_contain_text("gpu-2, starts at once, done in about 1 s (gpu-1: in about")
        two.release(0)
        expect_done(page, 3)
        for number in range(2):
            unfold_servers(page)
            page.locator(".server.card").first.locator("[data-action=remove]").click()
            expect(page.locator(".server.card")).to_have_count(1 - number)
        expect(line).to_have_text("No server can take a task now: add one.")


@pytest.mark.long
def test_a_phone_takes_a_photo(browser: Browser, background: Background) -> None:
    """It goes the way of every picture; a desk's computer is not offered it."""
    with farm(background, 1) as one:
        context = browser.new_context(
            has_touch=True, is_mobile=True, viewport={"width": 360, "height": 740}
        )
        page = open_page(context.new_page(), one)
        camera = page.get_by_label("take a photo")
        expect(page.get_by_text("take a photo", exact=True)).to_be_visible()
        assert camera.get_attribute("capture") == "environment"
        camera.set_input_files([as_file(noise(1), "photo.png")])
        expect(page.locator("#pictures li span")).to_have_text("photo.png")
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        page.locator("#run").tap()
        expect_done(page, 1)
        context.close()
        desk = open_page(browser.new_context().new_page(), one)
        expect(desk.get_by_text("take a photo", exact=True)).to_be_hidden()
        desk.context.close()


DRAG = """([name, kind, isOut]) => {
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(atob(PNG), (each) => each.charCodeAt(0));
  const picture = new File([bytes], "x.png", {type: "image/png"});
  if (kind === "file") transfer.items.add(picture);
  else transfer.setData("text/plain", "words");
  const entered = isOut ? null : document.querySelector("#tasks-title");
  const options = {bubbles: true, cancelable: true, dataTransfer: transfer, relatedTarget: entered};
  document.querySelector("h1").dispatchEvent(new DragEvent(name, options));
}""".replace("PNG", repr(b64encode(as_file(noise(1, 2, 2), "x.png")["buffer"]).decode()))


@pytest.mark.long
def test_the_page_shows_that_files_may_be_dropped_anywhere(
    watched_page: Page, background: Background
) -> None:
    """While they are dragged over it: not for words, and no more once they have left."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        marked, plain = page.locator("html.dragging"), page.locator("html:not(.dragging)")
        page.evaluate(DRAG, ["dragover", "text", False])
        expect(plain).to_be_attached()
        page.evaluate(DRAG, ["dragover", "file", False])
        expect(marked).to_be_attached()
        page.evaluate(DRAG, ["dragleave", "file", False])
        expect(marked).to_be_attached()
        page.evaluate(DRAG, ["dragleave", "file", True])
        expect(plain).to_be_attached()
        page.evaluate(DRAG, ["dragover", "file", False])
        page.evaluate(DRAG, ["drop", "file", False])
        expect(plain).to_be_attached()
        expect(page.locator("#pictures li")).to_have_count(1)


@pytest.mark.fresh_tab
def test_above_a_hundred_tasks_run_asks(watched_page: Page, background: Background) -> None:
    """A picture and 99 of it are meant; two of them may be a slip."""
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        page.on("dialog", refuse)
        page.locator("#picture-picker").set_input_files(
            [as_file(noise(number), f"{number}.png") for number in range(2)]
        )
        page.get_by_label("How many of each").fill("51")
        page.locator("#run").click()
        wait_for(page, lambda: bool(asked), "the question")
        assert asked == ["Run 102 tasks?"]
        expect(page.locator("#pictures li")).to_have_count(2)
        expect(tasks(page)).to_have_count(0)


def test_a_picture_goes_to_no_workflow_that_takes_none(
    watched_page: Page, background: Background
) -> None:
    """It is said at the picture, nothing is sent, and without it the workflow runs."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        given = {"width": 16, "height": 12, "batch_size": 1, "color": 255}
        nodes = {
            "1": {"class_type": "EmptyImage", "inputs": given},
            "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        }
        give_workflow(page, json.dumps(nodes), "blue.json")
        expect(page.locator("#workflow option:checked")).to_have_text("blue.json")
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "photo.png")])
        page.locator("#run").click()
        expect(page.locator("#compose")).to_contain_text("This workflow takes no files.")
        expect(page.locator("#pictures li")).to_have_count(1)
        page.get_by_role("button", name="Remove photo.png").click()
        page.locator("#run").click()
        expect_done(page, 1)
        expect(tasks(page)).to_have_count(1)
        expect(tasks(page)).not_to_contain_text("photo.png")
