"""The page's icon in its tab: how far the tasks are, and whether one failed."""

from typing import NamedTuple
from urllib.parse import quote

from page.view import View

STEPS = 20
"""Steps of the ring: nobody sees smaller ones at that size."""

_SIGN = (
    '<g fill="none" stroke="#8fd3ff" stroke-width="2.5"><path d="M11 16 22 8M11 16l11 8"/></g>'
    '<circle cx="10" cy="16" r="4.5" fill="#fff"/>'
    '<circle cx="23" cy="8" r="3.5" fill="#8fd3ff"/>'
    '<circle cx="23" cy="24" r="3.5" fill="#8fd3ff"/>'
)


class Icon(NamedTuple):
    """What the icon says: `idle`, `running` or `failed`, and how many twentieths are done."""

    state: str
    step: int


IDLE = Icon("idle", 0)


def icon_of(view: View) -> Icon:
    """Return what the icon is to say; a failure shows once nothing runs any more."""
    if view.is_live:
        return Icon("running", int(view.progress * STEPS))
    return Icon("failed", 0) if view.is_troubled else IDLE


def draw(icon: Icon) -> str:
    """Return the icon as an SVG."""
    ground = "#b3261e" if icon.state == "failed" else "#20304a"
    shown = _SIGN
    if icon.state == "running":
        ring = 'cx="16" cy="16" r="12.5" fill="none" stroke-width="5" pathLength="20"'
        shown = (
            f'<circle {ring} stroke="#4a5c7a"/>'
            f'<circle {ring} stroke="#8fd3ff" stroke-dasharray="{icon.step} 20"'
            ' transform="rotate(-90 16 16)"/><circle cx="16" cy="16" r="4.5" fill="#fff"/>'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
        f'<rect width="32" height="32" rx="7" fill="{ground}"/>{shown}</svg>'
    )


def address(icon: Icon) -> str:
    """Return the icon as an address; the idle one too, so that nothing is fetched for it."""
    return f"data:image/svg+xml,{quote(draw(icon))}"
