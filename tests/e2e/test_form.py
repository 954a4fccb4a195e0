"""The form that the page makes of a workflow, and what it says of servers that lack something."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from simulator.catalogue import classes_of
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
    until,
    wait_for,
)
from tests.e2e.test_eligibility import prompts, with_model
from tests.e2e.watch import Watch


@pytest.fixture
def two(background: Background) -> Iterator[Farm]:
    """One has `fine.pth`, the other has not."""
    with farm(background, 2, (classes_of(["fine.pth"]), classes_of(["mine.pth"]))) as servers:
        yield servers


def field(page: Page, name: str) -> Locator:
    """What is typed or chosen in for one value."""
    return page.locator(f'[data-field="{name}"]').locator("input, select, textarea")


def test_a_shipped_workflow_has_fields(two: Farm, watched_page: Page, watch: Watch) -> None:
    """With the server's own choices; what is typed is what runs."""
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("upscale")
    scale = page.locator("[data-field$=scale_by] input")
    expect(scale).to_have_value("2.0")
    expect(page.locator("[data-field$=upscale_method] option")).to_have_count(5)
    scale.fill("3")
    run(page, [as_file(noise(1, 16, 12), "p.png")], "upscale")
    expect_done(page, 1)
    assert result_of(page, "p.png").size == (48, 36)


def test_what_is_no_value_is_refused_with_the_range(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("upscale")
    page.locator("[data-field$=scale_by] input").fill("99")
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
    page.locator("#run").click()
    expect(page.locator("[data-field$=scale_by] .trouble")).to_contain_text("from 0.01 to 8")
    expect(page.locator("#pictures li")).to_have_count(1)


def described_with_choice(route: Route) -> None:
    """The server says of a class that a choice of it brings inputs; it takes whatever comes."""
    sharp = {"required": {"edge": ["INT", {"default": 4, "max": 9}]}}
    soft = {"required": {"blur": ["FLOAT", {"default": 0.5}]}}
    options = [{"key": "sharp", "inputs": sharp}, {"key": "soft", "inputs": soft}]
    content = route.fetch().json()
    content["ImageScaleBy"]["input"]["optional"] = {
        "look": ["COMFY_DYNAMICCOMBO_V3", {"options": options}]
    }
    route.fulfill(json=content, headers={"Access-Control-Allow-Origin": "*"})


def test_another_choice_brings_its_own_fields(two: Farm, watched_page: Page, watch: Watch) -> None:
    """What is typed elsewhere stays; a reload finds the choice, and a task has just its inputs."""
    page = open_page(watched_page, two)
    page.context.route("**/object_info/ImageScaleBy", described_with_choice)
    inputs = {"image": ["1", 0], "upscale_method": "area", "scale_by": 2.0}
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {**inputs, "look": "sharp", "look.edge": 7},
        },
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "s"}},
    }
    give_workflow(page, json.dumps(workflow))
    expect(field(page, "2.look.edge")).to_have_value("7")
    field(page, "2.scale_by").fill("3")
    look = page.locator('[data-field="2.look"] select')
    look.select_option("soft")
    expect(look).to_be_focused()
    expect(field(page, "2.look.edge")).to_have_count(0)
    look.select_option("sharp")
    expect(field(page, "2.look.edge")).to_have_value("7")  # the workflow's own again
    look.select_option("soft")
    field(page, "2.look.blur").fill("0.25")
    expect(field(page, "2.scale_by")).to_have_value("3")
    until(page, "JSON.stringify(sessionStorage).includes('0.25')")
    page.reload()
    expect_ready(page)
    expect(look).to_have_value("soft")
    expect(field(page, "2.look.blur")).to_have_value("0.25")
    run(page, [as_file(noise(1), "p.png")], "own")
    expect_done(page, 1)
    (ran,) = [each for number in range(2) for each in history(two, number)]
    sent = {key: value for key, value in ran["2"]["inputs"].items() if key != "image"}
    method = {"upscale_method": "area", "scale_by": 3}
    assert sent == {**method, "look": "soft", "look.blur": 0.25}
    page.locator("#preset").select_option("The workflow's own")
    expect(look).to_have_value("sharp")
    expect(field(page, "2.look.edge")).to_have_value("7")
    page.context.unroute("**/object_info/ImageScaleBy")


