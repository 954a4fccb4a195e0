"""The form fields of a server's token."""

from typing import Any, NamedTuple

from page.ui.dom import check_box, element, listen, options
from page.ui.words import Words
from tether.core.protocol.access_token import Access, Mode, make_access


class TypedToken(NamedTuple):
    """What stands in the fields; `is_kept` asks this device to remember it."""

    mode: str = "none"
    secret: str = ""
    name: str = ""
    is_kept: bool = False

    def access(self) -> Access | None:
        """Return it as a token; None for none.

        Raises:
            BadInput: It can't be one.
        """
        return make_access(self.mode, self.secret, self.name)


class AccessFields:
    """Where a mode is chosen and a secret typed; `root` is put where it is needed."""

    def __init__(self, words: Words, mode: str = "none") -> None:
        modes = options({each.value: words.say(f"access.mode.{each.value}") for each in Mode})
        self._mode = element("select", "", "", *modes, aria_label=words.say("access.mode"))
        # A password field: neither shown, nor kept by the browser's own form memory.
        secret, name = words.say("access.secret"), words.say("access.name")
        hidden = {"type": "password", "autocomplete": "off"}
        self._secret = element("input", "secret", placeholder=secret, aria_label=secret, **hidden)
        self._name = element("input", placeholder="token", aria_label=name, size="8")
        self._keep, self._label = check_box(words.say("access.keep"))
        fields = self._mode, self._name, self._secret, self._label
        self.root = element("div", "access", "", *fields)
        self._mode.value = mode
        self._chosen()
        listen(self._mode, "change", lambda _event: self._chosen())

    def read(self) -> TypedToken:
        """Return what was typed."""
        return TypedToken(
            str(self._mode.value),
            str(self._secret.value),
            str(self._name.value),
            bool(self._keep.checked),
        )

    def clear(self) -> None:
        """Empty the fields: what they held is kept elsewhere, or nowhere."""
        self._secret.value = ""
        self._mode.value = "none"
        self._chosen()

    def _chosen(self) -> None:
        mode = str(self._mode.value)
        self._name.hidden = mode != "query"
        self._secret.hidden = self._label.hidden = mode == "none"


class LazyFields:
    """Fields inside a `<details>`, made when somebody opens it: most visitors never do."""

    def __init__(self, details: Any, words: Words) -> None:
        self._details = details
        self._words = words
        self._fields: AccessFields | None = None
        listen(details, "toggle", self._opened)

    def read(self) -> TypedToken:
        """Return what was typed, nothing if never opened."""
        return self._fields.read() if self._fields is not None else TypedToken()

    def clear(self) -> None:
        """Empty the fields and close them."""
        if self._fields is not None:
            self._fields.clear()
        self._details.open = False

    def _opened(self, _event: Any) -> None:
        if self._fields is None:
            self._fields = AccessFields(self._words)
            self._details.append(self._fields.root)
