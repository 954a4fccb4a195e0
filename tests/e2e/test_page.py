"""The page as a person uses it: drop, paste, pick, keys, languages, and impatience."""

import json
from typing import Any

import pytest
from PIL import ImageChops
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Heard,
    as_file,
    expect_done,
    expect_ready,
    farm,
    give_workflow,
    noise,
    open_menu,
    open_page,
    own_tasks,
    result_of,
    run,
    run_own,
    tasks,
    unfold_form,
    unfold_servers,
    until,
    wait_for,
)
from tests.tether.core.farm import invert_workflow
from tools.comfy import pixels

HAND_OVER = """([kind, target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, type, base64] of files) {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    transfer.items.add(new File([bytes], name, {type}));
  }
  const options = {bubbles: true, cancelable: true};
  document.querySelector(target).dispatchEvent(kind === "paste"
    ? new ClipboardEvent("paste", {...options, clipboardData: transfer})
    : new DragEvent("drop", {...options, dataTransfer: transfer}));
}"""

NO_PYTHON = """
for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming"])
  WebAssembly[name] = () => new Promise(() => {});
"""
"""From the next page on, Python never comes: not from a cache either."""


def hand_over(page: Page, kind: str, files: list[Any], target: str = "body") -> None:
    """Drop or paste files: what the browser makes of a person's hand."""
    from base64 import b64encode

    rows = [[f["name"], f["mimeType"], b64encode(f["buffer"]).decode()] for f in files]
    page.evaluate(HAND_OVER, [kind, target, rows])


