"""What happens to the page itself."""

import time
from collections.abc import Callable

from playwright.sync_api import expect

from tests.e2e.farm import expect_ready, tasks
from tests.e2e.going_back import leave_and_return
from tests.faults.browser_stage import BrowserStage
from tests.faults.rows.row import OLD, WELL, Row

ELSEWHERE = "servers.json"
"""A page of the same origin that is not Tether."""

FILL = """
(name) => {
  const storage = window[name];
  for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2))
    for (let count = 0; ; count++)
      try {
        storage.setItem(`other:${size}:${count}`, "x".repeat(size));
      } catch {
        break;
      }
}
"""
"""Fill a storage to the last byte."""

SET_CLOCK = """
const ahead = AHEAD * 1000, machine = Date;
window.Date = class extends machine {
  constructor(...given) {
    super(...(given.length ? given : [machine.now() + ahead]));
  }
  static now() { return machine.now() + ahead; }
};
const origin = performance.timeOrigin + ahead;
Object.defineProperty(performance, "timeOrigin", { get: () => origin });
"""


def reloaded(stage: BrowserStage) -> None:
    """The person reloads the page in mid-task."""
    stage.send_and_hold()
    stage.page.reload()
    expect_ready(stage.page)


def duplicated(stage: BrowserStage) -> None:
    """The person duplicates the tab in mid-task; the copy starts empty, and works."""
    stage.send_and_hold()
    with stage.page.expect_popup() as opening:
        stage.page.evaluate("() => void window.open(location.href)")
    copy = opening.value
    stage.follow(copy)
    expect(copy.locator(".notice")).to_contain_text("This tab is a copy of another one")
    expect(tasks(copy)).to_have_count(0)
    stage.send_to("gpu-1", page=copy)
    expect(tasks(stage.page)).to_have_count(4)


def went_and_came_back(stage: BrowserStage) -> None:
    """The person follows a link and returns: the browser kept the page asleep meanwhile."""
    stage.send_and_hold()

    def meanwhile() -> None:
        stage.pass_by(1)
        stage.woken()

    leave_and_return(stage.page, stage.address + ELSEWHERE, meanwhile)


def slept(hours: float) -> Callable[[BrowserStage], None]:
    """The machine's clock jumps, gpu-1 is started anew meanwhile, and the page loaded again."""

    def story(stage: BrowserStage) -> None:
        stage.send_and_hold()
        stage.background.run(stage.faulty.server.kill())
        stage.ahead = hours * 3600
        stage.context.add_init_script(SET_CLOCK.replace("AHEAD", str(stage.ahead)))
        stage.background.run(stage.faulty.server.start())
        stage.page.reload()
        assert (
            abs(stage.page.evaluate("performance.timeOrigin") / 1000 - time.time() - stage.ahead)
            < 60
        )
        expect_ready(stage.page)
        stage.woken()

    return story


def storage_full(stage: BrowserStage) -> None:
    """Nothing can be kept any more, in any store of the browser."""
    page = stage.context.new_page()
    page.goto(stage.address + ELSEWHERE)
    for name in ("localStorage", "sessionStorage"):
        page.evaluate(FILL, name)
    origin = stage.address.rstrip("/")
    devtools = stage.context.new_cdp_session(page)
    devtools.send("Storage.overrideQuotaForOrigin", {"origin": origin, "quotaSize": 1})
    stage.open(page)
    stage.send_to("gpu-2")
    stage.send_to("gpu-1")
    for loss in ("a reload may lose tasks", "reloading loses files"):
        expect(page.locator(".notice", has_text=loss)).to_be_visible()


ROWS = (
    Row("reload", reloaded, beside_by=None, again=(OLD, "lan"), seconds=25),
    Row("tab duplicated", duplicated, (*WELL, *WELL), again=("lan",), seconds=25),
    Row(
        "away and back (bfcache)",
        went_and_came_back,
        beside_by=None,
        again=("lan",),
        is_kept_asleep=True,
    ),
    Row(
        "clock 8 h on, restart",
        slept(8),
        ("lost", "lost"),
        beside_by=None,
        again=(OLD,),
        proved_by="clock jump",
    ),
    Row(
        "clock 8 h back, restart",
        slept(-8),
        ("lost", "lost"),
        beside_by=None,
        proved_by="clock jump",
    ),
    Row("storage full", storage_full, again=("lan",)),
)
