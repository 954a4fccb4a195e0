"""Secrets and origins."""

from base64 import b64encode
from dataclasses import replace

import pytest

from simulator.gates import cors_headers, is_foreign, unauthorized
from simulator.http import Request, ServerTrouble
from simulator.settings import Api, Gate, GateKind, Settings
from tests.simulator.shell import CALM, FakeShell

PLAIN = Settings()


def request(target: str = "/prompt", method: str = "GET", **headers: str) -> Request:
    """A request with headers, underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method, target, named)


@pytest.mark.parametrize(
    ("host", "origin", "foreign"),
    [
        ("127.0.0.1:8188", "http://127.0.0.1:8188", False),
        ("127.0.0.1:8188", "http://127.0.0.1:9000", True),
        ("127.0.0.1:8188", "http://localhost:8188", True),
        ("localhost:8188", "https://app.example", True),
        ("localhost", "http://localhost:9000", False),
        ("localhost:8188", "http://LOCALHOST", False),
        ("[::1]:8188", "http://[::1]:9000", True),
        ("127.0.0.1:8188", "null", False),
        ("127.0.0.1:8188", "file://", False),
        ("gpu.lan:8188", "https://app.example", False),
    ],
)
def test_a_loopback_host_compares_origins(host: str, origin: str, foreign: bool) -> None:
    """Host and port, but a missing port on either side compares names alone."""
    assert is_foreign(request(host=host, origin=origin), PLAIN) is foreign
    assert is_foreign(request(host=host, origin=origin), replace(PLAIN, cors="*")) is False


def test_a_cross_site_request_is_foreign_only_to_the_new_release() -> None:
    """The old one looks at `Origin` alone."""
    assert is_foreign(request(sec_fetch_site="cross-site"), PLAIN)
    assert not is_foreign(request(sec_fetch_site="same-site"), PLAIN)
    old = replace(PLAIN, api=Api.V0_3_64)
    assert not is_foreign(request(sec_fetch_site="cross-site"), old)


def test_a_port_that_is_none_breaks_the_server() -> None:
    """500, as for the real one."""
    with pytest.raises(ServerTrouble):
        is_foreign(request(host="localhost:x", origin="http://a"), PLAIN)
    shell = FakeShell(PLAIN)
    headers = {"host": "localhost:1", "origin": "http://[a"}
    answer = shell.request("GET", "/prompt", headers=headers)
    assert answer is not None and answer.status == 500
    assert shell.refused[shell.open("A", headers)].status == 500


def test_the_given_origin_is_told_to_everybody() -> None:
    """The browser enforces it, not the server."""
    assert cors_headers(PLAIN) == ()
    headers = dict(cors_headers(replace(PLAIN, cors="http://a")))
    assert headers["Access-Control-Allow-Origin"] == "http://a"


BASIC = "Basic " + b64encode(b"me:pass").decode()


@pytest.mark.parametrize(
    ("gate", "good", "bad"),
    [
        (
            Gate(GateKind.BEARER, "t"),
            request(authorization="Bearer t"),
            request(authorization="Bearer x"),
        ),
        (Gate(GateKind.BASIC, "me:pass"), request(authorization=BASIC), request()),
        (Gate(GateKind.QUERY, "t"), request("/prompt?token=t"), request("/prompt?token=")),
    ],
)
def test_a_gate_wants_its_secret(gate: Gate, good: Request, bad: Request) -> None:
    """401 with a challenge and without CORS headers; preflights as it is told."""
    assert unauthorized(good, gate) is None
    refusal = unauthorized(bad, gate)
    assert refusal is not None and refusal.status == 401
    assert [name for name, _ in refusal.headers] == ["WWW-Authenticate"]
    preflight = request(method="OPTIONS")
    assert unauthorized(preflight, gate) is None
    assert unauthorized(preflight, replace(gate, guards_preflight=True)) is not None
    assert unauthorized(bad, None) is None


def test_a_401_may_be_readable() -> None:
    """Some proxies add the CORS headers themselves."""
    gate = Gate(GateKind.BEARER, "t", is_readable=True)
    shell = FakeShell(replace(CALM, gate=gate))
    answer = shell.request("GET", "/prompt")
    assert answer is not None and answer.status == 401
    assert dict(answer.headers)["Access-Control-Allow-Origin"] == "*"


def test_a_strange_secret_is_just_wrong() -> None:
    """Header bytes that are no text arrive as lone surrogates."""
    assert unauthorized(request(authorization="\udcff"), Gate(GateKind.BEARER, "t")) is not None


def test_a_gate_guards_sockets_and_uploads() -> None:
    """No socket opens, and refused bytes are dropped."""
    shell = FakeShell(replace(CALM, gate=Gate(GateKind.BEARER, "t")))
    assert shell.refused[shell.open("A")].status == 401
    answer = shell.upload("lab.png")
    assert answer is not None and answer.status == 401
    assert not shell.blobs
    socket = shell.open("A", {"authorization": "Bearer t"})
    assert shell.kinds(socket) == ["status 0"]


def test_a_gate_may_let_sockets_pass() -> None:
    """A browser can send no header with one; calls want theirs all the same."""
    gate = Gate(GateKind.BEARER, "t", opens_sockets=True)
    shell = FakeShell(replace(CALM, gate=gate))
    assert shell.kinds(shell.open("A")) == ["status 0"]
    answer = shell.request("GET", "/prompt")
    assert answer is not None and answer.status == 401


def test_sockets_can_be_refused_alone() -> None:
    """As by a proxy that can't upgrade: all else works."""
    shell = FakeShell(replace(CALM, sockets=False))
    assert shell.refused[shell.open("A")].status == 400
    answer = shell.request("GET", "/prompt")
    assert answer is not None and answer.status == 200
