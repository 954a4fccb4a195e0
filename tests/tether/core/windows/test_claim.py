"""Who a window id belongs to."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NOON
from tests.tether.core.junk import anything, peer_texts
from tether.core.ids import WindowId
from tether.core.windows.claim import (
    ADOPTER_PREFIX,
    CLAIM_LIFETIME,
    Claim,
    Standing,
    closing_window,
    holder_of,
    write_sign,
)

ID = WindowId("w0123456789ab")


def held(token: str = "a") -> Claim:
    """A claim that nobody contested."""
    claim = Claim(ID, token)
    assert claim.found(is_free=True) is None
    return claim


def asking(token: str = "b") -> tuple[Claim, str]:
    """A claim that met another's, and its question."""
    claim = Claim(ID, token)
    question = claim.found(is_free=False)
    assert question is not None
    assert claim.standing is Standing.ASKING
    return claim, question


def test_what_is_free_is_taken_without_a_word() -> None:
    """Most pages are alone with their window id: they lose no time."""
    assert held().standing is Standing.HELD


def test_a_duplicate_is_told_so_by_the_page_that_lives() -> None:
    """The original keeps the id, the duplicate gives way; waiting on changes nothing."""
    original, (copy, question) = held(), asking()
    answer = original.received(question)
    assert answer is not None
    assert copy.received(answer) is None
    assert copy.standing is Standing.LOST
    assert copy.waited() is None
    assert (copy.standing, original.standing) == (Standing.LOST, Standing.HELD)


def test_what_a_crashed_page_has_left_is_taken_over() -> None:
    """Only a live answer makes a duplicate: after a crash the tab is still the same window."""
    claim, _ = asking()
    assert claim.waited() is not None
    assert claim.standing is Standing.HELD


def test_a_copy_that_asked_during_a_reload_gives_way() -> None:
    """The page before could not answer any more: found by the simulated worlds, where the copy
    took the window over while its reloaded page was at work."""
    (copy, _), reloaded = asking(), held("c")
    assert copy.received(reloaded.taken()) is None
    assert (copy.standing, reloaded.standing) == (Standing.LOST, Standing.HELD)


def test_a_page_that_slept_hears_that_its_id_was_taken() -> None:
    """Two must never go on under one id."""
    sleeper, (copy, _) = held(), asking()
    told = copy.waited()
    assert told is not None
    assert sleeper.received(told) is None
    assert sleeper.standing is Standing.LOST


def test_a_page_that_asks_while_another_takes_over_gives_way() -> None:
    """Its question came too early to be received."""
    (late, _), (copy, _) = asking("c"), asking()
    told = copy.waited()
    assert told is not None
    assert late.received(told) is None
    assert late.standing is Standing.LOST


@pytest.mark.parametrize("tokens", [("a", "b"), ("b", "a")])
def test_of_two_that_ask_at_once_one_stays(tokens: tuple[str, str]) -> None:
    """Whoever hears whom first, both come to the same end."""
    (one, from_one), (two, from_two) = asking(tokens[0]), asking(tokens[1])
    answers = [two.received(from_one), one.received(from_two)]
    (answer,) = [answer for answer in answers if answer]
    for claim in (one, two):
        if claim.standing is Standing.ASKING:
            claim.waited()
        else:
            assert claim.received(answer) is None
    ends = {claim.token: claim.standing for claim in (one, two)}
    assert ends == {"a": Standing.HELD, "b": Standing.LOST}


@given(st.permutations("abcd"), st.randoms(use_true_random=False))
def test_of_several_that_ask_at_once_one_stays(tokens: list[str], chance: Random) -> None:
    """In whatever order all is received. Found by the simulated worlds: one that was turned away
    spoke first, the one before it gave way too, and nobody adopted a closed tab's tasks."""
    asked = [asking(token) for token in tokens]
    claims = [claim for claim, _ in asked]
    said = [(each, text) for claim, text in asked for each in claims if each is not claim]
    while said:
        claim, text = said.pop(chance.randrange(len(said)))
        answer = claim.received(text)
        if answer is not None:
            said += [(each, answer) for each in claims if each is not claim]
    standing = [claim.token for claim in claims if claim.standing is Standing.ASKING]
    assert standing == ["a"]


def test_a_page_that_has_left_claims_nothing() -> None:
    """It may lie in the browser's cache for hours; it asks again when it is back."""
    claim = held()
    claim.left()
    assert claim.received(asking()[1]) is None
    assert claim.standing is Standing.OPEN
    assert claim.found(is_free=False) is not None


def test_other_windows_do_not_concern_us() -> None:
    """All pages of one folder share the channel."""
    claim = held()
    other = Claim(WindowId("wffffffffffff"), "b")
    question = other.found(is_free=False)
    assert question is not None
    assert claim.received(question) is None


@given(
    peer_texts([asking()[1], *filter(None, [asking()[0].waited(), held().received(asking()[1])])])
)
def test_nothing_said_on_the_channel_can_raise(text: str) -> None:
    """Any page of the origin can speak there; words that we don't know change nothing."""
    for claim in (held(), asking()[0], Claim(ID, "c")):
        before = claim.standing
        claim.received(text)
        assert claim.standing is before or claim.standing is Standing.LOST


def test_a_sign_of_life_names_its_holder_for_a_day() -> None:
    """After that nobody lives there: a page gives a sign every hour."""
    sign = write_sign("a", NOON)
    assert holder_of(sign, NOON) == "a"
    assert holder_of(sign, NOON - 3600) == "a"  # the clock was put back
    assert holder_of(sign, NOON + CLAIM_LIFETIME) is None
    assert holder_of(None, NOON) is None


@given(anything.map(json.dumps) | st.text())
def test_a_damaged_sign_is_nobodys(text: str) -> None:
    """It can't keep a window from its own id."""
    assert holder_of(text, NOON) is None


def test_a_page_that_leaves_says_so() -> None:
    """Another window may look after its tasks."""
    claim = held()
    assert closing_window(claim.left()) == ID
    assert claim.standing is Standing.OPEN


@given(anything.map(json.dumps) | st.text())
def test_nothing_else_says_that_a_page_leaves(text: str) -> None:
    """Questions and answers about claims come on the same channel."""
    assert closing_window(text) is None
    _, question = asking()
    assert closing_window(question) is None


@pytest.mark.parametrize("token", ["0" * 16, "f" * 16])
def test_who_adopts_gives_way_to_the_window_itself(token: str) -> None:
    """Whichever of the two asked first."""
    (adopter, its_question), (page, question) = asking(f"{ADOPTER_PREFIX}0"), asking(token)
    assert adopter.received(question) is None
    assert adopter.standing is Standing.LOST
    adopter, _ = asking(f"{ADOPTER_PREFIX}0")
    answer = page.received(its_question)
    assert answer is not None
    assert adopter.received(answer) is None
    assert adopter.standing is Standing.LOST
    assert page.standing is Standing.ASKING
