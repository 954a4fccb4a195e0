"""The report of the routing test, in the console and in its dialog."""

from typing import Any

import js
from pyodide.ffi import to_js

from page.routing_test.report import score
from page.ui.dom import by_id, element
from page.ui.words import Words

_RUNS = ("before", "after")
_COLUMNS = ("id", "title", "before", "after", "verdict")


class ReportPanel:
    """Shows scenes as they are played, and the whole result at the end."""

    def __init__(self, words: Words, is_verbose: bool) -> None:
        self._words = words
        self._is_verbose = is_verbose
        js.console.info(words.say("start"))
        by_id("routing-summary").textContent = words.say("running")
        heads = (element("th", "", words.say(f"column.{key}"), scope="col") for key in _COLUMNS)
        head = element("thead", "", "", element("tr", "", "", *heads))
        self._body = element("tbody")
        by_id("routing-table").replaceChildren(head, self._body)
        self._live, self._scenes = by_id("routing-live"), by_id("routing-scenes")
        self._live.replaceChildren()
        self._scenes.querySelector("summary").textContent = words.say("scenes")
        self._scenes.hidden, self._scenes.open = False, True

    def scene(self, scene: dict[str, Any]) -> None:
        """Add a scene that was played."""
        verdict = self._words.say("passed" if scene["passed"] else "failed")
        row = {**scene, "verdict": verdict}
        self._add([str(row[key]) for key in _COLUMNS], bool(scene["passed"]))

    def _log(self, scene: dict[str, Any]) -> None:
        """Write a scene to the console: one line, and what was seen where somebody unfolds it."""
        words = self._words
        verdict = words.say("passed" if scene["passed"] else "failed")
        open_group = js.console.groupCollapsed if scene["passed"] else js.console.group
        open_group(f"{scene['id']:2} {verdict}  {scene['title']}")
        js.console.log(f"{words.say('column.before')}: {scene['before']}")
        js.console.log(f"{words.say('column.after')}: {scene['after']}")
        if self._is_verbose or not scene["passed"]:
            for run in _RUNS:
                js.console.groupCollapsed(words.say(f"evidence.{run}"))
                _table(scene["evidence"][run])
                js.console.groupEnd()
        js.console.groupEnd()

    def begin_live(self) -> None:
        """Say that the servers are being tested."""
        text = self._words.say("live.began")
        js.console.info(text)
        self._show_live(element("p", "", text))

    def end(self, result: dict[str, Any]) -> None:
        """Show the result: in the console the score first, in the dialog the person's servers.

        Scenes that all passed are folded there.
        """
        words = self._words
        js.console.group(score(words.say, result["scenes"], result["live"]))
        for scene in result["scenes"]:
            self._log(scene)
        if result["live"]:
            js.console.group(words.say("live"))
            for server in result["live"]:
                verdict = words.say("passed" if server["passed"] else "failed")
                line = f"{verdict}  {server['name']}: {server['detail']} ({server['ms']} ms)"
                (js.console.info if server["passed"] else js.console.error)(line)
            js.console.groupEnd()
            self._show_live(element("ul", "", "", *map(self._server, result["live"])))
            self._scenes.open = not all(scene["passed"] for scene in result["scenes"])
        (js.console.info if result["passed"] else js.console.error)(result["summary"])
        js.console.groupEnd()
        by_id("routing-summary").textContent = result["summary"]

    def _show_live(self, content: Any) -> None:
        self._live.replaceChildren(element("h3", "", self._words.say("live")), content)

    def _server(self, server: dict[str, Any]) -> Any:
        key = "server.works" if server["passed"] else "server.fails"
        verdict = element("strong", "", self._words.say(key, server=server["name"]))
        detail = element("span", "", str(server["detail"]))
        return element("li", "good" if server["passed"] else "bad", "", verdict, " ", detail)

    def _add(self, cells: list[str], is_good: bool) -> None:
        row = element("tr", "good" if is_good else "bad")
        for key, text in zip(_COLUMNS, cells, strict=True):
            # On narrow screens the head is hidden, and the cells name the two runs.
            head = {"data_head": self._words.say(f"column.{key}")} if key in _RUNS else {}
            row.append(element("td", "", text, **head))
        self._body.append(row)


def _table(rows: list[dict[str, Any]]) -> None:
    js.console.table(to_js(rows, dict_converter=js.Object.fromEntries))
