"""The panel of lanes: who has what, and since when."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    expect_ready,
    farm,
    fresh_window,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
)
from tests.e2e.test_connections import cut_sockets
from tests.e2e.test_telling import HIDE, SHOW
from tests.e2e.watch import Watch


def open_lanes(page: Page) -> None:
    """Open the panel."""
    page.locator("#lanes > summary").click()
    expect(page.locator("#lanes-stretch")).to_be_visible()


def lane(page: Page, name: str) -> Locator:
    """The lane of that name."""
    return page.locator(".lane", has=page.locator(".lane-head .name", has_text=name))


def bars(page: Page, name: str, **data: str) -> Locator:
    """The bars in a lane, all or those with this state or ink."""
    wanted = "".join(f"[data-{key}={value}]" for key, value in data.items())
    return lane(page, name).locator(f"svg.bar.item{wanted}")


def test_each_task_is_a_bar_in_its_servers_lane(watched_page: Page, background: Background) -> None:
    """With its state, from waiting in the window to its end; inside the picture."""
    with farm(background, is_held=True) as two:
        page = open_page(watched_page, two)
        open_lanes(page)
        run(page, [as_file(noise(number), f"{number}.png") for number in range(3)], server="gpu-1")
        run(page, [as_file(noise(7), "seven.png")], server="gpu-2")
        expect(bars(page, "gpu-1", state="running")).to_have_count(1)
        expect(bars(page, "gpu-1", state="queued")).to_have_count(1)
        expect(bars(page, "gpu-2", state="running")).to_have_count(1)
        expect(bars(page, "Waiting in this window", state="waiting")).to_have_count(1)
        expect(bars(page, "gpu-2")).to_have_attribute(
            "aria-label", "seven.png · Invert colours, gpu-2, running"
        )
        two.release()
        expect_done(page, 4)
        expect(bars(page, "gpu-1", state="completed")).to_have_count(3)
        expect(bars(page, "gpu-2", state="completed")).to_have_count(1)
        expect(page.locator("svg.bar.item")).to_have_count(4)
        page.locator("#lanes-stretch").select_option("1800")
        drawing = lane(page, "gpu-1").locator("svg.drawing").bounding_box()
        assert drawing is not None
        for bar in bars(page, "gpu-1").all():
            box = bar.locator(".frame").bounding_box()
            assert box is not None
            assert drawing["x"] <= box["x"] + 1
            assert box["x"] + box["width"] <= drawing["x"] + drawing["width"] + 1


@pytest.mark.long
def test_a_lost_socket_is_a_gap_in_its_line(watched_page: Page, background: Background) -> None:
    """And the line goes on after it; the other server's has none."""
    with farm(background, is_held=True) as two:
        page = open_page(watched_page, two)
        open_lanes(page)
        run(page, [as_file(noise(1), "one.png")], server="gpu-1")
        run(page, [as_file(noise(2), "two.png")], server="gpu-2")
        expect(bars(page, "gpu-1", state="running")).to_have_count(1)
        first, second = lane(page, "gpu-1"), lane(page, "gpu-2")
        expect(first.locator("[data-kind=open]")).to_have_count(1)
        background.run(cut_sockets(two, 0))
        gap = first.locator("[data-kind=gap]")
        expect(gap).to_have_count(1)
        expect(first.locator("[data-kind=open]")).to_have_count(2)
        expect(second.locator("[data-kind=open]")).to_have_count(1)
        expect(second.locator("[data-kind=gap]")).to_have_count(0)
        gap.focus()
        expect(page.locator("#lanes-told")).to_contain_text("Live updates · gpu-1 · disconnected")
        expect(page.locator("#lanes-told")).to_contain_text("closed with code 1006")
        expect(page.locator("#lanes-told")).to_contain_text("reconnect attempts: 1")


