"""Guards of the page and of its adapters, and tests of `make test` that miss each of them.

`python -m tests.e2e.guards` takes each off in a copy of the tree and runs its tests, which must
turn red: about half a minute for each. With words, only those whose names have one of them.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LENT = (".venv", "node_modules", "static/vendor", "var/chromium")
"""What a copy takes from the tree itself."""

PATIENT = "PATIENCE = "
IMPATIENT = "PATIENCE = 25.0"
"""How long tests wait for what a guard brings: that it doesn't come is what is looked for."""


class Guard(NamedTuple):
    """A file below `app/`, a text that it has once, what stands there instead; a file of tests."""

    path: str
    old: str
    new: str
    test: str
    only: str = ""
    """Of the file, the tests with such a name; all without one."""


GUARDS = {
    "cards take from the gallery what it has": Guard(
        "page/gallery/gallery.py",
        "            context.world.take_from(self._kept)\n",
        "            pass\n",
        "test_gallery",
        "what_it_has",
    ),
    "a mask is offered for what is picked in a form": Guard(
        "page/composer/form_panel.py",
        '"""What was wrong with the combination may be mended in any field."""\n'
        "        self._offer_masks()\n",
        "pass\n",
        "test_mask",
        "in_a_field",
    ),
    "it is offered after a reload": Guard(
        "page/composer/form_panel.py",
        '_SIDE_BY_SIDE in typed else ""\n        self._offer_masks()\n',
        '_SIDE_BY_SIDE in typed else ""\n',
        "test_mask",
        "in_a_field",
    ),
    "what is painted takes its place in the form": Guard(
        "page/composer/form_panel.py",
        "        field, shown = next(self._picked(key))\n        _pick(shown, file)\n",
        "        field, shown = next(self._picked(key))\n",
        "test_mask",
        "in_a_field",
    ),
    "a star on a card is told to all": Guard(
        "page/tasks/actions.py",
        "                self.search.toggle_star(context.window.tasks[task_id])\n",
        "                pass\n",
        "test_stars",
        "every_tab",
    ),
    "other windows see a star": Guard(
        "page/ui/stars.py",
        "        shared.listen(self._changed)\n",
        "",
        "test_stars",
        "every_tab",
    ),
    "a card that loses its star stays": Guard(
        "page/tasks/search.py",
        "        self._staying.add(task.prompt_id)\n",
        "",
        "test_stars",
        "on_a_phone",
    ),
    "a card plays what the gallery has": Guard(
        "page/tasks/panel.py",
        "self._results.failed",
        "lambda _event: None",
        "test_stars",
        "is_kept",
    ),
    "the large view plays what the gallery has": Guard(
        "page/viewer/task_results.py",
        "await world.kept(task, output)\n",
        "None\n",
        "test_stars",
        "is_kept",
    ),
    "a cell says why its chain waits": Guard(
        "page/grid/panel.py",
        "why_it_waits(window, held) if held.takes and not held.is_ended else None",
        "None",
        "test_grid",
        "held_up",
    ),
    "a grid frees the pictures out of sight": Guard(
        "page/grid/panel.py",
        "            self._release(str(cell.dataset.key))\n",
        "            pass\n",
        "test_grid",
        "in_sight",
    ),
    "what is starred is kept whole": Guard(
        "page/gallery/gallery.py",
        "prompt_id in context.stars and await keeper.complete(prompt_id)",
        "False",
        "test_stars",
        "is_kept",
    ),
    "what was removed is kept again for its star": Guard(
        "page/gallery/gallery.py",
        "await keeper.store.put_back(prompt_id)",
        "pass",
        "test_stars",
        "is_kept",
    ),
    "the focus stays where the gallery's cards are made anew": Guard(
        "page/gallery/panel.py",
        "            again.focus()\n",
        "            pass\n",
        "test_stars",
        "is_kept",
    ),
    "starred entries make way last": Guard(
        "page/gallery/keeper.py",
        "evicted(entries, tidied(self.budget), starred=self._stars)",
        "evicted(entries, tidied(self.budget))",
        "test_stars",
        "full_gallery",
    ),
    "the workflow that follows is chosen again after a reload": Guard(
        "page/composer/drafts.py",
        "        panel.then.choose(draft.then)\n",
        "",
        "test_chains",
        "over_a_reload",
    ),
    "a preset brings the workflow that follows": Guard(
        "page/composer/form.py",
        "        self._composer.then.choose(name)\n",
        "",
        "test_chains",
        "preset_brings",
    ),
    "a task that is run again takes its cell": Guard(
        "tether/runtime/intake.py",
        "            cell=task.cell,\n",
        "",
        "test_grid",
        "fills",
    ),
    "a cell keeps the keyboard": Guard(
        "page/grid/panel.py",
        '        cell.focus(to_object({"preventScroll": True}))\n',
        "        pass\n",
        "test_grid",
        "fills",
    ),
    "pictures are an axis": Guard(
        "page/composer/sweep.py",
        "[picture] * (len(pictures) > 1)",
        "list[Axis]()",
        "test_grid",
        "form_are_axes",
    ),
    "no file in a folder is replaced": Guard(
        "../static/saving/files.mjs",
        "    while (await isThere(free)) free =",
        "    if (number < 0) free =",
        "test_saving",
        "folder",
    ),
    "there is one save at a time": Guard(
        "page/tasks/save_all.py",
        "        if self.is_busy:\n",
        "        if False:\n",
        "test_saving",
        "ended",
    ),
    "leaving asks while results are saved": Guard(
        "page/app.py",
        " or self._actions.is_saving",
        "",
        "test_saving",
        "ended",
    ),
    "a save comes back from a dialog": Guard(
        "page/tasks/save_all.py",
        '        listen(js.document, "close", lambda _event: self._bring_up(), is_first=True)\n',
        "",
        "test_saving",
        "ended",
    ),
    "a save that is cancelled leaves no file": Guard(
        "page/tasks/save_all.py",
        "            if done and not self._stop.is_set():\n",
        "            if done:\n",
        "test_saving",
        "cancelled",
    ),
    "the shift key picks all in between": Guard(
        "page/tasks/panel.py",
        "            shown = self._shown if event.shiftKey else ()\n",
        "            shown = ()\n",
        "test_selection",
        "several_are_picked",
    ),
    "a box that comes back is as it was": Guard(
        "page/tasks/panel.py",
        '**named)\n        parts["tick"].checked = TaskId(task_id) in self.search.selection\n',
        "**named)\n",
        "test_selection",
        "out_of_view",
    ),
    "several values are chosen again after a reload": Guard(
        "page/composer/form_panel.py",
        "                found[field.place + _SEVERAL] = text\n",
        "                pass\n",
        "test_sweep",
        "each_combination",
    ),
    "run says how many combinations there are": Guard(
        "page/composer/form.py",
        "            return self._panel.count() if self._panel is not None and is_shown else 1\n",
        "            return 1\n",
        "test_sweep",
        "each_combination",
    ),
    "all windows follow a pause": Guard(
        "page/settings.py",
        "            PAUSED_RECORD: paused,\n",
        "            PAUSED_RECORD: lambda _text: None,\n",
        "test_order",
        "all_windows",
    ),
    "a page starts paused where all is": Guard(
        "page/settings.py",
        "        look_again()\n",
        "",
        "test_order",
        "all_windows",
    ),
    "the list of what waits follows": Guard(
        "page/tasks/panel.py",
        "        self._actions.follow()\n",
        "",
        "test_order",
        "by_dragging",
    ),
    "a dropped task goes where it was dropped": Guard(
        "page/tasks/queue_dialog.py",
        "self._move(dragged, others.index(there) + target[1])",
        "pass",
        "test_order",
        "by_dragging",
    ),
    "a paused server is resumed from a card": Guard(
        "page/app.py",
        "lambda url: roster.pause(url, is_paused=False)",
        "lambda url: None",
        "test_stuck",
        "lets_it_go_on",
    ),
    "a task is let go to any server": Guard(
        "page/tasks/actions.py",
        "                context.emit(TaskUnpinned(task_id))\n",
        "                pass\n",
        "test_stuck",
        "lets_it_go_on",
    ),
    "run next is told to the core": Guard(
        "page/tasks/actions.py",
        "                context.emit(QueueOrdered((task_id,)))\n",
        "                pass\n",
        "test_order",
        "runs_next",
    ),
    "a server without live updates is not ready": Guard(
        "page/servers/row.py",
        "server.reach is Reach.UP and server.is_queue_outdated",
        "False",
        "test_first_use",
        "live_updates",
    ),
    "what no server can do is refused": Guard(
        "page/composer/composer.py",
        "        return servers.are_all_lacking\n",
        "        return False\n",
        "test_eligibility",
        "what_nobody_has",
    ),
    "a broken picture is refused where it is picked": Guard(
        "page/composer/file_list.py",
        "            if str(file.type) in DECODED and",
        "            if False and",
        "test_demo",
        "bad_input",
    ),
    "counts agree": Guard(
        "page/view.py",
        "self._summary(len(live) - here, here, ended)",
        "self._summary(len(live) - len(window.waiting), len(window.waiting), ended)",
        "test_first_use",
        "counts_agree",
    ),
    "a reload stays in its place": Guard(
        "page/tasks/near.py",
        "            js.window.scrollBy(",
        "            str(",
        "test_search",
        "jumps",
    ),
    "cards far from what is in view are empty": Guard(
        "page/tasks/panel.py",
        "                card.replaceChildren()\n",
        "                pass\n",
        "test_search",
        "jumps",
    ),
    "files of servers lose types that can run": Guard(
        "tether/browser/media.py",
        '    if kind.startswith(_SHOWN) and "svg" not in kind:\n',
        "    if kind:\n",
        "test_viewer",
        "viewed_large",
    ),
    "nothing large is fetched unasked": Guard(
        "tether/browser/media.py",
        "LARGEST_ASKED if is_asked else LARGEST_UNASKED",
        "LARGEST_ASKED",
        "test_results",
        "large_result",
    ),
    "a removed card's results are freed": Guard(
        "tether/browser/media.py",
        "            for fetched in self._shown.pop(task_id).values():\n",
        "            for fetched in ():\n",
        "test_results",
        "every_address",
    ),
    "no call follows a redirect": Guard(
        "tether/browser/http.py",
        '            options["redirect"] = "manual"\n',
        '            options["redirect"] = "follow"\n',
        "test_hostile",
        "redirect",
    ),
    "an upload has an end, though its picture is gone": Guard(
        "tether/browser/http.py",
        "            self._on_answer(RequestFailed(request, Failure.FILE_GONE))\n",
        "            pass\n",
        "test_storage",
        "deleted_under",
    ),
    "tokens go to their server": Guard(
        "tether/browser/values.py",
        '        options |= {"headers": access.headers(), "redirect": "error"}\n',
        '        options |= {"redirect": "error"}\n',
        "test_tokens",
        "brings_a_picture",
    ),
    "what a storage refuses stays in memory": Guard(
        "tether/browser/storage.py",
        "            self._refused.add(key)\n",
        "            self._known.pop(key)\n",
        "test_servers",
        "does_not_note",
    ),
    "names in storage are the page's own": Guard(
        "tether/browser/storage.py",
        "                self._storage.setItem(self._prefix + key, text)\n",
        "                self._storage.setItem(key, text)\n",
        "test_storage",
        "name_we_give",
    ),
    "what waits outlives a store that is silent": Guard(
        "tether/browser/files.py",
        "                if not (is_needed and isinstance(error, TimeoutError)):\n",
        "                if True:\n",
        "test_silent_store",
        "does_not_open",
    ),
    "files go when no task needs them": Guard(
        "tether/browser/files.py",
        "e.target.result or files.delete(digest)",
        "e.target.result",
        "test_storage",
        "only_while",
    ),
    "files stay while another task needs them": Guard(
        "tether/browser/files.py",
        "e.target.result or files.delete(digest)",
        "files.delete(digest)",
        "test_storage",
        "only_while",
    ),
    "a window's claim is taken from no other page": Guard(
        "tether/browser/locks.py",
        "        return await self._request(window_id, ifAvailable=True)\n",
        "        return await self._request(window_id, steal=True)\n",
        "test_identity",
        "duplicated_tab",
    ),
    "a page is left only after a warning": Guard(
        "tether/browser/page.py",
        "            if is_needed():\n",
        "            if False:\n",
        "test_leaving",
    ),
    "who comes back sees figures of now": Guard(
        "tether/browser/page.py",
        '        listen(js.document, "visibilitychange", change_visibility)\n',
        "",
        "test_servers",
        "comes_back_and",
    ),
    "a preview's address is freed": Guard(
        "tether/browser/repaint.py",
        "            js.URL.revokeObjectURL(url)\n",
        "            pass\n",
        "test_results",
        "every_address",
    ),
    "one paint a frame": Guard(
        "tether/browser/repaint.py",
        "        if not self._is_asked:\n",
        "        if True:\n",
        "test_frames",
    ),
    "a double click is one wish": Guard(
        "page/ui/dom.py",
        "or now - before[2] > ONE_PRESS:\n",
        "or True:\n",
        "test_twice",
        "often",
    ),
    "what came under the pointer meanwhile is not meant": Guard(
        "page/ui/dom.py",
        "(event.detail > 1 and action != before[0])",
        "False",
        "test_first_use",
        "double_click_on_cancel",
    ),
    "Run is pressed once where nothing was changed": Guard(
        "page/composer/composer.py",
        "        if abs(since) < ONE_PRESS and not",
        "        if False and not",
        "test_twice",
        "a_moment_later",
    ),
    "pictures are not given to a workflow that takes none": Guard(
        "page/composer/composer.py",
        "            return Trouble.of(code) if files else None\n",
        "            return None\n",
        "test_new_task",
        "takes_none",
    ),
    "what is no video is not given to a workflow that takes videos": Guard(
        "page/composer/composer.py",
        "        unfit = next((name for name, kind in kinds if not takes(main[1], kind)), None)\n",
        "        unfit = None\n",
        "test_uploads",
        "refused",
    ),
    "a dropped video goes to the field that takes it": Guard(
        "page/composer/panel.py",
        "            elif self._controller.pick(kind, file):\n",
        "            elif False:\n",
        "test_uploads",
        "its_field",
    ),
    "colours below a mask stay": Guard(
        "page/composer/mask_painter.py",
        '_AS_IN_FILE = {"premultiplyAlpha": "none", ',
        '_AS_IN_FILE = {"premultiplyAlpha": "premultiply", ',
        "test_mask",
        "colours_stay_after",
    ),
    "a hundred tasks are asked for": Guard(
        "page/composer/composer.py",
        "        return tasks <= MANY or bool(js.confirm(sentence))\n",
        "        return True\n",
        "test_new_task",
        "above_a_hundred",
    ),
    "a preset replaces all that was typed": Guard(
        "page/composer/form.py",
        "        self._chosen, self._brought = self._shown, {}\n        self._show_again()\n",
        "",
        "test_form",
        "choice",
    ),
    "a preset of another window is offered": Guard(
        "page/composer/presets_panel.py",
        "self.look() if self._entries.holds(key) else None",
        "None",
        "test_presets",
        "filled_in_again",
    ),
    "results that are kept are nobody else's to show": Guard(
        "page/gallery/gallery.py",
        "                    context.emit(ResultsKept(task.task_id))\n",
        "                    pass\n",
        "test_kill",
        "shown_by_the_next",
    ),
    "what a server says is text": Guard(
        "page/ui/dom.py",
        "        made.textContent = text\n",
        "        made.innerHTML = text\n",
        "test_hostile",
        "runs_or_goes",
    ),
    "who looks is not told": Guard(
        "page/notifications/notifications.py",
        '        if js.document.visibilityState == "visible":\n',
        "        if False:\n",
        "test_telling",
    ),
    "what was removed comes back by Undo": Guard(
        "page/ui/undo.py",
        "        undo, self._done = self._undo, None\n",
        "        undo = self._undo\n",
        "test_twice",
        "each_button",
    ),
    "what was removed goes at the latest with the page": Guard(
        "page/ui/undo.py",
        '        listen(js.window, "pagehide", lambda _event: self._settle())\n',
        "",
        "test_servers",
        "latest_with_the_page",
    ),
}


