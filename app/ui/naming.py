"""The fields for a server's name and address on its card."""

from app.ui.dom import element, set_text
from app.ui.words import Words


class NamingFields:
    """Two fields and a button, closed at first.

    Args:
        words: The page's language.
        url: The server's address.
    """

    def __init__(self, words: Words, url: str) -> None:
        self.root = element("form", "naming", data_server=url)
        self._name = element("input", "name-field", autocomplete="off")
        self._address = element(
            *("input", "address-field"),
            autocomplete="off",
            autocapitalize="off",
            spellcheck="false",
        )
        self._wrong = element("p", "trouble", role="alert")
        for key, field in (("server.name", self._name), ("server.its_address", self._address)):
            label = element("label")
            label.append(element("span", "", words.say(key)), field)
            self.root.append(label)
        self.root.append(self._wrong, element("button", "quiet", words.say("server.rename_use")))
        self.root.hidden = self._wrong.hidden = True

    def toggle(self, name: str, address: str) -> None:
        """Open the fields with what is so now, or close them."""
        self.root.hidden = not self.root.hidden
        self._name.value, self._address.value = name, address
        self.refuse("")
        if not self.root.hidden:
            self._name.select()

    def typed(self) -> tuple[str, str]:
        """Return name and address."""
        return str(self._name.value), str(self._address.value)

    def refuse(self, problem: str) -> None:
        """Say what is wrong with the address, "" for nothing."""
        set_text(self._wrong, problem)
        if problem:
            self._address.setAttribute("aria-invalid", "true")
            self._address.focus()
        else:
            self._address.removeAttribute("aria-invalid")
