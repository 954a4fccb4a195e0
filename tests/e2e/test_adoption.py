"""A closed window's tasks are seen to their end by another window of the browser."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    lock,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
)
from tests.e2e.going_back import go_back
from tests.e2e.test_identity import (
    ELSEWHERE,
    ORIGINS,
    address,
    identity,
    start,
    tab,  # noqa: F401
)


def sent(page: Page, count: int) -> list[Any]:
    """Give the page so many pictures; one runs, one is in the server's queue, the rest wait."""
    run(page, [as_file(noise(number), f"{number}.png") for number in range(count)])
    expect(tasks(page, "running")).to_have_count(1)
    expect(tasks(page, "queued")).to_have_count(min(count, 2) - 1)
    expect(tasks(page, "waiting")).to_have_count(max(count, 2) - 2)
    return own_tasks(page)


@pytest.mark.long
@ORIGINS
def test_the_tasks_of_a_closed_tab_are_adopted(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """The one that runs, the one behind it, and the one that only that tab had."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        other = open_page(tab.context.new_page(), address(one, is_secure))
        before = sent(page, 3)
        assert [task["state"] for task in before].count("waiting") == 1
        page.close(run_before_unload=True)
        expect(tasks(other)).to_have_count(3)
        held = lock(other)
        assert held is not None
        posted = {task["promptId"] for task in before if task["state"] != "waiting"}
        assert posted <= set(held["locks"][0]["promptIds"])
        one.release()
        expect_done(other, 3)
        ended = {task["promptId"]: task["endedBy"] for task in own_tasks(other)}
        assert {ended[prompt] for prompt in posted} == {"record"}
        assert ended.keys() == {task["promptId"] for task in before}
        assert lock(other) is None
        assert one.posts(0) == 3


@pytest.mark.long
@ORIGINS
def test_a_tab_that_comes_back_shows_its_tasks_as_adopted(
    tab: Page,  # noqa: F811
    background: Background,
    is_secure: bool,
) -> None:
    """It is a new window then, with ids of its own."""
    with farm(background, 1, is_held=True) as one:
        page = start(tab, one, is_secure)
        other = open_page(tab.context.new_page(), address(one, is_secure))
        sent(page, 1)
        before = identity(page)
        page.goto(f"{address(one, is_secure)}{ELSEWHERE}")
        expect(tasks(other)).to_have_count(1)
        go_back(page)
        expect(tasks(page, "adopted")).to_have_count(1)
        own = identity(page)
        assert own["id"] != before["id"]
        assert not set(own["clients"].values()) & set(before["clients"].values())
        assert lock(page) is None
        one.release()
        expect_done(other, 1)
        expect(tasks(page, "adopted")).to_have_count(1)
        assert one.posts(0) == 1
