"""The rules that tie a task to its server."""

from dataclasses import fields

from tests.tether.core.farm import NORTH, SOUTH
from tether.core.model.balancer import choose
from tether.core.model.binding import CURED, keep_all, stay
from tether.core.model.identity import make_client_id
from tether.core.model.locks import Locks, mismatches


def test_what_is_bound_stays_where_it_is() -> None:
    """Whatever the balancer would choose now."""
    assert stay(NORTH, lambda: SOUTH) == NORTH


def test_a_new_connection_ends_no_other() -> None:
    """Moving the only one would deafen what still runs."""
    assert set(keep_all((NORTH,), SOUTH)) == {NORTH, SOUTH}
    assert set(keep_all((), SOUTH)) == {SOUTH}


def test_the_page_has_all_cures() -> None:
    """Each rule is the one that the page's own modules are about."""
    rules = {each.name: getattr(CURED, each.name) for each in fields(CURED)}
    assert rules == {
        "make_id": make_client_id,
        "choose": choose,
        "aim": stay,
        "keep": keep_all,
        "check": mismatches,
        "call": stay,
        "redial": stay,
        "write_lock": Locks.write,
    }
