"""What once drove people away who used the page for the first time."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import FilePayload, Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_menu,
    open_page,
    run,
    tasks,
    unfold_servers,
)
from tests.e2e.watch import Watch

INVERT = Path(__file__).resolve().parents[2] / "static" / "workflows" / "invert.json"


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background, 2) as servers:
        yield servers


def several(count: int) -> list[FilePayload]:
    """So many small pictures."""
    return [as_file(noise(number, 8, 8), f"{number}.png") for number in range(count)]


@pytest.mark.long
def test_all_pictures_are_taken_off_at_once(watched_page: Page, two: Farm) -> None:
    """From the second on there is a button for it."""
    page = open_page(watched_page, two)
    page.locator("#picture-picker").set_input_files(several(60))
    expect(page.locator("#run")).to_have_text("Run 60 on 2 servers")
    page.locator("#pictures-clear").click()
    expect(page.locator("#pictures li")).to_have_count(0)
    expect(page.locator("#run")).to_have_text("Run")


@pytest.mark.long
def test_all_tasks_are_cancelled_at_once_and_those_that_waited_come_back(
    watched_page: Page, two: Farm, watch: Watch
) -> None:
    """What a server had is gone; what no server had yet is taken back by one press."""
    watch.allow("404")  # one that was on its way is asked for
    page = open_page(watched_page, two)
    run(page, several(2))
    expect_done(page, 2)
    two.hold()
    # Others: what a server has done before it does at once, held or not.
    run(page, several(10)[2:])
    expect(tasks(page, "waiting")).to_have_count(4)
    page.locator("#task-cancel").click()
    expect(tasks(page, "cancelled")).to_have_count(8)
    expect(page.locator("#undo")).to_contain_text("Tasks cancelled: 8")
    page.locator("#undo [data-action=undo]").click()
    expect(page.locator("#undo")).to_be_hidden()
    two.release()
    expect_done(page, 6)


def test_a_double_click_on_cancel_removes_nothing(watched_page: Page, two: Farm) -> None:
    """Remove comes where Cancel was: the next click is meant for it, the second one is not."""
    page = open_page(watched_page, two)
    two.hold()
    run(page, several(6))
    expect(tasks(page, "waiting")).to_have_count(2)
    cancel = tasks(page).last.locator("[data-action=cancel]")
    cancel.scroll_into_view_if_needed()
    box = cancel.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)

    def press(count: int) -> None:
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)

    press(1)
    expect(tasks(page, "cancelled")).to_have_count(1)
    press(2)
    expect(page.locator("#undo")).to_be_hidden()  # a removal would have shown it at once
    press(1)
    expect(page.locator("#undo")).to_contain_text("Removed 5.png")
    page.locator("#undo [data-action=undo]").click()
    expect(tasks(page)).to_have_count(6)


def test_a_photo_that_no_server_opens_is_refused_where_it_is_picked(
    watched_page: Page, two: Farm
) -> None:
    """An iPhone's; with what to do about it."""
    page = open_page(watched_page, two)
    content = b"\0\0\0\x18ftypheic" + bytes(64)
    heic: FilePayload = {"name": "IMG_1.HEIC", "mimeType": "image/heic", "buffer": content}
    page.locator("#picture-picker").set_input_files([heic])
    expect(page.locator("#notices")).to_contain_text("Save it as JPEG")
    expect(page.locator("#pictures li")).to_have_count(0)


