"""One story for every engine: it starts, does its job on two servers, and survives a reload."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ImageChops

from tests.e2e.background import Background
from tests.e2e.farm import Farm, farm, noise
from tests.engines.seat import Seat
from tests.engines.watched_page import WatchedPageServer


@contextmanager
def two_servers(background: Background, pace: float = 0.0) -> Iterator[Farm]:
    """Two embedded servers, and the page that knows them and writes down its complaints."""
    with farm(background, pace=pace) as two:
        names = [{"url": server.url, "name": server.settings.name} for server in two.servers]
        page = WatchedPageServer(servers=names)
        background.run(page.start())
        try:
            yield Farm(background, two.servers, page)
        finally:
            background.run(page.stop())


def saved(folder: Path, count: int) -> list[Path]:
    """Pictures as files."""
    files = [folder / f"photo-{number}.png" for number in range(count)]
    for number, file in enumerate(files):
        noise(number).save(file)
    return files


def assert_right(seat: Seat, count: int) -> None:
    """Every card shows its own picture, inverted."""
    for number in range(count):
        expected = ImageChops.invert(noise(number))
        shown = seat.picture(f"photo-{number}")
        assert ImageChops.difference(shown, expected).getbbox() is None


def test_it_starts_does_its_job_and_complains_of_nothing(
    seat: Seat, background: Background, tmp_path: Path
) -> None:
    """Two servers, two right pictures; then the routing test, with a tiny task on each server.

    The engine has no way to suspend WebAssembly, and the page's policy is kept.
    """
    with two_servers(background, pace=0.3) as two:
        seat.open(two.url)
        seat.until("document.querySelectorAll('.server.card[data-tone=good]').length === 2")
        suspending = "[typeof WebAssembly.Suspending, typeof WebAssembly.promising]"
        assert seat.js(suspending) == ["undefined"] * 2
        assert seat.js("document.getElementById('boot').textContent") == ""
        seat.run(saved(tmp_path, 2))
        seat.expect_done(2)
        assert_right(seat, 2)
        assert [two.posts(0), two.posts(1)] == [1, 1]
        ended = seat.js("windowTasks()")
        assert {task["server"] for task in ended} == {server.url for server in two.servers}
        assert [task["endedBy"] for task in ended] == ["socket"] * 2
        result = seat.js("runWebSocketRoutingFixTest()")
        assert result["passed"], result["summary"]
        assert [scene["id"] for scene in result["scenes"]] == list(range(1, 13))
        assert [each["verdict"] for each in result["live"]] == ["ok"] * 2
        assert seat.js("problems") == []


def test_a_reload_loses_nothing_and_repeats_nothing(
    seat: Seat, background: Background, tmp_path: Path
) -> None:
    """Tasks run, others wait with their pictures in the browser: all of them end well.

    Pictures that were chosen and not run yet are there, and run when a person says so.
    """
    # So slow that some still wait, however long the browser takes to store the pictures.
    with two_servers(background, pace=8.0) as two:
        seat.open(two.url)
        files = saved(tmp_path, 8)
        seat.run(files[:6])
        # The list of pictures is empty a moment before the last of them has its card.
        seat.until("document.querySelectorAll('.task').length === 6")
        seat.until("document.querySelectorAll('.task[data-state=running]').length === 2")
        assert seat.count("waiting") > 0
        seat.choose(files[6:])
        draft = "JSON.parse(sessionStorage['tether:/:draft'] ?? '{}')"
        seat.until(f"({draft}.files ?? []).length === 2")
        for number in (0, 1):
            two.change(number, pace=0)
        seat.reload()
        assert seat.count() == 6
        assert seat.js("document.querySelectorAll('#pictures li').length") == 2
        seat.expect_done(6)
        seat.press_run()
        seat.expect_done(8)
        assert_right(seat, 8)
        assert two.posts(0) + two.posts(1) == 8
        assert seat.js("problems") == []
