"""What the network does."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from tests.faults.browser_stage import BrowserStage
from tests.faults.rows.row import OLD, WELL, Row
from tests.faults.stage import Stage


def reset(stage: Stage) -> None:
    """The first task is at work when the line breaks."""
    stage.send_and_hold()
    stage.fault("reset")
    stage.until(lambda: len(stage.dials()) == 2)


def close(stage: Stage) -> None:
    """Something on the way closes the socket in good order."""
    stage.send_and_hold()
    stage.fault("close")
    stage.until(lambda: len(stage.dials()) == 2)


def ends_while_away(stage: Stage) -> None:
    """No way to the server until all is done there."""
    stage.send_and_hold()
    stage.fault("down")
    stage.go_on()
    stage.until_idle()
    stage.heal()


def down_at_start(stage: Stage) -> None:
    """The server comes up five seconds after the tasks were given."""
    stage.fault("down")
    stage.send()
    stage.pass_by(5)
    stage.heal()


def down_mid_task(stage: Stage) -> None:
    """The way to the server is gone for a second of the first task."""
    stage.send_and_hold()
    stage.fault("down")
    stage.pass_by(1)
    stage.heal()


def killed(stage: Stage) -> None:
    """The server forgets what it had."""
    stage.send_and_hold()
    stage.background.run(stage.faulty.server.kill())
    stage.pass_by(1)
    stage.background.run(stage.faulty.server.start())
    stage.heal()


def paused(stage: Stage) -> None:
    """The whole machine stands still."""
    stage.send_and_hold()
    stage.do(stage.faulty.server.freeze)
    stage.pass_by(20)
    stage.do(stage.faulty.server.thaw)
    stage.heal()


def black_hole(stage: Stage) -> None:
    """Nothing moves for five seconds, old connections and new ones."""
    stage.send_and_hold()
    stage.fault("pause")
    stage.pass_by(5)
    stage.heal()


def sockets_blocked(stage: Stage) -> None:
    """No WebSocket gets through, ever."""
    stage.fault("no_sockets")
    stage.send()


def half_open(stage: Stage) -> None:
    """The socket stands, and nothing comes."""
    stage.send_and_hold()
    stage.fault("half_open")


def client_id(stage: Stage) -> str:
    """The page's client id at gpu-1."""
    return parse_qs(urlsplit(stage.dials()[0]).query)["clientId"][0]


def deaf_after_reconnect(stage: Stage) -> None:
    """The late death of the old socket unregisters the id of the new one."""
    stage.send_and_hold()
    stage.fault("reset")
    stage.until(lambda: len(stage.dials()) == 2)
    stage.pass_by(0.3)
    stage.do(lambda: stage.faulty.server.deafen(client_id(stage)))


def deaf_when_sending(stage: Stage) -> None:
    """The socket of earlier tasks is deaf when the next ones are sent over it."""
    stage.open()
    stage.send_to("gpu-1")
    stage.send_to("gpu-2")
    stage.until_ended(4)
    stage.do(lambda: stage.faulty.server.deafen(client_id(stage)))
    stage.send_to("gpu-1")
    stage.until(lambda: len(stage.dials()) == 2)


def offline(stage: BrowserStage) -> None:
    """The browser knows that it is offline, and what is under way hangs."""
    stage.send_and_hold()
    stage.fault("pause")
    stage.page.context.set_offline(True)
    stage.pass_by(10)
    stage.heal()
    stage.woken()
    stage.page.context.set_offline(False)


ROWS = (
    # How a browser tells that a line has broken, stands still or never was, and what it has then.
    *(
        replace(row, is_in_process=True)
        for row in (
            Row("reset mid-task", reset, again=(OLD, "lan")),
            Row("kill -9 and restart", killed, ("lost", "lost"), again=(OLD,)),
            Row("paused 20 s", paused, again=(OLD,), seconds=28),
            Row("WebSocket blocked, HTTP fine", sockets_blocked, by="record", seconds=23),
            Row("deaf when sending", deaf_when_sending, (*WELL, *WELL), seconds=19),
        )
    ),
    *(
        replace(row, is_in_browser=False, is_in_process=True)
        for row in (
            Row("clean close", close),
            Row("end passes while away", ends_while_away, again=(OLD,)),
            Row("down at start", down_at_start),
            Row("down mid-task", down_mid_task),
            Row("black hole 5 s", black_hole),
            Row("half-open", half_open),
            Row("deaf after reconnect", deaf_after_reconnect),
        )
    ),
    Row("offline 10 s", offline, seconds=24),
)
