"""What other people do, and other windows of ours."""

from dataclasses import replace

from playwright.sync_api import Page

from tests.faults.browser_stage import BrowserStage
from tests.faults.fellow import StuckFellow
from tests.faults.rows.row import OLD, WELL, Row
from tests.faults.stage import Stage


def interrupted(stage: Stage) -> None:
    """Somebody stops whatever runs."""
    stage.send_and_hold()
    stage.faulty.call("/interrupt", {})


def deleted(stage: Stage) -> None:
    """Somebody deletes the task that waits on the server."""
    stage.send_and_hold()
    second = stage.tasks_of(0)[1]["promptId"]
    stage.faulty.call("/queue", {"delete": [second]})
    stage.heal()


def cleared(stage: Stage) -> None:
    """Somebody clears the queue."""
    stage.send_and_hold()
    stage.faulty.call("/queue", {"clear": True})
    stage.heal()


def silenced(stage: Stage) -> None:
    """A fellow of ours on gpu-1 stops reading: for fifteen seconds nobody is told anything."""
    fellow = StuckFellow(stage.faulty.server)
    stage.background.run(fellow.join())
    stage.send_and_hold()
    stage.background.run(fellow.flood())
    stage.faulty.strangers += 1
    stage.go_on()
    stage.until(lambda: stage.faulty.truth(fellow.prompt_id)[0] == "completed")
    stage.pass_by(15)
    told = stage.tasks_of(0)[1]["endedBy"]
    stage.do(fellow.leave)
    assert told == "record", "nobody was silenced"


def interleave(stage: BrowserStage, other: Page) -> None:
    """Two pages send in turns, to both servers."""
    for page in (stage.page, other, stage.page, other):
        stage.send_to("gpu-1", count=1, page=page)
    for page in (stage.page, other):
        stage.send_to("gpu-2", count=1, page=page)


def two_windows(stage: BrowserStage) -> None:
    """Two tabs of one browser."""
    stage.open()
    interleave(stage, stage.open())


def two_browsers(stage: BrowserStage) -> None:
    """Two browsers that share nothing but the servers."""
    stage.open()
    interleave(stage, stage.open(stage.other_browser()))


ROWS = (
    *(
        replace(row, is_in_browser=False, is_in_process=True)
        for row in (
            Row("somebody interrupts", interrupted, ("cancelled", "completed"), again=(OLD,)),
            Row(
                "somebody deletes",
                deleted,
                ("completed", "lost"),
                again=(OLD,),
            ),
            Row("somebody clears", cleared, ("completed", "lost"), again=(OLD,)),
            Row("a stuck fellow silences all for 15 s", silenced, seconds=35),
        )
    ),
    Row("two windows on one server", two_windows, (*WELL, *WELL), seconds=25),
    Row("two browsers on one server", two_browsers, (*WELL, *WELL), proved_by="a crowd"),
)
