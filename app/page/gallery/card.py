"""One entry of the gallery, as a card: its results, and what can be done with them."""

from collections.abc import Mapping
from typing import Any

from page.gallery.entry import Entry
from page.ui.clock import clock
from page.ui.dom import element
from page.ui.labels import say_input
from page.ui.words import Words
from tether.core.protocol.outputs import Output, saved_name

SIGNS: Mapping[str, str] = {"image": "▣", "video": "▶", "audio": "♪", "other": "⬚"}
"""Instead of a picture, where none is here."""


def make_card(
    words: Words, entry: Entry, urls: Mapping[str, str], addresses: Mapping[str, str]
) -> Any:
    """Make the card of an entry.

    Args:
        words: The page's language.
        entry: What it shows.
        urls: The addresses of the contents that are here, by name.
        addresses: Where a result is at its server, if a link may lead there.
    """
    looks = "card kept batch" if len(entry.outputs) > 1 else "card kept"
    card = element("li", looks, data_prompt=entry.prompt_id)
    results = element("div", "results")
    for number, output in enumerate(entry.outputs):
        if output.kind == "text":
            results.append(element("pre", "text", output.text))
        else:
            results.append(_result(words, entry, number, output, urls, addresses))
    moment = clock(entry.at)
    card.append(
        results,
        element("span", "title", words.title(entry.title)),
        element("span", "facts", f"{entry.server_name} · {moment}"),
    )
    if entry.values:
        values = " · ".join(f"{say_input(words, name)}: {text}" for name, text in entry.values)
        card.append(element("p", "values", values, title=values))
    buttons = element("div", "buttons")
    lacks = entry.lacks()
    if lacks:
        card.append(element("p", "facts", words.say("gallery.not_again", file=words.title(lacks))))
    else:
        buttons.append(_button(words.say("task.again"), "again", entry.prompt_id))
    buttons.append(_button(words.say("task.dismiss"), "remove", entry.prompt_id))
    card.append(buttons)
    return card


def _result(
    words: Words,
    entry: Entry,
    number: int,
    output: Output,
    urls: Mapping[str, str],
    addresses: Mapping[str, str],
) -> Any:
    name, key = entry.whole(number), f"{entry.prompt_id}/{number}"
    whole = urls.get(name, "")
    address = whole or addresses.get(name, "")
    box = element("figure")
    shown = _thumbnail(words.title(entry.title), output, urls.get(entry.small(number)) or whole)
    if output.kind == "image":
        # A server's result is fetched for it; the same dialog as a task's.
        label = words.say("task.zoom", file=output.filename)
        large = element("button", "thumb", "", type="button", title=label)
        large.dataset.action, large.dataset.key = "zoom", key
        large.append(shown)
        box.append(large)
    elif address:
        link = element("a", "thumb", href=address, target="_blank", rel="noopener noreferrer")
        link.title = words.say("task.open", file=output.filename)
        if whole:
            link.setAttribute("download", output.filename)  # nothing but a picture is opened
        link.append(shown)
        box.append(link)
    else:
        box.append(shown)
    buttons = element("div", "buttons")
    if whole:
        picture = entry.pictures[0].filename if entry.pictures else ""
        file = saved_name(output.filename, picture)
        buttons.append(element("a", "save", words.say("gallery.save"), href=whole, download=file))
    elif address:
        box.append(element("span", "facts", words.say("gallery.there", server=entry.server_name)))
    else:
        told = words.say("gallery.fetch", server=entry.server_name)
        buttons.append(_button(told, "fetch", key))
    if output.kind == "image":
        buttons.append(_button(words.say("task.use"), "use", key))
    box.append(buttons)
    return box


def _thumbnail(title: str, output: Output, url: str) -> Any:
    if output.kind == "image" and url:
        told = f"{output.filename} – {title}"
        return element("img", "", src=url, alt=told, loading="lazy", decoding="async")
    away = element("span", "away")
    sign = element("span", "sign", SIGNS[output.kind], aria_hidden="true")
    away.append(sign, element("span", "", output.filename))
    return away


def _button(text: str, action: str, key: str) -> Any:
    button = element("button", "quiet", text, type="button")
    button.dataset.action, button.dataset.key = action, key
    return button
