"""Bad input: each has its own sentence, and nothing else is disturbed."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

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
    run,
    run_own,
    tasks,
    unfold_form,
    unfold_servers,
)
from tests.e2e.watch import Watch

SAVE = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}}
EMPTY = {
    "class_type": "EmptyImage",
    "inputs": {"width": 16, "height": 16, "batch_size": 1, "color": 0},
}


@pytest.fixture
def one(watched_page: Page, background: Background) -> Iterator[Farm]:
    """A page with one server, and a good task that runs all the while."""
    with farm(background, 1, pace=0.3) as one:
        open_page(watched_page, one)
        run(watched_page, [as_file(noise(1), "good.png")])
        yield one
        # Whatever else was given, the task that was accepted ends well.
        expect_done(watched_page, 1)
        good = [task for task in own_tasks(watched_page) if task["title"].startswith("good.png")]
        assert [task["state"] for task in good] == ["completed"]


def expect_notice(page: Page, text: str) -> None:
    """Wait for a notice that says so."""
    expect(page.locator("#notices")).to_contain_text(text)


def test_a_text_file_is_no_picture(watched_page: Page, one: Farm) -> None:
    """A text file under a picture's name is refused at once; the picture beside it runs."""
    text = {"name": "notes.png", "mimeType": "image/png", "buffer": b"hello"}
    watched_page.locator("#picture-picker").set_input_files([text, as_file(noise(2), "two.png")])
    expect_notice(watched_page, "notes.png is not a picture.")
    expect(watched_page.locator("#pictures li span")).to_have_text(["two.png"])
    expect(tasks(watched_page)).to_have_count(1)
    watched_page.locator("#run").click()
    expect(watched_page.locator("#pictures li")).to_have_count(0)
    expect_done(watched_page, 2)
    watched_page.locator(".task", has_text="two.png").locator("[data-action=dismiss]").click()
    expect(tasks(watched_page)).to_have_count(1)


def test_a_bad_workflow_file_is_refused_at_once(watched_page: Page, one: Farm) -> None:
    """The choice stays as it was, and nothing is sent."""
    for text, told in (
        ("{ not JSON", "mine.json: The workflow file is not JSON"),
        ("[1, 2]", "This JSON is not a ComfyUI workflow."),
        ('{"1": {"inputs": {}}}', "Node 1 of the workflow has no class_type"),
        ('{"nodes": [], "links": []}', "This JSON is not a ComfyUI workflow."),
        (json.dumps({"1": EMPTY}), "The workflow has no output node"),
    ):
        give_workflow(watched_page, text)
        expect_notice(watched_page, told)
        watched_page.locator("#notices [aria-label=Close]").click()
        expect(watched_page.locator("#notices .notice")).to_have_count(0)
        expect(watched_page.locator("#workflow")).to_have_value("invert")
    assert one.posts(0) <= 1


@pytest.mark.long
def test_an_unknown_node_class_is_sent_nowhere(watched_page: Page, one: Farm, watch: Watch) -> None:
    """The sentence names the class and the server that lacks it."""
    workflow = {"1": EMPTY, "2": SAVE, "3": {"class_type": "NoSuch", "inputs": {}}}
    watched_page.evaluate("workflow => tether.submit({workflow})", workflow)
    failed = tasks(watched_page, "failed")
    expect(failed.locator(".trouble")).to_contain_text("gpu-1: NoSuch")
    expect_done(watched_page, 1)
    assert one.posts(0) == 1, "the good task alone"


@pytest.mark.long
def test_a_workflow_without_output_of_an_unknown_class(
    watched_page: Page, one: Farm, watch: Watch
) -> None:
    """Where only the server can tell that there is no output, its refusal is told."""
    watch.expect("400")
    slow = {"class_type": "TetherSlow", "inputs": {"image": ["1", 0], "steps": 1, "step_ms": 1}}
    run_own(watched_page, {"1": EMPTY, "2": slow})
    failed = tasks(watched_page, "failed")
    expect(failed.locator(".trouble")).to_contain_text("it has no output node")


def add_server(page: Page, address: str) -> None:
    """Type an address, and press Add."""
    unfold_form(page)
    page.locator("#server-address").fill(address)
    page.locator("#server-form button").click()


@pytest.mark.long
def test_an_address_that_is_none(watched_page: Page, one: Farm) -> None:
    """It is refused beside the field, and stays in it to be mended."""
    for address, told in (
        ("ftp://files", "starts with ftp:"),
        ("http://", "“http://” is not a server address"),
        ("192.168.1.256", "“192.168.1.256” is not a server address"),
        ("99999", "“99999” is not a server address"),
        ("", "Type the address of a ComfyUI server"),
    ):
        add_server(watched_page, address)
        expect(watched_page.locator("#server-problem")).to_contain_text(told)
        expect(watched_page.locator("#server-address")).to_have_value(address)
        expect(watched_page.locator(".server.card")).to_have_count(1)


@pytest.mark.long
def test_a_server_that_is_down(
    watched_page: Page, one: Farm, watch: Watch, background: Background
) -> None:
    """It is told from one that refuses us; tasks go to the other."""
    watch.expect("ERR_CONNECTION_REFUSED")
    with farm(background, 1) as gone:
        address = gone.servers[0].url
    add_server(watched_page, address)
    card = watched_page.locator(f'.server.card[data-server="{address}"]')
    expect(card.locator(":scope > .trouble")).to_contain_text("doesn't answer at")
    expect(card.locator(".state")).to_have_text("no answer")
    run(watched_page, [as_file(noise(3), "three.png")])
    expect_done(watched_page, 2)
    watched_page.locator(".task", has_text="three.png").locator("[data-action=dismiss]").click()
    expect(tasks(watched_page)).to_have_count(1)


def test_a_server_that_refuses_the_page(
    watched_page: Page, one: Farm, watch: Watch, background: Background
) -> None:
    """Without the CORS option a server answers, but not to us: the option is named."""
    watch.expect("CORS policy")
    watch.expect("Failed to load resource")
    with farm(background, 1, cors=None) as closed:
        address = closed.servers[0].url
        add_server(watched_page, address)
        card = watched_page.locator(f'.server.card[data-server="{address}"]')
        # At first in a sentence, then among the causes that a closer look found.
        expect(card).to_contain_text("--enable-cors-header")
        expect(card.locator(".state")).to_have_text("refuses this page")
        expect(card.locator(".cure")).to_be_visible()  # from here on nothing moves
        # The cure works without a reload.
        closed.change(0, cors="*")
        unfold_servers(watched_page)
        card.locator("[data-action=ask]").click()
        expect(card.locator(".state")).to_have_text("ready")


@pytest.mark.long
def test_a_picture_beyond_the_servers_limit(watched_page: Page, background: Background) -> None:
    """It is refused before a byte is sent, and the sentence names the limit and the option."""
    with farm(background, 1, max_upload_size=2 * 2**20) as small:
        open_page(watched_page, small)
        expect(watched_page.locator(".server.card .facts")).to_contain_text("ComfyUI")
        large = as_file(noise(4, 1000, 1000), "large.png", compress_level=0)
        watched_page.locator("#picture-picker").set_input_files([large])
        watched_page.locator("#run").click()
        expect_notice(watched_page, "large.png is 3 MB, and gpu-1 takes at most 2 MB.")
        expect_notice(watched_page, "--max-upload-size")
        expect(tasks(watched_page)).to_have_count(0)
        uploads = [path for method, path, _ in small.servers[0].requests if method == "POST"]
        assert uploads == []
