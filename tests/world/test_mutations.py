"""The worlds notice when a guard of the core is off: each mutation breaks the rule it should."""

import subprocess
import sys

import pytest

from tests.world.mutations import MUTATIONS, ROOT, changed_source

LEAST = 20


def test_there_are_enough_mutations_and_all_differ() -> None:
    """A patch that is entered twice, or changes nothing, would show nothing."""
    sources = {(each.module, changed_source(each)) for each in MUTATIONS.values()}
    assert len(sources) == len(MUTATIONS) >= LEAST


@pytest.mark.long
@pytest.mark.parametrize("name", MUTATIONS)
def test_a_guard_that_is_off_breaks_its_rule(name: str) -> None:
    """In a fresh process that has the changed module for the core's own; the files stay."""
    played = subprocess.run(
        (sys.executable, "-m", "tests.world.mutations", name),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert played.returncode == 0, played.stderr