@pytest.mark.long
def test_another_windows_task_is_in_other_ink(watched_page: Page, background: Background) -> None:
    """It comes into the first tab's picture, though that tab has nothing to do; and goes again."""
    with farm(background, is_held=True) as two:
        page = open_page(watched_page, two)
        open_lanes(page)
        other = fresh_window(page.context, two)
        run(other, [as_file(noise(1), "theirs.png")], server="gpu-2")
        expect(tasks(other, "running")).to_have_count(1)
        page.bring_to_front()
        theirs = bars(page, "gpu-2", ink="foreign")
        expect(theirs).to_have_attribute(
            "aria-label", "theirs.png · Invert colours, gpu-2, running"
        )
        run(page, [as_file(noise(2), "ours.png")], server="gpu-2")
        expect(bars(page, "gpu-2", ink="own")).to_have_count(1)
        inks = {
            bar.locator(".frame").evaluate("frame => getComputedStyle(frame).strokeDasharray")
            for bar in bars(page, "gpu-2").all()
        }
        assert len(inks) == 2, "told by more than the colour"
        theirs.hover()
        expect(page.locator("#lanes-told")).to_contain_text("from another window (w")
        two.release()
        expect(theirs).to_have_count(0)
        expect_done(page, 1)


@pytest.mark.long
def test_the_keyboard_reaches_every_bar(watched_page: Page, background: Background) -> None:
    """One stop for Tab, arrows from bar to bar, details of each; Escape puts them away."""
    with farm(background, pace=0.3) as two:
        page = open_page(watched_page, two)
        run(page, [as_file(noise(1), "one.png")], server="gpu-1")
        run(page, [as_file(noise(2), "two.png")], server="gpu-2")
        expect_done(page, 2)
        summary, told = page.locator("#lanes > summary"), page.locator("#lanes-told")
        summary.focus()
        page.keyboard.press("Enter")
        expect(page.locator("svg.bar.item")).to_have_count(2)
        page.locator("#lanes-stretch").focus()
        page.keyboard.press("Tab")
        expect(page.locator(".item:focus")).to_have_count(1)
        expect(page.locator(".item[tabindex='0']")).to_have_count(1)
        page.keyboard.press("End")
        page.keyboard.press("ArrowUp")
        page.keyboard.press("ArrowRight")
        seen = set()
        page.keyboard.press("Home")
        for _ in range(page.locator(".item").count()):
            seen.add(page.locator(".item:focus").get_attribute("aria-label"))
            page.keyboard.press("ArrowRight")
        assert len(seen) == 6, "two bars, and of each socket how it came and stood"
        bars(page, "gpu-1").focus()
        task = next(task for task in own_tasks(page) if task["title"].startswith("one"))
        for words in ("one.png", "gpu-1", "done", "reported by live updates", task["promptId"]):
            expect(told).to_contain_text(words)
        page.keyboard.press("ArrowDown")
        expect(told).to_contain_text("gpu-2")
        page.keyboard.press("Escape")
        expect(told).to_have_text("Point at a bar or a line to see its details.")
        page.keyboard.press("Escape")
        expect(page.locator("#lanes[open]")).to_have_count(0)
        expect(summary).to_be_focused()


TEN_MINUTES_AGO = """() => {
  if (origin === "null") return;  // about:blank has no storage
  for (const [key, text] of Object.entries(sessionStorage)) {
    if (!key.includes(":task:")) continue;
    const task = JSON.parse(text);
    task.times = task.times.map((at) => at && at - 600);
    sessionStorage.setItem(key, JSON.stringify(task));
  }
}"""