def test_pictures_are_dropped_or_pasted_anywhere(
    watched_page: Page, background: Background
) -> None:
    """They go on the list, and run."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        for number, kind in enumerate(("drop", "paste"), 1):
            photo = noise(number)
            hand_over(page, kind, [as_file(photo, f"{kind}.png")], target="#tasks-title")
            expect(page.locator("#pictures li")).to_have_count(1)
            page.locator("#run").click()
            expect_done(page, number)
            shown = result_of(page, kind)
            assert ImageChops.difference(shown, ImageChops.invert(photo)).getbbox() is None


def test_every_shipped_workflow_gives_the_right_picture(
    watched_page: Page, background: Background
) -> None:
    """Pixel by pixel what the same operation gives here."""
    photo = noise(6)
    expected = {
        "upscale": pixels.scale_by([photo], "lanczos", 2.0),
        "blur": pixels.blur([photo], 8, 4.0),
        "sharpen": pixels.sharpen([photo], 2, 1.0, 1.0),
    }
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        for workflow in expected:
            run(page, [as_file(photo, f"{workflow}-me.png")], workflow=workflow)
        expect_done(page, 3)
        for workflow, (picture,) in expected.items():
            shown = result_of(page, f"{workflow}-me")
            assert ImageChops.difference(shown, picture).getbbox() is None


@pytest.mark.long
@pytest.mark.fresh_tab
def test_what_is_done_before_python_is_there_is_kept(
    watched_page: Page, background: Background
) -> None:
    """A picture picked, a workflow chosen and Run pressed on the bare HTML: it runs."""
    with farm(background, 1) as one:
        held: list[Route] = []
        page = watched_page
        # Python can't start before it arrives.
        page.route("**/pyodide.asm.wasm", lambda route: held.append(route))
        with page.expect_request("**/pyodide.asm.wasm"):
            page.goto(one.url, wait_until="domcontentloaded")
            page.locator("#workflow").select_option("upscale")
            page.locator("#picture-picker").set_input_files([as_file(noise(7), "early.png")])
            hand_over(page, "drop", [as_file(noise(8), "dropped.png")])
            page.locator("#run").click()
            expect(page.locator("#boot")).to_contain_text("saved for then: 2")
        assert page.locator("html[data-ready=true]").count() == 0
        held[0].continue_()
        expect_ready(page)
        expect_done(page, 2)
        assert {task["title"] for task in own_tasks(page)} == {
            "early.png · Upscale 2×",
            "dropped.png · Upscale 2×",
        }


@pytest.mark.long
def test_a_workflow_of_ones_own_runs(watched_page: Page, background: Background) -> None:
    """API format, under a `prompt` key as well, with its own picture input filled."""
    photo = noise(9)
    own = {
        "prompt": {
            "7": {"class_type": "LoadImage", "inputs": {"image": "elsewhere.png"}},
            "8": {"class_type": "ImageInvert", "inputs": {"image": ["7", 0]}},
            "9": {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}},
        }
    }
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        page.locator("#picture-picker").set_input_files([as_file(photo, "nine.png")])
        run_own(page, own)
        expect_done(page, 1)
        assert (
            ImageChops.difference(result_of(page, "nine"), ImageChops.invert(photo)).getbbox()
            is None
        )


def test_a_running_task_shows_progress_and_previews(
    watched_page: Page, background: Background
) -> None:
    """Overall and node progress move, and the preview is a picture that can be seen."""
    with farm(background, 1, pace=0.2) as one:
        one.hold(at="step 2 of ImageInvert")
        page = open_page(watched_page, one)
        run(page, [as_file(noise(10), "ten.png")])
        running = tasks(page, "running")
        expect(running.locator(".node")).to_contain_text("node 2")
        expect(running.locator(".preview")).to_be_visible()
        expect(running.locator(".preview")).not_to_have_js_property("naturalWidth", 0)

        def is_told() -> bool:
            overall = running.locator("progress").evaluate("bar => bar.value")
            return 1 / 3 <= overall < 1 and page.title() == f"{overall * 100:.0f} % · Tether"

        wait_for(page, is_told, "the same figure in the title as on the card")
        one.release(at="step 2 of ImageInvert")
        expect_done(page, 1)
        expect(page).to_have_title("Tether")


@pytest.mark.long
def test_a_person_who_wants_no_previews_gets_none(
    watched_page: Page, background: Background
) -> None:
    """After a reload too; the server sends none, where it sent them before."""
    with farm(background, 1, pace=0.2) as one:
        one.hold(at="step 2 of ImageInvert")
        page = open_page(watched_page, one)
        open_menu(page)
        page.locator("#previews").uncheck()
        page.reload()
        expect_ready(page)
        expect(page.locator("#previews")).not_to_be_checked()
        heard = Heard()
        heard.follow(page)
        page.reload()
        expect_ready(page)
        run(page, [as_file(noise(10), "ten.png")])
        expect(tasks(page, "running").locator(".node")).to_contain_text("node 2")
        one.release(at="step 2 of ImageInvert")
        expect_done(page, 1)
        assert [frame for _, frame in heard.frames if isinstance(frame, dict)], "it was heard"
        assert not [frame for _, frame in heard.frames if isinstance(frame, bytes)]


@pytest.mark.fresh_tab
def test_a_chinese_visitor_reads_chinese_and_may_switch(
    watched_page: Page, context: BrowserContext, background: Background
) -> None:
    """The browser's language decides, the visitor's choice more, and it is kept."""
    with farm(background, 1) as one:
        page = watched_page
        page.add_init_script("Object.defineProperty(navigator, 'language', {get: () => 'zh-CN'})")
        open_page(page, one)
        expect(page.locator("#run")).to_have_text("运行")
        expect(page.locator("html")).to_have_attribute("lang", "zh")
        open_menu(page)
        page.locator("#language").select_option("en")
        expect(page.locator("#run")).to_have_text("Run")
        expect_ready(page)
        page.reload()
        expect_ready(page)
        expect(page.locator("#run")).to_have_text("Run")


@pytest.mark.long
def test_tasks_are_named_in_the_pages_language(watched_page: Page, background: Background) -> None:
    """A shipped workflow wherever it is named, also on tasks of before; a file's name stays."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        give_workflow(page, json.dumps(invert_workflow().nodes), "Blur.json")
        page.locator("#picture-picker").set_input_files([as_file(noise(2), "two.png")])
        page.locator("#run").click()
        expect_done(page, 2)
        titles = page.locator(".task .title")
        expect(titles).to_have_text(["two.png · Blur.json", "one.png · Invert colours"])
        open_menu(page)
        page.locator("#language").select_option("zh")
        expect_ready(page)
        expect(titles).to_have_text(["two.png · Blur.json", "one.png · 反色"])
        page.keyboard.press("Escape")
        page.locator("#gallery-open").click()
        page.locator("#gallery-search").fill("反色")
        expect(page.locator("#gallery .kept .title")).to_have_text(["one.png · 反色"])
        page.locator("#gallery-search").fill("")
        page.locator("#gallery-by").select_option("workflow")
        expect(page.locator("#gallery summary")).to_have_text(["Blur.json1 项", "反色1 项"])
        page.locator("#gallery-close").click()
        page.locator(".task [data-action=dismiss]").last.click()
        expect(page.locator("#undo")).to_contain_text("one.png · 反色")


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_kept_language_is_spoken_before_python_is_there(
    watched_page: Page, background: Background
) -> None:
    """A reload shows no other one in between; what was done is told in it, too."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        open_menu(page)
        page.locator("#language").select_option("zh")
        until(page, "localStorage['tether:/:language'] === 'zh'")
        page.add_init_script(NO_PYTHON)
        page.reload()
        expect(page.locator("#compose-title")).to_have_text("新任务")
        expect(page.locator("html:not([data-ready])")).to_have_attribute("lang", "zh")
        expect(page.locator("#boot")).to_have_text("正在启动…")
        expect(page.locator("#language")).to_have_value("zh")
        expect(page.locator("#server-new > summary")).to_have_text("添加服务器…")
        page.locator("#run").click()
        expect(page.locator("#boot")).to_contain_text("已记下 1 项操作")


@pytest.mark.long
def test_on_a_phone_the_servers_stand_above_all(browser: Browser, background: Background) -> None:
    """Long names are cut, and whole in their title."""
    with farm(background, 1) as one:
        context = browser.new_context(
            has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
        )
        page = open_page(context.new_page(), one)
        long = "the one in the attic beside the old printer that nobody may move"
        unfold_servers(page)
        page.locator(".server.card").get_by_role("button", name="Rename").tap()
        page.locator(".naming input").first.fill(long)
        page.keyboard.press("Enter")
        name = page.locator(".server.card .name")
        expect(name).to_have_attribute("title", long[:60])
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert name.evaluate("name => name.getBoundingClientRect().right") <= 390
        run(page, [as_file(noise(number), f"{number}.png") for number in range(3)])
        expect_done(page, 3)
        page.evaluate("window.scrollTo(0, 0)")
        expect(page.locator(".server.card")).to_be_in_viewport()
        context.close()


@pytest.mark.long
def test_servers_are_added_removed_and_remembered(
    watched_page: Page, context: BrowserContext, background: Background
) -> None:
    """What one tab adds is there after a reload; what it removes is not."""
    with farm(background, 1) as one, farm(background, 1) as other:
        page = open_page(watched_page, one)
        unfold_form(page)
        page.locator("#server-address").fill(f"127.0.0.1:{other.servers[0].port}")
        page.keyboard.press("Enter")
        expect(page.locator(".server.card .state")).to_have_text(["ready", "ready"])
        unfold_servers(page)
        page.locator(".server.card").first.locator("[data-action=remove]").click()
        expect(page.locator(".server.card")).to_have_count(1)
        page.reload()
        expect_ready(page)
        expect(page.locator(".server.card")).to_have_count(1)
        expect(page.locator(".server.card .name")).to_have_text(
            [other.servers[0].url.removeprefix("http://")]
        )
        run(page, [as_file(noise(11), "eleven.png")])
        expect_done(page, 1)
        assert one.posts(0) == 0
        assert other.posts(0) == 1
        background.leave()


@pytest.mark.long
def test_a_removed_server_finishes_what_it_has(watched_page: Page, background: Background) -> None:
    """Its task ends well, then its card goes."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(12), "twelve.png")])
        expect(tasks(page, "running")).to_have_count(1)
        unfold_servers(page)
        page.locator(".server.card [data-action=remove]").click()
        expect(page.locator(".server.card .state")).to_have_text("finishing its last tasks")
        one.release()
        expect_done(page, 1)
        expect(page.locator(".server.card")).to_have_count(0)


def test_a_node_that_fails_says_which_and_why(watched_page: Page, background: Background) -> None:
    """The error names node and message, the traceback is folded, and markup stays text."""
    hostile = "<img src=x onerror=alert(1)> boom"
    workflow = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
        },
        "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": hostile}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
    }
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run_own(page, workflow)
        failed = tasks(page, "failed")
        expect(failed.locator(".trouble")).to_contain_text(
            f"Node 2 (TetherRaise) failed: {hostile}"
        )
        expect(failed.locator("details")).not_to_have_attribute("open", "")
        assert failed.locator("details pre").text_content()
        assert failed.locator(".trouble img").count() == 0
