"""How long servers take for a task.

What of a workflow decides how long it takes.
"""

import json
from typing import Any

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    bound_task,
    invert_workflow,
    new_window,
)
from tether.core.ids import Digest, ServerUrl, TaskId
from tether.core.model.durations import COMPARED, Durations, models_of, usual_seconds, workload_of
from tether.core.model.task import State, Task
from tether.core.protocol.workflow import parse_workflow
from tether.core.windows.peers import Timing

EAST = ServerUrl("http://east:8188")
WEST = ServerUrl("http://west:8188")


def ended(server: ServerUrl, seconds: float, number: int, state: State = State.COMPLETED) -> Task:
    """A task that the page saw run for so long."""
    window = new_window()
    task = bound_task(window, window.server(server, NOON), *RUNNING, number=number)
    task.started_at = NOON
    window.end(task, state, NOON + seconds, "socket", None)
    return task


def ran(server: ServerUrl, seconds: float, number: int = 1, workload: str = "s.") -> Task:
    """A task that took so long by the server's clock; the page's knew nothing of it."""
    task = ended(server, 500.0 + number, number)
    task.ran, task.workload = seconds, workload
    return task


def test_where_nothing_is_known_every_task_takes_one_second() -> None:
    """So that queues are compared by their lengths alone."""
    nothing = Durations()
    assert not nothing
    assert not nothing.knows(NORTH)
    assert (nothing.entry(NORTH), nothing.task(NORTH, "s.m"), nothing.loading(NORTH, "s.m")) == (
        *(1.0, 1.0, 0.0),
    )


def test_the_latest_completed_tasks_tell() -> None:
    """In the mean of their logarithms, by the server's clock: an odd one weighs little."""
    tasks = [ran(NORTH, 100.0, number) for number in range(1, 4)]
    tasks += [ran(NORTH, seconds, 10 + n) for n, seconds in enumerate((2.0, 4.0, 8.0) * 10)]
    assert len(tasks) > COMPARED
    durations = Durations(tasks)
    assert durations
    assert durations.knows(NORTH)
    assert durations.entry(NORTH) == durations.task(NORTH, "s.") == pytest.approx(4.0)


def test_what_other_windows_told_counts_by_its_time() -> None:
    """Like the window's own: the latest tell."""
    own = [ran(NORTH, 2.0, number) for number in range(COMPARED)]
    for at, seconds in ((NOON, 2.0), (NOON + 5000, 8.0)):
        told = [Timing(at, TaskId(f"x{number}"), NORTH, "s.", 8.0) for number in range(COMPARED)]
        durations = Durations(own, told)
        assert durations.entry(NORTH) == durations.task(NORTH, "s.") == pytest.approx(seconds)
    assert Durations((), told[:1]).is_timed("s.")


def test_what_has_no_stamps_tells_nothing() -> None:
    """Nor what failed, nor what never had a server."""
    failed, homeless = ran(NORTH, 5.0), ran(NORTH, 5.0)
    failed.state = State.FAILED
    homeless.server = None
    assert not Durations([ended(NORTH, 5.0, 1), failed, homeless])


def test_an_unknown_server_is_like_the_middle_one_of_the_others() -> None:
    """Those that have run enough are judged by that alone."""
    durations = Durations(
        ran(server, seconds, number)
        for server, seconds in ((NORTH, 90.0), (SOUTH, 9.0), (EAST, 0.9))
        for number in range(5)
    )
    assert durations.entry(WEST) == durations.task(WEST, "s.") == pytest.approx(9.0)
    assert durations.entry(NORTH) == durations.task(NORTH, "s.") == pytest.approx(90.0)
    assert durations.entry(EAST) == pytest.approx(0.9)


def test_a_difference_that_may_be_chance_is_none() -> None:
    """Tasks that take now 2, now 20 seconds tell little; such that always take as long tell much.

    Were it believed, each window would shun a server of its own for nothing.
    """
    wild = Durations(
        ran(server, seconds, number)
        for server, spans in ((NORTH, (2.0, 20.0, 8.0)), (SOUTH, (4.0, 40.0, 9.0)))
        for number, seconds in enumerate(spans)
    )
    assert wild.entry(NORTH) == wild.entry(SOUTH)
    steady = Durations(
        ran(server, seconds, number)
        for server, seconds in ((NORTH, 4.0), (SOUTH, 8.0))
        for number in range(8)
    )
    assert steady.entry(NORTH) == pytest.approx(4.0)
    assert steady.entry(SOUTH) == pytest.approx(8.0)


def test_a_server_is_not_believed_to_be_faster_by_few_tasks() -> None:
    """They may have been in its cache; one that was slow once is taken to be slow."""
    others = [ran(server, 10.0, number) for server in (SOUTH, EAST) for number in range(5)]
    few = [ran(NORTH, 0.01, 1), ran(NORTH, 0.01, 2)]
    assert Durations([*others, *few]).entry(NORTH) == pytest.approx(10.0)
    assert Durations([*others, *few, ran(NORTH, 0.01, 9)]).entry(NORTH) == pytest.approx(0.01)
    assert Durations([*others, ran(NORTH, 500.0)]).entry(NORTH) == pytest.approx(500.0)


