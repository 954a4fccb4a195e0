"""What a browser keeps of finished tasks, and what goes when there is no more room."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.gallery.entry import (
    MAX_ENTRIES,
    MAX_TEXT,
    GalleryEntry,
    Sought,
    allowance,
    by_day,
    by_workflow,
    choices,
    entry_of,
    evicted,
    matching,
    names_of,
    newest_first,
    read_entry,
    room_of,
    task_of,
    tidied,
    type_of,
    used,
    write_entry,
)
from tests.tether.core.farm import INVERT, NOON, NORTH, PHOTO, SOUTH, new_task
from tests.tether.core.junk import peer_texts
from tether.core.events import Picture
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl
from tether.core.model.task import Task
from tether.core.protocol.outputs import Output

DAY = 86_400.0
RESULT = Output(NodeId("3"), "image", "inv_00001_.png")


def done(title: str = "photo.png · Invert", ended_at: float = NOON, **parts: Any) -> Task:
    """A task that has completed."""
    task = new_task(1, **parts)
    task.title, task.server, task.ended_at, task.outputs = title, NORTH, ended_at, (RESULT,)
    return task


def entry(prompt: str, at: float = NOON, workflow: str = "Invert", **sizes: int) -> GalleryEntry:
    """An entry with contents of these sizes."""
    return entry_of(done(), "north", NOON)._replace(
        prompt_id=PromptId(prompt), at=at, workflow=workflow, sizes=sizes
    )


def test_an_entry_has_what_its_task_had() -> None:
    """Everything to show it, and to run it again."""
    made = entry_of(done(pinned=SOUTH), "north", NOON + 9)
    assert (made.title, made.workflow) == ("photo.png · Invert", "Invert")
    assert (made.server, made.server_name, made.pinned) == (NORTH, "north", SOUTH)
    assert (made.digest, made.at, made.outputs) == (INVERT, NOON, (RESULT,))
    assert [each.digest for each in made.pictures] == [PHOTO]
    assert made.sizes == {}
    assert (made.whole(0), made.small(0)) == (f"{made.prompt_id}/0", f"{made.prompt_id}/0/small")


def test_a_task_of_an_unknown_end_ended_now() -> None:
    """Records from before the time was written have none."""
    assert entry_of(done(ended_at=0.0), "north", NOON + 9).at == NOON + 9


@pytest.mark.parametrize(
    ("title", "workflow"),
    [
        ("photo.png · Invert", "Invert"),
        ("photo.png · mine · 2.json", "mine · 2.json"),
        ("photo.png · ", "photo.png · "),
        ("photo.png (Steps 4, a cat) · mine · 2.json", "mine · 2.json"),
        ("(a cat) · Paint", "Paint"),
        ("(a cat", "(a cat"),
        ("other.png · Invert", "other.png · Invert"),
    ],
)
def test_the_name_of_a_workflow_is_in_the_title(title: str, workflow: str) -> None:
    """After the picture's; what scripts call a task is taken as it is."""
    assert entry_of(done(title), "north", NOON).workflow == workflow


def test_long_texts_are_cut() -> None:
    """A result that is a text is shown, not read."""
    task = done()
    task.outputs = (Output(NodeId("4"), "text", text="x" * (MAX_TEXT + 1)),)
    (output,) = entry_of(task, "north", NOON).outputs
    assert output.text == "x" * MAX_TEXT + "…"
    task.outputs = (Output(NodeId("4"), "text", text="short"),)
    assert entry_of(task, "north", NOON).outputs == task.outputs


def test_what_it_takes_to_run_again_may_be_lacking() -> None:
    """A workflow or a picture that was too large is named."""
    assert entry("a", **{INVERT: 9, PHOTO: 8}).lacks() == ""
    assert entry("a", **{INVERT: 9}).lacks() == "photo.png"
    assert entry("a", **{PHOTO: 8}).lacks() == "Invert"


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("a.PNG", "image/png"),
        ("a.jpg", "image/jpeg"),
        ("a.webp", "image/webp"),
        ("a.html", "application/octet-stream"),
        ("a.svg", "application/octet-stream"),
        ("png", "image/png"),
        ("", "application/octet-stream"),
    ],
)
def test_nothing_is_ever_shown_as_a_page(filename: str, kind: str) -> None:
    """The type comes from the name, and only of pictures."""
    assert type_of(filename) == kind


