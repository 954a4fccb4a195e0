"""From what a person has chosen on the page to accepted tasks."""

from typing import Any

from app.browser.site import fetch_text
from app.core.errors import TetherError
from app.core.ids import ServerUrl
from app.runtime.intake import Intake
from app.ui.composer import OWN
from app.ui.page import Page
from app.ui.words import Words


class Sending:
    """Makes tasks of the composer's pictures, and says what can't be one."""

    def __init__(self, page: Page, words: Words, intake: Intake) -> None:
        self._page = page
        self._words = words
        self._intake = intake
        self._own: tuple[str, str] | None = None

    async def run(self) -> None:
        """Make a task of every chosen picture, or one when the workflow takes none."""
        composer = self._page.composer
        self._page.notices.clear()
        pinned = ServerUrl(composer.pinned) if composer.pinned else None
        is_own = composer.workflow == OWN
        chosen = await self._chosen(composer.workflow)
        if chosen is None:
            return
        title, text = chosen
        pictures = composer.pictures()
        accepted = []
        for key, name, file in pictures or [("", "", None)]:
            given = [(name, file)] if file is not None else []
            told = f"{name} · {title}" if name else title
            try:
                await self._intake.accept(text, told, given, pinned, needs_picture=not is_own)
            except TetherError as error:
                self._page.notices.show(self._words.trouble(error.trouble))
            else:
                accepted.append(key)
        composer.remove(accepted)

    async def _chosen(self, name: str) -> tuple[str, str] | None:
        if name == OWN:
            if self._own is None:
                self._page.notices.show(self._words.say("trouble.workflow_needed"))
            return self._own
        text = await fetch_text(f"./static/workflows/{name}.json")
        if text is None:
            self._page.notices.show(self._words.say("trouble.workflow_missing", file=name))
            return None
        return self._page.composer.title(), text

    async def use_workflow(self, file: Any) -> None:
        """Take a workflow file, if it is one."""
        text = str(await file.text())
        try:
            self._intake.check_workflow(text)
        except TetherError as error:
            self._page.notices.show(f"{file.name}: {self._words.trouble(error.trouble)}")
            return
        self._own = (str(file.name), text)
        self._page.composer.show_own(str(file.name))
