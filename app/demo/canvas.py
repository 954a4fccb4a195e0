"""The work of nodes inside the page, on a canvas in a web worker."""

from typing import Any

import js
from pyodide.ffi import to_js

from demo.server import Report
from simulator.events import NodeFinished, NodeRaised, Preview, RunNode, ValueRef
from simulator.http import Blob
from tether.browser.proxies import ProxyScope

_WORKER = "./static/demo/worker.mjs"

# The worker's own list has the same names.
_CAN_DO = frozenset(
    {
        *("LoadImage", "SaveImage", "PreviewImage"),
        *("ImageInvert", "ImageScaleBy", "ImageBlur", "ImageSharpen"),
    }
)


class CanvasWork:
    """Keeps files as Blobs and sends nodes to the worker; pictures never enter Python.

    It lives as long as the page.
    """

    def __init__(self) -> None:
        self._blobs: dict[str, Any] = {}
        self._reports: dict[int, Report] = {}
        self._end = ""
        self._scope = scope = ProxyScope()
        self._worker = js.Worker.new(js.tetherFile(_WORKER), _plain({"type": "module"}))
        scope.listen(self._worker, "message", lambda event: self._done(event.data))
        scope.listen(self._worker, "error", self._broken)

    def keep(self, key: str, content: Any) -> None:
        """Keep an uploaded file."""
        self._blobs[key] = content

    def run(self, run: RunNode, report: Report) -> None:
        """Do a node's work and report later; a node that no canvas can do fails at once."""
        links = {name: each for name, each in run.inputs.items() if isinstance(each, ValueRef)}
        has_mask = any(each.index for each in links.values())
        if run.class_name not in _CAN_DO or has_mask:
            why = f"the demo has no {run.class_name}, but a ComfyUI server has"
            report(NodeRaised(run.run_id, "NotImplementedError", why))
            return
        if self._end:
            report(NodeRaised(run.run_id, "RuntimeError", self._end))
            return
        self._reports[run.run_id] = report
        order = {
            "kind": "run",
            "run": run.run_id,
            "node": run.class_name,
            "inputs": {name: each for name, each in run.inputs.items() if name not in links},
            "pictures": {name: each.run_id for name, each in links.items()},
            "files": {name: self._blobs.get(key) for name, key in run.files.items()},
            "previews": run.previews,
        }
        self._worker.postMessage(_plain(order))

    def drop_values(self, run_id: int) -> None:
        """Have the worker drop what a run made, and ignore its report."""
        self._reports.pop(run_id, None)
        self._worker.postMessage(_plain({"kind": "drop", "run": run_id}))

    def drop(self, key: str) -> None:
        """Drop a file."""
        self._blobs.pop(key, None)

    def content(self, key: str) -> Any | None:
        """Return a file's Blob."""
        return self._blobs.get(key)

    def _done(self, done: Any) -> None:
        report = self._reports.pop(done.run, None)
        if report is None:
            return
        if hasattr(done, "message"):
            report(NodeRaised(done.run, str(done.name), str(done.message)))
            return
        files = []
        for number, blob in enumerate(done.files):
            key = f"made-{done.run}-{number}"
            self._blobs[key] = blob
            files.append(Blob(key, int(blob.size), key))
        previews = tuple(Preview(False, preview.to_bytes()) for preview in done.previews)
        width, height = done.size
        report(
            NodeFinished(done.run, tuple(files), previews=previews, picture_size=(width, height))
        )

    def _broken(self, _event: Any) -> None:
        """Fail all runs, since the worker's script can't be loaded."""
        self._end = f"{_WORKER} can't be loaded"
        reports, self._reports = self._reports, {}
        for run_id, report in reports.items():
            report(NodeRaised(run_id, "RuntimeError", self._end))


def _plain(value: dict[str, Any]) -> Any:
    return to_js(value, dict_converter=js.Object.fromEntries)
