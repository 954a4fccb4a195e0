"""The settings of a simulated server."""

from dataclasses import dataclass
from enum import Enum

MEBIBYTE = 1024 * 1024


class Api(Enum):
    """The two ComfyUI releases whose wire the simulator speaks."""

    V0_28 = "0.28"
    V0_3_64 = "0.3.64"

    @property
    def release(self) -> str:
        """The full version number, as in `/system_stats`."""
        return "0.28.1" if self is Api.V0_28 else "0.3.64"


class GateKind(Enum):
    """How a gate expects its secret. ComfyUI has no gate: a proxy in front of it is one."""

    BEARER = "bearer"
    BASIC = "basic"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class Gate:
    """A demand for a secret before any request or socket gets through.

    `secret` is the bearer token, `user:password` for basic, or the value of `?token=`.
    `guards_preflight`: answer even `OPTIONS` with 401, as strict proxies do; a browser then
    refuses every request of a foreign page. `is_readable`: send the server's CORS headers with
    a 401, so that a page can tell it from a dead server. `opens_sockets`: let WebSockets pass,
    since a browser can send no header with one.
    """

    kind: GateKind
    secret: str
    guards_preflight: bool = False
    is_readable: bool = False
    opens_sockets: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a server; durations are in seconds.

    Attributes:
        cors: Value of `--enable-cors-header`, or None for a server started without it.
        pace: How long each node is stretched, with steps and previews, for people to watch.
        speed: Divides every duration a node asks for, `pace` included.
        post_delay: From the answer to `POST /prompt` to the first frames of that task.
            Negative: the frames leave first and the answer follows that much later.
        success_gap: From `execution_success` to the history entry and `executing null`.
        shared_sender: One queue feeds all sockets, so that a client which stops reading
            silences all others. Source: ComfyUI 0.28.1 wire, measured.
        sockets: False answers every WebSocket with 400, as a proxy that can't upgrade does.
        history_limit: Finished tasks kept; the oldest are forgotten first.
        ignores_ids: Makes each prompt id itself and interrupts whatever runs, whichever id it is
            sent, and knows no `offset` of the history. Source: ComfyUI before July 2025, read.
    """

    name: str = "cpu"
    host: str = "127.0.0.1"
    port: int = 8188
    api: Api = Api.V0_28
    cors: str | None = None
    max_upload_size: int = 100 * MEBIBYTE
    pace: float = 0.0
    speed: float = 1.0
    post_delay: float = 0.002
    success_gap: float = 0.001
    shared_sender: bool = True
    sockets: bool = True
    history_limit: int = 10_000
    ignores_ids: bool = False
    gate: Gate | None = None
