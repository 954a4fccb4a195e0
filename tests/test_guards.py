"""The list of guards stays true: each takes off something that is there."""

import pytest

from tests.e2e.guards import GUARDS, ROOT, Guard


@pytest.mark.parametrize("guard", GUARDS.values(), ids=GUARDS)
def test_what_a_guard_takes_off_is_there_once(guard: Guard) -> None:
    """A file that has changed since would else be tried as it is, and seem unguarded."""
    text = (ROOT / "app" / guard.path).read_text()
    assert text.count(guard.old) == 1
    assert guard.new != guard.old
    assert (ROOT / f"tests/e2e/{guard.test}.py").exists()
