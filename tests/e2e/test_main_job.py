"""The main job, end to end: real pictures, real servers, real sockets."""

from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Heard,
    as_file,
    expect_done,
    expect_ready,
    farm,
    fresh_window,
    lock,
    noise,
    open_page,
    own_tasks,
    result_of,
    run,
    tasks,
)
from tests.e2e.watch import Watch


def assert_same(result: Image.Image, expected: Image.Image) -> None:
    """Every pixel is as it should be."""
    assert result.size == expected.size
    assert ImageChops.difference(result, expected).getbbox() is None


def test_two_tabs_two_servers_two_right_pictures(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """Each tab pins its photo to another server; both get back the right picture."""
    with farm(background, pace=0.3) as two:
        first = open_page(watched_page, two)
        second = fresh_window(first.context, two)
        photos = [noise(1), noise(2)]
        for tab, photo, server in ((first, photos[0], "gpu-1"), (second, photos[1], "gpu-2")):
            run(tab, [as_file(photo, f"{server}.png")], server=server)
        for tab, photo, server in ((first, photos[0], "gpu-1"), (second, photos[1], "gpu-2")):
            expect_done(tab, 1)
            expect(tasks(tab).locator(".server")).to_have_text(server)
            assert_same(result_of(tab, server), ImageChops.invert(photo))
        assert [two.posts(0), two.posts(1)] == [1, 1]
        servers = {server.url for server in two.servers}
        assert watch.origins() <= {
            two.url.rstrip("/"),
            *servers,
            *(url.replace("http", "ws", 1) for url in servers),
        }


def test_four_tasks_at_once_are_each_heard_from_their_own_server(
    watched_page: Page, background: Background
) -> None:
    """One window, two servers, four tasks: no connection is moved, nothing goes deaf."""
    with farm(background, is_held=True) as two:
        heard = Heard()
        heard.follow(watched_page)
        page = open_page(watched_page, two)
        photos = [noise(number) for number in range(4)]
        run(page, [as_file(photo, f"photo-{n}.png") for n, photo in enumerate(photos)])
        expect(tasks(page, "running")).to_have_count(2)
        held = lock(page)
        assert held is not None
        assert {entry["server"] for entry in held["locks"]} == {s.url for s in two.servers}
        assert sum(len(entry["promptIds"]) for entry in held["locks"]) == 4
        assert len(heard.open) == 2

        two.release()
        expect_done(page, 4)
        assert lock(page) is None
        for number, photo in enumerate(photos):
            assert_same(result_of(page, f"photo-{number}"), ImageChops.invert(photo))

        # Each task was heard over its own server's socket, to the very last frame; and
        # nobody had asked the servers' books before.
        ended = own_tasks(page)
        for task in ended:
            own = task["server"].replace("http", "ws", 1)
            assert [url.startswith(own) for url in heard.sockets_of(task["promptId"])] == [True]
            last = [
                frame
                for _, frame in heard.frames
                if isinstance(frame, dict) and frame["data"].get("prompt_id") == task["promptId"]
            ][-1]
            assert last["type"] == "executing"
            assert last["data"]["node"] is None
            assert task["endedBy"] == "socket"
        assert sorted(task["server"] for task in ended) == sorted(2 * [s.url for s in two.servers])
        client_ids = {url.partition("clientId=")[2] for url in heard.open}
        assert len(client_ids) == 2
        # A list asked on the greeting is no poll: it found nothing of ours to end.
        details = [path for n in (0, 1) for path in two.polls(n) if "status=" not in path]
        assert details == []


@pytest.mark.long
def test_twenty_large_photos_survive_a_reload(
    watched_page: Page, background: Background, tmp_path: Path
) -> None:
    """Twenty waiting photos of 8 MB each: after a reload in the middle all of them finish."""
    # So slow that most still wait, however long the browser takes to store 160 MB.
    with farm(background, is_held=True) as two:
        page = open_page(watched_page, two)
        photos = [noise(number, 1700, 1650) for number in range(20)]
        files = [tmp_path / f"big-{number}.png" for number in range(20)]
        for photo, file in zip(photos, files, strict=True):
            photo.save(file, compress_level=0)
            assert file.stat().st_size > 8e6
        run(page, files)
        expect(tasks(page)).to_have_count(20)
        expect(tasks(page, "waiting")).to_have_count(16)
        for state in ("running", "queued"):  # no photo is cut off on its way
            expect(tasks(page, state)).to_have_count(2)

        page.reload()
        expect_ready(page)
        expect(tasks(page)).to_have_count(20)
        two.release()
        expect_done(page, 20)

        assert lock(page) is None
        assert two.posts(0) + two.posts(1) == 20, "nothing ran twice"
        for number in (0, 7, 19):
            assert_same(result_of(page, f"big-{number}.png"), ImageChops.invert(photos[number]))
