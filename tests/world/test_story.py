"""Hypothesis tells the stories: a rule that breaks shrinks to the few steps that break it."""

from random import Random

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.world.faults import FAULTS, Blow
from tests.world.jobs import KNOWN
from tests.world.rules import Broken
from tests.world.world import World
from tether.core.model.locks import Locks

WAITING_SENT = settings(
    max_examples=80,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)

CHOICE = st.integers(min_value=0, max_value=5)


class Story(RuleBasedStateMachine):
    """People and faults act in an order that Hypothesis chooses; in the end all heals."""

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    @initialize(
        seed=st.integers(min_value=0, max_value=9999),
        servers=st.integers(min_value=1, max_value=3),
        windows=st.integers(min_value=1, max_value=3),
    )
    def begin(self, seed: int, servers: int, windows: int) -> None:
        """Open the windows."""
        world = World(Random(seed), servers=servers, windows=windows, story=note)
        world.clock.run(0.3)
        self._world = world

    def _at_work(self) -> World:
        """The world; None until the next step is over, so that a broken one isn't ended."""
        world, self._world = self._world, None
        assert world is not None
        return world

    @rule(tab=CHOICE, job=st.sampled_from(KNOWN))
    def accept(self, tab: int, job: str) -> None:
        """A person wants something done."""
        world = self._at_work()
        tabs = world.tabs()
        world.accept(tabs[tab % len(tabs)], job)
        self._world = world

    @rule(name=st.sampled_from(sorted(FAULTS)), tab=CHOICE, task=CHOICE)
    def strike(self, name: str, tab: int, task: int) -> None:
        """Something goes wrong at a task, or at one of its window's servers."""
        world = self._at_work()
        pages = list(world.pages())
        if pages:
            page = pages[tab % len(pages)]
            tasks = list(page.session.window.tasks.values())
            met = tasks[task % len(tasks)] if tasks else None
            list(FAULTS[name](Blow(world, page, met, world.random)))
        self._world = world

    @rule(seconds=st.sampled_from((0.01, 0.3, 2.0, 12.0, 35.0)))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        world = self._at_work()
        world.clock.run(seconds)
        self._world = world

    def teardown(self) -> None:
        """All heals, and every task comes to its end."""
        if self._world is not None:
            world = self._at_work()
            world.heal()
            world.settle()


def test_no_story_breaks_a_rule() -> None:
    """Whatever happens, in whatever order."""
    run_state_machine_as_test(Story, settings=WAITING_SENT)


def test_a_broken_rule_shrinks_to_a_short_story(monkeypatch: pytest.MonkeyPatch) -> None:
    """One task and no fault is enough to see that a lock is kept after the end."""
    monkeypatch.setattr(Locks, "release", lambda *_: None)
    with pytest.raises(Broken, match="lock") as broken:
        run_state_machine_as_test(
            Story, settings=settings(WAITING_SENT, report_multiple_bugs=False)
        )
    told = "\n".join(broken.value.__notes__)
    assert told.count("state.accept(") == 1
    assert "state.strike(" not in told
