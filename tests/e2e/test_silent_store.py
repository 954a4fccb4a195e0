"""A store that is silent for long, as on a busy disk: what is in it is waited for, and said."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    expect_ready,
    farm,
    noise,
    open_page,
    run,
    tasks,
)

SILENT = """if (location.host) {
  const { get } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.get = function (key) {
    const again = () => { if (window.isSilent) get.call(this, key).onsuccess = again; };
    again();  // no transaction is complete while it has requests
    return get.call(this, key);
  };
  const { open } = IDBFactory.prototype;
  const spoken = new Promise((done) => { window.speak = done; });
  if (sessionStorage.isSilent) IDBFactory.prototype.open = function (...given) {
    const request = new EventTarget();
    const tell = (real, kind) => real.addEventListener(kind, () => {
      Object.assign(request, { result: real.result, error: real.error });
      request.dispatchEvent(new Event(kind));
    });
    spoken.then(() => {
      const real = open.apply(this, given);
      for (const kind of ["success", "error"]) tell(real, kind);
    });
    return request;
  };
}"""
"""A disk so busy that the browser's store doesn't open, or what is read from it doesn't come."""

UNREAD = "can't read a saved file (no answer"


def with_one_that_waits(tab: Page, one: Farm) -> Page:
    """Open the page, whose store may be silent, with two tasks at the server and one here."""
    tab.add_init_script(SILENT)
    page = open_page(tab, one)
    run(page, [as_file(noise(number), f"{number}.png") for number in range(3)])
    expect(tasks(page, "running")).to_have_count(1)
    expect(tasks(page, "waiting")).to_have_count(1)
    return page


@pytest.mark.fresh_tab
def test_what_waits_outlives_a_start_at_which_the_store_does_not_open(
    watched_page: Page, background: Background
) -> None:
    """It is on disk all the same, and goes on when it can be read; meanwhile that is said."""
    with farm(background, 1, is_held=True) as one:
        page = with_one_that_waits(watched_page, one)
        page.evaluate("sessionStorage.isSilent = 'yes'")
        page.reload()
        expect_ready(page)
        expect(page.locator("#notices")).to_contain_text(UNREAD)
        one.release()
        expect_done(page, 2)
        expect(tasks(page, "waiting")).to_have_count(1)
        page.evaluate("speak()")
        expect_done(page, 3)


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_picture_that_is_long_in_coming_from_the_store_is_waited_for(
    watched_page: Page, background: Background
) -> None:
    """Nobody is told to choose it again."""
    with farm(background, 1, is_held=True) as one:
        page = with_one_that_waits(watched_page, one)
        page.evaluate("window.isSilent = true")
        one.release()
        expect(page.locator("#notices")).to_contain_text(UNREAD)
        expect_done(page, 2)
        expect(tasks(page, "uploading")).to_have_count(1)
        page.evaluate("window.isSilent = false")
        expect_done(page, 3)