@pytest.mark.long
def test_a_seed_is_rolled_and_new_for_each_task(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    slow = {"image": ["1", 0], "steps": 1, "step_ms": 1, "seed": 7, "previews": False}
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
        "2": {"class_type": "TetherSlow", "inputs": slow, "_meta": {"title": "Painter"}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "s"}},
    }
    give_workflow(page, json.dumps(workflow))
    seed = field(page, "2.seed")
    expect(seed).to_have_value("7")
    label = page.locator('[data-field="2.seed"] label')
    expect(label).to_have_text("Seed")
    expect(label).to_have_attribute("title", "Painter · seed")
    steps = page.get_by_role("textbox", name="Steps")
    expect(steps).to_have_value("1")
    expect(page.locator('[data-field="2.steps"] label')).to_have_text("Steps1 – 1000")
    page.locator("[data-action=dice]").click()
    expect(seed).not_to_have_value("7")
    page.locator("#form-fresh").check()
    files = [as_file(noise(each), f"p{each}.png") for each in range(3)]
    run(page, files, "own")
    expect_done(page, 3)
    seeds = [
        node["inputs"]["seed"]
        for number in range(2)
        for workflow in history(two, number)
        for node in workflow.values()
        if "seed" in node["inputs"]
    ]
    assert len(set(seeds)) == 3 and 7 not in seeds
    page.locator('[data-field="2.seed"] .several').click()
    seed.fill("1..2\n3 random")
    seed.blur()
    expect(seed).to_have_value(re.compile(r"^1\.\.2\n\d+\n\d+\n\d+$"))
    expect(page.locator("#run")).to_contain_text("Run 5")


def test_all_that_is_wrong_is_said_at_once_where_it_is_to_be_mended(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """Nothing is sent; each field is marked, the first has the focus, and a mended one is good."""
    page = open_page(watched_page, two)
    page.locator("#workflow").select_option("blur")
    radius, sigma = (page.get_by_role("textbox", name=name) for name in ("Blur radius", "Sigma"))
    radius.fill("99")
    sigma.fill("x")
    page.get_by_label("How many of each").fill("0")
    page.locator("#run").click()
    told = ["needs a picture", "value for Blur radius", "value for Sigma", "from 1 to 99"]
    said = page.locator("#compose .trouble")
    expect(said).to_contain_text(told)
    expect(said).to_have_count(4)
    expect(page.locator("[aria-invalid=true]")).to_have_count(4)
    expect(page.locator("#picture-picker")).to_be_focused()
    page.locator("#picture-picker").set_input_files([as_file(noise(1), "p.png")])
    page.get_by_label("How many of each").fill("1")
    page.keyboard.press("Enter")
    expect(said).to_contain_text(told[1:3])
    expect(said).to_have_count(2)
    expect(radius).to_be_focused()
    expect(radius).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-field$=blur_radius] .trouble")).to_contain_text("from 1 to 31")
    radius.fill("3.7")
    expect(said).to_have_count(1)
    page.keyboard.press("Enter")
    expect(said).to_contain_text(["Type a whole number from 1 to 31", "value for Sigma"])
    radius.fill("3")
    expect(radius).not_to_have_attribute("aria-invalid", "true")
    sigma.fill("2")
    page.keyboard.press("Enter")
    expect_done(page, 1)
    expect(page.locator("#notices li, #compose .trouble:visible")).to_have_count(0)


def history(servers: Farm, number: int) -> list[dict[str, Any]]:
    """The workflows that a server has run."""
    with urlopen(f"http://127.0.0.1:{servers.servers[number].port}/history") as answer:
        return [entry["prompt"][2] for entry in json.load(answer).values()]


@pytest.mark.long
def test_a_server_that_lacks_a_model_is_not_offered_until_something_stands_for_it(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    page = open_page(watched_page, two)
    give_workflow(page, json.dumps(with_model("fine.pth")))
    second = page.locator("#server-choice option", has_text="gpu-2")
    expect(second).to_have_text("gpu-2 – lacks fine.pth")
    expect(second).to_be_disabled()
    page.locator("#form-lacks select").select_option("mine.pth")
    expect(page.locator("#form-lacks")).to_be_hidden()
    expect(second).to_be_enabled()
    page.reload()
    give_workflow(page, json.dumps(with_model("fine.pth")))
    expect(page.locator("[data-field] select").first).to_be_visible()
    expect(second).to_be_enabled()
    run(page, [as_file(noise(1), "p.png")], "own", "gpu-2")
    expect_done(page, 1)
    assert prompts(two, 1) == [(200, ["mine.pth"])]


def test_a_form_that_comes_late_does_not_replace_that_of_a_later_choice(
    two: Farm, watched_page: Page, watch: Watch
) -> None:
    """What runs is what is chosen: a slow server's answer about an earlier choice is dropped."""
    page = open_page(watched_page, two)
    held: list[Route] = []
    page.route("**/object_info/ImageScaleBy", lambda route: held.append(route))
    page.locator("#workflow").select_option("upscale")
    wait_for(page, lambda: held, "the class of the first choice")
    page.locator("#workflow").select_option("blur")
    radius = page.get_by_role("textbox", name="Blur radius")
    radius.fill("3")
    with page.expect_response("**/object_info/ImageScaleBy"):
        held[0].continue_()
    page.wait_for_timeout(500)  # that nothing comes of the answer is what is tested
    expect(radius).to_have_value("3")
    expect(page.locator("[data-field$=scale_by]")).to_have_count(0)
