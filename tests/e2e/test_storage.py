"""What the browser keeps: once per content, under names of our own, and no longer than needed."""

import json
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    as_file,
    expect_done,
    expect_ready,
    farm,
    lock,
    noise,
    open_page,
    run,
    tasks,
    wait_for,
)
from tests.e2e.watch import Watch

KEPT = """async () => {
  const name = "tether:/:files";
  const database = await new Promise((done) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.transaction.abort();  // it is not there (yet)
    request.onsuccess = () => done(request.result);
    request.onerror = () => done(null);
  });
  if (database === null) return {files: 0, uses: 0, entries: 0};
  const keys = (store) => new Promise((done) => {
    const request = database.transaction(store).objectStore(store).getAllKeys();
    request.onsuccess = () => done(request.result);
  });
  const files = await keys("files");
  const entries = files.filter((key) => key.startsWith("entry:")).length;
  const uses = (await keys("uses")).length;
  const found = {files: files.length - entries, uses, entries};
  database.close();
  return found;
}"""


def kept(page: Page) -> dict[str, Any]:
    """What the store holds."""
    return page.evaluate(KEPT)


def expect_kept(page: Page, **counts: int) -> None:
    """Wait until the store holds so many: it writes and deletes behind the page's back."""
    wait_for(page, lambda: counts.items() <= kept(page).items(), f"{counts} in the store")


def test_a_file_is_kept_once_and_only_while_a_task_needs_it(
    watched_page: Page, background: Background
) -> None:
    """Two tasks of one picture share it; when both are cleared, nothing is left."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        photo = as_file(noise(1), "one.png")
        run(page, [photo])
        run(page, [photo])
        expect_done(page, 2)
        expect_kept(page, files=2, uses=4, entries=2)
        page.locator(".task [data-action=dismiss]").first.click()
        expect(tasks(page)).to_have_count(1)
        page.locator("#undo [aria-label=Close]").click()
        assert kept(page)["files"] == 2
        page.locator("#task-clear").click()
        expect(tasks(page)).to_have_count(0)
        assert kept(page)["files"] == 2, "it can still be taken back"
        page.locator("#undo [aria-label=Close]").click()
        expect_kept(page, files=0, uses=0, entries=2)


def test_every_name_we_give_is_our_own_and_no_gauge_is_kept(
    watched_page: Page, background: Background
) -> None:
    """Storage is shared by all pages of an origin; progress is not worth writing down."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(2), "two.png")])
        expect(tasks(page, "running")).to_have_count(1)
        # Another page of this origin would find ours under our name alone.
        names = page.evaluate("indexedDB.databases().then((all) => all.map((one) => one.name))")
        assert "tether:/:files" in names
        records = page.evaluate("({...sessionStorage})")
        assert all(key.startswith("tether:/:") for key in records)
        assert all(key.startswith("tether:/:") for key in page.evaluate("({...localStorage})"))
        (task,) = [json.loads(text) for key, text in records.items() if ":task:" in key]
        assert task["state"] == "running"
        assert "progress" not in task
        one.release()
        expect_done(page, 1)
        gone = page.evaluate("sessionStorage.getItem('tether:/:lock')")
        assert gone is None


def test_the_page_works_from_an_insecure_origin(
    context: BrowserContext, background: Background
) -> None:
    """Plain http on a LAN, without Web Locks, `crypto.subtle` or `randomUUID`: a main case."""
    with farm(background, 2, is_held=True) as two:
        page = context.new_page()
        problems: list[str] = []
        page.on(
            "console", lambda said: problems.append(said.text) if said.type != "debug" else None
        )
        page.goto(two.url.replace("127.0.0.1", "lan.test"))
        expect_ready(page)
        assert page.evaluate("isSecureContext") is False
        run(page, [as_file(noise(3), "three.png")])
        expect(tasks(page, "running")).to_have_count(1)
        page.reload()
        expect_ready(page)
        two.release()
        expect_done(page, 1)
        assert lock(page) is None
        expect(tasks(page).locator(".result")).to_have_count(1)
        assert problems == []


