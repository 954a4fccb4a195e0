"""What a line of the table is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

WELL = ("completed", "completed")
THIS_MACHINE, LAN = "127.0.0.1", "lan.test"
NEW, OLD, EARLY = "0.28", "0.3.64", "before July 2025"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    `ends` are the true ends of gpu-1's tasks, `beside` how many gpu-2 has, which all complete;
    `by` and `beside_by` who tells the page of them, where that is certain. `doubles` is how many
    of gpu-1's tasks Chromium itself sends twice. `again` names what else the row is played on.
    `seconds` is how long it takes, if that is long. In some the browser keeps asleep what is left.

    What depends on a browser is played in one; what the network, servers and people do, in the
    client of a Python process, on real sockets as well, with the same core. Some rows are played in
    both. `proved_by` names the fault of the worlds that shows the same: with those rows `make test`
    leaves the long ones, the variants, and what a process shows to `make test-all`.
    """

    name: str
    story: Callable[[Any], None]
    ends: Sequence[str] = WELL
    by: str | None = None
    beside: int = 2
    beside_by: str | None = "socket"
    is_sent: bool = True
    doubles: int = 0
    again: Sequence[str] = ()
    api: str = NEW
    makes_ids: bool = False
    host: str = THIS_MACHINE
    is_on_desktop: bool = False
    is_kept_asleep: bool = False
    pace: float = 0.7
    seconds: float = 15
    proved_by: str = ""
    is_in_browser: bool = True
    is_in_process: bool = False
    is_variant: bool = False

    @property
    def is_long(self) -> bool:
        """Whether `make test-all` alone plays it."""
        is_shown = self.is_in_process or bool(self.proved_by)
        return self.is_variant or is_shown or self.seconds > 20

    def variants(self) -> Iterator["Row"]:
        """The row, and the same against older servers or on a page without a secure origin."""
        yield self
        is_in_browser = self.is_in_browser and not self.is_in_process
        for name in self.again:
            where: dict[str, dict[str, Any]] = {
                "lan": {"host": LAN, "is_in_process": False},
                OLD: {"api": OLD, "is_in_browser": is_in_browser},
                EARLY: {"api": OLD, "makes_ids": True, "is_in_browser": is_in_browser},
            }
            yield replace(
                self, name=f"{self.name}, {name}", again=(), is_variant=True, **where[name]
            )
