"""The rows: what goes wrong, and how the tasks of gpu-1 truly end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.e2e.farm import expect_ready, tasks
from tests.faults.stage import Stage

WELL = ("completed", "completed")
OLD = "0.3.64"

FAILING = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "picture.png"}},
    "2": {"class_type": "TetherRaise", "inputs": {"image": ["1", 0], "message": "boom"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "t"}},
}
LISTS = r"/queue|/api/jobs\?"
DETAILS = r"/history/|/api/jobs/"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `ends` are the true ends of gpu-1's tasks; `by` and `beside` who tells the page of those of
    gpu-1 and gpu-2, where that is certain.
    """

    name: str
    story: Callable[[Stage], None]
    ends: Sequence[str] = WELL
    by: str | None = None
    beside: str | None = "socket"
    api: str = "0.28"
    pace: float = 0.7


def reset(stage: Stage) -> None:
    """The first task is at work when the line breaks."""
    stage.send()
    stage.until_running()
    stage.fault("reset")
    stage.until(lambda: len(stage.dials()) == 2)


def close(stage: Stage) -> None:
    """Something on the way closes the socket in good order."""
    stage.send()
    stage.until_running()
    stage.fault("close")
    stage.until(lambda: len(stage.dials()) == 2)


def ends_while_away(stage: Stage) -> None:
    """No way to the server until all is done there."""
    stage.send()
    stage.until_running()
    stage.fault("down")
    stage.until_idle()
    stage.heal()


def swallowed(*frames: str, workflow: dict[str, object] | None = None) -> Callable[[Stage], None]:
    """These frames never arrive."""

    def story(stage: Stage) -> None:
        stage.fault("swallow", frames=frames)
        stage.send(workflow)

    return story


def node_error(stage: Stage) -> None:
    """A node raises."""
    stage.send(FAILING)


def post_late(stage: Stage) -> None:
    """The frames are faster than the answer."""
    stage.fault("post_late", seconds=3)
    stage.send()


def post_lost(stage: Stage) -> None:
    """The server has the task; the page is not told so."""
    stage.fault("post_lost")
    stage.send()


def history_fails_once(stage: Stage) -> None:
    """The end must be asked for, and the first answer is a 500 that no page may read."""
    stage.fault("swallow", frames=["executed"])
    stage.fault("fail_once", path=DETAILS)
    stage.send()


def lists_hang(stage: Stage) -> None:
    """No list, and no end on the socket either."""
    stage.fault("swallow", frames=["executed", "execution_success", "executing_null"])
    stage.fault("hang", path=LISTS)
    stage.send()
    stage.until_running()
    stage.pass_by(30)
    stage.heal()


def down_at_start(stage: Stage) -> None:
    """The server comes up five seconds after the tasks were given."""
    stage.fault("down")
    stage.send()
    stage.pass_by(5)
    stage.heal()


def down_mid_task(stage: Stage) -> None:
    """The way to the server is gone for a second of the first task."""
    stage.send()
    stage.until_running()
    stage.fault("down")
    stage.pass_by(1)
    stage.heal()


def killed(stage: Stage) -> None:
    """The server forgets what it had."""
    stage.send()
    stage.until_running()
    stage.background.run(stage.faulty.server.kill())
    stage.pass_by(1)
    stage.background.run(stage.faulty.server.start())
    stage.heal()


def paused(stage: Stage) -> None:
    """The whole machine stands still."""
    stage.send()
    stage.until_running()
    stage.do(stage.faulty.server.freeze)
    stage.pass_by(20)
    stage.do(stage.faulty.server.thaw)
    stage.heal()


def black_hole(stage: Stage) -> None:
    """Nothing moves for five seconds, old connections and new ones."""
    stage.send()
    stage.until_running()
    stage.fault("pause")
    stage.pass_by(5)
    stage.heal()


def doubled(stage: Stage) -> None:
    """Each frame comes twice."""
    stage.fault("duplicate")
    stage.send()


def joined_by(kind: str) -> Callable[[Stage], None]:
    """Frames that concern nobody come before and after each of ours."""

    def story(stage: Stage) -> None:
        stage.fault("inject", kinds=[kind])
        stage.send()

    return story


def interrupted(stage: Stage) -> None:
    """Somebody stops whatever runs."""
    stage.send()
    stage.until_running()
    stage.faulty.call("/interrupt", {})


def deleted(stage: Stage) -> None:
    """Somebody deletes the task that waits on the server."""
    stage.send()
    stage.until_running()
    second = stage.tasks_of(0)[1]["promptId"]
    stage.faulty.call("/queue", {"delete": [second]})
    stage.heal()


