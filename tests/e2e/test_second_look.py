"""After a long upload the queues are looked at once more."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.background import Background
from tests.e2e.conftest import opened
from tests.e2e.farm import (
    as_file,
    expect_done,
    farm,
    fresh_window,
    noise,
    open_page,
    own_tasks,
    run,
    tasks,
    unfold_servers,
)
from tests.e2e.test_servers import card
from tether.core.scheduling.recheck import LONG_UPLOAD


@pytest.mark.long
def test_a_task_goes_elsewhere_if_its_server_was_filled_during_its_upload(
    watched_page: Page, background: Background
) -> None:
    """It was never posted to the first one; the second gets its picture too."""
    with farm(background, 2) as two:
        two.hold(0)
        page = open_page(watched_page, two)
        held: list[Route] = []
        page.route("**/upload/image", lambda route: held.append(route), times=1)
        unfold_servers(page)
        card(page, "gpu-2").get_by_role("button", name="Pause").click()
        run(page, [as_file(noise(1), "mine.png")])
        expect(tasks(page, "uploading")).to_have_count(1)
        unfold_servers(page)
        card(page, "gpu-2").get_by_role("button", name="Resume").click()
        assert page.context.browser is not None
        others = page.context.browser.new_context()
        opened(others)
        other = fresh_window(others, two)
        photos = [as_file(noise(number), f"{number}.png") for number in (2, 3)]
        run(other, photos, server="gpu-1")
        expect(tasks(other, "running")).to_have_count(1)
        expect(tasks(other, "queued")).to_have_count(1)
        page.wait_for_timeout(1000 * LONG_UPLOAD)  # a long upload is what is tested
        held.pop().continue_()
        expect_done(page, 1)
        (task,) = own_tasks(page)
        assert task["server"] == two.servers[1].url
        assert (two.posts(0), two.posts(1)) == (2, 1)
        others.close()
