"""What a workflow's inputs are called in the person's language."""

from page.ui.words import Words
from tether.workflows.values import label_of


def say_input(words: Words, name: str) -> str:
    """Return what an input is called: the page's own word for it, else its name as words."""
    key = f"input.{name}"
    told = words.say(key)
    return label_of(name) if told == key else told
