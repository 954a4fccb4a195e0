"""The rooms of the house, and how they stand in the picture."""

import re

from tools.dev.rooms import arrows, direct, draw, floors, imports_between, room_of, rooms


def test_a_room_is_a_folder() -> None:
    """The core's own modules stand at two heights, so they are two rooms."""
    assert room_of("page.gallery.store") == "page/gallery"
    assert room_of("page.app") == room_of("page") == "page"
    assert room_of("main") == "main"
    assert room_of("tether.core.events") == room_of("tether.core.commands")
    assert room_of("tether.core.ids") == room_of("tether.core.errors") != "tether/core"


def test_a_room_stands_above_all_that_it_imports() -> None:
    """Also where a longer path leads to the same room."""
    floor, upward = floors({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"c"}})
    assert floor == {"a": 2, "b": 1, "c": 0, "d": 1}
    assert upward == set()


def test_an_arrow_that_closes_a_circle_leads_up() -> None:
    """The others still have their floors."""
    floor, upward = floors({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert floor == {"a": 2, "b": 1, "c": 0}
    assert upward == {("c", "a")}


def test_an_arrow_that_a_longer_path_implies_is_not_drawn() -> None:
    """Without that a picture of nearly two hundred arrows would show nothing."""
    assert direct({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == {("a", "b"), ("b", "c")}


def test_the_picture_has_a_box_for_each_room_and_is_the_same_each_time() -> None:
    """A room that nobody imports and that imports nothing has none."""
    picture = draw()
    labels = {room.removeprefix("tether/").removeprefix("page/") for room in rooms()}
    assert set(re.findall(r">([^<>]+)</text>", picture)) == labels
    assert picture == draw()


def test_imports_are_read_from_the_source() -> None:
    """The simulator has none; the page has its panels."""
    assert imports_between("simulator") == []
    assert ("page", "page/tasks") in arrows()
