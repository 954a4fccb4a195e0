"""What the page shows of a server."""

import pytest

from demo.memory import MemoryRecords
from page.servers.row import About
from page.tasks.search import TaskSearch
from page.ui.stars import Stars
from page.view import Views
from tests.page.test_view import WORDS, Files, Known, views_of
from tests.tether.core.farm import (
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    bound_task,
    new_window,
)
from tether.core.errors import Trouble
from tether.core.model.server import Reach, Use
from tether.core.model.task import State
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.answers import ServerFacts


def test_a_server_whose_message_broke_something_says_so() -> None:
    """Until the page is loaded again; what keeps it from being used comes first."""
    window = new_window()
    north = window.server(NORTH, NOON)
    north.mishap = Trouble.of("mishandled", server="north")
    north.answered()
    assert "could not take in" in views_of(window).view(NOON).servers[0].trouble


def test_a_server_says_how_it_is() -> None:
    """Its reach, queue, our share, facts and socket, in words."""
    window = new_window()
    server = window.server(NORTH, NOON)
    bound_task(window, server, *RUNNING)
    server.answered()
    server.note_queue(3, NOON)
    server.facts = ServerFacts("0.28.1", "cuda:0", 1, 2)
    row = views_of(window).view(NOON).servers[0]
    assert (row.tone, row.state, row.socket) == ("good", "ready", "connects when it gets a task")
    assert (row.queue, row.ours) == ("3 in queue", "1 from this window")
    assert row.overall == window.live["t1"].progress.overall
    assert row.facts == "ComfyUI 0.28.1, runs on cuda:0"
    assert row.trouble == ""


@pytest.mark.parametrize(
    ("device", "told"),
    [
        ("cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync", "NVIDIA GeForce RTX 4090"),
        ("cuda:1 NVIDIA A100-SXM4-80GB : native", "NVIDIA A100-SXM4-80GB"),
        *(("cpu", "cpu"), ("cuda:0", "cuda:0"), ("mps", "mps")),
        *(("the cellar's: old one", "the cellar's: old one"), ("a\nb", "a\nb")),
    ],
)
def test_a_device_is_called_what_people_call_it(device: str, told: str) -> None:
    """The card has what the server says in its title."""
    window = new_window()
    server = window.server(NORTH, NOON)
    server.answered()
    server.facts = ServerFacts("0.28.1", device, 1, 2)
    row = views_of(window).view(NOON).servers[0]
    assert (row.facts, row.device) == (f"ComfyUI 0.28.1, runs on {told}", device)
    server.facts = ServerFacts("0.28.1", "", 1, 2)
    assert views_of(window).view(NOON).servers[0].facts == "ComfyUI 0.28.1"


def test_a_server_in_trouble_says_what_to_do() -> None:
    """And one that is leaving says that."""
    window = new_window()
    server = window.server(NORTH, NOON)
    assert views_of(window).view(NOON).servers[0].tone == "plain"
    why = Trouble.of("server_cors", server="north", url=NORTH)
    server.judge(Reach.REFUSED, why, NOON)
    row = views_of(window).view(NOON).servers[0]
    assert (row.tone, row.state, row.socket) == ("bad", "refuses this page", "")
    assert "--enable-cors-header" in row.trouble
    server.use = Use.REMOVED
    assert views_of(window).view(NOON).servers[0].state == "finishing its last tasks"


def test_a_server_on_which_a_workflow_fails_that_others_complete_says_so() -> None:
    """Unless there is something worse to say."""
    window = new_window()
    for number, (url, state) in enumerate(
        ((NORTH, State.FAILED), (NORTH, State.FAILED), (SOUTH, State.COMPLETED))
    ):
        task = bound_task(window, window.server(url, NOON), *RUNNING, number=number)
        window.end(task, state, NOON + number, "socket", Trouble.of("node_failed"))
    views = views_of(window)
    north, south = views.view(NOON).servers
    assert north.trouble.startswith("2 tasks failed on north:8188")
    assert south.trouble == ""
    silent = Trouble.of("server_silent", server="north")
    window.servers[NORTH].judge(Reach.DOWN, silent, NOON)
    assert views.view(NOON).servers[0].trouble.startswith("north didn't answer.")


def test_a_card_tells_how_a_token_is_sent_but_not_the_token() -> None:
    """Or, for the form, which kind the server is known to want."""
    window = new_window()
    window.server(NORTH, NOON)
    window.server(SOUTH, NOON)
    known = {NORTH: Access(Mode.BEARER, "s3cret"), SOUTH: Access(Mode.BASIC)}
    views = views_of(window, lambda url: About(known[url]))
    north, south = views.view(NOON).servers
    assert (north.access, north.access_mode) == ("with a Bearer token", "bearer")
    assert (south.access, south.access_mode) == ("", "basic")


