"""However often something is pressed in one moment, it is done once."""

import json
from typing import Any

import pytest
from playwright.sync_api import Download, Page, expect

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
    until,
)
from tests.e2e.watch import Watch

THRICE = "each => { for (let n = 0; n < 3; n++) each.click() }"


def own(*sources: tuple[str, dict[str, Any]]) -> str:
    """A workflow that saves what each source gives, a class and its inputs."""
    nodes = {}
    for number, (class_type, inputs) in enumerate(sources):
        nodes[f"{number}0"] = {"class_type": class_type, "inputs": inputs}
        given = {"images": [f"{number}0", 0], "filename_prefix": "own"}
        nodes[f"{number}1"] = {"class_type": "SaveImage", "inputs": given}
    return json.dumps(nodes)


def test_however_often_run_is_pressed_each_picture_is_one_task(
    watched_page: Page, background: Background
) -> None:
    """Three presses at once, as an impatient hand does; a later one sends what came since."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        page.locator("#picture-picker").set_input_files(
            [as_file(noise(number), f"{number}.png") for number in range(4)]
        )
        page.locator("#run").evaluate(THRICE)
        expect_done(page, 4)
        expect(page.locator(".notice")).to_have_count(0)
        page.locator("#picture-picker").set_input_files([as_file(noise(9), "later.png")])
        page.locator("#run").evaluate(THRICE)
        expect_done(page, 5)
        assert two.posts(0) + two.posts(1) == 5


def test_each_button_that_causes_work_does_it_once_however_often_it_is_pressed(
    watched_page: Page, background: Background
) -> None:
    """Three presses in one moment; a second later a press is another wish."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(number), f"{number}.png") for number in range(2)])
        expect_done(page, 2)
        expect(page.locator(".results img")).to_have_count(2)
        page.locator("[data-action=use]").first.evaluate(THRICE)
        expect(page.locator("#pictures li")).to_have_count(1)
        saved: list[Download] = []
        page.on("download", lambda download: saved.append(download))
        with page.expect_download():
            page.locator("#task-save").evaluate(THRICE)
        page.locator(".task [data-action=again]").first.evaluate(THRICE)
        expect_done(page, 3)
        page.locator("#task-clear").evaluate(THRICE)
        page.locator("#undo").get_by_role("button", name="Undo").evaluate(THRICE)
        expect_done(page, 3)
        assert one.posts(0) == 3
        assert len(saved) == 1
        expect(page.locator("#pictures li")).to_have_count(1)


STOP_CLOCK = "() => { const now = performance.now(); performance.now = () => now; }"
"""Presses come within a moment, however slow the machine is."""

EMPTY = ("EmptyImage", {"width": 16, "height": 16, "batch_size": 1, "color": 7})


@pytest.mark.parametrize(
    "source", [EMPTY, pytest.param(("LoadImage", {"image": "example.png"}), marks=pytest.mark.long)]
)
def test_a_press_of_run_a_moment_later_is_the_same_wish(
    watched_page: Page, background: Background, source: tuple[str, dict[str, Any]]
) -> None:
    """It sends nothing, and asks for no picture; what was typed meanwhile makes it another."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        give_workflow(page, own(source))
        expect(page.locator("#workflow option:checked")).to_have_text("mine.json")
        if source[0] == "LoadImage":
            files = [as_file(noise(number), f"{number}.png") for number in range(4)]
            page.locator("#picture-picker").set_input_files(files)
        button = page.locator("#run")
        page.evaluate(STOP_CLOCK)
        for _ in range(2):
            button.click()
            until(page, "tether.tasks().length > 0")
            expect(page.locator("#pictures li")).to_have_count(0)
        copies = page.locator("#copies")
        copies.press("Enter")
        page.evaluate("delete performance.now")
        count = 4 if source[0] == "LoadImage" else 1
        expect_done(page, count)
        expect(page.locator("#compose .trouble")).to_have_count(0)
        if source[0] == "EmptyImage":
            copies.fill("2")
            page.evaluate(STOP_CLOCK)
            copies.press("Enter")
            copies.press("Enter")
            page.evaluate("delete performance.now")
            expect_done(page, 3)
            count = 3
        assert two.posts(0) + two.posts(1) == count


@pytest.mark.long
def test_the_gallery_and_the_large_view_do_it_once(
    watched_page: Page, background: Background
) -> None:
    """Run again and Use as input, there."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        page.locator(".task .result").click()
        page.locator("#zoom [data-action=use]").evaluate(THRICE)
        page.keyboard.press("Escape")
        expect(page.locator("#pictures li")).to_have_count(1)
        kept = page.locator("#gallery .kept").last
        for action in ("use", "again"):
            page.locator("#gallery-open").click()
            kept.locator(f"[data-action={action}]").evaluate(THRICE)
        expect_done(page, 2)
        expect(page.locator("#pictures li")).to_have_count(2)
        assert one.posts(0) == 2


@pytest.mark.long
def test_buttons_for_all_tasks_do_it_once(
    watched_page: Page, background: Background, watch: Watch
) -> None:
    """Send all, Cancel all with its Undo, Run lost tasks again."""
    watch.allow("404")  # what is cancelled, or was lost, is asked for
    watch.allow("ERR_CONNECTION_REFUSED")
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(number), f"{number}.png") for number in range(6)])
        expect(tasks(page, "waiting")).to_have_count(4)
        page.locator("#task-send").evaluate(THRICE)
        expect(tasks(page, "queued")).to_have_count(5)
        assert one.posts(0) == 6
        background.run(one.servers[0].kill())
        background.run(one.servers[0].start())
        expect(tasks(page, "lost")).to_have_count(6)
        one.hold()
        page.locator("#task-rerun").evaluate(THRICE)
        expect(tasks(page)).to_have_count(12)
        expect(tasks(page, "waiting")).to_have_count(4)
        page.locator("#task-cancel").evaluate(THRICE)
        expect(tasks(page, "cancelled")).to_have_count(6)
        page.locator("#undo [data-action=undo]").evaluate(THRICE)
        expect(tasks(page)).to_have_count(16)
