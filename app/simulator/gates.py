"""Access: secrets, origins, and the CORS headers of answers."""

import re
from base64 import b64encode

from simulator.http import Headers, Request, Response, split_host
from simulator.settings import Gate, GateKind, Settings

_LOOPBACK = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1")


def unauthorized(request: Request, gate: Gate | None, cors: Headers = ()) -> Response | None:
    """Return the 401 for a request without the secret; None lets it through.

    It has the given CORS headers only if the gate `is_readable`: most proxies send none, and
    then no page can read the refusal.
    """
    if gate is None or (request.method == "OPTIONS" and not gate.guards_preflight):
        return None
    if gate.opens_sockets and request.path == "/ws":
        return None
    given = request.headers.get("authorization", "")
    wanted, challenge = gate.secret, "Bearer"
    match gate.kind:
        case GateKind.BEARER:
            wanted = f"Bearer {gate.secret}"
        case GateKind.BASIC:
            wanted = "Basic " + b64encode(gate.secret.encode()).decode()
            challenge = 'Basic realm="ComfyUI"'
        case _:  # By the query.
            given = request.query.get("token", "")
    if given == wanted:
        return None
    headers = cors if gate.is_readable else ()
    return Response(401, (("WWW-Authenticate", challenge), *headers), b"401 Unauthorized")


def is_foreign(request: Request, settings: Settings) -> bool:
    """Tell whether a server without the CORS option answers 403, to sockets too.

    Source: ComfyUI 0.28.1 and 0.3.64 wire, measured; server.py,
    `create_origin_only_middleware`. With the option nothing is refused, whatever its value.

    Raises:
        ServerTrouble: `Host` or `Origin` has a port that is no number.
    """
    if settings.cors is not None:
        return False
    headers = request.headers
    knows_sites = settings.api.release != "0.3.64"
    if knows_sites and headers.get("sec-fetch-site") == "cross-site":
        return True
    if "host" not in headers or "origin" not in headers:
        return False
    host, host_port = split_host(headers["host"])
    origin = headers["origin"]
    origin_host, origin_port = split_host(origin) if "//" in origin else ("", None)
    if not _LOOPBACK.fullmatch(host) or not origin_host:
        return False
    if host_port is None or origin_port is None:
        return host != origin_host
    return (host, host_port) != (origin_host, origin_port)


def cors_headers(settings: Settings) -> Headers:
    """Return the headers of every answer with the CORS option, 405, 413 and 500 excepted."""
    if settings.cors is None:
        return ()
    return (
        ("Access-Control-Allow-Origin", settings.cors),
        ("Access-Control-Allow-Methods", "POST, GET, DELETE, PUT, OPTIONS, PATCH"),
        ("Access-Control-Allow-Headers", "Content-Type, Authorization"),
        ("Access-Control-Allow-Credentials", "true"),
    )
