"""A second workflow takes the first one's result, whatever happens in between."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    AT_WORK,
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    wait_for,
)
from tests.e2e.test_form import history

TWO = "Upscale 2×"


def then(page: Page, name: str = TWO) -> None:
    """Let a workflow follow the one that is chosen."""
    page.get_by_role("button", name="Then…").click()
    choice = page.get_by_label("Then, with the result")
    expect(choice).to_be_focused()
    expect(choice.locator("option", has_text=name)).to_have_count(1)
    choice.select_option(label=name)


def sent(of: Farm, number: int) -> list[Any]:
    """The workflows that a server ran, in order."""
    return list(history(of, number))


def test_a_second_workflow_takes_the_result_of_the_first_over_a_reload(
    watched_page: Page, background: Background
) -> None:
    """It waits for that alone: others go first; and it may run on the other server."""
    with farm(background, 2) as two:
        page = open_page(watched_page, two)
        two.hold()
        then(page)
        expect(page.locator("#run")).to_contain_text("2")
        run(page, [as_file(noise(1), "photo.png")])
        expect(tasks(page)).to_have_count(2)
        second = tasks(page).filter(has_text=TWO)
        expect(second).to_contain_text("after “photo.png · Invert colours”")
        wait_for(page, lambda: any(s.is_held(AT_WORK) for s in two.servers), AT_WORK)
        assert two.posts(0) + two.posts(1) == 1
        page.reload()
        expect_ready(page)
        expect(page.get_by_label("Then, with the result")).to_have_value("upscale")
        expect(second).to_contain_text("after “photo.png · Invert colours”")
        two.release()
        expect_done(page, 2)
        assert two.posts(0) + two.posts(1) == 2
        (first, other) = sorted(own_tasks(page), key=lambda task: TWO in task["title"])
        assert first["state"] == other["state"] == "completed"
        assert page.evaluate("(id) => tether.result(id)", other["taskId"])["outputs"]
