"""Whether a task may go to a server at all."""

import json

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    SOUTH,
    invert_workflow,
    new_window,
    waiting_task,
)
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.server import Use
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask
from tether.core.scheduling.fitness import (
    DESCRIBED_WITHIN,
    fits_elsewhere,
    lacking,
    query_nodes,
    suits,
    suits_now,
    too_large,
    why_nowhere,
)


def new_farm(*urls: ServerUrl) -> Window:
    """A window with these servers."""
    window = new_window()
    for url in urls:
        window.server(url, NOON).name = url[7:12].capitalize()
    return window


def special(window: Window) -> None:
    """Let the workflow have a class that not every server has."""
    node = {"class_type": "Special", "inputs": {"image": ["1", 0], "mode": "fine"}}
    window.workflows[INVERT] = invert_workflow(**{"2": node})


def test_pictures_and_pins_decide() -> None:
    window = new_farm(NORTH, SOUTH)
    north, south = window.servers[NORTH], window.servers[SOUTH]
    task = waiting_task(window, pinned=SOUTH)
    assert suits(window, south, task, NOON) and not suits(window, north, task, NOON)
    south.max_upload = 10
    assert not suits(window, south, task, NOON)


def test_a_picture_too_large_for_all_is_told_with_the_widest_limit() -> None:
    window = new_farm(NORTH)
    north = window.servers[NORTH]
    north.max_upload = 5_000_000
    why = why_nowhere(window, [north], waiting_task(window), NOON)
    assert why is not None and why.code == "picture_too_large"
    assert dict(why.facts)["limit"] == "5"


def test_each_class_is_asked_for_once_and_only_where_a_task_may_go() -> None:
    window = new_farm(NORTH, SOUTH)
    tasks = (waiting_task(window, 1, pinned=NORTH), waiting_task(window, 2, pinned=NORTH))
    special(window)
    (call,) = query_nodes(window, window.servers[NORTH], tasks, NOON)
    assert (call.ask, call.path, call.server) == (Ask.NODE, "/object_info/Special", NORTH)
    assert call.timeout == DESCRIBED_WITHIN
    assert query_nodes(window, window.servers[SOUTH], tasks, NOON) == ()


def test_classes_of_every_server_are_not_asked_for() -> None:
    window = new_farm(NORTH)
    assert query_nodes(window, window.servers[NORTH], [waiting_task(window)], NOON) == ()


def test_what_all_servers_lack_is_told_by_name() -> None:
    window = new_farm(NORTH, SOUTH)
    north, south = window.servers[NORTH], window.servers[SOUTH]
    task = waiting_task(window)
    special(window)
    for number, (server, text) in enumerate(
        [
            (north, "{}"),
            (south, json.dumps({"Special": {"input": {"required": {"mode": [["x"]]}}}})),
        ]
    ):
        server.inventory.query(number, "Special")
        assert suits(window, server, task, NOON)
        server.inventory.answered(number, 200, text, NOON)
        assert not suits(window, server, task, NOON)
    why = why_nowhere(window, [north, south], task, NOON)
    assert why == Trouble.of("nobody_can", missing=f"{north.name}: Special; {south.name}: fine")
    task.pinned = SOUTH
    why = why_nowhere(window, [north, south], task, NOON)
    assert why == Trouble.of("nobody_can", missing=f"{south.name}: fine")


def test_without_servers_and_without_lacks_nothing_is_wrong() -> None:
    window = new_farm(NORTH)
    task = waiting_task(window)
    assert why_nowhere(window, [], task, NOON) is None
    assert why_nowhere(window, window.servers.values(), task, NOON) is None
    assert lacking([("North", ())]) is None


def test_a_picture_is_judged_only_where_there_are_servers() -> None:
    """Without any, nothing is too large."""
    window = new_farm(NORTH)
    assert too_large([], [("photo.png", 10**12)]) is None
    assert too_large([window.servers[NORTH]], [("photo.png", 10**12)]) is None


def test_a_picture_that_was_refused_is_too_large_without_a_limit_in_figures() -> None:
    """What a proxy allows is not told."""
    window = new_farm(NORTH)
    north = window.servers[NORTH]
    north.refused_picture(8_000_000)
    why = too_large([north], [("small.png", 7_999_999), ("photo.png", 8_000_000)])
    facts = {"picture": "photo.png", "size": "7.6", "limit": 100}
    assert why == Trouble.of("picture_too_large_there", server=north.name, **facts)


def test_a_picture_that_one_server_refused_may_fit_another() -> None:
    """Where the choice is ours, and the other stays."""
    window = new_farm(NORTH, SOUTH)
    task = waiting_task(window)
    window.servers[NORTH].refused_picture(8_000_000)
    assert fits_elsewhere(window, task)
    window.servers[SOUTH].use = Use.REMOVED
    assert not fits_elsewhere(window, task)
    window.servers[SOUTH].use = Use.LISTED
    task.pinned = NORTH
    assert not fits_elsewhere(window, task)


def test_a_workflow_that_was_too_large_to_be_posted_is_no_longer_posted_there() -> None:
    """The limit may be of that path alone."""
    window = new_farm(NORTH)
    north, task = window.servers[NORTH], waiting_task(window)
    task.body_size = north.refused_body = 2_000_000
    assert not suits(window, north, task, NOON) and not fits_elsewhere(window, task)
    why = why_nowhere(window, [north], task, NOON)
    assert why is not None and dict(why.facts)["picture"] == task.title
    task.body_size -= 1
    assert suits(window, north, task, NOON) and fits_elsewhere(window, task)


def test_what_nobody_told_to_be_too_large_is_told_as_such() -> None:
    window = new_farm(NORTH)
    north = window.servers[NORTH]
    for at in (0, 10):
        north.upload_broke(8_000_000, NOON + at, NOON + at + 5)
    why = too_large([north], [("photo.png", 8_000_000)])
    assert why is not None and why.code == "upload_broken_off"


def test_what_is_not_known_suits_later_but_not_now() -> None:
    """A class that the server wasn't queried for may be missing there."""
    window = new_farm(NORTH)
    north, task = window.servers[NORTH], waiting_task(window)
    assert suits_now(window, north, task, NOON)
    special(window)
    assert suits(window, north, task, NOON) and not suits_now(window, north, task, NOON)
