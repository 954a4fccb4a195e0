"""What happens to calls over HTTP."""

import json
import time
from collections.abc import Callable
from dataclasses import replace

from tests.faults.rows.row import EARLY, OLD, Row
from tests.faults.stage import Stage

UPLOAD = "/upload/image"
LISTS = r"/queue|/api/jobs\?"
DETAILS = r"/history/|/api/jobs/"


def post_late(stage: Stage) -> None:
    """The frames are faster than the answer."""
    stage.fault("post_late", seconds=3)
    stage.send()


def post_lost(stage: Stage) -> None:
    """The server has the task; the page is not told so."""
    stage.fault("post_lost")
    stage.send()


def post_cut(stage: Stage) -> None:
    """Chromium repeats a POST that a connection in use swallowed: the server gets it twice."""
    stage.fault("post_cut")
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
    stage.send_and_hold()
    stage.go_on()
    stage.pass_by(30)
    stage.heal()


def known_paths(status: int, *, is_readable: bool) -> Callable[[Stage], None]:
    """A proxy passes known paths only, and the jobs API is none of them."""

    def story(stage: Stage) -> None:
        stage.fault("known_paths", status=status, is_readable=is_readable)
        stage.fault("swallow", frames=["executed"])
        stage.send()

    return story


def refused(stage: Stage) -> None:
    """Something before gpu-1 takes no large body, and the page may read that."""
    stage.fault("refuse", path=UPLOAD, is_readable=True)
    stage.open()
    stage.send_to("gpu-2")
    stage.known_at[0] = time.time()
    stage.send_to("gpu-1")


def refused_there_alone(stage: Stage) -> None:
    """The same, with the choice left to the page: what gpu-1 can't take goes to gpu-2."""
    stage.fault("refuse", path=UPLOAD, is_readable=True)
    stage.open()
    stage.send_to("gpu-2")
    stage.send_to("")


def refused_unreadably(stage: Stage) -> None:
    """As ComfyUI says it: without a CORS header, so that gpu-1 seems to be down."""
    stage.fault("refuse", path=UPLOAD)
    stage.open()
    stage.send_to("gpu-2")
    stage.send_to("")


def refused_unreadably_where_chosen(stage: Stage) -> None:
    """The same at a chosen server: the tasks end, and say what cures it."""
    stage.fault("refuse", path=UPLOAD)
    stage.open()
    stage.send_to("gpu-2")
    stage.known_at[0] = time.time()
    stage.send_to("gpu-1")
    stage.until_told("client_max_body_size")
    assert stage.uploads() <= 6, "the same pictures are uploaded again and again"


def refused_in_words(stage: Stage) -> None:
    """A gateway wants to be paid first, and says so; somebody pays, and comes back."""
    words = json.dumps({"detail": "Your credit is used up"})
    stage.fault("refuse", path="/prompt", status=402, text=words, is_readable=True)
    stage.open()
    stage.send_to("gpu-2")
    stage.send_to("gpu-1")
    stage.until_told("Your credit is used up")
    stage.heal()
    stage.look_again()


IN_PROCESS = (
    Row("POST answer 3 s late", post_late, again=(OLD,)),
    Row("POST answer lost", post_lost, again=(OLD, EARLY)),
    Row("500 on history once", history_fails_once, by="record", again=(OLD,)),
    Row("list hangs 30 s", lists_hang, by="record", again=(OLD,), seconds=36),
    *(
        Row(
            f"jobs API behind a proxy: {status}",
            known_paths(status, is_readable=True),
            by="record",
        )
        for status in (200, 403)
    ),
    Row("upload 413", refused, ("failed", "failed"), by="answer", is_sent=False),
    Row("upload 413, not pinned", refused_there_alone, (), beside=4),
    Row("POST 402 with words", refused_in_words),
)

ROWS = (
    replace(IN_PROCESS[1], is_in_process=True),  # and in a browser, through static/boot/calls.mjs
    *(
        replace(row, is_in_browser=False, is_in_process=True)
        for row in (IN_PROCESS[0], *IN_PROCESS[2:])
    ),
    # By Chromium itself.
    Row(
        "POST answer lost before its first byte",
        post_cut,
        again=(OLD, EARLY),
        doubles=1,
        pace=2.0,
    ),
    # No process is kept from reading what is answered.
    *(
        Row(
            f"jobs API behind a proxy: {status}, unreadable",
            known_paths(status, is_readable=False),
            by="record",
            proved_by="a proxy of known paths",
        )
        for status in (405, 500)
    ),
    Row("upload 413, unreadable", refused_unreadably, (), beside=4),
    Row(
        "upload 413, unreadable, chosen",
        refused_unreadably_where_chosen,
        ("failed", "failed"),
        by="answer",
        is_sent=False,
        seconds=25,
    ),
)