@pytest.mark.long
@pytest.mark.fresh_tab
def test_after_a_quiet_while_the_panel_shows_what_went_on_last(
    watched_page: Page, background: Background
) -> None:
    """And when that was; what happens next is of now again."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        # At the next page's very start: this one may yet write its record once more.
        page.add_init_script(f"({TEN_MINUTES_AGO})()")
        page.reload()
        expect_ready(page)
        open_lanes(page)
        expect(bars(page, "gpu-1", state="completed")).to_have_count(1)
        past, told = page.locator(".lanes-past"), page.locator("#lanes text.now")
        expect(past).to_have_text(re.compile(r"^Nothing has happened since .*\d\d:\d\d.*"))
        at = re.search(r"since (.*)\. This", past.text_content() or "")
        assert at is not None
        expect(told).to_have_text(f"as of {at[1]}")
        bars(page, "gpu-1").hover()
        expect(page.locator("#lanes-told")).to_contain_text("10 min")
        one.hold()
        run(page, [as_file(noise(2), "two.png")])
        expect(tasks(page, "running")).to_have_count(1)
        expect(past).to_be_hidden()
        expect(told).to_have_text("now")


@pytest.mark.long
def test_the_lines_of_the_scale_are_as_high_as_a_lane_whose_words_wrap(
    watched_page: Page, background: Background
) -> None:
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        open_lanes(page)
        own = lane(page, "gpu-1")
        expect(own.locator(".state")).to_have_text("connects when it gets a task")
        high = "(each) => each.getBoundingClientRect().height"
        head = own.locator(".lane-head").evaluate(high)
        assert head > 50, "it doesn't wrap, so nothing is tested"
        for line in (".scale line", "line.now"):
            assert own.locator(line).first.evaluate(high) == pytest.approx(head, abs=1)


COUNT_CHANGES = """() => {
  window.changedAt = performance.now();
  new MutationObserver(() => { window.changedAt = performance.now(); })
    .observe(document.querySelector("#lanes"), {subtree: true, childList: true, attributes: true});
}"""
STILL = "() => performance.now() - window.changedAt > 2500"


@pytest.mark.long
def test_nothing_is_drawn_for_nobody(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Not fetched before it is opened, drawn while tasks live, still when they have ended."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        assert fetched_late(watch) == []
        expect(page.locator("#lanes svg")).to_have_count(0)
        open_lanes(page)
        expect(page.locator("svg.bar.item")).to_have_count(1)
        assert fetched_late(watch)
        expect(page.locator("#lanes text.now")).to_have_text("now")
        before = bars(page, "gpu-1").get_attribute("x")
        expect(bars(page, "gpu-1")).not_to_have_attribute("x", str(before))
        one.release()
        expect_done(page, 1)
        page.evaluate(COUNT_CHANGES)
        page.wait_for_function(STILL)
        # It doesn't pretend to be of now: of when, in the clock of the servers' cards.
        as_of = re.compile(r"^as of ([01]\d|2[0-3]):\d\d:\d\d$")
        expect(page.locator("#lanes text.now")).to_have_text(as_of)
        expect(page.locator(".server .figures")).to_contain_text(re.compile(as_of.pattern[1:]))
        page.locator("#lanes > summary").click()
        expect(page.locator(".item")).to_have_count(0)
        run(page, [as_file(noise(2), "two.png")])
        expect_done(page, 2)
        expect(page.locator(".item")).to_have_count(0)


def fetched_late(watch: Watch) -> list[str]:
    """The modules of this panel that were asked for."""
    return [url for url in watch.requests if re.search(r"/lanes/picture\.py|/lazy/lanes", url)]


@pytest.mark.long
def test_nothing_is_drawn_on_a_hidden_page(watched_page: Page, background: Background) -> None:
    """Its tasks go on; once somebody sees it, the picture is of now."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        open_lanes(page)
        one.hold(at="before ImageInvert")
        run(page, [as_file(noise(1), "one.png")])
        expect(bars(page, "gpu-1", state="running")).to_have_count(1)
        page.evaluate(HIDE)
        one.release(at="before ImageInvert")
        expect_done(page, 1)
        page.wait_for_timeout(1500)  # longer than between two drawings: a silence is what is tested
        expect(bars(page, "gpu-1", state="running")).to_have_count(1)
        page.evaluate(SHOW)
        expect(bars(page, "gpu-1", state="completed")).to_have_count(1)
