"""What a task gives: pictures, videos, texts, other files; and a result as the next input."""

from collections.abc import Iterator

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_page,
    result_of,
    run,
    run_own,
)
from tests.e2e.watch import Watch


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    with farm(background) as servers:
        yield servers


def test_a_result_becomes_the_input_of_another_server(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """The file moves there; inverted twice it is what it was, twice as large."""
    page = open_page(watched_page, two)
    picture = noise(4, 16, 12)
    run(page, [as_file(picture, "p.png")], "invert", "gpu-1")
    expect_done(page, 1)
    page.locator("[data-action=use]").click()
    expect(page.locator("#pictures li")).to_have_count(1)
    name = page.locator("#pictures li span").inner_text()
    page.locator("#workflow").select_option("invert")
    page.locator("#server-choice").select_option(label="gpu-2")
    page.locator("#run").click()
    expect_done(page, 2)
    assert result_of(page, f"{name} ·").tobytes() == picture.tobytes()
    assert ImageOps.invert(picture).tobytes() != picture.tobytes()
    assert two.posts(0) == two.posts(1) == 1


def test_a_result_that_is_gone_is_told(two: Farm, watched_page: Page, watch: Watch) -> None:
    watch.expect("Failed to load resource: net::ERR_")
    page = open_page(watched_page, two)
    run(page, [as_file(noise(4), "p.png")], "invert", "gpu-1")
    expect_done(page, 1)
    two.background.run(two.servers[0].stop())
    page.locator("[data-action=use]").click()
    expect(page.locator("#notices")).to_contain_text("can't be fetched from its server")
    expect(page.locator("#pictures li")).to_have_count(0)


def test_a_video_plays_by_ranges_and_is_not_fetched_before(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    workflow = {
        "1": {
            "class_type": "EmptyImage",
            "inputs": {"width": 64, "height": 64, "batch_size": 12, "color": 255},
        },
        "2": {
            "class_type": "SaveWEBM",
            "inputs": {
                "images": ["1", 0],
                "filename_prefix": "v",
                "codec": "vp9",
                "fps": 6.0,
                "crf": 32.0,
            },
        },
    }
    run_own(page, workflow)
    expect_done(page, 1)
    video = page.locator(".results video")
    expect(video).to_have_attribute("preload", "none")
    address = video.get_attribute("src")
    assert address is not None

    def views() -> list[str]:
        return [
            path
            for server in two.servers
            for _, path, _ in server.requests
            if path.startswith("/view")
        ]

    assert views() == []
    assert video.evaluate("video => video.play().then(() => video.videoWidth)") == 64
    assert views()
    expect(page.locator(".results a[download]")).to_have_attribute("href", address)


def test_pictures_have_no_player(two: Farm, watched_page: Page, watch: Watch) -> None:
    page = open_page(watched_page, two)
    run(page, [as_file(Image.new("RGB", (8, 8)), "p.png")])
    expect_done(page, 1)
    expect(page.locator(".results img")).to_have_count(1)
    expect(page.locator(".results :is(video, audio)")).to_have_count(0)
