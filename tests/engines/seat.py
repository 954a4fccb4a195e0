"""A person's view of the page in an engine that WebDriver drives."""

import time
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webdriver import WebDriver

from tests.e2e.farm import PATIENCE

PIXELS = """
const [title, done] = arguments;
const card = [...document.querySelectorAll(".task")].find((card) =>
  card.querySelector(".title").textContent.startsWith(title));
const image = card.querySelector("figure.image img.result");
image.decode().then(() => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  canvas.getContext("2d").drawImage(image, 0, 0);
  done(canvas.toDataURL("image/png").split(",")[1]);
}, (error) => done(String(error)));
"""

SHOWN = """
for (const figure of document.querySelectorAll(".task figure.image")) figure.scrollIntoView();
return document.querySelectorAll(".task figure.image img.result").length;
"""


class Seat:
    """Opens the page, gives it pictures, and says what is seen.

    Args:
        driver: Drives the browser.
    """

    def __init__(self, driver: WebDriver) -> None:
        self._driver = driver
        driver.set_script_timeout(400)

    def open(self, url: str) -> None:
        """Go to the page, and wait until Python has started."""
        self._driver.get(url)
        self._ready()

    def reload(self) -> None:
        """Load the page again."""
        self._driver.refresh()
        self._ready()

    def js(self, script: str) -> Any:
        """The value of an expression in the page; a promise is waited for."""
        told = self._driver.execute_async_script(
            f"const done = arguments[0]; Promise.resolve({script}).then((value) => done({{value}}),"
            " (error) => done({error: String(error)}));"
        )
        assert "error" not in told, told
        return told["value"]

    def choose(self, files: list[Path]) -> None:
        """Pick pictures."""
        picker = self._driver.find_element(By.ID, "picture-picker")
        picker.send_keys("\n".join(map(str, files)))
        self.until(f"document.querySelectorAll('#pictures li').length === {len(files)}")

    def run(self, files: list[Path]) -> None:
        """Pick pictures and press Run."""
        self.choose(files)
        self.press_run()

    def press_run(self) -> None:
        """Press Run, and wait until all that was chosen is a task."""
        button = self._driver.find_element(By.ID, "run")
        # WebKitWebDriver presses where the button was a moment ago: pictures that appear move it.
        before = None
        while before != (before := button.rect):
            time.sleep(0.2)
        button.click()
        self.until("document.querySelectorAll('#pictures li').length === 0")

    def count(self, state: str = "") -> int:
        """How many tasks there are, of one state or all."""
        which = f"[data-state={state}]" if state else ""
        return int(self.js(f"document.querySelectorAll('.task{which}').length"))

    def expect_done(self, count: int) -> None:
        """Wait until so many tasks are done, and their pictures there."""
        self.until(f"document.querySelectorAll('.task[data-state=completed]').length === {count}")
        give_up_at = time.monotonic() + PATIENCE
        while self._driver.execute_script(SHOWN) < count:
            assert time.monotonic() < give_up_at, "the pictures never came"

    def picture(self, title: str) -> Image.Image:
        """The picture that a task's card shows."""
        data = self._driver.execute_async_script(PIXELS, title)
        return Image.open(BytesIO(b64decode(data))).convert("RGB")

    def until(self, expression: str, seconds: float = PATIENCE) -> None:
        """Wait until something is so."""
        give_up_at = time.monotonic() + seconds
        while not self._driver.execute_script(f"return Boolean({expression})"):
            assert time.monotonic() < give_up_at, f"it never came: {expression}"

    def _ready(self) -> None:
        self.until("document.documentElement.dataset.ready")