def test_a_card_shows_the_causes_and_what_to_copy() -> None:
    """One is said as the trouble itself; of several the browser hides which it is."""
    window = new_window()
    server = window.server(NORTH, NOON)
    down = Trouble.of("doctor_down", server="north", url=NORTH, cure="run it")
    other = Trouble.of("doctor_certificate", server="north", url=NORTH, cure=NORTH)
    (row,) = views_of(window, lambda _: About(None, (down,))).view(NOON).servers
    assert (row.trouble, row.causes) == (WORDS.trouble(down), (("", "run it"),))
    (row,) = views_of(window, lambda _: About(None, (down, other))).view(NOON).servers
    assert "one of these" in row.trouble
    assert row.causes == ((WORDS.trouble(down), "run it"), (WORDS.trouble(other), NORTH))
    (row,) = views_of(window, lambda _: About(original=server)).view(NOON).servers
    assert server.name in row.duplicate


def test_a_server_that_waits_for_a_click_has_a_card() -> None:
    """By its name, or its address."""
    held = {NORTH: "", SOUTH: "south"}
    window = new_window()
    search = TaskSearch(window, WORDS, Stars(MemoryRecords()))
    views = Views(window, WORDS, str, Files(), Known(held=held), search)
    rows = views.view(NOON).servers
    assert [(row.name, row.is_held, row.tone) for row in rows] == [
        ("north:8188", True, "plain"),
        ("south", True, "plain"),
    ]


def test_a_blocked_socket_is_said_on_the_card() -> None:
    """And what a token in a header has to do with it."""
    window = new_window()
    window.server(NORTH, NOON).connection.is_blocked = True
    access = Access(Mode.BEARER, "s3cret")
    (plain,) = views_of(window).view(NOON).servers
    (token,) = views_of(window, lambda _: About(access)).view(NOON).servers
    assert "WebSocket blocked" in plain.socket
    assert "/ws" in token.socket


def test_a_server_tells_its_figures_with_their_age() -> None:
    """And when a new task would be done there; paused, it says so and tells no wait."""
    window = new_window()
    server = window.server(NORTH, NOON)
    views = views_of(window)
    (row,) = views.view(NOON).servers
    assert (row.figures, row.wait) == ("", "")
    server.answered()
    assert views.view(NOON).servers[0].figures == ""
    server.facts = ServerFacts("0.28.1", "cuda:0", 3 * 2**30, 24 * 2**30)
    server.latency = 0.0042
    server.note_queue(2, NOON + 3)
    done = bound_task(window, server, *RUNNING)
    window.end(done, State.COMPLETED, NOON, "socket", None)
    done.ran = 10.0
    (row,) = views.view(NOON).servers
    assert row.figures == "answers in 4 ms · 3.0 of 24.0 GB memory free · as of noon+3"
    assert row.wait == "a new task would be done in about 30 s"
    server.is_paused = True
    (row,) = views.view(NOON).servers
    assert (row.state, row.wait, row.is_paused) == ("paused", "", True)


def test_a_server_in_which_the_doctor_found_nothing_says_so() -> None:
    window = new_window()
    window.server(NORTH, NOON)
    about = About(examined_at=NOON)
    (row,) = views_of(window, lambda _: about).view(NOON).servers
    assert row.well.endswith(": no problem found.")
    about = About(examined_at=NOON, causes=(Trouble.of("doctor_slow", server="north", cure=""),))
    (row,) = views_of(window, lambda _: about).view(NOON).servers
    assert row.well.startswith("Checked at")


def test_a_server_that_was_lost_shows_no_figures_of_before() -> None:
    """Its socket closed, and it may have restarted: they come back with its next answer."""
    window = new_window()
    server = window.server(NORTH, NOON)
    bound_task(window, server, *RUNNING)
    server.answered()
    server.latency = 0.01
    server.connection.connect()
    server.connection.greeted(1)
    server.note_queue(2, NOON)
    views = views_of(window)
    row = views.view(NOON).servers[0]
    assert (row.state, row.queue) == ("ready", "2 in queue")
    assert row.figures == "answers in 10 ms · as of noon+0"

    server.connection.closed(1)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == ("plain", "checking…", "")
    assert (row.socket, row.figures) == ("live updates lost, reconnecting", "")

    server.failed(Reach.DOWN, Trouble.of("server_silent", server="north"), NOON + 1)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == ("bad", "no answer", "")
    assert row.ours == "1 from this window"

    server.answered()
    server.note_queue(0, NOON + 2)
    row = views.view(NOON).servers[0]
    assert (row.tone, row.state, row.queue) == (
        "good",
        "ready",
        "0 in queue",
    )
