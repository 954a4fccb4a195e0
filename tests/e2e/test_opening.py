"""Workflow files of every kind: the editor's, API format, and pictures that carry one."""

import json
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from PIL import Image, ImageOps
from playwright.sync_api import FilePayload, Page, Route, expect

from simulator.settings import Api
from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    give_workflow,
    noise,
    open_page,
    result_of,
    run,
    saved,
    wait_for,
)
from tests.e2e.watch import Watch

CASES = Path(__file__).resolve().parents[1] / "fixtures/cases"


@pytest.fixture
def servers(background: Background) -> Iterator[Farm]:
    with farm(background) as two:
        yield two


def slot(name: str, kind: str, link: int | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "link": link}


EDITOR = {
    "version": 0.4,
    "nodes": [
        {
            "id": 1,
            "type": "LoadImage",
            "mode": 0,
            "inputs": [],
            "outputs": [slot("IMAGE", "IMAGE")],
            "widgets_values": ["x.png", "image"],
        },
        {
            "id": 2,
            "type": "ImageScaleBy",
            "mode": 0,
            "inputs": [slot("image", "IMAGE", 1)],
            "outputs": [slot("IMAGE", "IMAGE")],
            "widgets_values": ["nearest-exact", 2.0],
        },
        {
            "id": 3,
            "type": "ImageBlur",
            "mode": 4,
            "inputs": [slot("image", "IMAGE", 2)],
            "outputs": [slot("IMAGE", "IMAGE")],
            "widgets_values": [9, 3.0],
        },
        {"id": 4, "type": "Reroute", "mode": 0, "inputs": [slot("", "*", 3)], "outputs": []},
        {
            "id": 5,
            "type": "ImageInvert",
            "mode": 0,
            "inputs": [slot("image", "IMAGE", 4)],
            "outputs": [slot("IMAGE", "IMAGE")],
        },
        {
            "id": 6,
            "type": "SaveImage",
            "mode": 0,
            "inputs": [slot("images", "IMAGE", 5)],
            "widgets_values": ["edited"],
        },
        {"id": 7, "type": "Note", "mode": 0, "widgets_values": ["by hand"]},
    ],
    "links": [
        [1, 1, 0, 2, 0, "IMAGE"],
        [2, 2, 0, 3, 0, "IMAGE"],
        [3, 3, 0, 4, 0, "*"],
        [4, 4, 0, 5, 0, "*"],
        [5, 5, 0, 6, 0, "IMAGE"],
    ],
}


def drop(page: Page, file: FilePayload) -> None:
    """Choose a file as the workflow."""
    page.locator("#workflow-picker").set_input_files([file])
    expect(page.locator("#workflow")).to_have_value("own")


def test_the_editors_file_runs(servers: Farm, watched_page: Page, watch: Watch) -> None:
    """With a note, a reroute and a bypassed node; nothing has to be assumed.

    What the editor puts into file names is there, and nothing of how it came there.
    """
    page = open_page(watched_page, servers)
    named = json.dumps(EDITOR).replace('"edited"', '"%ImageScaleBy.scale_by%-%date:yyyy%"')
    give_workflow(page, named, "edited.json")
    expect(page.locator("#workflow")).to_have_value("own")
    expect(page.locator("#workflow-assumed")).to_be_hidden()
    picture = noise(1, 16, 12)
    run(page, [as_file(picture, "p.png")], "own")
    expect_done(page, 1)
    doubled = picture.resize((32, 24), Image.Resampling.NEAREST)
    assert result_of(page, "p.png").tobytes() == ImageOps.invert(doubled).tobytes()
    carried = Image.open(BytesIO(saved(page))).info
    sent = json.loads(carried["prompt"])["6"]
    assert re.fullmatch(r"2-20\d\d", sent["inputs"]["filename_prefix"])
    assert list(sent["_meta"]) == ["title"]


