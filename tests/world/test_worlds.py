"""Whatever happens to sockets, servers, tabs and messages: no task is lost, none runs twice."""

import pytest

from tests.world.history import JOBS, KINDS, STEPS, History
from tests.world.many import Plan, Sum, play_many

HISTORIES = 500
IDLE_POLL_EVERY = 100
STEALING = 100
LEAST = 20
"""Hits of each cell of the table that can be reached."""

ROUNDS = 60
"""So many times, at most, a history aims at each cell that chance met less often."""


@pytest.mark.timeout(900)
def test_in_every_history_each_task_comes_to_its_true_end_once() -> None:
    """Windows, servers and the network between them go wrong in every way, at every moment."""
    total = Sum()
    for report in play_many(map(Plan, range(HISTORIES))):
        total.add(report)
    for number in range(HISTORIES, HISTORIES + ROUNDS):
        for report in play_many(Plan(number, cell=cell) for cell in total.rare(LEAST)):
            total.add(report)
    print(f"\n{total.told()}")
    assert total.fewest_steps >= STEPS
    assert total.fewest_jobs >= JOBS
    assert total.fewest_kinds >= KINDS
    assert total.looks >= HISTORIES / 4
    assert not total.rare(LEAST), "the histories don't try everything"


def test_tasks_that_move_to_idle_servers_keep_all_promises() -> None:
    """Whatever goes wrong meanwhile, each work is done once."""
    plans = (Plan(seed, is_stealing=True) for seed in range(STEALING))
    moves = sum(report.moves for report in play_many(plans))
    print(f"\n{moves} moves in {STEALING} histories")
    assert moves >= STEALING / 2


def test_without_faults_every_end_is_heard_on_the_socket() -> None:
    """No list or record is faster, however frames and answers overtake each other."""
    for seed in range(IDLE_POLL_EVERY):
        ends = History(seed, is_calm=True).play().ends
        assert set(ends) == {("completed", "socket")}, f"seed {seed}: {ends}"
