"""The servers' cards: figures, pause, Doctor, and the way back after a removal."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    choose_server,
    expect_done,
    expect_ready,
    farm,
    fresh_window,
    noise,
    open_menu,
    open_page,
    own_tasks,
    run,
    run_own,
    tasks,
    unfold_form,
    unfold_servers,
    wait_for,
)
from tests.e2e.watch import Watch


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background) as servers:
        yield servers


PLAIN = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0},
    },
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "plain"}},
}
"""A workflow of one's own, without a picture."""


def card(page: Page, name: str) -> Locator:
    """A server's card."""
    return page.locator(".server.card", has=page.locator(".name", has_text=name))


def test_a_card_tells_what_its_server_is_and_when_that_was_so(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Version, device, memory and latency on load; what a task takes once one was done."""
    page = open_page(watched_page, two)
    one = card(page, "gpu-1")
    unfold_servers(page)
    expect(one.locator(".facts")).to_have_text("ComfyUI 0.28.1, runs on gpu-1")
    expect(one.locator(".facts")).to_have_attribute(
        "title", re.compile("name for the device: gpu-1$")
    )
    for part in (".figures", ".socket"):
        expect(one.locator(part)).to_have_attribute("title", re.compile(r"\w+ \w+"))
    figures = r"answers in \d+ ms · [\d.]+ of [\d.]+ GB memory free · as of \d+:\d\d:\d\d"
    expect(one.locator(".figures")).to_have_text(re.compile(figures))
    expect(one.locator(".wait")).to_be_hidden()
    run(page, [as_file(noise(1), "p.png")], server="gpu-1")
    expect_done(page, 1)
    expect(one.locator(".wait")).to_contain_text("a new task would be done in")


def test_figures_are_of_now_when_a_person_comes_back_and_an_idle_page_is_silent(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    unfold_servers(page)
    first = {"/prompt", "/system_stats", "/features"}
    wait_for(page, lambda: first <= {path for _, path, _ in two.servers[0].requests}, "a look")
    expect(card(page, "gpu-1").locator(".figures")).to_be_visible()
    before = len(two.servers[0].requests)
    page.wait_for_timeout(3000)  # a silence is what is tested
    assert len(two.servers[0].requests) == before
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    asked = {"/prompt", "/system_stats"}
    wait_for(
        page,
        lambda: asked <= {path for _, path, _ in list(two.servers[0].requests)[before:]},
        "figures of now",
    )


@pytest.mark.long
def test_a_paused_server_gets_no_new_task_over_a_reload(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """What is pinned to it waits until it may work again."""
    page = open_page(watched_page, two)
    unfold_servers(page)
    card(page, "gpu-1").get_by_role("button", name="Pause").click()
    expect(card(page, "gpu-1").locator(".state")).to_have_text("paused")
    page.reload()
    expect_ready(page)
    expect(card(page, "gpu-1").locator(".state")).to_have_text("paused")
    run(page, [as_file(noise(number), f"{number}.png") for number in range(4)])
    expect_done(page, 4)
    assert {task["server"] for task in own_tasks(page)} == {two.servers[1].url}
    run(page, [as_file(noise(9), "pinned.png")], server="gpu-1 – paused")
    expect(tasks(page, "waiting")).to_have_count(1)
    unfold_servers(page)
    card(page, "gpu-1").get_by_role("button", name="Resume").click()
    expect_done(page, 5)
    assert two.posts(0) == 1


def test_the_doctor_says_that_nothing_is_wrong(two: Farm, watched_page: Page, watch: Watch) -> None:
    page = open_page(watched_page, two)
    unfold_servers(page)
    card(page, "gpu-1").get_by_role("button", name="Recheck").click()
    expect(card(page, "gpu-1").locator(".well")).to_contain_text("no problem found")
    expect(card(page, "gpu-2").locator(".well")).to_be_hidden()


@pytest.mark.long
def test_an_address_that_is_there_already_is_said_to_be(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Beside the field, which keeps what was typed."""
    page = open_page(watched_page, two)
    unfold_form(page)
    address = page.locator("#server-address")
    address.fill(two.servers[1].url.removeprefix("http://"))
    address.press("Enter")
    expect(page.locator("#server-problem")).to_contain_text("gpu-2 is already in the list")
    expect(address).not_to_have_value("")
    expect(page.locator(".server.card")).to_have_count(2)


@pytest.mark.long
def test_a_server_has_the_name_that_a_person_gives_it(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """At adding, and later on its card, by keys; it is the same everywhere and after a reload."""
    page = open_page(watched_page, two)
    address = f"127.0.0.1:{two.servers[1].port}"
    cards = page.locator(".server.card .name")
    unfold_servers(page)
    page.locator(".server.card", has_text="gpu-2").get_by_role("button", name="Remove").click()
    expect(cards).to_have_text(["gpu-1"])
    expect(page.locator("#undo")).to_be_visible()
    unfold_form(page)
    page.get_by_label("Address of a ComfyUI server").fill(address)
    name = page.get_by_role("textbox", name="Name of the server")
    name.fill("Attic")
    page.keyboard.press("Enter")
    expect(cards).to_have_text(["gpu-1", "Attic"])
    expect(page.locator("#undo")).to_be_hidden()
    expect(name).to_have_value("")
    unfold_servers(page)
    page.locator(".server.card", has_text="gpu-1").get_by_role("button", name="Rename").click()
    page.keyboard.type("Cellar")
    page.keyboard.press("Enter")
    expect(cards).to_have_text(["Cellar", "Attic"])
    expect(page.locator("#server-choice option")).to_contain_text(["Automatic", "Cellar", "Attic"])
    page.reload()
    expect_ready(page)
    expect(cards).to_have_text(["Cellar", "Attic"])
    unfold_servers(page)
    page.locator(".server.card", has_text="Cellar").get_by_role("button", name="Rename").click()
    page.keyboard.press("Delete")
    page.keyboard.press("Enter")
    expect(cards).to_have_text(["gpu-1", "Attic"])


@pytest.mark.long
def test_an_address_is_corrected_by_keys_and_keeps_what_was_set(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A task that was chosen for the wrong one runs at the right one; so it is after a reload."""
    watch.allow("ERR_|WebSocket connection")
    page = open_page(watched_page, two)
    cards = page.locator(".server.card .name")
    unfold_servers(page)
    card(page, "gpu-2").get_by_role("button", name="Remove").click()
    expect(cards).to_have_text(["gpu-1"])
    right = f"127.0.0.1:{two.servers[1].port}"
    unfold_form(page)
    page.get_by_label("Address of a ComfyUI server").fill("127.0.0.1:9")
    page.get_by_role("textbox", name="Name of the server").fill("Attic")
    page.keyboard.press("Enter")
    expect(card(page, "Attic").locator(".state")).to_have_text("no answer")
    unfold_servers(page)
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "1.png")])
    choose_server(page, "Attic")
    page.locator("#run").click()
    expect(tasks(page, "waiting")).to_have_count(1)
    edit = card(page, "Attic").get_by_role("button", name="correct the address")
    edit.focus()
    page.keyboard.press("Enter")
    expect(card(page, "Attic").get_by_label("Name of the server")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(f"127.0.0.1:{two.servers[0].port}")
    page.keyboard.press("Enter")
    expect(card(page, "Attic").locator(".naming .trouble")).to_have_text(
        "gpu-1 already has this address. Remove one of the two servers, or type another address."
    )
    address = card(page, "Attic").get_by_label("Server address")
    expect(address).to_be_focused()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type(right)
    page.keyboard.press("Enter")
    expect(cards).to_have_text(["gpu-1", "Attic"])
    expect(edit).to_be_focused()
    expect_done(page, 1)
    assert own_tasks(page)[0]["server"] == two.servers[1].url
    page.reload()
    expect_ready(page)
    expect(cards).to_have_text(["gpu-1", "Attic"])
    expect(card(page, "Attic").locator(".state")).to_have_text("ready")
    # What it has is seen to its end at the old address.
    two.hold(1)
    run(page, [as_file(noise(2), "2.png")], server="Attic")
    expect(tasks(page, "running")).to_have_count(1)
    unfold_servers(page)
    edit.click()
    address.fill(f"localhost:{two.servers[1].port}")
    page.keyboard.press("Enter")
    expect(cards).to_have_text(["gpu-1", "Attic", "Attic"])
    expect(page.get_by_text("finishing its last tasks")).to_have_count(1)
    two.release(1)
    expect_done(page, 2)
    expect(cards).to_have_text(["gpu-1", "Attic"])


@pytest.mark.long
def test_what_was_removed_comes_back_by_undo(two: Farm, watched_page: Page, watch: Watch) -> None:
    """A task with its result, and a server with its name and pause."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2)])
    expect_done(page, 2)
    page.locator(".task", has_text="1.png").get_by_role("button", name="Remove").click()
    expect(page.locator("#undo")).to_contain_text("Removed 1.png")
    expect(tasks(page)).to_have_count(1)
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(page.locator(".task .result")).to_have_count(2)
    expect(page.locator("#undo")).to_be_hidden()

    unfold_servers(page)
    card(page, "gpu-1").get_by_role("button", name="Pause").click()
    card(page, "gpu-1").get_by_role("button", name="Remove").click()
    expect(page.locator(".server.card")).to_have_count(1)
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(card(page, "gpu-1").locator(".state")).to_have_text("paused")

    page.locator("#task-clear").click()
    expect(page.locator("#undo")).to_contain_text("Removed 2 tasks. The gallery keeps")
    expect(page.locator("#undo")).to_be_hidden()
    page.reload()
    expect_ready(page)
    expect(tasks(page)).to_have_count(0)


@pytest.mark.long
def test_the_health_of_the_window_is_told_on_the_page_and_to_scripts(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A lost socket is counted, and the seconds from an end to its picture."""
    watch.allow("WebSocket connection|ERR_")
    page = open_page(watched_page, two)
    run(page, [as_file(noise(1), "p.png")], server="gpu-1")
    expect_done(page, 1)
    expect(page.locator(".task .result")).to_have_count(1)
    open_menu(page)
    page.locator("#health summary").click()
    figures = page.locator("#health dl")
    expect(figures).to_contain_text("100 % (1/1)")
    seconds = page.evaluate("tether.stats()")["secondsToPicture"]
    print(f"from the end of a task to its picture: {seconds:.3f} s")
    assert 0 < seconds < 60
    two.background.run(two.servers[0].kill())
    expect(card(page, "gpu-1").locator(".socket")).not_to_have_text("live updates on")
    assert page.evaluate("tether.stats()")["reconnects"] == 1
    expect(figures.locator("dd").nth(3)).to_have_text("1")


@pytest.mark.long
def test_a_card_has_its_buttons_in_two_rows_and_a_name_to_change(
    watched_page: Page, background: Background
) -> None:
    """Paused or not; Escape leaves the name as it was."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        page.set_viewport_size({"width": 1440, "height": 900})
        gpu = page.locator(".server.card")
        buttons = gpu.locator(".buttons > button:visible")
        unfold_servers(page)
        for action in ("Pause", "Resume"):
            button = gpu.get_by_role("button", name=action)
            expect(button).to_be_visible()
            tops = buttons.evaluate_all("all => all.map((each) => each.offsetTop)")
            assert len(tops) == 5
            assert len(set(tops)) <= 2, action
            button.click()
        rename = gpu.get_by_role("button", name="Rename")
        rename.click()
        gpu.get_by_label("Name of the server").fill("other")
        page.keyboard.press("Escape")
        expect(gpu.locator(".naming")).to_be_hidden()
        expect(rename).to_be_focused()
        expect(gpu.locator(".name").first).to_have_text("gpu-1")
        rename.click()
        gpu.get_by_label("Name of the server").fill("other")
        gpu.get_by_role("button", name="Save").click()
        expect(gpu.locator(".name").first).to_have_text("other")


def test_what_is_removed_goes_once_and_at_the_latest_with_the_page(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """A second removal carries out the first and speaks of itself alone; a reload undoes none."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(number), f"{number}.png") for number in (1, 2)])
    expect_done(page, 2)
    page.locator(".task", has_text="1.png").get_by_role("button", name="Remove").click()
    expect(page.locator("#undo")).to_contain_text("Removed 1.png")
    page.locator("#task-clear").click()
    expect(page.locator("#undo")).to_contain_text("Removed 2.png")
    expect(tasks(page)).to_have_count(0)
    page.reload()
    expect_ready(page)
    assert own_tasks(page) == []


def test_two_tabs_that_each_add_a_server_have_both(two: Farm, watched_page: Page) -> None:
    """At once, though one came while the other was typed; after a reload, and with a pause."""
    two.page.servers = []
    first = open_page(watched_page, two)
    second = fresh_window(first.context, two)
    for tab, server in zip((second, first), reversed(two.servers), strict=True):
        tab.locator("#server-address").fill(server.url)
    first.locator("#server-address").press("Enter")
    expect(second.locator(".server.card")).to_have_count(1)
    second.locator("#server-address").press("Enter")
    for tab in (first, second):
        expect(tab.locator(".server.card[data-tone=good]")).to_have_count(2)
    own, other = (f'.server.card[data-server="{server.url}"]' for server in two.servers)
    unfold_servers(first)
    first.locator(own).get_by_role("button", name="Pause").click()
    expect(second.locator(own).locator(".state")).to_contain_text("paused")
    second.reload()
    expect(second.locator(".server.card")).to_have_count(2)
    unfold_servers(second)
    second.locator(other).get_by_role("button", name="Remove").click()
    expect(first.locator(".server.card")).to_have_count(1)


REFUSED = """() => {
  Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
}"""


@pytest.mark.fresh_tab
def test_a_server_that_the_browser_does_not_note_stays_when_another_tab_adds_one(
    two: Farm, watched_page: Page
) -> None:
    """The page says what a reload loses; until then it knows both."""
    two.page.servers = []
    page = open_page(watched_page, two)
    other = fresh_window(page.context, two)
    page.evaluate(REFUSED)
    page.evaluate(f"tether.addServer('{two.servers[0].url}')")
    expect(page.locator(".server.card")).to_have_count(1)
    expect(page.locator("#notices")).to_contain_text("storage")
    other.evaluate(f"tether.addServer('{two.servers[1].url}')")
    expect(page.locator(f'.server.card[data-server="{two.servers[1].url}"]')).to_be_attached()
    expect(page.locator(".server.card")).to_have_count(2)


@pytest.mark.long
def test_what_is_changed_in_one_tab_is_shown_in_the_other(two: Farm, watched_page: Page) -> None:
    """Settings, workflows used before, the gallery, and the language last: it loads both anew."""
    first = open_page(watched_page, two)
    second = fresh_window(first.context, two)
    for name in ("rerun-lost", "steal"):
        first.evaluate(f"document.getElementById('{name}').click()")
        expect(second.locator(f"#{name}")).to_be_checked()
    first.evaluate("document.getElementById('previews').click()")
    expect(second.locator("#previews")).not_to_be_checked()
    run_own(first, PLAIN)
    expect_done(first, 1)
    expect(second.locator("#workflow option[value^='recent:']")).to_have_count(1)
    for page in (first, second):
        page.locator("#gallery-open").click()
        expect(page.locator("#gallery .kept")).to_have_count(1)
    first.locator("#gallery .kept [data-action=remove]").click()
    expect(second.locator("#gallery .kept")).to_have_count(0)
    first.keyboard.press("Escape")
    open_menu(first)
    first.locator("#language").select_option("zh")
    for page in (first, second):
        expect(page.locator("html[data-ready=true]")).to_have_attribute("lang", re.compile("^zh"))
        expect(page.locator("#rerun-lost")).to_be_checked()