@pytest.mark.long
def test_a_saved_picture_opens_in_the_editor_with_the_values_that_ran(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """What was set in the form, and the picture as the server calls it; after a reload too."""
    page = open_page(watched_page, servers)
    give_workflow(page, json.dumps(EDITOR), "edited.json")
    expect(page.locator("#workflow option:checked")).to_have_text("edited.json")
    page.locator("[data-field$=scale_by] input").fill("3")
    servers.hold(at="upload")
    run(page, [as_file(noise(1, 16, 12), "p.png")], "own")
    page.reload()
    expect_ready(page)
    servers.release(at="upload")
    expect_done(page, 1)
    graph = json.loads(Image.open(BytesIO(saved(page))).info["workflow"])
    shown = {node["id"]: node.get("widgets_values") for node in graph["nodes"]}
    assert shown[2] == ["nearest-exact", 3]
    assert shown[1][0].endswith(".png") and shown[1][0] != "x.png"
    assert graph["links"] == EDITOR["links"]


@pytest.mark.long
def test_a_class_that_the_server_replaces_runs_as_the_new_one(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """Nothing is assumed, and its values have a form: what an old file says still counts."""
    old = {"type": "TetherSoften", "mode": 0, "inputs": [slot("picture", "IMAGE", 2)]}
    nodes = [
        {**node, **old, "widgets_values": [9]} if node["id"] == 3 else node
        for node in EDITOR["nodes"]
    ]
    page = open_page(watched_page, servers)
    give_workflow(page, json.dumps({**EDITOR, "nodes": nodes}), "old.json")
    expect(page.locator("#workflow option:checked")).to_have_text("old.json")
    expect(page.locator("#workflow-assumed")).to_be_hidden()
    expect(page.locator("[data-field$=radius] input")).to_have_value("9")
    run(page, [as_file(noise(1, 16, 12), "p.png")], "own")
    expect_done(page, 1)
    sent = json.loads(Image.open(BytesIO(saved(page))).info["prompt"])["3"]
    assert sent["class_type"] == "ImageBlur"
    assert sent["inputs"] == {"image": ["2", 0], "blur_radius": 9, "sigma": 1.0}


@pytest.mark.long
def test_an_app_shows_what_its_author_chose_first(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """In that order and those words; the author's picture is the one that the photos fill."""
    second = {"id": 9, "type": "LoadImage", "mode": 0, "widgets_values": ["mine.png", "image"]}
    named = {**EDITOR["nodes"][5]["inputs"][0]}
    words = {"name": "filename_prefix", "type": "STRING", "label": "Called", "link": None}
    nodes = [
        {**node, "inputs": [named, words]} if node["id"] == 6 else node for node in EDITOR["nodes"]
    ]
    shown = [["9", "image"], [6, "filename_prefix"], ["2", "scale_by"]]
    app = {
        **EDITOR,
        "nodes": [
            *nodes,
            second,
            {**EDITOR["nodes"][5], "id": 10, "inputs": [slot("images", "IMAGE", 6)]},
        ],
        "links": [*EDITOR["links"], [6, 9, 0, 10, 0, "IMAGE"]],
        "extra": {"linearData": {"inputs": shown, "outputs": ["10"]}},
    }
    page = open_page(watched_page, servers)
    give_workflow(page, json.dumps(app), "two.app.json")
    expect(page.locator("#workflow option:checked")).to_have_text("two.app.json")
    expect(page.locator("#form > .field label")).to_contain_text(["Called", "Scale by"])
    expect(page.locator("#form details .field").first).to_be_hidden()
    picker = page.locator("#form details .field.picture input")
    picker.set_input_files([as_file(noise(1, 16, 12), "under.png")])
    over = noise(2, 16, 12)
    run(page, [as_file(over, "over.png")], "own")
    expect_done(page, 1)
    expect(page.locator(".task .result")).to_have_count(2)
    made = [Image.open(BytesIO(saved(page, number))).convert("RGB") for number in range(2)]
    assert over.tobytes() in [each.tobytes() for each in made]


@pytest.mark.long
def test_what_is_assumed_is_said_of_the_node(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, servers)
    odd = {**EDITOR, "nodes": [*EDITOR["nodes"], {"id": 8, "type": "Odd", "widgets_values": [1]}]}
    give_workflow(page, json.dumps(odd))
    page.locator("#workflow-assumed summary").click()
    expect(page.locator("#workflow-assumed li")).to_contain_text(
        ["Odd (8) was left out: nothing that runs needs it"]
    )
    page.locator("#workflow").select_option("invert")
    expect(page.locator("#workflow-assumed")).to_be_hidden()


def test_a_saved_picture_is_a_workflow(servers: Farm, watched_page: Page, watch: Watch) -> None:
    """As the server wrote it, with what was run inside."""
    page = open_page(watched_page, servers)
    run(page, [as_file(noise(1, 16, 12), "first.png")], "upscale")
    expect_done(page, 1)
    content = saved(page)
    assert Image.open(BytesIO(content)).info["prompt"]
    drop(page, {"name": "saved.png", "mimeType": "image/png", "buffer": content})
    run(page, [as_file(noise(2, 16, 12), "second.png")], "own")
    expect_done(page, 2)
    assert result_of(page, "second.png").size == (32, 24)


@pytest.mark.long
@pytest.mark.parametrize("name", ["vhs-comment.mp4", "a.flac"])
def test_a_file_of_another_kind_is_dropped_anywhere(
    servers: Farm, watched_page: Page, watch: Watch, name: str
) -> None:
    page = open_page(watched_page, servers)
    content = (CASES / name).read_bytes()
    page.locator("#picture-picker").set_input_files(
        [{"name": name, "mimeType": "", "buffer": content}]
    )
    expect(page.locator("#workflow")).to_have_value("own")
    expect(page.locator("#workflow option:checked")).to_have_text(name)


@pytest.mark.long
def test_a_picture_without_a_workflow_is_refused(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, servers)
    page.locator("#workflow-picker").set_input_files([as_file(noise(1), "bare.png")])
    told = page.locator("#notices li span")
    expect(told).to_have_text(re.compile(r"^bare\.png contains no workflow"))
    expect(page.locator("#workflow")).to_have_value("invert")


@pytest.mark.long
def test_a_workflow_that_was_run_is_offered_again(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """By its name, after a reload and in another tab."""
    page = open_page(watched_page, servers)
    give_workflow(page, json.dumps(EDITOR), "edited.json")
    expect(page.locator("#workflow")).to_have_value("own")
    run(page, [as_file(noise(1, 16, 12), "first.png")], "own")
    expect_done(page, 1)
    other = open_page(page.context.new_page(), servers)
    other.locator("#workflow").select_option(label="edited.json")
    other.locator("#picture-picker").set_input_files([as_file(noise(2, 16, 12), "second.png")])
    other.locator("#run").click()
    expect_done(other, 1)
    assert result_of(other, "second.png · edited.json").size == (32, 24)


@pytest.mark.long
def test_what_is_saved_on_a_server_can_be_chosen_there(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """In folders too; what can't be used is said in the dialog, and what isn't there as well.

    A blueprint is a node of the editor; it comes with what loads its picture and saves its result.
    """
    watch.expect("404")  # of templates, which this server has none of
    first = servers.servers[0].url
    for name, content in (("old/edited ä", EDITOR), ("bad", {"hello": "world"})):
        path = quote(f"workflows/{name}.json", safe="")
        with urlopen(Request(f"{first}/userdata/{path}", json.dumps(content).encode())) as answer:
            assert answer.status == 200
    page = open_page(watched_page, servers)
    page.locator("#runs-open").click()
    page.locator("#runs-server").select_option(label="gpu-1")
    page.locator("#runs-templates summary").click()
    expect(page.locator("#runs-templates li")).to_have_text("This server has no templates.")
    page.locator("#runs-saved summary").click()
    expect(page.locator("#runs-saved button")).to_have_text(["bad", "old/edited ä"])
    page.locator("#runs-saved button").first.click()
    expect(page.locator("#runs-problem")).to_contain_text("is not a ComfyUI workflow")
    page.locator("#runs-server").select_option(label="gpu-2")
    expect(page.locator("#runs-saved li")).to_have_text("Nothing is saved in this server's editor.")
    page.locator("#runs-server").select_option(label="gpu-1")
    page.locator("#runs-saved button", has_text="edited").click()
    expect(page.locator("#runs")).to_be_hidden()
    expect(page.locator("#workflow option:checked")).to_have_text("old/edited ä.json")
    run(page, [as_file(noise(1, 16, 12), "p.png")], "own")
    expect_done(page, 1)
    page.locator("#runs-open").click()
    page.locator("#runs-blueprints summary").click()
    page.locator("#runs-blueprints button", has_text="Soft negative").click()
    expect(page.locator("#workflow option:checked")).to_have_text("Soft negative.json")
    run(page, [as_file(Image.new("RGB", (16, 12), "white"), "white.png")], "own")
    expect_done(page, 2)
    assert result_of(page, "white.png").getpixel((8, 6)) == (0, 0, 0)


@pytest.mark.long
@pytest.mark.parametrize("api", [Api.V0_28, Api.V0_3_64])
def test_a_servers_own_run_is_one_click_away(
    background: Background, watched_page: Page, watch: Watch, api: Api
) -> None:
    """Whoever sent it; also where there is no list of jobs."""
    with farm(background, 1, api=api) as one:
        if api is Api.V0_3_64:
            watch.expect("404")
        nodes = {
            "1": {
                "class_type": "EmptyImage",
                "inputs": {"width": 16, "height": 12, "batch_size": 1, "color": 255},
            },
            "2": {
                "class_type": "ImageScaleBy",
                "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": 3.0},
            },
            "3": {
                "class_type": "SaveImage",
                "inputs": {"images": ["2", 0], "filename_prefix": "theirs"},
            },
        }
        kinds = {int(key): node["class_type"] for key, node in nodes.items()}
        graph = {"nodes": [{"id": key, "type": kind} for key, kind in kinds.items()]}
        body = {"prompt": nodes, "extra_data": {"extra_pnginfo": {"workflow": graph}}}
        post = Request(f"http://127.0.0.1:{one.servers[0].port}/prompt", json.dumps(body).encode())
        with urlopen(post) as answer:
            assert answer.status == 200
        page = open_page(watched_page, one)
        page.locator("#runs-open").click()
        page.locator("#runs-recent button", has_text="theirs_00001_").click()
        expect(page.locator("#workflow")).to_have_value("own")
        expect(page.locator("[data-field$=scale_by] input")).to_have_value("3.0")
        page.locator("#run").click()
        expect_done(page, 1)
        assert result_of(page, "theirs_00001_").size == (48, 36)
        *_, again = one.servers[0].engine.process.history.entries.values()
        assert again.task.hidden["workflow"] == graph


@pytest.mark.long
def test_the_runs_on_show_are_those_of_the_server_that_is_chosen(
    servers: Farm, watched_page: Page, watch: Watch
) -> None:
    """The answer of one that was chosen before comes too late."""
    page = open_page(watched_page, servers)
    run(page, [as_file(noise(1, 16, 12), "first.png")], server="gpu-1")
    expect_done(page, 1)
    held: list[Route] = []
    first = f"{servers.servers[0].url}/api/jobs?**"
    page.route(first, lambda route: held.append(route))
    page.locator("#runs-open").click()
    page.locator("#runs-server").select_option(label="gpu-1")
    wait_for(page, lambda: held, "the question for the runs of gpu-1")
    page.locator("#runs-server").select_option(label="gpu-2")
    expect(page.locator("#runs-recent")).to_contain_text("This server has run nothing")
    with page.expect_response(first):
        for route in held:
            route.continue_()
    page.wait_for_timeout(500)  # that nothing comes of the answer is what is tested
    expect(page.locator("#runs-recent button")).to_have_count(0)
    page.unroute(first)
    page.locator("#runs-server").select_option(label="gpu-1")
    expect(page.locator("#runs-recent button")).to_have_count(1)
