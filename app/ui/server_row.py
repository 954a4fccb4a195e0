"""What the page shows of a server."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from app.core.access import Access, Mode
from app.core.errors import Trouble
from app.core.ids import ServerUrl
from app.core.server import Reach, Server
from app.core.server_url import short_name
from app.core.window import Window
from app.ui.words import Words


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
    twin: str = ""
    causes: tuple[tuple[str, str], ...] = ()
    is_held: bool = False


class About(NamedTuple):
    """What is known of a server beside the session; `twin` is whose other address it is."""

    access: Access | None = None
    causes: tuple[Trouble, ...] = ()
    twin: Server | None = None


class ServerRows:
    """Makes the rows of servers.

    Args:
        window: What is shown.
        words: The page's language.
        about: Returns what is known of a server beside the session.
    """

    def __init__(self, window: Window, words: Words, about: Callable[[ServerUrl], About]) -> None:
        self._window = window
        self._words = words
        self._about = about

    def row(self, server: Server, failures: int) -> ServerRow:
        """Show a server; `failures` are those of workflows that others complete."""
        words = self._words
        ours = len(self._window.bound_to(server.url))
        state = "server.leaving" if server.is_leaving else f"server.reach.{server.reach.value}"
        queue = []
        if server.queue_remaining is not None:
            queue.append(words.say("server.queue", count=server.queue_remaining))
        if ours:
            queue.append(words.say("server.ours", count=ours))
        facts, about = server.facts, self._about(server.url)
        access, causes = about.access, about.causes
        trouble = self._trouble(server, failures)
        if causes:
            one_of = Trouble.of("one_of", server=server.name)
            trouble = words.trouble(causes[0] if len(causes) == 1 else one_of)
        twin = Trouble.of("server_twin", other=about.twin.name) if about.twin else None
        return ServerRow(
            server.url,
            server.name,
            {Reach.UP: "good", Reach.UNKNOWN: "plain"}.get(server.reach, "bad"),
            words.say(state),
            words.say(self._socket(server, access)),
            ", ".join(queue),
            f"ComfyUI {facts.version} · {facts.device}" if facts else "",
            trouble,
            words.say(f"access.row.{access.mode.value}") if access and access.secret else "",
            (access.mode if access else Mode.NONE).value,
            words.trouble(twin) if twin else "",
            tuple(
                (words.trouble(each) if len(causes) > 1 else "", dict(each.facts).get("cure", ""))
                for each in causes
            ),
        )

    def waiting(self, url: ServerUrl, name: str) -> ServerRow:
        """Show a server that the browser would ask about."""
        state, why = self._words.say("server.held"), self._words.say("server.held_why")
        name = name or short_name(url)
        return ServerRow(url, name, "plain", state, "", "", why, "", is_held=True)

    def _socket(self, server: Server, access: Access | None) -> str:
        if not server.connection.is_blocked:
            return f"socket.{server.connection.phase.value}"
        return "socket.blocked_token" if access and access.is_header else "socket.blocked"

    def _trouble(self, server: Server, failures: int) -> str:
        """What keeps a server from being used comes before what keeps a workflow from it."""
        why = server.trouble
        if why is None and failures:
            why = Trouble.of("server_outlier", server=server.name, count=failures)
        return self._words.trouble(why) if why is not None else ""
