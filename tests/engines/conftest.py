"""Each engine, started once for all tests of it."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e.background import Background
from tests.engines.engines import ENGINES, Absent, Engine, screen
from tests.engines.seat import Seat


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    """The thread in which a test's servers run."""
    background = Background()
    yield background
    background.close()


@pytest.fixture(scope="module", params=ENGINES, ids=lambda engine: engine.name)
def seat(request: pytest.FixtureRequest) -> Iterator[Seat]:
    """The page in an engine; where that is absent, the tests are skipped.

    ENGINES=required makes an absent one an error.
    """
    engine: Engine = request.param
    try:
        with screen():
            driver = engine.start()
            try:
                yield Seat(driver)
            finally:
                driver.quit()
    except Absent as absence:
        cure = "tools/dev/setup.sh screen engines"
        why = f"{engine.name} can't be tested: {absence} is missing ({cure})"
        if os.environ.get("ENGINES") == "required":
            pytest.fail(why)
        pytest.skip(why)