@pytest.mark.long
def test_a_damaged_record_does_not_keep_the_page_from_starting(
    watched_page: Page, background: Background
) -> None:
    """What can't be read counts as never set; other pages of the origin may have written it."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        shared = ("rerun-lost", "steal", "previews", "language", "version", "list", "owner", "tell")
        entries = ('recent:["used", "x"]', 'servers:["added", "x"]', "substitutes:?", "entry:x")
        page.evaluate(
            """(names) => {
              for (const name of names) localStorage[`tether:/:${name}`] = "?";
              sessionStorage["tether:/:draft"] = "?";
            }""",
            shared + entries,
        )
        page.reload()
        expect_ready(page)
        expect(page.locator("#rerun-lost")).not_to_be_checked()
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)


def test_site_data_deleted_under_a_running_page_leaves_no_task_without_an_end(
    watched_page: Page, background: Background
) -> None:
    """What servers have is done, after a reload too; what waited with a picture that is gone says
    so; new ones run."""
    with farm(background, 2, is_held=True) as two:
        page = open_page(watched_page, two)
        session = page.context.new_cdp_session(page)

        def delete_all() -> None:
            gone = {"origin": two.url.rstrip("/"), "storageTypes": "all"}
            session.send("Storage.clearDataForOrigin", gone)
            expect(page.locator(".notice", has_text="data was deleted")).to_be_visible()

        run(page, [as_file(noise(number), f"{number}.png") for number in range(6)])
        expect(tasks(page, "running")).to_have_count(2)
        expect(tasks(page, "waiting")).to_have_count(2)
        delete_all()
        two.release()
        expect_done(page, 4)
        expect(tasks(page, "failed")).to_have_count(2)
        two.hold()
        for number in (6, 7):
            run(page, [as_file(noise(number), f"{number}.png")], server=f"gpu-{number - 5}")
        expect(tasks(page, "running")).to_have_count(2)
        delete_all()
        expect_kept(page, entries=8)  # what the page knows is stored again
        page.reload()
        expect_ready(page)
        two.release()
        for number in (6, 7):
            done = tasks(page, "completed").filter(has_text=f"{number}.png")
            expect(done).to_have_count(1)
        assert two.posts(0) + two.posts(1) == 6


THROWS = "IDBFactory.prototype.open = () => { throw new DOMException('denied', 'SecurityError'); };"
FAILS = """IDBFactory.prototype.open = () => {
  const request = new EventTarget();
  request.error = new DOMException("Internal error", "UnknownError");
  setTimeout(() => request.dispatchEvent(new Event("error")));
  return request;
};"""
IS_SILENT = "IDBFactory.prototype.open = () => new EventTarget();"
FORBIDDEN = """for (const name of ["localStorage", "sessionStorage"])
  Object.defineProperty(window, name, {
    get: () => { throw new DOMException("denied", "SecurityError"); },
  });"""


later = partial(pytest.param, marks=pytest.mark.long)


@pytest.mark.fresh_tab
@pytest.mark.parametrize(
    "broken",
    [FAILS, *map(later, (THROWS, IS_SILENT, THROWS + FORBIDDEN))],
    ids=["fails", "throws", "silent", "all forbidden"],
)
def test_where_nothing_can_be_stored_tasks_work_and_the_person_knows(
    watched_page: Page, background: Background, broken: str
) -> None:
    """Neither PyScript's databases nor our own keep the page from starting."""
    with farm(background, 1) as one:
        watched_page.add_init_script(broken)
        page = open_page(watched_page, one)
        expect(page.locator("#notices")).to_contain_text("a reload loses")
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)


CLOSED_ONCE = """{
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...given) {
    IDBFactory.prototype.open = open;
    const request = new EventTarget();
    request.error = new DOMException("The connection was closed.", "AbortError");
    setTimeout(() => request.dispatchEvent(new Event("error")));
    return request;
  };
}"""
"""As a browser does whose person deletes site data just then."""


@pytest.mark.long
@pytest.mark.fresh_tab
def test_a_store_that_is_closed_while_it_opens_is_opened_again(
    watched_page: Page, background: Background
) -> None:
    """What is run is kept there, and nobody is told of trouble."""
    watched_page.add_init_script(CLOSED_ONCE)
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect_done(page, 1)
        expect_kept(page, entries=1)
        expect(page.locator("#notices .notice")).to_have_count(0)


