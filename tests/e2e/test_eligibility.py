"""Servers with different nodes and models: a task goes only where it can run."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from simulator.catalogue import classes_of
from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    give_workflow,
    noise,
    open_page,
    own_tasks,
    tasks,
)
from tests.e2e.watch import Watch

WINDOWS = ("ESRGAN\\4x.pth", "plain.pth")
POSIX = ("ESRGAN/4x.pth",)
OTHER = ("mine.pth",)


def with_model(name: str) -> dict[str, Any]:
    """A workflow that names an upscale model."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
        "2": {"class_type": "UpscaleModelLoader", "inputs": {"model_name": name}},
        "3": {
            "class_type": "ImageUpscaleWithModel",
            "inputs": {"upscale_model": ["2", 0], "image": ["1", 0]},
        },
        "4": {
            "class_type": "SaveImage",
            "inputs": {"images": ["3", 0], "filename_prefix": "up"},
        },
    }


SLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "x.png"}},
    "2": {
        "class_type": "TetherSlow",
        "inputs": {"image": ["1", 0], "steps": 2, "step_ms": 20, "seed": 1, "previews": False},
    },
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "s"}},
}


@pytest.fixture
def mixed(background: Background) -> Iterator[Farm]:
    """A Windows machine, one without a node class, and one with models of its own."""
    classes = (
        classes_of(WINDOWS),
        classes_of(POSIX, without=("TetherSlow",)),
        classes_of(OTHER),
    )
    with farm(background, 3, classes) as servers:
        yield servers


def send(page: Page, workflow: dict[str, Any], count: int, first: int) -> None:
    """Run a workflow on so many pictures."""
    give_workflow(page, json.dumps(workflow))
    expect(page.locator("#workflow")).to_have_value("own")
    files = [as_file(noise(first + each), f"p{first + each}.png") for each in range(count)]
    page.locator("#picture-picker").set_input_files(files)
    page.locator("#run").click()
    expect(page.locator("#pictures li")).to_have_count(0)


def prompts(servers: Farm, number: int) -> list[tuple[int, list[str]]]:
    """What a server was posted: (status, names of models)."""
    server = servers.servers[number]
    with urlopen(f"http://127.0.0.1:{server.port}/history") as answer:
        history = json.load(answer)
    return [
        (status, [])
        for method, path, status in server.requests
        if method == "POST" and path.startswith("/prompt") and status != 200
    ] + [
        (
            200,
            [
                n["inputs"]["model_name"]
                for n in e["prompt"][2].values()
                if "model_name" in n["inputs"]
            ],
        )
        for e in history.values()
    ]


@pytest.mark.long
def test_a_batch_of_12_over_three_different_servers(
    mixed: Farm, watched_page: Page, watch: Watch
) -> None:
    """Nothing is sent where it can't run, and all twelve finish."""
    page = open_page(watched_page, mixed)
    third = f"http://127.0.0.1:{mixed.servers[2].port}"
    page.evaluate("([url]) => tether.substitute(url, 'plain.pth', 'mine.pth')", [third])
    send(page, with_model("ESRGAN/4x.pth"), 5, 0)
    send(page, SLOW, 4, 10)
    send(page, with_model("plain.pth"), 3, 20)
    expect_done(page, 12)
    told = [prompts(mixed, number) for number in range(3)]
    assert all(status == 200 for server in told for status, _ in server)
    models = [Counter(name for _, names in server for name in names) for server in told]
    assert sum(len(server) for server in told) == 12
    assert models[0].keys() <= {"ESRGAN\\4x.pth", "plain.pth"}
    assert models[1].keys() == {"ESRGAN/4x.pth"}
    assert models[2].keys() <= {"mine.pth"}
    assert sum(models, Counter()).total() == 8
    assert all(names for _, names in told[1]), "the second server has no TetherSlow"


def test_what_nobody_has_is_told_and_can_be_mended(
    mixed: Farm, watched_page: Page, watch: Watch
) -> None:
    """Run is refused; what a script gives fails, and says what is missing where.

    With a substitute Run goes on: what servers have is asked anew.
    """
    page = open_page(watched_page, mixed)
    give_workflow(page, json.dumps(with_model("fine.pth")))
    expect(page.locator("#server-choice option:disabled")).to_have_count(3)
    page.locator("#picture-picker").set_input_files([as_file(noise(0), "p0.png")])
    page.locator("#run").click()
    expect(page.locator("#compose .trouble")).to_contain_text("None of your servers has all that")
    expect(page.locator("#server-choice")).to_be_focused()
    expect(page.locator("#pictures li")).to_have_count(1)
    expect(tasks(page)).to_have_count(0)
    page.evaluate("workflow => tether.submit({workflow})", with_model("fine.pth"))
    expect(tasks(page, "failed")).to_have_count(1)
    expect(page.locator(".task .trouble")).to_contain_text("gpu-2: fine.pth")
    assert not any(server.requests and mixed.posts(n) for n, server in enumerate(mixed.servers))
    second = f"http://127.0.0.1:{mixed.servers[1].port}"
    page.evaluate("([url]) => tether.substitute(url, 'fine.pth', 'ESRGAN/4x.pth')", [second])
    page.locator("#run").click()
    expect_done(page, 1)
    assert prompts(mixed, 1) == [(200, ["ESRGAN/4x.pth"])]
    assert own_tasks(page)
