"""Compares what is shown of tasks with the servers' books."""

from tests.faults.rows import Row
from tests.faults.stage import Stage

WANTED = 3.0
"""Seconds from what can be known to what is shown."""

RED = 20 * WANTED


def play(row: Row, scene: Stage) -> str:
    """Play a row to the end, and check all that must be so; returns the seconds of each end."""
    row.story(scene)
    scene.go_on()
    scene.until_ended(len(row.ends) + row.beside)
    seconds = waited_for_ends(scene, row)
    assert scene.locks() == []
    assert max(seconds) < RED
    return " ".join(f"{each:5.1f}" for each in seconds)


def waited_for_ends(scene: Stage, row: Row) -> list[float]:
    """Check each task against the servers' books; the seconds that each end took."""
    shown = scene.shown()
    seconds = []
    for number, place in enumerate(scene.places):
        own = scene.tasks_of(number)
        is_faulty = number == 0
        wanted = list(row.ends) if is_faulty else ["completed"] * row.beside
        by = row.by if is_faulty else row.beside_by
        states = [task["state"] for task in own]
        assert sorted(states) == sorted(wanted)
        assert by is None or {task["endedBy"] for task in own if task["server"]} <= {by}
        is_sent = row.is_sent or not is_faulty
        truths = [place.truth(task["promptId"]) for task in own]
        # Either of two tasks that go up side by side may be the first in the queue.
        assert not is_sent or [state for state, _ in truths] == states
        posts = (len(own) if is_sent else 0) + (row.doubles if is_faulty else 0)
        assert place.posts() == posts, "a task was sent twice"
        assert len(place.ran) == len(set(place.ran)), "a task ran twice"
        known = [max(scene.known_at[number], at) for _, at in truths]
        seconds += [
            max(0.0, shown[task["taskId"]] - at) for task, at in zip(own, known, strict=True)
        ]
    return seconds
