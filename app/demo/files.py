"""Workflows and pictures of a demo, in this page's memory alone."""

from typing import Any

from app.browser.files import BrowserFiles
from app.core.ids import Digest


class DemoFiles(BrowserFiles):
    """A store that is never opened, and so keeps what it gets in memory."""

    def content(self, digest: Digest) -> tuple[int, Any] | None:
        """Return size in bytes and content of a kept file, at once."""
        blob = self._memory.get(digest)
        return None if blob is None else (int(blob.size), blob)
