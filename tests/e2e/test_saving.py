"""Results are saved by the hundred: under the wanted names, and without the page growing."""

import re
from base64 import b64decode
from collections.abc import Iterator
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import (
    Farm,
    as_file,
    expect_done,
    farm,
    noise,
    open_menu,
    open_page,
    run,
    run_own,
    until,
)
from tests.e2e.test_accessibility import check
from tests.many.test_many import GROWTH, NOTE_MEMORIES, memory

# Where there is a picker, it gives a file of the page's own; the others' ZIP is a Blob. Both stop
# before what comes at `stops`, until `go`.
GATED = """
window.stops = [];
let entries = 0, release = () => {};
window.go = () => release();
const isEntry = (chunk) =>
  chunk.length >= 30 && chunk[0] === 80 && chunk[1] === 75 && chunk[2] === 3 && chunk[3] === 4;
const gate = async (chunk) => {
  if (isEntry(chunk) && window.stops.includes(++entries)) {
    window.stoppedAt = entries;
    await new Promise((resolve) => (release = resolve));
  }
};
const Plain = WritableStream;
window.WritableStream = class extends Plain {
  constructor(sink) {
    super({ ...sink, write: async (chunk) => (await gate(chunk), sink.write(chunk)) });
  }
};
window.picked = async () =>
  (await navigator.storage.getDirectory()).getFileHandle("all.zip", { create: true });
window.showSaveFilePicker = async ({ suggestedName }) => {
  window.suggested = suggestedName;
  const handle = await window.picked();
  return {
    name: handle.name,
    getFile: () => handle.getFile(),
    remove: () => handle.remove(),
    createWritable: async () => {
      const file = await handle.createWritable();
      return new WritableStream({
        write: (chunk) => file.write(chunk), close: () => file.close(), abort: () => file.abort(),
      });
    },
  };
};
"""
NO_PICKERS = "delete window.showSaveFilePicker; delete window.showDirectoryPicker;"
READ = """async () => {
  const bytes = new Uint8Array(await (await (await window.picked()).getFile()).arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}"""


def colours(number: int, count: int) -> dict[str, Any]:
    """A workflow that makes so many small pictures of one colour."""
    size = {"width": 16, "height": 16, "batch_size": count, "color": 1000 * number}
    return {
        "1": {"class_type": "EmptyImage", "inputs": size},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "c"}},
    }


def say_saved(page: Page, text: str) -> None:
    """Wait for the notice."""
    expect(page.locator("#notices")).to_contain_text(text)


def save_all(page: Page) -> None:
    """Press the button as a new wish: within a second of the press before it is the same one."""
    page.evaluate("window.pressedAt = performance.now()")
    until(page, "performance.now() - pressedAt > 1100")
    page.locator("#task-save").click()