pictures = st.builds(
    Picture,
    st.text().map(NodeId),
    st.text(),
    st.text().map(Digest),
    st.text(),
    st.integers(0, 10**9),
)
outputs = st.sampled_from(
    [RESULT, Output(NodeId("4"), "text", text="hi"), Output(NodeId("5"), "video", "a.webm", "s")]
)
entries = st.builds(
    GalleryEntry,
    st.text().map(PromptId),
    st.text(),
    st.text(),
    st.text().map(Digest),
    st.text().map(ServerUrl),
    st.text(),
    st.none() | st.text(min_size=1).map(ServerUrl),
    st.floats(0, 1e11),
    st.lists(outputs, max_size=3).map(tuple),
    st.lists(pictures, max_size=3).map(tuple),
    st.dictionaries(st.text(), st.integers(0, 2**53 - 1), max_size=4),
    st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
)


@given(entries)
def test_what_is_written_is_read(each: GalleryEntry) -> None:
    """Nothing is lost on the way."""
    assert read_entry(write_entry(each)) == each


@given(peer_texts([write_entry(entry("a", picture=3))]))
def test_any_text_is_read_or_refused(text: str) -> None:
    """An extension, or a page of another version, may have written anything."""
    found = read_entry(text)
    assert found is None or read_entry(write_entry(found)) is not None


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"at": "noon"}, {"sizes": {"a": -1}}, {"sizes": {"a": True}}, {"sizes": {"a": "1"}}],
)
def test_records_of_another_shape_are_none(change: dict[str, Any]) -> None:
    """Sizes are bytes, times are seconds."""
    record = json.loads(write_entry(entry("a", x=1)))
    assert read_entry(json.dumps(record)) is not None
    assert read_entry(json.dumps(record | change)) is None


def test_pictures_of_another_shape_are_left_out() -> None:
    """The rest of the entry is still good."""
    record = json.loads(write_entry(entry("a")))
    record["pictures"].append(["1", "image", 3])
    assert read_entry(json.dumps(record)) == entry("a")


def test_values_of_another_shape_are_left_out() -> None:
    """Entries from before values were kept have none."""
    whole = entry("a")._replace(values=(("steps", "20"),))
    record = json.loads(write_entry(whole))
    record["values"].append(["cfg", 7])
    assert read_entry(json.dumps(record)) == whole
    del record["values"]
    assert read_entry(json.dumps(record)) == entry("a")


def test_the_oldest_go_first() -> None:
    """Until the others fit."""
    old, middle, new = (entry(name, NOON + n, **{name: 40}) for n, name in enumerate("abc"))
    assert evicted([middle, new, old], 120) == []
    assert evicted([middle, new, old], 119) == [old]
    assert evicted([middle, new, old], 79) == [middle, old]
    assert evicted([], 0) == []


def test_the_newest_stays_though_it_is_too_large() -> None:
    """Nobody would understand a gallery without what has just been made."""
    old, new = entry("a", NOON, a=1), entry("b", NOON + 1, b=900)
    assert evicted([old, new], 100) == [old]


def test_there_are_not_too_many() -> None:
    """However small they are."""
    many = [entry(str(number), NOON + number) for number in range(MAX_ENTRIES + 2)]
    assert evicted(many, 10**9) == [many[1], many[0]]


def test_what_several_have_counts_once() -> None:
    """Ten runs of one picture keep it once."""
    runs = [entry(str(n), NOON + n, **{PHOTO: 60, f"{n}/0": 10}) for n in range(4)]
    assert used(runs) == 100
    assert evicted(runs, 100) == []
    assert evicted(runs, 99) == [runs[0]]
    assert names_of(runs) == {PHOTO, "0/0", "1/0", "2/0", "3/0"}


@given(
    st.lists(
        st.tuples(
            st.floats(0, 1e6),
            st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 50), max_size=3),
        ),
        max_size=12,
    ),
    st.integers(0, 300),
    st.integers(1, 8),
)
def test_the_budget_holds_and_the_newest_stays(
    rows: list[tuple[float, dict[str, int]]], budget: int, most: int
) -> None:
    """Whatever is kept: what stays fits, but for the newest; who goes has no room beside newer."""
    # A name is a digest: it has one size.
    sizes = {name: size for _, found in rows for name, size in found.items()}
    all_of = [
        entry(str(n), at, **{name: sizes[name] for name in found})
        for n, (at, found) in enumerate(rows)
    ]
    gone = evicted(all_of, budget, most)
    stay = [each for each in newest_first(all_of) if each not in gone]
    assert len(stay) + len(gone) == len(all_of)
    assert len(stay) <= most
    for each in gone:
        at = newest_first(all_of).index(each)
        newer = [one for one in newest_first(all_of)[:at] if one in stay]
        assert len(newer) == most or used([*newer, each]) > budget
    if all_of:
        assert stay[0] == newest_first(all_of)[0]
    assert used(stay) <= max(budget, used(stay[:1]))