def cleared(stage: Stage) -> None:
    """Somebody clears the queue."""
    stage.send()
    stage.until_running()
    stage.faulty.call("/queue", {"clear": True})
    stage.heal()


def sockets_blocked(stage: Stage) -> None:
    """No WebSocket gets through, ever."""
    stage.fault("no_sockets")
    stage.send()


def half_open(stage: Stage) -> None:
    """The socket stands, and nothing comes."""
    stage.send()
    stage.until_running()
    stage.fault("half_open")


def client_id(stage: Stage) -> str:
    """The page's client id at gpu-1."""
    return parse_qs(urlsplit(stage.dials()[0]).query)["clientId"][0]


def deaf_after_reconnect(stage: Stage) -> None:
    """The late death of the old socket unregisters the id of the new one."""
    stage.send()
    stage.until_running()
    stage.fault("reset")
    stage.until(lambda: len(stage.dials()) == 2)
    stage.pass_by(0.3)
    stage.do(lambda: stage.faulty.server.deafen(client_id(stage)))


def deaf_when_sending(stage: Stage) -> None:
    """The socket of earlier tasks is deaf when the next ones are sent over it."""
    stage.open()
    stage.send_to("gpu-1")
    stage.send_to("gpu-2")
    expect(tasks(stage.page, "completed")).to_have_count(4, timeout=30_000)
    stage.do(lambda: stage.faulty.server.deafen(client_id(stage)))
    stage.send_to("gpu-1")
    stage.until(lambda: len(stage.dials()) == 2, seconds=8)


def reloaded(stage: Stage) -> None:
    """The person reloads the page in mid-task."""
    stage.send()
    stage.until_running()
    stage.page.reload()
    expect_ready(stage.page)


ALL_THREE = swallowed("executed", "execution_success", "executing_null")

ROWS = (
    Row("reset mid-task", reset),
    Row("clean close", close),
    Row("end passes while away", ends_while_away),
    Row("executed swallowed", swallowed("executed"), by="record"),
    Row("execution_success swallowed", swallowed("execution_success"), by="record"),
    Row("executing null swallowed", swallowed("executing_null"), by="record"),
    Row("all three swallowed", ALL_THREE, by="record"),
    Row("node error", node_error, ("failed", "failed"), by="socket"),
    Row(
        "node error, its frames swallowed",
        swallowed("execution_error", "executing_null", workflow=FAILING),
        ("failed", "failed"),
        by="record",
    ),
    Row("POST answer 3 s late", post_late),
    Row("POST answer lost", post_lost),
    Row("500 on history once", history_fails_once, by="record"),
    Row("list hangs 30 s", lists_hang, by="record"),
    Row("down at start", down_at_start),
    Row("down mid-task", down_mid_task),
    Row("kill -9 and restart", killed, ("lost", "lost")),
    Row("paused 20 s", paused),
    Row("black hole 5 s", black_hole),
    Row("malformed JSON", joined_by("malformed"), by="socket"),
    Row("unknown type", joined_by("unknown"), by="socket"),
    Row("binary junk", joined_by("junk"), by="socket"),
    Row("foreign frames", joined_by("foreign"), by="socket"),
    Row("duplicated frames", doubled, by="socket"),
    Row("somebody interrupts", interrupted, ("cancelled", "completed")),
    Row("somebody deletes", deleted, ("completed", "lost"), pace=1.0),
    Row("somebody clears", cleared, ("completed", "lost"), pace=1.0),
    Row("WebSocket blocked, HTTP fine", sockets_blocked, by="record"),
    Row("half-open", half_open),
    Row("deaf after reconnect", deaf_after_reconnect),
    Row("deaf when sending", deaf_when_sending, (*WELL, *WELL)),
    Row("reload", reloaded, beside=None, pace=2.0),
    Row("reset mid-task, 0.3.64", reset, api=OLD),
    Row("end passes while away, 0.3.64", ends_while_away, api=OLD),
    Row("all three swallowed, 0.3.64", ALL_THREE, by="record", api=OLD),
    Row("POST answer lost, 0.3.64", post_lost, api=OLD),
    Row("500 on history once, 0.3.64", history_fails_once, by="record", api=OLD),
    Row("kill -9 and restart, 0.3.64", killed, ("lost", "lost"), api=OLD),
    Row("somebody deletes, 0.3.64", deleted, ("completed", "lost"), api=OLD, pace=1.0),
)
