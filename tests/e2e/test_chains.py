"""A second workflow takes the first one's result, whatever happens in between."""

from urllib.request import Request, urlopen

import pytest
from PIL import ImageChops, ImageStat
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    AT_WORK,
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    result_of,
    run,
    tasks,
    wait_for,
)
from tests.e2e.killed_browser import KilledBrowser
from tests.e2e.test_api import INVERT, LOADER, png
from tests.e2e.test_kill import killed  # noqa: F401
from tests.e2e.test_language import speak

TWO = "Upscale 2×"


def then(page: Page, name: str = TWO) -> None:
    """Let a workflow follow the one that is chosen."""
    page.get_by_role("button", name="Then…").press("Enter")
    choice = page.get_by_label("Then, with the result")
    expect(choice).to_be_focused()
    expect(choice.locator("option", has_text=name)).to_have_count(1)
    choice.select_option(label=name)


def posts(of: Farm) -> int:
    """How many tasks all servers were sent."""
    return sum(of.posts(number) for number in range(len(of.servers)))


def test_a_second_workflow_takes_the_result_of_the_first_over_a_reload(
    watched_page: Page, background: Background
) -> None:
    """It waits in nobody's way, is remembered in the form, and runs once with the other's file."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        two.hold()
        then(page)
        expect(page.locator("#run")).to_contain_text("2")
        run(page, [as_file(noise(1), "photo.png")])
        expect(tasks(page)).to_have_count(2)
        second = tasks(page).filter(has_text=TWO)
        expect(second).to_contain_text("after “photo.png · Invert colours”")
        wait_for(page, lambda: any(s.is_held(AT_WORK) for s in two.servers), AT_WORK)
        assert posts(two) == 1
        page.reload()
        expect_ready(page)
        expect(page.get_by_label("Then, with the result")).to_have_value("upscale")
        expect(second).to_contain_text("after “photo.png · Invert colours”")
        two.release()
        expect_done(page, 2)
        assert posts(two) == 2
        inverted = ImageChops.invert(noise(1))
        large = result_of(page, TWO)
        assert large.size == (2 * inverted.width, 2 * inverted.height)
        # Enlarged noise is blurred; what it was before being inverted is far from it all the same.
        wrong = ImageChops.difference(large.reduce(2), noise(1))
        right = ImageChops.difference(large.reduce(2), inverted)
        assert 2 * max(ImageStat.Stat(right).mean) < min(ImageStat.Stat(wrong).mean)
        page.get_by_role("button", name="Let nothing follow").press("Enter")
        expect(page.get_by_role("button", name="Then…")).to_be_focused()
        expect(page.locator("#run")).to_have_text("Run")


def test_a_browser_that_is_killed_between_the_steps_repeats_nothing(
    killed: KilledBrowser,  # noqa: F811
    background: Background,
) -> None:
    """While the first one's result is fetched, the first is over and the second not sent yet."""
    with farm(background, 2) as two:
        with killed.open() as context:
            page = open_page(context.new_page(), two)
            asked: list[str] = []
            context.route("**/view?**", lambda route: asked.append(route.request.url))
            then(page)
            run(page, [as_file(noise(2), "photo.png")])
            expect(tasks(page, "completed")).to_have_count(1)
            expect(tasks(page, "waiting")).to_contain_text("fetching what it needs from gpu-")
            wait_for(page, lambda: asked, "the result is asked for")
            killed.kill()
        with killed.open() as context:
            page = open_page(context.new_page(), two)
            expect_done(page, 2)
        assert posts(two) == 2


CHAIN = """async ([workflow, slot, bytes]) => {
  const blob = new Blob([new Uint8Array(bytes)], {type: "image/png"});
  const workflows = [workflow, JSON.stringify(workflow), workflow];
  const made = await tether.chain({workflows, files: {[slot]: blob}, title: "script"});
  return made.map(({taskId}) => taskId);
}"""


@pytest.mark.long
def test_a_chain_goes_on_where_its_first_task_is_run_again(
    watched_page: Page, background: Background
) -> None:
    """A script's chain of three; somebody else stops the first at its server."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        (server,) = one.servers
        ids = page.evaluate(CHAIN, [INVERT, f"{LOADER}.image", png(noise(3))])
        assert len(ids) == 3
        wait_for(page, lambda: server.is_held(AT_WORK), AT_WORK)
        urlopen(Request(f"http://127.0.0.1:{server.port}/interrupt", b"", method="POST")).close()
        one.release()
        expect(tasks(page, "cancelled")).to_have_count(1)
        expect(tasks(page, "waiting")).to_have_count(2)
        second = tasks(page).filter(has_text="script 2").first
        expect(second).to_contain_text("Waits for “script”, which was stopped. Run that again")
        expect(tasks(page).filter(has_text="script 3")).to_contain_text("after “script 2”")
        tasks(page, "cancelled").get_by_role("button", name="Run again").press("Enter")
        expect(tasks(page, "completed")).to_have_count(3)
        assert posts(one) == 4
        made = page.evaluate("(id) => tether.result(id)", ids[2])
        assert made["state"] == "completed"
        unfit = {"1": {"class_type": "EmptyImage", "inputs": {}}, "2": INVERT["3"]}
        told = page.evaluate(
            "(two) => tether.chain({workflows: two}).catch(({message}) => message)", [INVERT, unfit]
        )
        assert told.startswith("Workflow 2 takes no file")


def test_a_preset_brings_the_second_workflow_back(
    watched_page: Page, background: Background
) -> None:
    """With the values, in Chinese and on a phone, by the keyboard."""
    with farm(background, 1) as one:
        watched_page.set_viewport_size({"width": 390, "height": 844})
        page = open_page(watched_page, one)
        speak(page, "zh")
        page.locator("#workflow").select_option("blur")
        expect(page.locator("#form")).to_be_visible()
        page.get_by_role("button", name="然后…").press("Enter")
        choice = page.get_by_label("然后对结果运行")
        expect(choice).to_be_focused()
        expect(choice.locator("option")).to_have_count(5)
        choice.press("ArrowDown")
        choice.press("ArrowDown")
        expect(choice).to_have_value("upscale")
        page.once("dialog", lambda dialog: dialog.accept("放大一倍"))
        page.get_by_role("button", name="存为预设…").press("Enter")
        expect(page.locator("#preset option:checked")).to_have_text("放大一倍")
        page.get_by_role("button", name="不再接着运行").press("Enter")
        expect(page.get_by_role("button", name="然后…")).to_be_focused()
        page.locator("#preset").select_option(label="放大一倍")
        expect(choice).to_have_value("upscale")
        expect(page.locator("#run")).to_contain_text("2")
