"""One ComfyUI server, as this window knows it."""

from dataclasses import dataclass, field
from enum import Enum
from math import inf

from tether.core.errors import Trouble
from tether.core.ids import Chance, ServerUrl
from tether.core.model.changes import Pending
from tether.core.model.connection import Backoff, Connection
from tether.core.model.inventory import Inventory
from tether.core.protocol.address import short_name
from tether.core.protocol.answers import ServerFacts

FORM_OVERHEAD = 4096
"""Bytes that a form adds around a picture; the server's limit is for the whole body."""

LONG_SILENCE = 30.0
"""Seconds without an answer after which a person may want to go elsewhere."""

SHORTEST_PAUSE = 0.5
"""Seconds at least before a server that failed is called again."""

REFUSED_PAUSE = 60.0
"""Seconds before a server that refuses this page is called again: only a person can mend that."""

LONGEST_PAUSE = 600.0
"""Seconds for which a server that asks to be left alone gets no new task, at most."""


JOBS_AGAIN = 60.0
"""Seconds after which the jobs API is asked again where something else has answered for it."""


class Reach(Enum):
    """Whether a server can be used, by its last answer."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"
    REFUSED = "refused"  # something answers, but not to this page
    ODD = "odd"  # what answers is no ComfyUI server


class Use(Enum):
    """What a window uses a server for."""

    LISTED = "listed"  # gets tasks
    RESTORED = "restored"  # has tasks of an earlier page, which hasn't listed it yet
    REMOVED = "removed"  # gets no more, and is forgotten once its tasks have ended


@dataclass(slots=True)
class Server:
    """A server's address, its one connection, and what it has answered.

    `queue_remaining` counts all tasks that wait or run there; `queue_read_at` is when it said so.
    Before `retry_at` it isn't called without a reason; before `rests_until` it gets no new task,
    whatever it answers. Times are seconds since the epoch.
    """

    url: ServerUrl
    name: str
    connection: Connection
    silence: Backoff
    errors: Backoff
    pending: Pending
    inventory: Inventory = field(default_factory=Inventory)
    use: Use = Use.LISTED
    reach: Reach = Reach.UNKNOWN
    trouble: Trouble | None = None
    mishap: Trouble | None = None
    """Something of it could not be taken in, by a bug of this page."""
    queue_remaining: int | None = None
    queue_read_at: float = 0.0
    losses_then: int = 0
    """How often its socket had been lost when it said so."""
    facts: ServerFacts | None = None
    max_upload: int | None = None
    refused_size: int | None = None
    """Bytes of the smallest picture that was refused there: a proxy may allow less than it says."""
    refused_body: int | None = None
    """The same of the body of a POST, for which the limit may be another."""
    is_refusal_silent: bool = False
    """Nobody said so: uploads of that size broke off, again and again."""
    broken_size: int | None = None
    """Bytes of the smallest upload that broke off though the server answered; none came since."""
    broken_at: float = 0.0
    has_jobs: bool = True
    jobs_again_at: float = inf
    """When its jobs API is asked again, if it has failed."""
    silent_since: float = 0.0
    is_long_silent: bool = False
    retry_at: float = 0.0
    rests_until: float = 0.0
    restarted_at: float = 0.0
    """When a restart was noticed, which may be late."""
    remembered_at: float = 0.0
    """When its history last had a task that had ended."""
    number: float = -1.0
    numbered_at: float = 0.0
    is_paused: bool = False
    """A person keeps new tasks from it; those that are there go on."""
    bandwidth: float = 0.0
    """Bytes a second of the latest uploads; 0 before the first."""
    latency: float | None = None
    """Seconds of the last probe."""

    @classmethod
    def new(cls, connection: Connection, chance: Chance, pending: Pending) -> "Server":
        """Make a server of which nothing is known yet, named by its address."""
        name = short_name(connection.server)
        return cls(connection.server, name, connection, Backoff(chance), Backoff(chance), pending)

    @property
    def is_leaving(self) -> bool:
        """It gets no new tasks, and is only there for those that it has."""
        return self.use is not Use.LISTED

    @property
    def takes_tasks(self) -> bool:
        """No person keeps new tasks from it."""
        return self.use is Use.LISTED and not self.is_paused

    @property
    def opens_at(self) -> float:
        """When a new task may go there."""
        return max(self.retry_at, self.rests_until)

    def is_ready(self, now: float) -> bool:
        """Say whether it is up, and a new task may go there now."""
        return self.reach is Reach.UP and self.takes_tasks and self.opens_at <= now

    def has_fewer_than(self, count: int) -> bool:
        """Say whether its queue is known to hold fewer tasks than that."""
        return self.queue_remaining is not None and self.queue_remaining < count

    def accepts(self, size: int) -> bool:
        """Say whether a picture of that many bytes may be sent."""
        if self.refused_size is not None and size >= self.refused_size:
            return False
        return self.max_upload is None or size + FORM_OVERHEAD <= self.max_upload

    def answered(self) -> None:
        """The server answered: it is up."""
        self._reached(Reach.UP, None)
        self.silence.reset()
        self.silent_since = 0.0
        self.is_long_silent = False
        self.retry_at = 0.0

    def failed(self, reach: Reach, trouble: Trouble, now: float) -> None:
        """A call had no usable answer: the next one waits, longer with each failure."""
        self.retry_at = now + max(SHORTEST_PAUSE, self.silence.next())
        self.silent_since = self.silent_since or now
        self.is_long_silent = now - self.silent_since > LONG_SILENCE
        self.judge(reach, trouble, now)

    def judge(self, reach: Reach, trouble: Trouble, now: float) -> None:
        """Set why the server can't be used."""
        self._reached(reach, trouble)
        if reach is Reach.REFUSED:
            self.retry_at = now + REFUSED_PAUSE

    def _reached(self, reach: Reach, trouble: Trouble | None) -> None:
        if self.reach is not reach or self.trouble != trouble:
            self.pending.are_servers_changed = True
        self.reach, self.trouble = reach, trouble

    def task_accepted(self) -> None:
        """The server has a task of this window: only now it really works.

        One that answers every probe but refuses every upload must not be tried without pause.
        """
        self.errors.reset()
        self.rests_until = 0.0

    def submission_failed(self, trouble: Trouble, now: float, pause: float = 0.0) -> None:
        """A task could not be brought there: the next one waits, longer with each failure.

        It waits for `pause` seconds at least.
        """
        self.judge(Reach.DOWN, trouble, now)
        self.rest(max(SHORTEST_PAUSE, pause, self.errors.next()), now)

    def rest(self, pause: float, now: float) -> None:
        """Get no new task for that many seconds."""
        self.rests_until = max(self.rests_until, now + min(pause, LONGEST_PAUSE))

    def retry_now(self) -> None:
        """A person or the network is back: no pause holds any longer."""
        self.retry_at = self.rests_until = 0.0

    def lacks_jobs(self, now: float, is_sure: bool = False) -> None:
        """What its jobs API should have answered did not come: it is asked in the older way.

        Unless that `is_sure`, it may be a moment's failure, or a proxy's answer.
        """
        self.has_jobs = False
        self.jobs_again_at = inf if is_sure else now + JOBS_AGAIN

    def retry_jobs(self, now: float) -> None:
        """Ask its jobs API again, if that is due by then."""
        if self.jobs_again_at <= now:
            self.has_jobs, self.jobs_again_at = True, inf

    def note_facts(self, facts: ServerFacts) -> None:
        """The server described itself."""
        self.pending.are_servers_changed |= facts != self.facts
        self.facts = facts

    @property
    def is_queue_outdated(self) -> bool:
        """Its socket was lost since it said how long its queue is: it may have restarted."""
        return self.connection.losses != self.losses_then

    def note_queue(self, queue_remaining: int, now: float) -> None:
        """The server said how long its queue is."""
        self.queue_remaining = queue_remaining
        self.queue_read_at = now
        self.losses_then = self.connection.losses

    def note_number(self, number: float, asked_at: float, now: float) -> None:
        """A task posted at `asked_at` got a number: a lower one than before shows a restart."""
        if asked_at < self.numbered_at:
            return  # answers may come in another order than the calls
        if number < self.number:
            self._restarted(now)
        self.number, self.numbered_at = number, now

    def note_history(self, is_known: bool, now: float) -> None:
        """Its history was asked for a task that has ended there, and has it or not."""
        if is_known:
            self.remembered_at = now
        else:
            self._restarted(now)

    def _restarted(self, now: float) -> None:
        self.restarted_at = now
        self.inventory.forget()  # with other nodes, perhaps

    def refused_picture(self, size: int) -> None:
        """It, or a proxy before it, has refused a picture of that many bytes as too large."""
        self.refused_size = min(size, self.refused_size or size)
        self.is_refusal_silent = False

    def upload_broke(self, size: int, began_at: float, now: float) -> None:
        """An upload of that many bytes broke off, though the server answers.

        The second time that counts as refused: proxies, and ComfyUI itself, say 413 in a way that
        no page may read. What breaks two uploads at once is one event, a new network perhaps.
        Source: ComfyUI 0.28.1, measured; docs/protocol.md 9.
        """
        if self.broken_size is None:
            self.broken_size = size
        elif began_at >= self.broken_at:
            self.refused_picture(max(size, self.broken_size))
            self.is_refusal_silent = True
            self.broken_size = min(size, self.broken_size)
        self.broken_at = now

    def forget(self) -> None:
        """Somebody may have mended it, or its proxy: it may have and take what it did not."""
        self.inventory.forget()
        self.refused_size = self.refused_body = self.broken_size = None

    def uploaded(self, size: int, seconds: float) -> None:
        """A picture of that many bytes went there in that time; the latest counts most."""
        if self.broken_size is not None and size >= self.broken_size:
            self.broken_size = None
        if seconds > 0:
            latest = size / seconds
            self.bandwidth = (self.bandwidth + latest) / 2 if self.bandwidth else latest
