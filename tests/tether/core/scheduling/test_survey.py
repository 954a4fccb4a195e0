"""Probes of several servers, and what they answered."""

from tests.tether.core.farm import NOON, NORTH, SOUTH, new_window
from tether.core.ids import TaskId
from tether.core.protocol.requests import Ask, Owner, probe
from tether.core.scheduling.survey import Survey


def test_answers_are_collected_until_all_have_come() -> None:
    """A length, or the lack of one."""
    window = new_window()
    servers = [window.server(url, NOON) for url in (NORTH, SOUTH)]
    survey = Survey(window, Owner.RECHECK, TaskId("t1"))
    north, south = survey.ask(servers)
    assert {(north.ask, north.owner, north.task_id)} == {(Ask.PROBE, Owner.RECHECK, "t1")}
    assert survey.answered(north, 3)
    assert set(survey.open) == {SOUTH}
    assert survey.answered(south, None)
    assert (survey.open, survey.lengths) == ({}, {NORTH: 3})


def test_only_the_latest_probe_of_a_server_counts() -> None:
    window = new_window()
    survey = Survey(window, Owner.DISPATCHER)
    survey.ask([window.server(NORTH, NOON)])
    assert not survey.answered(probe(99, NORTH, Owner.DISPATCHER), 3)
    assert survey.lengths == {}


def test_a_server_that_is_gone_is_forgotten() -> None:
    """Whether it has answered or not."""
    window = new_window()
    survey = Survey(window, Owner.DISPATCHER)
    north, _ = survey.ask([window.server(NORTH, NOON), window.server(SOUTH, NOON)])
    survey.answered(north, 3)
    survey.forget(NORTH)
    survey.forget(SOUTH)
    assert (survey.open, survey.lengths) == ({}, {})