def test_a_shape_that_only_others_ran_is_scaled_by_what_else_the_server_ran() -> None:
    """It was three times as slow with that."""
    tasks = [*(ran(SOUTH, 2.0, n) for n in range(29)), *(ran(NORTH, 6.0, n) for n in range(29))]
    durations = Durations([*tasks, ran(SOUTH, 20.0, 99, "large.")])
    assert durations.task(NORTH, "large.") == pytest.approx(60.0, rel=0.1)
    assert durations.task(NORTH, "unheard-of.") == durations.entry(NORTH)


def test_loading_a_model_is_learned_and_charged_where_it_was_not_used_last() -> None:
    """The first run of a model takes longer, and tells nothing of the next."""
    durations = Durations(
        [
            *(ran(NORTH, 30.0, 1, "a.one"), ran(NORTH, 10.0, 2, "a.one")),
            *(ran(NORTH, 45.0, 3, "b.two"), ran(NORTH, 5.0, 4, "b.two")),
            *(ran(NORTH, 5.0, 5, "b.two"), ran(NORTH, 1.0, 6, "plain.")),
        ]
    )
    assert durations.task(NORTH, "a.one") == pytest.approx(10.0)
    assert durations.task(NORTH, "b.two") == pytest.approx(5.0)
    assert durations.loading(NORTH, "b.two") == 0.0
    assert durations.loading(NORTH, "a.one") == 40.0
    assert durations.loading(SOUTH, "a.one") == 40.0
    assert durations.loading(NORTH, "plain.") == 0.0


def test_a_run_that_had_to_load_is_better_than_no_run() -> None:
    durations = Durations([ran(NORTH, 30.0, 1, "a.one")])
    assert durations.task(NORTH, "a.one") == pytest.approx(30.0)
    assert durations.loading(SOUTH, "a.one") == 0.0


def test_the_same_workflow_on_the_same_server_is_the_like_of_a_task() -> None:
    """Another workflow there may take an hour."""
    tasks = [ended(NORTH, 3.0, 1), ended(NORTH, 5.0, 2), ended(NORTH, 5.0, 3), ended(SOUTH, 9.0, 4)]
    other = ended(NORTH, 3600.0, 5)
    other.digest = Digest("other")
    homeless = ended(NORTH, 5.0, 2)
    homeless.server = None
    assert usual_seconds([*tasks, other, homeless, ended(NORTH, 1.0, 6, State.FAILED)]) == {
        (NORTH, tasks[0].digest): 5.0,
        (SOUTH, tasks[0].digest): 9.0,
        (NORTH, "other"): 3600.0,
    }


def test_how_far_tasks_of_one_kind_differ_is_told_by_the_tasks() -> None:
    """Whatever server they ran on; two that took the same are no proof."""
    even = Durations(
        ran(server, seconds, number)
        for server, seconds in ((NORTH, 90.0), (SOUTH, 9.0))
        for number in range(10)
    )
    assert even.spread("s.") < 0.11
    few = Durations([ran(NORTH, 5.0, 1), ran(NORTH, 5.0, 2)])
    assert few.spread("s.") == 1.0
    assert few.spread("t.") == few.spread("s.")
    uneven = Durations(ran(NORTH, seconds, n) for n, seconds in enumerate((5.0, 15.0) * 5))
    assert uneven.spread("s.") > 0.5
    assert uneven.is_timed("s.")
    assert not uneven.is_timed("t.")


def sampled(**inputs: Any) -> str:
    """The workload of a workflow that samples with these inputs."""
    given = {"seed": 1, "noise_seed": 2, "steps": 20, "cfg": 7.5, **inputs}
    nodes = {
        "1": {"class_type": "KSampler", "inputs": given},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sd.safetensors"}},
        "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    return workload_of(parse_workflow(json.dumps(nodes)))


@pytest.mark.parametrize("given", [{"seed": 9}, {"noise_seed": 9}, {"text": "a cat"}])
def test_seeds_and_words_take_no_time(given: dict[str, Any]) -> None:
    assert sampled(**given) == sampled()


@pytest.mark.parametrize("given", [{"steps": 40}, {"cfg": 1.0}, {"lora": "x.safetensors"}])
def test_numbers_and_models_do(given: dict[str, Any]) -> None:
    assert sampled(**given) != sampled()


def test_models_are_named_apart() -> None:
    """Two workflows of different length may have them in common."""
    assert models_of(sampled(steps=40)) == models_of(sampled()) != ""
    assert models_of(sampled(lora="X.GGUF")) != models_of(sampled())
    assert models_of(workload_of(invert_workflow())) == ""