@pytest.mark.long
def test_a_picture_that_carries_a_workflow_can_be_used_as_either(
    watched_page: Page, two: Farm
) -> None:
    """It is a picture until its workflow is opened."""
    info, buffer = PngInfo(), BytesIO()
    info.add_text("prompt", INVERT.read_text())
    noise(1, 16, 12).save(buffer, "PNG", pnginfo=info)
    made: FilePayload = {"name": "made.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page = open_page(watched_page, two)
    page.locator("#picture-picker").set_input_files([made, *several(1)])
    offer = page.get_by_role("button", name="Open its workflow")
    expect(offer).to_have_count(1)
    page.locator("#run").click()
    expect_done(page, 2)
    page.locator("#picture-picker").set_input_files([made])
    offer.click()
    expect(page.locator("#workflow option:checked")).to_have_text("made.png")
    expect(page.locator("#pictures li")).to_have_count(0)


@pytest.mark.long
def test_every_dialog_closes_by_a_click_beside_it(watched_page: Page, two: Farm) -> None:
    page = open_page(watched_page, two)
    for name in ("collect", "about", "news", "routing-test", "gallery", "runs"):
        opener = page.locator(f"#{name.removesuffix('-test')}-open")
        if page.locator("#menu").locator(opener).count():
            open_menu(page)
        opener.click()
        expect(page.locator(f"dialog#{name}")).to_be_visible()
        page.mouse.click(5, 5)
        expect(page.locator(f"dialog#{name}")).to_be_hidden()


def test_keys_lead_to_the_results_at_once(watched_page: Page, two: Farm) -> None:
    """The first thing that Tab comes to skips the form."""
    page = open_page(watched_page, two)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#tasks-title")).to_be_focused()


@pytest.mark.long
def test_a_paused_server_is_not_chosen_without_a_word(watched_page: Page, two: Farm) -> None:
    """It is named where it is chosen, and by the task that waits for it."""
    page = open_page(watched_page, two)
    unfold_servers(page)
    card = page.locator(".server.card", has_text="gpu-2")
    card.get_by_role("button", name="Pause").click()
    expect(page.locator("#server-choice option", has_text="gpu-2")).to_contain_text("paused")
    run(page, several(1), server="gpu-2")
    expect(tasks(page).locator(".trouble")).to_contain_text("gpu-2 is paused")
    card.get_by_role("button", name="Resume").click()
    expect_done(page, 1)


@pytest.mark.long
def test_the_task_of_a_removed_server_says_where_it_ran(watched_page: Page, two: Farm) -> None:
    page = open_page(watched_page, two)
    run(page, several(1), server="gpu-2")
    expect_done(page, 1)
    expect(tasks(page).locator(".server")).to_have_text("gpu-2")
    unfold_servers(page)
    page.locator(".server.card", has_text="gpu-2").get_by_role("button", name="Remove").click()
    expect(page.locator(".server.card")).to_have_count(1)
    page.locator("#undo [aria-label=Close]").click()
    expect(tasks(page).locator(".server")).to_have_text("gpu-2")


@pytest.mark.long
def test_no_button_of_a_result_covers_another(watched_page: Page, two: Farm) -> None:
    """Each can be hit in its middle, however wide the page is."""
    page = open_page(watched_page, two)
    run(page, several(3))
    expect_done(page, 3)
    expect(page.locator(".task .result")).to_have_count(3)
    for width in (320, 1024, 1280, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        for button in page.locator(".task").first.locator("button:visible, .save:visible").all():
            button.scroll_into_view_if_needed()
            button.click(trial=True)


def test_counts_agree_while_pictures_are_on_their_way(watched_page: Page, two: Farm) -> None:
    """What no server has for certain waits here, whatever is being sent."""
    page = open_page(watched_page, two)
    held: list[Route] = []
    is_open = False
    page.route(
        "**/upload/image", lambda route: route.continue_() if is_open else held.append(route)
    )
    run(page, several(6))
    expect(tasks(page, "uploading").first).to_be_attached()
    expect(page.locator("#task-summary")).to_have_text("0 on servers, 6 waiting here, 0 done")
    expect(page.locator("#task-safety")).to_contain_text("6 only in this window")
    is_open = True
    for route in held:
        route.continue_()
    expect_done(page, 6)


@pytest.mark.long
def test_good_news_looks_good_and_goes_by_itself(watched_page: Page, two: Farm) -> None:
    page = open_page(watched_page, two)
    run(page, several(2))
    expect_done(page, 2)
    with page.expect_download():
        page.locator("#task-save").click()
    good = page.locator(".notice[data-tone=good]")
    expect(good).to_contain_text("Saved")
    border = "(each) => getComputedStyle(each).borderColor"
    before = good.evaluate(border)
    text: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("#picture-picker").set_input_files([text])
    bad = page.locator(".notice[data-tone=bad]")
    expect(bad).to_contain_text("a.png")
    assert bad.evaluate(border) != before
    expect(good).to_have_count(0)
    expect(bad).to_have_count(1)


NOTE_CONTRADICTIONS = """() => {
  window.contradictions = [];
  const card = document.querySelector(".server.card");
  const look = () => {
    const [socket, state] = [".socket", ".state"].map((of) => card.querySelector(of).textContent);
    if (/lost/.test(socket) && state === "ready") contradictions.push(socket);
  };
  new MutationObserver(look).observe(card, {subtree: true, childList: true, characterData: true});
}"""


def test_a_server_is_not_ready_while_its_live_updates_are_lost(
    watched_page: Page, background: Background, two: Farm, watch: Watch
) -> None:
    """Nor are its figures of before: it says nothing, to its socket or to a call."""
    watch.allow("WebSocket")
    page = open_page(watched_page, two)
    two.hold()
    run(page, several(1), server="gpu-1")
    expect(tasks(page, "running")).to_have_count(1)
    unfold_servers(page)
    card = page.locator(".server.card").first
    state, queue = card.locator(".state"), card.locator(".queue")
    expect(state).to_have_text("ready")
    expect(queue).to_have_text("1 in queue")

    async def fall_silent() -> None:
        two.servers[0].freeze()
        two.servers[0].cut_sockets()

    async def speak() -> None:
        two.servers[0].thaw()

    page.evaluate(NOTE_CONTRADICTIONS)
    background.run(fall_silent())
    expect(card.locator(".socket")).to_contain_text("reconnecting")
    expect(queue).to_be_hidden()
    assert page.evaluate("contradictions") == []
    background.run(speak())
    expect(state).to_have_text("ready")
    two.release()
    expect_done(page, 1)


FOCUSED_PANEL = """() =>
  document.activeElement.closest(".servers-panel, .task-panel, .compose-panel")?.className"""


@pytest.mark.fresh_tab
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_keys_go_the_way_that_the_eye_goes(watched_page: Page, two: Farm, width: int) -> None:
    """From left to right, and down: compose, results, servers; on a phone servers come first."""
    page = open_page(watched_page, two)
    page.set_viewport_size({"width": width, "height": 900})
    boxes = {
        name: page.locator(f".{name}-panel").evaluate(
            "each => each.getBoundingClientRect().toJSON()"
        )
        for name in ("servers", "task", "compose")
    }
    visited: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        panel = page.evaluate(FOCUSED_PANEL)
        if panel and (name := str(panel).removesuffix("-panel")) not in visited:
            visited.append(name)
    # A sheet at the bottom edge comes last.
    by_place = sorted(boxes, key=lambda name: (boxes[name]["y"] // 200, boxes[name]["x"]))
    assert visited == by_place


def test_a_link_shows_its_own_phrase(watched_page: Page, two: Farm) -> None:
    """Also where no server is known yet, so that nothing can be collected."""
    phrase = "amber-anvil-apple-arrow-atlas-autumn"
    page = open_page(watched_page, f"{two.url.partition('?')[0]}#collect={phrase}")
    expect(page.locator("#collect-phrase")).to_have_value(phrase)
