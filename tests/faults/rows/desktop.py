"""What happens to tabs that nobody looks at, in a browser with a window."""

import time

from tests.faults.browser_stage import BrowserStage
from tests.faults.desktop import DISCARDS
from tests.faults.rows.frames import ALL_THREE
from tests.faults.rows.row import Row

MINUTE = 60

TICKS = """
() => {
  window.hiddenTicks = [];
  const tick = () => {
    if (document.hidden) hiddenTicks.push(Date.now());
    setTimeout(tick, 50);
  };
  tick();
}
"""
"""Note when a timer of 50 ms runs out while the page is hidden."""


def hidden(stage: BrowserStage) -> None:
    """Another tab is in front for a minute, and gpu-1's ends have to be asked for."""
    stage.send_and_hold(lambda: ALL_THREE(stage))
    stage.page.evaluate(TICKS)
    stage.context.new_page()
    with stage.left_alone():
        stage.go_on()
        time.sleep(MINUTE)  # the fault itself; nobody may look at the page meanwhile
    ticks = stage.page.evaluate("hiddenTicks")
    assert ticks[-1] - ticks[0] > 1000 * (MINUTE - 5), "the page was not hidden for a minute"
    assert len(ticks) < 2 * MINUTE, "nobody slowed the page down"
    assert len(stage.shown()) == 4, "the ends were not shown before the page was"


def discarded(stage: BrowserStage) -> None:
    """The browser takes the page's memory; the person comes back to the tab."""
    stage.send_and_hold()
    stage.context.new_page().goto(DISCARDS)
    with stage.left_alone() as desktop:
        desktop.do_to(stage.address, "Urgent Discard")
        time.sleep(5)  # a page that is gone tells nothing to wait for
    assert stage.page.evaluate("document.wasDiscarded")
    stage.woken()


def frozen(stage: BrowserStage) -> None:
    """The browser stops the page for ten seconds; the person comes back to the tab."""
    stage.send_and_hold()
    stage.page.evaluate("document.addEventListener('freeze', () => { window.wasFrozen = true })")
    stage.context.new_page().goto(DISCARDS)
    with stage.left_alone() as desktop:
        desktop.do_to(stage.address, "Freeze")
        stage.go_on()
        time.sleep(10)  # the fault itself: so long the page stands still
        stage.woken()
    assert stage.page.evaluate("window.wasFrozen")


ROWS = (
    Row(
        "hidden for a minute",
        hidden,
        by="record",
        is_on_desktop=True,
        seconds=MINUTE + 15,
    ),
    Row("tab discarded", discarded, beside_by=None, is_on_desktop=True, seconds=30),
    Row("tab frozen 10 s", frozen, beside_by=None, is_on_desktop=True, seconds=30),
)
