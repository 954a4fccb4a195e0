"""What happens to a window whose tasks another one can adopt."""

from playwright.sync_api import Page, expect

from tests.e2e.farm import tasks
from tests.e2e.going_back import go_back
from tests.faults.browser_stage import BrowserStage
from tests.faults.rows.page import ELSEWHERE
from tests.faults.rows.row import Row


def beside(stage: BrowserStage) -> Page:
    """Another tab is open, and tasks run; in this order, since a tab may be slow to open."""
    stage.open()
    adopter = stage.open()

    def send() -> None:
        stage.send_to("gpu-2")
        stage.send_to("gpu-1")

    stage.send_and_hold(send, is_beside_held=True)  # what has ended is not adopted
    return adopter


def adopted(stage: BrowserStage, adopter: Page) -> Page:
    """Wait until the first page's tasks are the other's; from then on it can know of them."""
    left = stage.pages.pop(0)
    expect(tasks(adopter)).to_have_count(4)
    stage.woken()
    return left


def closed(stage: BrowserStage) -> None:
    """The person closes the tab."""
    adopter = beside(stage)
    stage.page.close(run_before_unload=True)
    adopted(stage, adopter)


def returned(stage: BrowserStage) -> None:
    """The tab comes back when its tasks are another's: it shows them so, as a new window."""
    adopter = beside(stage)
    stage.page.goto(stage.address + ELSEWHERE)
    left = adopted(stage, adopter)
    go_back(left)
    expect(tasks(left, "adopted")).to_have_count(4)


ROWS = (
    Row("tab closed, adopted", closed, beside_by=None, again=("lan",), seconds=40),
    Row("adopted tab returns", returned, beside_by=None, again=("lan",), seconds=45),
)
