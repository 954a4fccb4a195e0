"""What is in sight and in reach: Run, the results of a batch, few controls."""

import re
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    run,
    tasks,
    unfold_form,
    unfold_servers,
    wait_for,
)
from tests.e2e.watch import Watch

SIZES: tuple[ViewportSize, ...] = (
    {"width": 1440, "height": 900},
    {"width": 1024, "height": 768},
    {"width": 390, "height": 844},
)

CONTROLS = """() => [...document.querySelectorAll("a, button, input, select, summary, textarea")]
  .filter((each) => each.checkVisibility({visibilityProperty: true})
    && each.getBoundingClientRect().width > 1).length"""

WATCH_SHIFTS = """() => {
  window.shifts = [];
  const note = (list) => {
    for (const each of list.getEntries()) {
      const of = each.sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? "");
      if (!each.hadRecentInput) shifts.push([each.value, of]);
    }
  };
  new PerformanceObserver(note).observe({ type: "layout-shift" });
}"""

TWO_FRAMES = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"""


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background, 2) as servers:
        yield servers


@pytest.mark.long
@pytest.mark.fresh_tab
@pytest.mark.parametrize("sizes", [SIZES[:2], SIZES[2:]], ids=["desktop", "phone"])
def test_run_is_in_sight_with_any_number_of_pictures(
    browser: Browser, two: Farm, sizes: Sequence[ViewportSize]
) -> None:
    """Whole, with what it will do; with the form of a workflow, too."""
    is_phone = sizes[0]["width"] < 760
    context = browser.new_context(viewport=sizes[0], has_touch=is_phone, is_mobile=is_phone)
    page = open_page(context.new_page(), two)
    page.locator("#workflow").select_option("blur")
    expect(page.locator("#form .field").first).to_be_visible()
    button, chosen = page.locator("#run"), 0
    for size in sizes:
        page.set_viewport_size(size)
        expect(button).to_be_in_viewport(ratio=1)
    for count in (6, 60, 300):
        files = [as_file(noise(0, 8, 8), f"{number}.png") for number in range(chosen, count)]
        page.locator("#picture-picker").set_input_files(files)
        chosen = count
        expect(page.locator("#pictures li")).to_have_count(count)
        expect(button).to_have_text(f"Run {count} on 2 servers")
        for size in sizes:
            page.set_viewport_size(size)
            expect(button).to_be_in_viewport(ratio=1)
    context.close()


def test_few_controls_and_few_steps_by_keyboard(watched_page: Page, two: Farm) -> None:
    """At rest 20 at most; to the pictures two, to Run eight."""
    page = open_page(watched_page, two)
    assert page.evaluate(CONTROLS) <= 20
    steps = {}
    for step in range(1, 9):
        page.keyboard.press("Tab")
        steps.setdefault(page.evaluate("document.activeElement.id"), step)
    assert steps["picture-picker"] <= 2
    assert steps["run"] <= 8


def test_nothing_moves_from_run_to_the_last_result(
    watched_page: Page, background: Background, two: Farm
) -> None:
    """Each card has its place and its size; previews, results and a notice move no other."""
    for number in range(2):
        two.change(number, pace=0.05)
    page = open_page(watched_page, two)
    two.hold(at="step 2 of ImageInvert")
    page.evaluate(WATCH_SHIFTS)
    run(page, [as_file(noise(number, 320, 200), f"{number}.png") for number in range(6)])
    expect(tasks(page, "running")).to_have_count(2)
    for percent in tasks(page, "running").locator(".percent").all():
        expect(percent).to_have_text(re.compile(r"^\d+ %$"))
    expect(page.locator("#task-batch")).to_contain_text("0 of 6")
    for card in tasks(page, "running").all() + tasks(page, "waiting").all():
        expect(card.locator(".thumb")).to_be_visible()
    titles = tasks(page).locator(".title").all_text_contents()
    # Until then things go where the press puts them: on a busy machine that takes longer than the
    # half second that the browser itself leaves out.
    until_run = page.evaluate("shifts.length")
    expect(tasks(page).locator(".preview:visible").first).to_be_visible()
    two.release(at="step 2 of ImageInvert")
    expect_done(page, 6)
    expect(tasks(page).locator(".result")).to_have_count(6)
    expect(tasks(page).locator(".thumb")).to_have_count(0)
    page.wait_for_function(TWO_FRAMES)
    since_run = page.evaluate(f"shifts.slice({until_run})")
    assert sum(value for value, _ in since_run) <= 0.02, since_run
    text: FilePayload = {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    page.locator("#picture-picker").set_input_files([text])
    expect(page.locator(".notice")).to_be_visible()
    page.wait_for_function(TWO_FRAMES)
    assert tasks(page).locator(".title").all_text_contents() == titles
    moved = page.evaluate(f"shifts.slice({until_run})")
    print("moved:", [value for value, _ in moved])
    assert max((value for value, _ in moved), default=0) <= 0.02, moved


@pytest.mark.long
def test_the_new_task_is_in_sight_after_run(watched_page: Page, two: Farm) -> None:
    """Whatever was looked for, and wherever the page stood."""
    page = open_page(watched_page, two)
    run(page, [as_file(noise(number, 80, 80), f"{number}.png") for number in range(14)])
    expect_done(page, 14)
    page.locator("#task-search").fill("13.png")
    expect(tasks(page)).to_have_count(1)
    page.locator("#task-search").fill("")
    expect(tasks(page)).to_have_count(14)
    page.locator("#task-kind").select_option("done")
    tasks(page).last.scroll_into_view_if_needed()
    wait_for(page, lambda: page.evaluate("scrollY > 200"), "the page scrolled")
    two.hold()
    page.locator("#picture-picker").set_input_files([as_file(noise(99, 8, 8), "new.png")])
    page.locator("#run").click()
    expect(tasks(page, "running").filter(has_text="new.png")).to_be_in_viewport()
    expect(page.locator("#task-kind")).to_have_value("")


@pytest.mark.long
def test_a_server_that_is_down_is_named_where_it_is_chosen_and_waited_for(
    watched_page: Page, background: Background, two: Farm, watch: Watch
) -> None:
    """Nobody looks for a free server while one is waited for in vain."""
    watch.allow("ERR_|WebSocket")
    page = open_page(watched_page, two)
    background.run(two.servers[1].kill())
    unfold_servers(page)
    page.locator(".server.card", has_text="gpu-2").locator("[data-action=ask]").click()
    option = page.locator("#server-choice option", has_text="gpu-2")
    expect(option).not_to_have_text("gpu-2")
    run(page, [as_file(noise(1, 8, 8), "pinned.png")], server="gpu-2")
    expect(tasks(page).locator(".state")).to_have_text("waiting for gpu-2, which can't be used now")


@pytest.mark.long
def test_pictures_of_the_pages_own_are_two_presses_from_a_result(
    watched_page: Page, two: Farm
) -> None:
    """Who has none at hand takes them; with pictures or results there is no such offer."""
    page = open_page(watched_page, two)
    page.locator("#samples").click()
    expect(page.locator("#pictures li")).to_have_count(3)
    expect(page.locator("#samples")).to_be_hidden()
    page.locator("#run").click()
    expect_done(page, 3)
    expect(page.locator(".task .result").first).to_be_visible()
    expect(page.locator("#samples")).to_be_hidden()


def test_who_has_no_server_is_given_the_command_to_start_one(
    watched_page: Page, plain_server: str
) -> None:
    """For this page's own origin."""
    page = open_page(watched_page, plain_server)
    unfold_form(page)
    origin = page.evaluate("location.origin")
    expect(page.locator("#server-command")).to_have_text(
        f"python main.py --enable-cors-header {origin}"
    )
    expect(page.locator("#server-copy")).to_be_visible()
