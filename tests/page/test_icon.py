"""What the page's icon says."""

import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote

import pytest

from page.icon import IDLE, Icon, address, draw, icon_of
from tests.page.test_view import views_of
from tests.tether.core.farm import NOON, NORTH, RUNNING, bound_task, new_window
from tether.core.ids import NodeId
from tether.core.model.task import State

FILE = Path(__file__).resolve().parents[2] / "static/favicon.svg"


def test_while_tasks_run_it_shows_how_far_they_are() -> None:
    """In twentieths, so that it seldom changes; then whether one failed, until it is removed."""
    window = new_window()
    views = views_of(window)
    assert icon_of(views.view(NOON)) == IDLE
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    assert icon_of(views.view(NOON)) == Icon("running", 0)
    task.progress.begin(NodeId("2"))
    task.progress.reach(NodeId("2"), 0.62)
    assert icon_of(views.view(NOON)) == Icon("running", 4)
    window.end(task, State.FAILED, NOON, "socket", None)
    assert icon_of(views.view(NOON)) == Icon("failed", 0)
    again = bound_task(window, window.servers[NORTH], *RUNNING, number=2)
    assert icon_of(views.view(NOON)).state == "running"
    window.end(again, State.COMPLETED, NOON, "socket", None)
    assert icon_of(views.view(NOON)).state == "failed"
    window.dismiss(task)
    assert icon_of(views.view(NOON)) == IDLE


def test_what_was_lost_counts_as_failed() -> None:
    """Somebody should look; what was cancelled is as it was wanted."""
    window = new_window()
    server = window.server(NORTH, NOON)
    for number, (state, icon) in enumerate(((State.CANCELLED, "idle"), (State.LOST, "failed"))):
        window.end(bound_task(window, server, *RUNNING, number=number), state, NOON, "record", None)
        assert icon_of(views_of(window).view(NOON)).state == icon


def test_the_idle_icon_is_that_of_the_file() -> None:
    """After work the tab looks as before."""
    assert draw(IDLE) == FILE.read_text().strip()


@pytest.mark.parametrize("icon", [IDLE, Icon("failed", 0), Icon("running", 0), Icon("running", 20)])
def test_every_icon_can_be_drawn(icon: Icon) -> None:
    """As an address without anything that would end it early."""
    drawn = address(icon)
    assert drawn.startswith("data:image/svg+xml,")
    assert not set('#"<> ') & set(drawn)
    assert ET.fromstring(unquote(drawn.partition(",")[2])).tag.endswith("svg")