NEWER = """() => new Promise((done) => {
  const request = indexedDB.open("tether:/:files", 99);
  request.onblocked = () => done("blocked");
  request.onsuccess = () => { request.result.close(); done("open"); };
})"""


@pytest.mark.long
def test_two_versions_of_the_page_are_not_in_each_others_way(
    watched_page: Page, watch: Watch, background: Background
) -> None:
    """A newer one gets the store that it must change; the older one works on from memory."""
    with farm(background, 1, is_held=True) as one:
        page = open_page(watched_page, one)
        run(page, [as_file(noise(1), "one.png")])
        expect(tasks(page, "running")).to_have_count(1)
        newer = page.context.new_page()
        watch.allow("favicon")
        newer.goto(f"{one.url}servers.json")
        assert newer.evaluate(NEWER) == "open"
        expect(page.locator("#notices")).to_contain_text("can't keep files")
        run(page, [as_file(noise(2), "two.png")])
        one.release()
        expect_done(page, 2)
        page.reload()  # and now the newer one was there first
        expect_ready(page)
        expect(page.locator("#notices")).to_contain_text("can't keep files")
        run(page, [as_file(noise(3), "three.png")])
        expect_done(page, 3)


BREAK = """(how) => {
  const mended = [];
  const replace = (kind, name, make) => {
    const was = kind.prototype[name];
    kind.prototype[name] = make(was);
    mended.push(() => { kind.prototype[name] = was; });
  };
  window.mend = () => mended.splice(0).forEach((mend) => mend());
  const refuse = () => { throw new DOMException("broken", "UnknownError"); };
  if (how === "connection lost") {
    const fresh = new WeakSet();
    replace(IDBFactory, "open", (was) => function (...given) {
      const request = was.apply(this, given);
      request.addEventListener("success", () => fresh.add(request.result));
      return request;
    });
    replace(IDBDatabase, "transaction", (was) => function (...given) {
      return fresh.has(this) ? was.apply(this, given) : refuse();
    });
  } else if (how === "nothing is read") {
    for (const name of ["get", "getAll", "getAllKeys", "openCursor"])
      replace(IDBObjectStore, name, () => refuse);
  } else if (how === "writes abort") {
    replace(IDBObjectStore, "put", (was) => function (...given) {
      const request = was.apply(this, given);
      this.transaction.abort();
      return request;
    });
  } else if (how === "small records fail") {
    for (const name of ["getItem", "setItem", "removeItem", "key"])
      replace(Storage, name, () => refuse);
  }
}"""
"""Let a store break in one way, until `mend` is called."""


@pytest.mark.long
def test_a_store_that_breaks_in_mid_use_stops_no_task(
    watched_page: Page, background: Background
) -> None:
    """Each task ends, once; only one whose picture can't be read fails, and says so."""
    with farm(background, 1) as one:
        page = open_page(watched_page, one)
        count = 0
        ends = {"completed": 0, "failed": 0}

        def expect_ends(**more: int) -> None:
            for state, number in more.items():
                ends[state] += number
            for state, number in ends.items():
                expect(tasks(page, state)).to_have_count(number)

        def run_more(many: int) -> None:
            nonlocal count
            run(page, [as_file(noise(count + n), f"{count + n}.png") for n in range(many)])
            count += many

        for how, whole, loss in (
            ("connection lost", True, ""),
            ("nothing is read", False, "can't read a saved file"),
            ("writes abort", True, "reloading loses files"),
            ("small records fail", True, "doesn't allow storage"),
        ):
            one.hold()
            run_more(3)
            expect(tasks(page, "running")).to_have_count(1)
            expect(tasks(page, "waiting")).to_have_count(1)
            page.evaluate(BREAK, how)
            one.release()
            expect_ends(completed=3 if whole else 2, failed=0 if whole else 1)
            run_more(1)
            expect_ends(completed=1 if whole else 0, failed=0 if whole else 1)
            if loss:
                expect(page.locator(".notice", has_text=loss).first).to_be_visible()
            page.evaluate("mend()")
            run_more(1)
            expect_ends(completed=1)
        expect_kept(page, entries=count)  # what could not be kept is kept later
