"""Requests and answers that are lost, late, refused or not what they should be."""

from __future__ import annotations

from tests.world.faults.blow import Blow, Struck, fault
from tether.core.protocol.requests import Ask


@fault("request lost")
def _request_lost(blow: Blow) -> Struck:
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    call.lost_there = True
    blow.say("request lost: %s", call.request.path)
    if blow.luck.random() < 0.5:
        call.broke()
    return blow.tasks()


@fault("answer lost")
def _answer_lost(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.lost_back = True
    blow.say("answer lost: %s", call.request.path)
    if blow.luck.random() < 0.5:
        blow.later(0.2, 20.0, call.broke)
    return blow.tasks()


@fault("late request")
def _late_request(blow: Blow) -> Struck:
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    # It arrives all the same when the page has given it up long before.
    call.late_there = blow.luck.uniform(0.5, 29.0)
    blow.say("request late by %.1f s: %s", call.late_there, call.request.path)
    if blow.luck.random() < 0.5:
        blow.later(0.1, 3.0, call.broke)
    return blow.tasks()


@fault("late answer")
def _late_answer(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.late_back = blow.luck.choice((0.5, 3.0, 9.0, 25.0))
    blow.say("answer late by %.1f s: %s", call.late_back, call.request.path)
    return blow.tasks()


@fault("error status")
def _error_status(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    if call.was_received or blow.luck.random() < 0.5:
        call.status = blow.luck.choice((500, 502, 504))
        blow.say("answered by %s, though done: %s", call.status, call.request.path)
    else:
        call.lost_there = True
        blow.say("answered by a proxy: %s", call.request.path)
        call.link.clock.after(call.link.delay(), call.back, 502, "Bad Gateway")
    return blow.tasks()


@fault("gate")
def _gate(blow: Blow) -> Struck:
    """A proxy says no, and has passed nothing on."""
    if (call := blow.call(is_on_its_way=True)) is None:
        return ()
    call.lost_there = True
    status = blow.luck.choice((401, 403, 429))
    if call.request.ask in (Ask.JOBS, Ask.CANCEL) and status == 403:
        status = 429
    blow.say("refused by a gate with %d: %s", status, call.request.path)
    call.link.clock.after(call.link.delay(), call.back, status, "no")
    return blow.tasks()


@fault("odd answer")
def _odd_answer(blow: Blow) -> Struck:
    if (call := blow.call()) is None:
        return ()
    call.is_odd = True
    blow.say("a page of somebody's for an answer: %s", call.request.path)
    return blow.tasks()
