"""A browser with a profile on disk, whose process is killed as a power cut or a crash would."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, BrowserType

from tests.e2e.conftest import opened
from tests.e2e.failures import Console, leave_behind
from tests.e2e.farm import PATIENCE


class KilledBrowser:
    """Opens a profile again and again, and kills whoever has it open.

    Args:
        browser_type: Playwright's Chromium.
        launch: What it is launched with.
        profile: The folder of the profile.
        test: Under whose name is kept what can be seen when it fails.
    """

    def __init__(
        self, browser_type: BrowserType, launch: dict[str, Any], profile: Path, test: str
    ) -> None:
        self._type = browser_type
        self._launch = launch
        self.profile = profile
        self._test = test

    @contextmanager
    def open(self) -> Iterator[BrowserContext]:
        """Open the profile; at the end the browser is closed, if it still lives."""
        context = self._type.launch_persistent_context(str(self.profile), **self._launch)
        console = Console(context)
        try:
            yield opened(context)
        except AssertionError:
            leave_behind(self._test, console)
            raise
        finally:
            if self._processes():
                context.close()

    def kill(self) -> None:
        """Kill it: nothing of it runs any more, and nothing is written."""
        for process in self._processes():
            os.kill(process, signal.SIGKILL)
        give_up_at = time.monotonic() + PATIENCE
        while self._processes():
            assert time.monotonic() < give_up_at, "the browser outlives SIGKILL"
            time.sleep(0.01)  # nothing tells when a process is gone that is no child of ours
        _unlock(self.profile)

    def kill_and_copy(self, copy: Path) -> "KilledBrowser":
        """Stop it, copy the profile as it is on disk, kill it; return another browser for the copy.

        A power cut may lose more: what the system had not written yet. No test can tell.
        """
        for process in self._processes():
            os.kill(process, signal.SIGSTOP)
        shutil.copytree(self.profile, copy, symlinks=True)
        _unlock(copy)
        self.kill()
        return KilledBrowser(self._type, self._launch, copy, self._test)

    def _processes(self) -> set[int]:
        """All its processes, its children's children too."""
        commands, parents = {}, {}
        for entry in Path("/proc").iterdir():
            try:
                commands[int(entry.name)] = (entry / "cmdline").read_bytes().split(b"\0")
                # Behind the name, which may contain anything.
                parents[int(entry.name)] = int(
                    (entry / "stat").read_text().rpartition(")")[2].split()[1]
                )
            except (OSError, ValueError):
                continue
        found = {
            process
            for process, command in commands.items()
            if f"--user-data-dir={self.profile}".encode() in command
        }
        while more := {each for each, parent in parents.items() if parent in found} - found:
            found |= more
        return {each for each in found if commands[each] != [b""]}  # else it is a zombie


def _unlock(profile: Path) -> None:
    for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
        (profile / name).unlink(missing_ok=True)