def copy_of(root: Path, target: Path) -> None:
    """Copy what the tests need of a tree; what only takes room is lent."""
    for name in ("app", "static", "tests", "tools"):
        shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns("vendor"))
    for path in root.iterdir():
        if path.is_file():
            shutil.copy(path, target)
    (target / "var").mkdir()
    for name in LENT:
        (target / name).symlink_to(root / name)
    farm = target / "tests/e2e/farm.py"
    lines = farm.read_text().splitlines(keepends=True)
    farm.write_text(
        "".join(f"{IMPATIENT}\n" if each.startswith(PATIENT) else each for each in lines)
    )


def is_missed(tree: Path, guard: Guard) -> bool:
    """Take a guard off, and tell whether its tests turn red."""
    file = tree / "app" / guard.path
    text = file.read_text()
    assert text.count(guard.old) == 1, f"{guard.path} has not once {guard.old!r}"
    file.write_text(text.replace(guard.old, guard.new))
    try:
        run = ("node", "tools/site/build.mjs", "--from", ".", "--to", "var/site", "--plain")
        subprocess.run(run, cwd=tree, check=True, capture_output=True)
        test = f"tests/e2e/{guard.test}.py"
        chosen = ("-k", guard.only) if guard.only else ()
        tests = (sys.executable, "-m", "pytest", "-qx", test, *chosen, "-m", "not long", "-n", "2")
        environment = {**os.environ, "SERVED": str(tree / "var/site"), "PYTHONPATH": "app:."}
        ended = subprocess.run(tests, cwd=tree, env=environment, capture_output=True, text=True)
        # With -x, xdist ends as if interrupted: what counts is that a test has failed.
        return ended.returncode != 0 and " failed" in ended.stdout.splitlines()[-1]
    finally:
        file.write_text(text)


def main(words: Sequence[str]) -> int:
    """Return 1 when a guard is missed by no test."""
    unguarded = []
    with tempfile.TemporaryDirectory() as folder:
        copy_of(ROOT, Path(folder))
        for name, guard in GUARDS.items():
            if words and not any(word in name for word in words):
                continue
            red = is_missed(Path(folder), guard)
            print(f"{'red' if red else 'GREEN':6} {name}", flush=True)
            unguarded += [] if red else [name]
    return 1 if unguarded else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
