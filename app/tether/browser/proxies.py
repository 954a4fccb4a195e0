"""Owners of the proxies through which JavaScript calls Python."""

from collections.abc import Callable
from typing import Any

from pyodide.ffi import create_proxy


class ProxyScope:
    """Makes proxies and destroys them together, exactly once.

    A bare callable given to JavaScript is destroyed before it is called; a proxy that nobody
    destroys is never freed.
    """

    def __init__(self) -> None:
        self._proxies: list[Any] = []
        self._listeners: list[tuple[Any, str, Any]] = []

    def proxy(self, function: Callable[..., Any]) -> Any:
        """Make a proxy that lives as long as the scope."""
        proxy = create_proxy(function)
        self._proxies.append(proxy)
        return proxy

    def listen(self, target: Any, name: str, function: Callable[..., Any]) -> None:
        """Listen to a DOM event until the scope ends."""
        proxy = self.proxy(function)
        target.addEventListener(name, proxy)
        self._listeners.append((target, name, proxy))

    def end(self) -> None:
        """Stop listening and free the proxies; safe to call twice."""
        for target, name, proxy in self._listeners:
            target.removeEventListener(name, proxy)
        self._listeners.clear()
        proxies, self._proxies = self._proxies, []
        for proxy in proxies:
            proxy.destroy()
