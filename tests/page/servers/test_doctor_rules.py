"""Causes, told apart as far as a browser can."""

from typing import Any

import pytest

from page.servers.doctor_rules import UPGRADE, Signs, causes, origin_of, plain_of
from tether.core.ids import ServerUrl
from tether.core.protocol.access_token import Mode

LAN_PAGE = "http://192.168.1.2:8000/tether/"
WEB_PAGE = "https://tether.example/"
LAN = ServerUrl("http://192.168.1.20:8188")
LOOPBACK = ServerUrl("http://127.0.0.1:8188")
SECURE = ServerUrl("https://192.168.1.20:8188")


def found(server: ServerUrl = LAN, page: str = LAN_PAGE, **signs: Any) -> list[tuple[str, str]]:
    """The codes and cures."""
    told = causes(Signs(page, server, "gpu-1", **signs))
    return [(each.code, dict(each.facts)["cure"]) for each in told]


def test_who_answers_well_has_nothing() -> None:
    """A healthy server."""
    assert found(status=200, is_comfy=True) == []


@pytest.mark.parametrize(
    ("signs", "code"),
    [
        ({"status": 401}, "doctor_token_needed"),
        ({"status": 403, "access": Mode.QUERY}, "doctor_token_wrong"),
        ({"status": 502}, "doctor_proxy"),
        ({"status": 200}, "doctor_odd"),
        ({"status": 404}, "doctor_odd"),
        ({"is_slow": True}, "doctor_slow"),
        ({"is_redirected": True}, "doctor_redirected"),
    ],
)
def test_an_answer_tells_the_cause(signs: dict[str, Any], code: str) -> None:
    """One sentence, for certain."""
    assert found(**signs) == [(code, "")]


def test_a_blocked_socket_and_a_refused_picture_are_told_of_a_server_that_works() -> None:
    """With what a proxy's configuration lacks."""
    well = {"status": 200, "is_comfy": True}
    assert found(**well, is_socket_blocked=True) == [("doctor_socket", UPGRADE)]
    told = found(**well, is_socket_blocked=True, access=Mode.BEARER)
    assert [code for code, _ in told] == ["doctor_socket_token"]
    told = found(**well, refused_mb=80)
    assert told == [("doctor_too_large", "client_max_body_size 160m;")]


def test_leave_that_was_refused_or_not_asked_is_the_cause() -> None:
    """Before anything that could be wrong with the server."""
    site = "chrome://settings/content/siteDetails?site=https://tether.example"
    assert found(page=WEB_PAGE, permission="denied") == [("doctor_denied", site)]
    assert found(page=WEB_PAGE, permission="prompt") == [("doctor_unasked", "")]
    assert found(LOOPBACK, WEB_PAGE, permission="prompt") == [("doctor_unasked", "")]


def test_mixed_content_is_told_by_the_addresses_alone() -> None:
    """Loopback is exempt; so is the local network where the browser asks for leave."""
    cure = ("doctor_mixed", "https://192.168.1.20:8188")
    assert found(page=WEB_PAGE) == [cure]
    public = ServerUrl("http://gpu.example:8188")
    assert found(public, WEB_PAGE, permission="granted") == [
        ("doctor_mixed", "https://gpu.example:8188")
    ]
    for server, leave in ((LOOPBACK, ""), (LAN, "granted")):
        assert [code for code, _ in found(server, WEB_PAGE, permission=leave)] == ["doctor_down"]


def test_an_echo_without_an_answer_is_a_refusal() -> None:
    """The browser hides which: the likeliest is first."""
    cors = ("doctor_cors", "--enable-cors-header http://192.168.1.2:8000")
    assert found(has_echo=True) == [cors, ("doctor_unreadable", "")]
    told = found(has_echo=True, access=Mode.BEARER)
    assert told[1] == cors and told[0][0] == "doctor_preflight"
    told = found(has_echo=True, access=Mode.BASIC, bare_status=401)
    assert [code for code, _ in told] == ["doctor_preflight"]


def test_silence_is_a_server_that_is_down_or_not_trusted() -> None:
    """A plain answer on an https port shows that something is there."""
    listen = "python main.py --listen --enable-cors-header http://192.168.1.2:8000"
    assert found() == [("doctor_down", listen)]
    assert found(LOOPBACK) == [("doctor_down", listen.replace("--listen ", ""))]
    ((_, other_port),) = found(ServerUrl("http://192.168.1.7:8777"))
    assert other_port == listen.replace("--listen ", "--listen --port 8777 ")
    ((_, a_proxys),) = found(ServerUrl("http://gpu.example"))
    assert "--port" not in a_proxys
    assert [code for code, _ in found(SECURE)] == ["doctor_down", "doctor_certificate"]
    assert found(SECURE, has_plain_echo=True) == [("doctor_certificate", SECURE)]


def test_a_public_page_on_plain_http_reaches_no_local_network() -> None:
    """Chromium says "denied" to every page on plain http, so it may be that."""
    told = found(page="http://tether.example/", permission="denied", is_secure=False)
    assert [code for code, _ in told] == ["doctor_down", "doctor_insecure"]
    assert [code for code, _ in found(permission="denied", is_secure=False)] == ["doctor_down"]


def test_an_https_port_is_asked_in_plain_http() -> None:
    """443 is meant where none is named."""
    assert plain_of(SECURE) == "http://192.168.1.20:8188"
    assert plain_of(ServerUrl("https://gpu.example/a")) == "http://gpu.example:443/a"


def test_an_origin_is_what_a_server_lets_in() -> None:
    """Without the path; a page from a file has none."""
    assert origin_of(LAN_PAGE) == "http://192.168.1.2:8000"
    assert origin_of("file:///tether/index.html") == "null"
