"""The rows: what goes wrong, and how the tasks of gpu-1 truly end."""

from tests.faults.rows import calls, desktop, frames, network, page, people, windows
from tests.faults.rows.row import Row

ROWS: tuple[Row, ...] = tuple(
    variant
    for topic in (network, frames, calls, people, page, windows, desktop)
    for row in topic.ROWS
    for variant in row.variants()
)