def test_one_entry_leaves_room_for_another() -> None:
    """Or each new result would be alone."""
    assert allowance(1000) == 500


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
    assert len(matching(entries, Sought("new"), (), title_of)) == 2
    assert matching(entries, Sought("old"), (), title_of) == []
    assert len(matching(entries, Sought(workflow="New"), (), title_of)) == 2
    assert matching(entries, Sought(workflow="Old"), (), title_of) == []
    assert choices(entries, title_of) == (["New"], ["north"])


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
    made = made._replace(outputs=(*made.outputs, text), values=(("blur_radius", "8"),))
    assert matching([made], Sought(query)) == [made]


def test_what_is_not_sought_is_left_out() -> None:
    """Every word must be there."""
    assert matching([entry("a"), entry("b", workflow="Blur")], Sought("blur photo")) != []
    assert matching([entry("a")], Sought("photo south")) == []


def test_a_workflow_a_server_and_stars_are_chosen_beside_the_words() -> None:
    """Each narrows what the others leave."""
    one, two = entry("a"), entry("b", workflow="Blur")
    three = entry("c", workflow="Blur")._replace(server_name="south")
    every = [one, two, three]
    assert choices(every) == (["Blur", "Invert"], ["north", "south"])
    for sought, found in (
        (Sought(), every),
        (Sought(workflow="Blur"), [two, three]),
        (Sought(server="north"), [one, two]),
        (Sought(workflow="Blur", server="north"), [two]),
        (Sought(is_starred=True), [one, three]),
        (Sought(workflow="Blur", is_starred=True), [three]),
        (Sought("south", is_starred=True), [three]),
        (Sought("south", "Invert"), []),
    ):
        assert matching(every, sought, {one.prompt_id, three.prompt_id}) == found, sought


def test_starred_entries_go_last() -> None:
    """The newest stays; then come those with a star, the newest first; then the others."""
    entries = [entry(name, NOON + n, **{name: 40}) for n, name in enumerate("abcde")]
    a, b, c, d, _newest = entries
    stars = {a.prompt_id, c.prompt_id}
    assert evicted(entries, 200, starred=stars) == []
    assert evicted(entries, 199, starred=stars) == [b]
    assert evicted(entries, 120, starred=stars) == [d, b]
    assert evicted(entries, 119, starred=stars) == [a, d, b]
    assert evicted(entries, 10**9, 2, stars) == [a, d, b]
    assert evicted(entries, 79, starred=stars) == [c, a, d, b]


def test_a_large_star_takes_no_room_that_it_does_not_get() -> None:
    """What is small stays, starred or not."""
    large = entry("x", NOON + 1, x=250), entry("y", NOON, y=240)
    small = [entry(f"{n}", NOON + 2 + n, **{f"{n}": 1}) for n in range(98)]
    old = entry("old", NOON - 1, old=1)
    entries = [*large, *small, old]
    stars = {each.prompt_id for each in (*large, old)}
    assert evicted(entries, 480, starred=stars) == [large[1]]
    assert evicted(entries, 480, starred={large[0].prompt_id}) == [large[1]]


@given(st.lists(st.integers(0, 300), max_size=6), st.integers(0, 250), st.integers(0, 1000))
def test_a_star_takes_what_the_others_leave(sizes: list[int], newest: int, budget: int) -> None:
    """None of them goes for it, nor for what is made later, as much as one entry may take."""
    made: list[GalleryEntry] = []
    stars = {PromptId(f"{n}") for n in range(len(sizes))}
    for n, size in enumerate(sizes):
        bare = entry(f"{n}", NOON + n)
        room = room_of(bare, [*made, bare], budget, stars)
        made.append(entry(f"{n}", NOON + n, **{f"{n}": size}) if size <= room else bare)
    later = entry("later", NOON + 99, later=min(newest, allowance(budget)))
    assert evicted([*made, later], tidied(budget), starred=stars) == []


def test_what_a_star_has_already_counts_once() -> None:
    one = entry("a", NOON, a=40)
    assert room_of(one, [one, entry("b", NOON, b=90)], 500, {one.prompt_id}) == 480 - 250 - 40


def test_the_world_finds_results_by_a_task() -> None:
    """Of its server and its id, though no window has it."""
    task = task_of(entry("a"))
    assert (task.prompt_id, task.server, task.task_id) == ("a", NORTH, "gallery:a")
