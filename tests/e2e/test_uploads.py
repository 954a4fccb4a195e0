"""Files that are no pictures: they go to the inputs that a server marks as uploads."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from simulator.catalogue import classes_of
from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    drop,
    expect_done,
    farm,
    give_workflow,
    noise,
    open_page,
    own_tasks,
    tasks,
)
from tests.e2e.test_draft import kept_files
from tests.e2e.watch import Watch

FIXTURES = Path(__file__).parents[1] / "fixtures"
FILMS = {name: (FIXTURES / "cases" / name).read_bytes() for name in ("core.mp4", "core.webm")}


def filmed(loader: str, name: str) -> dict[str, object]:
    """Nodes that save the film of a loader."""
    saved = {"video": [loader, 0], "filename_prefix": name}
    return {
        loader: {"class_type": "LoadVideo", "inputs": {"file": f"{name}.mp4"}},
        f"{loader}0": {"class_type": "TetherSaveVideo", "inputs": saved},
    }


PICTURE = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "p"}},
}
FILM = json.dumps(filmed("1", "film"))
MIXED = json.dumps(PICTURE | filmed("3", "first") | filmed("4", "second"))


def film(name: str) -> FilePayload:
    """A video file, as a person picks it."""
    return {"name": name, "mimeType": f"video/{Path(name).suffix[1:]}", "buffer": FILMS[name]}


def drop_films(page: Page, *names: str) -> None:
    """Drop videos anywhere on the page."""
    drop(page, *((name, f"video/{Path(name).suffix[1:]}", FILMS[name]) for name in names))


def results(page: Page) -> set[bytes]:
    """The films that tasks made, as their servers give them."""
    addresses = page.locator(".task video").evaluate_all("all => all.map((each) => each.src)")
    answers = [page.context.request.get(each) for each in addresses]
    return {answer.body() for answer in answers}


@pytest.mark.long
@pytest.mark.parametrize("is_dropped", [True, False])
def test_each_video_that_is_dropped_or_chosen_is_a_task(
    background: Background, watched_page: Page, watch: Watch, is_dropped: bool
) -> None:
    """Where the workflow takes videos the page asks for them, and shows them as such."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        give_workflow(page, FILM, "film.json")
        expect(page.locator("#drop")).to_contain_text("Drop videos here")
        if is_dropped:
            drop_films(page, *FILMS)
        else:
            page.get_by_label("choose videos").set_input_files([film(name) for name in FILMS])
        expect(page.locator("#pictures video")).to_have_count(2)
        page.locator("#run").click()
        expect_done(page, 2)
        titles = {task["title"] for task in own_tasks(page)}
        assert titles == {"core.mp4 · film.json", "core.webm · film.json"}
        assert results(page) == set(FILMS.values())


def test_a_video_goes_to_its_field_where_the_list_is_for_pictures(
    background: Background, watched_page: Page, watch: Watch
) -> None:
    """Of two each goes to a field of its own, and is there after a reload."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        give_workflow(page, MIXED, "mixed.json")
        fields = page.locator("#form input[type=file]")
        expect(fields).to_have_count(2)
        expect(fields.first).to_have_attribute("accept", "video/*,.mkv,.mov")
        expect(page.locator("#drop")).to_contain_text("Drop pictures here")
        drop_films(page, *FILMS)
        for number, name in enumerate(FILMS):
            assert fields.nth(number).evaluate("field => field.files[0].name") == name
        expect(page.locator("#pictures li")).to_have_count(0)
        kept_files(page, 3)
        page.reload()
        expect(page.locator("#workflow option:checked")).to_have_text("mixed.json")
        for number, name in enumerate(FILMS):
            expect(fields.nth(number)).to_have_value(f"C:\\fakepath\\{name}")
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
        page.locator("#run").click()
        expect_done(page, 1)
        assert results(page) == set(FILMS.values())
        assert own_tasks(page)[0]["title"] == "p.png · mixed.json"


def test_what_a_workflow_does_not_take_is_refused(
    background: Background, watched_page: Page, watch: Watch
) -> None:
    """A picture for videos, then videos for pictures: both are named, and nothing is sent."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        give_workflow(page, FILM, "film.json")
        expect(page.locator("#drop")).to_contain_text("Drop videos here")
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
        page.locator("#run").click()
        expect(page.locator("#drop .trouble")).to_contain_text("p.png is not a video")
        page.get_by_role("button", name="Remove p.png").click()
        drop_films(page, "core.mp4")
        expect(page.locator("#pictures video")).to_have_count(1)
        page.locator("#workflow").select_option("invert")
        expect(page.locator("#drop")).to_contain_text("Drop pictures here")
        page.locator("#run").click()
        expect(page.locator("#drop .trouble")).to_contain_text("core.mp4 is not a picture")
        expect(tasks(page)).to_have_count(0)


@pytest.mark.long
@pytest.mark.parametrize(
    ("count", "told"),
    [(0, "No server has described this workflow yet"), (1, "None of your servers has all")],
)
def test_files_wait_until_a_server_says_what_the_workflow_takes(
    background: Background, watched_page: Page, watch: Watch, count: int, told: str
) -> None:
    """Nobody is told that it takes none; the file stays, and nothing is sent."""
    classes = (classes_of(without=["LoadVideo"]),) * count
    with farm(background, count, classes) as servers:
        page = open_page(watched_page, servers)
        give_workflow(page, FILM, "film.json")
        expect(page.locator("#workflow option:checked")).to_have_text("film.json")
        page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
        page.locator("#run").click()
        expect(page.locator("#drop .trouble")).to_contain_text(told)
        expect(page.locator("#pictures li")).to_have_count(1)
        expect(tasks(page)).to_have_count(0)
