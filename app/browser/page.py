"""What the browser does with the page: hides it, freezes it, brings it back."""

from typing import Any

import js

from app.browser.proxies import ProxyScope
from app.core.events import Emit, PageChange, PageChanged


class BrowserPage:
    """Tells when the network, the person or the whole page comes back."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._scope = ProxyScope()
        self._scope.listen(js.window, "online", self._on_online)
        self._scope.listen(js.window, "pageshow", self._on_show)
        self._scope.listen(js.document, "visibilitychange", self._on_visibility)

    def _on_online(self, _event: Any) -> None:
        self._emit(PageChanged(PageChange.ONLINE))

    def _on_show(self, event: Any) -> None:
        if event.persisted:
            self._emit(PageChanged(PageChange.RESUMED))

    def _on_visibility(self, _event: Any) -> None:
        if js.document.visibilityState == "visible":
            self._emit(PageChanged(PageChange.VISIBLE))
