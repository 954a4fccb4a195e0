"""In what order the gallery's entries stand, and which of them are sought."""

import pytest

from page.gallery.entry import GalleryEntry, entry_of
from page.gallery.search import by_day, by_workflow, matching
from tests.tether.core.farm import NOON, NORTH, new_task
from tether.core.ids import NodeId, PromptId
from tether.core.protocol.outputs import Output

DAY = 86_400.0
RESULT = Output(NodeId("3"), "image", "inv_00001_.png")


def entry(prompt: str, at: float = NOON, workflow: str = "Invert") -> GalleryEntry:
    """An entry of that moment."""
    task = new_task(1)
    task.title, task.server, task.outputs = f"photo.png · {workflow}", NORTH, (RESULT,)
    made = entry_of(task, "north", NOON)
    return made._replace(prompt_id=PromptId(prompt), at=at, values=(("blur_radius", "8"),))


def test_days_are_those_of_the_persons_clock() -> None:
    """An evening in one place is the next morning in another."""
    late, early = entry("a", 2 * DAY - 60), entry("b", 2 * DAY + 60)
    apart = by_day([late, early], lambda _at: 0.0)
    assert list(apart.values()) == [[early], [late]]
    (together,) = by_day([late, early], lambda _at: 3600.0).values()
    assert together == [early, late]


def test_workflows_stand_together() -> None:
    """The one used last comes first."""
    old, other, new = entry("a", 1.0), entry("b", 2.0, "Blur"), entry("c", 3.0)
    groups = by_workflow([old, other, new])
    assert list(groups.items()) == [("Invert", [new, old]), ("Blur", [other])]


def test_a_workflow_is_grouped_and_found_by_what_it_is_called_here() -> None:
    """Though it was run before it had that name."""
    entries = [entry("a", 1.0, "Old"), entry("b", 2.0, "New")]

    def title_of(title: str) -> str:
        return title.replace("Old", "New")

    assert [*by_workflow(entries, title_of)] == ["New"]
    assert len(matching(entries, "new", title_of)) == 2
    assert matching(entries, "old", title_of) == []


@pytest.mark.parametrize(
    "query",
    [
        *("", "invert", "PHOTO.png", "north", "blur_radius", "blur radius 8", "inv_00001", "said"),
        "photo north 8",
    ],
)
def test_an_entry_is_found_by_all_that_it_tells(query: str) -> None:
    """Workflow, picture, server, values as they are called here or there, files and texts."""
    text = Output(NodeId("4"), "text", text="what the model said")
    made = entry("a")
    made = made._replace(outputs=(*made.outputs, text))
    assert matching([made], query) == [made]


def test_what_is_not_sought_is_left_out() -> None:
    """Every word must be there."""
    assert matching([entry("a"), entry("b", workflow="Blur")], "blur photo") != []
    assert matching([entry("a")], "photo south") == []
