"""What the page shows of a server."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from page.ui.words import Words, say_duration
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.connection import Phase
from tether.core.model.server import Reach, Server
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.protocol.access_token import Access, Mode
from tether.core.protocol.address import short_name
from tether.core.protocol.answers import ServerFacts

_DEVICE = re.compile(r"(?:\w+:\d+ )?(.+?)(?: : \w+)?")
"""Source: ComfyUI 0.28.1, `get_torch_device_name`: `cuda:0 NVIDIA … : cudaMallocAsync`."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A server's card. `tone` is good, bad or plain.

    `causes` holds (sentence, cure to copy): of one cause the sentence is in `trouble`. One that
    `is_held` was not called yet.
    """

    url: str
    name: str
    tone: str
    state: str
    socket: str
    queue: str
    facts: str
    trouble: str
    access: str = ""
    access_mode: str = "none"
    duplicate: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    is_held: bool = False
    figures: str = ""
    wait: str = ""
    is_paused: bool = False
    well: str = ""
    device: str = ""
    """As the server itself names it."""
    ours: str = ""
    overall: float | None = None
    """How far this window's task there is, 0 to 1; None where none of them runs."""


class About(NamedTuple):
    """What is known of a server beside the session; it may be another address of `original`."""

    access: Access | None = None
    causes: tuple[Trouble, ...] = ()
    original: Server | None = None
    examined_at: float = 0.0
    """When it was examined since its state changed; 0 for never."""


class Knowledge(Protocol):
    """What the page knows of servers beside the session."""

    @property
    def held(self) -> Mapping[ServerUrl, str]:
        """Servers that are called only after a click, with their names."""

    def about(self, url: ServerUrl) -> About:
        """Return what is known of one server."""


class ServerRows:
    """Makes the rows of servers; `time_of` writes a time of day."""

    def __init__(
        self, window: Window, words: Words, known: Knowledge, time_of: Callable[[float], str]
    ) -> None:
        self._window = window
        self._words = words
        self._known = known
        self._time_of = time_of

    def row(self, server: Server, failures: int, ends: float | None = None) -> ServerRow:
        """Show a server.

        `failures` counts those of workflows that others complete; a new task would be done in
        `ends` seconds, if that is known.
        """
        words = self._words
        own_tasks = len(self._window.bound_to(server.url))
        reach = _reach(server)
        state = f"server.reach.{reach.value}"
        if server.is_leaving or server.is_paused:
            state = "server.leaving" if server.is_leaving else "server.paused"
        queue = ""
        if server.queue_remaining is not None and reach is Reach.UP:
            queue = words.say("server.queue", count=server.queue_remaining)
        facts, about = server.facts, self._known.about(server.url)
        access, causes = about.access, about.causes
        trouble = self._trouble(server, failures)
        if causes:
            one_of = Trouble.of("one_of", server=server.name)
            trouble = words.trouble(causes[0] if len(causes) == 1 else one_of)
        looked = "server.looked" if causes else "server.well"
        time = self._time_of(about.examined_at)
        duplicate = about.original and Trouble.of("server_twin", other=about.original.name)
        return ServerRow(
            server.url,
            server.name,
            self._tone(server),
            words.say(state),
            self._socket(server, access),
            queue,
            self._facts(facts),
            trouble,
            words.say(f"access.row.{access.mode.value}") if access and access.secret else "",
            (access.mode if access else Mode.NONE).value,
            words.trouble(duplicate) if duplicate else "",
            tuple(
                (words.trouble(each) if len(causes) > 1 else "", dict(each.facts).get("cure", ""))
                for each in causes
            ),
            figures=self._figures(server),
            wait=self._wait(server, ends),
            is_paused=server.is_paused,
            well=words.say(looked, time=time) if about.examined_at else "",
            device=facts.device if facts else "",
            overall=self._overall(server),
            ours=words.say("server.ours", count=own_tasks) if own_tasks else "",
        )

    def _overall(self, server: Server) -> float | None:
        running = [
            task.progress.overall
            for task in self._window.bound_to(server.url)
            if task.state is State.RUNNING
        ]
        return max(running, default=None)

    def broken(self, server: Server) -> ServerRow:
        """Say that a server can't be shown."""
        why = self._words.say("card.broken")
        return ServerRow(server.url, short_name(server.url), "bad", "", "", "", "", why)

    def _facts(self, facts: ServerFacts | None) -> str:
        if facts is None or not facts.device:
            return f"ComfyUI {facts.version}" if facts else ""
        found = _DEVICE.fullmatch(facts.device)
        device = found[1] if found else facts.device
        return self._words.say("server.facts", version=facts.version, device=device)

    def _tone(self, server: Server) -> str:
        tone = {Reach.UP: "good", Reach.UNKNOWN: "plain"}.get(_reach(server), "bad")
        return "plain" if tone == "good" and server.is_paused else tone

    def _figures(self, server: Server) -> str:
        """Say how fast and how full a server was, and when."""
        if _reach(server) is not Reach.UP:
            return ""
        words, facts, parts = self._words, server.facts, []
        if server.latency is not None:
            parts.append(words.say("server.latency", ms=max(1, round(server.latency * 1000))))
        if facts is not None and facts.memory_total > 0:
            free, total = facts.memory_free / 2**30, facts.memory_total / 2**30
            parts.append(words.say("server.memory", free=f"{free:.1f}", total=f"{total:.1f}"))
        if server.queue_read_at:
            parts.append(words.say("server.as_of", time=self._time_of(server.queue_read_at)))
        return " · ".join(parts)

    def _wait(self, server: Server, ends: float | None) -> str:
        """Say when a new task would be done there, once somebody knows how long they take."""
        is_open = _reach(server) is Reach.UP and server.takes_tasks
        if ends is None or server.queue_remaining is None or not is_open:
            return ""
        return self._words.say("server.wait", time=say_duration(self._words, max(1.0, ends)))

    def held(self) -> list[ServerRow]:
        """Show the servers that the browser would ask the person about."""
        state, why = self._words.say("server.held"), self._words.say("server.held_why")
        return [
            ServerRow(url, name or short_name(url), "plain", state, "", "", why, "", is_held=True)
            for url, name in self._known.held.items()
        ]

    def _socket(self, server: Server, access: Access | None) -> str:
        connection, say = server.connection, self._words.say
        if connection.is_flooding:
            return say("socket.flooding", server=server.name)
        if connection.is_blocked:
            has_token = access is not None and access.is_header
            return say("socket.blocked_token" if has_token else "socket.blocked")
        # That a server which can't be used has no socket needs no mention.
        if connection.phase is Phase.IDLE and server.reach not in (Reach.UP, Reach.UNKNOWN):
            return ""
        return say(f"socket.{connection.phase.value}")

    def _trouble(self, server: Server, failures: int) -> str:
        """What keeps a server from being used comes before what keeps a workflow from it."""
        why = server.trouble
        why = why or server.mishap
        if why is None and failures:
            why = Trouble.of("server_outlier", server=server.name, count=failures)
        return self._words.trouble(why) if why is not None else ""


def _reach(server: Server) -> Reach:
    """Return whether a server can be used, unknown while all that it said may be of the past."""
    is_doubtful = server.reach is Reach.UP and server.is_queue_outdated
    return Reach.UNKNOWN if is_doubtful else server.reach