@pytest.mark.long
@pytest.mark.fresh_tab
@pytest.mark.parametrize(("has_picker", "files"), [(True, 1000), (False, 300)])
def test_many_results_leave_the_page_as_small_as_it_was(
    watched_page: Page, background: Background, has_picker: bool, files: int
) -> None:
    """Into a file that was chosen, or a download; exactly those; a strip says how far it is."""
    with farm(background, 1, pace=0.0) as one:
        for script in (NOTE_MEMORIES, GATED, *([] if has_picker else [NO_PICKERS])):
            watched_page.add_init_script(script)
        page = open_page(watched_page, one)
        for number in range(files // 100):
            run_own(page, colours(number, 100))
            expect_done(page, number + 1)
        session = page.context.new_cdp_session(page)
        page.evaluate(f"stops.push(101, {files})")
        at = {}
        downloads: list[Any] = []
        page.on("download", lambda each: downloads.append(each))
        page.locator("#task-save").click()
        for count in (101, files):
            until(page, f"window.stoppedAt === {count}")
            expect(page.locator("#saving")).to_contain_text(f"Saving: {count} of {files}")
            at[count] = memory(page, session)
            page.evaluate("go()")
        say_saved(page, f"Saved: {files} files in")
        expect(page.locator("#saving > div")).to_have_count(0)
        print({count: [f"{part / 2**20:.1f} MB" for part in parts] for count, parts in at.items()})
        for late, early in zip(at[files], at[101], strict=True):
            assert late / early <= GROWTH
        file = BytesIO(b64decode(page.evaluate(READ))) if has_picker else downloads[0].path()
        with ZipFile(file) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == [f"c_{number:05}_.png" for number in range(1, files + 1)]


FOLDER = """
window.showDirectoryPicker = async () => {
  const root = await navigator.storage.getDirectory();
  window.folder = await root.getDirectoryHandle("pictures", { create: true });
  return window.folder;
};
"""
LIST = """async () => {
  const found = {};
  for await (const [name, handle] of window.folder.entries())
    found[name] = (await handle.getFile()).size;
  return found;
}"""

REFUSES = """(name) => {
  window.showSaveFilePicker = async () => { throw new DOMException("said no", name); };
}"""


@pytest.fixture
def one(background: Background) -> Iterator[Farm]:
    """An embedded server."""
    with farm(background, 1, pace=0.0) as server:
        yield server


def choose_saving(page: Page, pattern: str, into: str = "") -> None:
    """Say in the menu how results are saved."""
    open_menu(page)
    page.locator("#saving-open").click()
    page.locator("#saving-names").fill(pattern)
    if into:
        page.locator("#saving-into").select_option(into)
    page.locator("#saving-form .primary").click()
    expect(page.locator("#saving-choice")).to_be_hidden()


@pytest.mark.fresh_tab
def test_results_go_into_a_folder_under_names_of_ones_own(one: Farm, watched_page: Page) -> None:
    """A reload remembers how; no file that is there is replaced."""
    watched_page.add_init_script(FOLDER)
    page = open_page(watched_page, one)
    choose_saving(page, "{server} {seed} {number}", "folder")
    page.reload()
    run(page, [as_file(noise(number, 16, 12), f"{number}.png") for number in range(3)])
    expect_done(page, 3)
    for count in (3, 6):
        save_all(page)
        say_saved(page, "Saved: 3 files in the folder pictures.")
        page.locator("#notices [aria-label=Close]").click()
        found = page.evaluate(LIST)
        names = {f"gpu-1 {number}" for number in (1, 2, 3)}
        again = {f"{name} (2)" for name in names} if count == 6 else set()
        assert found.keys() == {f"{name}.png" for name in names | again}
        assert min(found.values()) > 100


@pytest.mark.long
def test_the_menu_says_what_files_will_be_called(one: Farm, watched_page: Page) -> None:
    """What a pattern can hold is put in by a press; what means nothing is refused."""
    page = open_page(watched_page, one)
    open_menu(page)
    page.locator("#saving-open").click()
    names, example = page.locator("#saving-names"), page.locator("#saving-example")
    expect(names).to_have_value("{name}")
    expect(example).to_have_text("For example: cat-upscaled_00001_.png")
    check(page, "how results are saved")
    names.press("Home")
    page.get_by_role("button", name="Server", exact=True).click()
    expect(names).to_be_focused()
    page.keyboard.type("_")
    expect(example).to_have_text("For example: gpu-1_cat-upscaled_00001_.png")
    names.fill("{colour}")
    expect(page.locator("#saving-problem")).to_contain_text("{colour} stands for nothing")
    page.locator("#saving-form .primary").click()
    expect(page.locator("#saving-choice")).to_be_visible()
    names.fill("")
    expect(page.locator("#saving-problem")).to_be_hidden()
    page.locator("#saving-form .primary").click()
    expect(page.locator("#saving-choice")).to_be_hidden()


@pytest.mark.fresh_tab
def test_a_save_is_cancelled_or_ends_at_the_disk(one: Farm, watched_page: Page) -> None:
    """The half of a file goes; where nothing can be written, that is said."""
    watched_page.add_init_script(GATED)
    page = open_page(watched_page, one)
    for number in range(2):
        run_own(page, colours(number, 60))
        expect_done(page, number + 1)
    page.evaluate("stops.push(50)")
    page.locator("#task-save").click()
    until(page, "window.stoppedAt === 50")
    check(page, "a save under way")
    assert re.fullmatch(r"tether-20\d\d-\d\d-\d\d\.zip", page.evaluate("suggested"))
    page.locator("#saving").get_by_role("button", name="Cancel").click()
    page.evaluate("go()")
    say_saved(page, "Saving was cancelled. Nothing was saved.")
    expect(page.locator("#saving > div")).to_have_count(0)
    gone = "picked().then((handle) => handle.getFile()).then((file) => file.size)"
    assert page.evaluate(gone) == 0, "made anew by this very question"
    page.evaluate(
        """() => {
          const whole = window.showSaveFilePicker;
          window.showSaveFilePicker = async (given) => ({ ...(await whole(given)),
            createWritable: async () => new WritableStream({
              write() { throw new Error("the disk is full"); } }) });
        }"""
    )
    page.locator("#task-save").click()
    say_saved(page, "nothing more could be written (the disk is full)")
    page.evaluate(REFUSES, "AbortError")
    page.locator("#notices [aria-label=Close]").first.click()
    page.locator("#task-save").click()
    expect(page.locator("#saving > div")).to_have_count(0)
    page.evaluate(REFUSES, "SecurityError")
    save_all(page)
    say_saved(page, "The browser didn't let the page write there (said no)")


@pytest.mark.fresh_tab
def test_a_save_is_ended_from_a_dialog_which_stays(one: Farm, watched_page: Page) -> None:
    """There is one save at a time, leaving asks first, and the focus goes back to where it was."""
    for script in (GATED, NO_PICKERS):
        watched_page.add_init_script(script)
    page = open_page(watched_page, one)
    for number in range(2):
        run_own(page, colours(number, 3))
        expect_done(page, number + 1)
    leaves = "() => window.dispatchEvent(new Event('beforeunload', { cancelable: true }))"
    save, strip = page.locator("#task-save"), page.locator("#saving")
    cancel = strip.get_by_role("button", name="Cancel")
    viewer = page.locator("dialog[open]")
    assert page.evaluate(leaves)
    page.evaluate("stops.push(2, 4, 6, 8)")
    for stop in (2, 6):
        save_all(page)
        until(page, f"window.stoppedAt === {stop}")
        assert not page.evaluate(leaves)
        save_all(page)
        say_saved(page, "Results are being saved already.")
        expect(strip.locator("> div")).to_have_count(1)
        page.locator("[data-action=zoom]").first.click()
        expect(viewer).to_be_visible()
        page.evaluate("go()")
        until(page, f"window.stoppedAt === {stop + 2}")
        expect(viewer.locator("#saving")).to_be_visible()
        if stop == 2:
            page.keyboard.press("Escape")
            expect(page.locator("#app > #saving")).to_be_visible()
            save.focus()
            cancel.focus()
        cancel.press("Enter")
        page.evaluate("go()")
        expect(strip.locator("> div")).to_have_count(0)
        say_saved(page, "Saving was cancelled. Nothing was saved.")
        assert page.evaluate(leaves)
        if stop == 2:
            expect(save).to_be_focused()
            for close in page.locator("#notices [aria-label=Close]").all()[::-1]:
                close.click()
    expect(viewer).to_be_visible()
