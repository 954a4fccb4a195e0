"""The fault table: four tasks on two servers, one thing goes wrong, every true end is shown."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from simulator.settings import Api
from tests.e2e.background import Background
from tests.faults.browser_stage import browser_stage
from tests.faults.desktop import Desktop
from tests.faults.ends import play
from tests.faults.process_stage import process_stage
from tests.faults.rows import ROWS, Row
from tests.world.faults import FAULTS
from tests.world.world import PROXIED


def table(rows: Iterable[Row]) -> Any:
    """Each row by its name."""
    return pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in rows])


def settings_of(row: Row) -> dict[str, Any]:
    """What the row's servers are like."""
    return {"api": Api(row.api), "pace": row.pace, "ignores_ids": row.makes_ids}


@pytest.mark.browser
@table(row for row in ROWS if row.is_in_browser)
def test_every_true_end_is_shown_and_nothing_runs_twice(
    row: Row,
    seat: BrowserContext | Desktop,
    background: Background,
    record_property: Callable[[str, object], None],
) -> None:
    """Each row by its own story; the tasks beside it are not disturbed."""
    with browser_stage(seat, background, row.host, **settings_of(row)) as scene:
        record_property("ends", play(row, scene))


@table(row for row in ROWS if row.is_in_process)
def test_the_same_in_a_process(
    row: Row, background: Background, record_property: Callable[[str, object], None]
) -> None:
    """On real sockets too, and with the same core: only what carries it is another."""
    with process_stage(background, row.host, **settings_of(row)) as scene:
        record_property("ends", play(row, scene))


def test_what_is_left_out_is_a_fault_of_the_worlds() -> None:
    """A row that `make test` plays nowhere is played there, at every moment of a task."""
    assert {row.proved_by for row in ROWS} - {""} <= FAULTS.keys() | {PROXIED}
