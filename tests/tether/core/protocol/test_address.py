"""Addresses of servers.

How public addresses are.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.junk import texts
from tether.core.errors import BadInput
from tether.core.ids import ClientId, ServerUrl
from tether.core.protocol.address import (
    Space,
    needs_permission,
    parse_server_url,
    short_name,
    space_of,
    target_space,
    websocket_url,
    would_prompt,
)

PAGE = "https://lan.test:9000/tether/index.html"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("http://gpu-1:8188", "http://gpu-1:8188"),
        (" HTTP://GPU-1:8188/ ", "http://gpu-1:8188"),
        ("https://gpu.example.org:443/comfy//a/?x=1#y", "https://gpu.example.org/comfy/a"),
        ("http://gpu-1:80", "http://gpu-1"),
        ("https://gpu-1:80", "https://gpu-1:80"),
        ("gpu-1", "http://gpu-1:8188"),
        ("gpu-1:8189/comfy/", "http://gpu-1:8189/comfy"),
        ("gpu-1?x", "http://gpu-1:8188"),
        ("gpu.lan:", "http://gpu.lan:8188"),
        ("localhost:8188", "http://localhost:8188"),
        ("localhost:", "http://localhost:8188"),
        ("192.168.1.7", "http://192.168.1.7:8188"),
        ("[::1]", "http://[::1]:8188"),
        ("http://[FE80::1]:8188", "http://[fe80::1]:8188"),
        ("http://gpu/a b/ü/%20", "http://gpu/a%20b/%C3%BC/%20"),
    ],
)
def test_people_write_addresses_in_many_ways(typed: str, meant: str) -> None:
    """One server has one address, however it was typed."""
    assert parse_server_url(typed) == meant


@pytest.mark.parametrize(
    ("typed", "page", "meant"),
    [
        ("/comfy/", PAGE, "https://lan.test:9000/comfy"),
        (":8189", PAGE, "https://lan.test:8189"),
        ("8189", PAGE, "https://lan.test:8189"),
        (":8189", "http://[::1]:8000/", "http://[::1]:8189"),
        (":8189", "file:///home/me/index.html", "http://localhost:8189"),
        ("/comfy", "file:///home/me/index.html", "http://localhost/comfy"),
    ],
)
def test_a_served_list_can_be_relative_to_the_page(typed: str, page: str, meant: str) -> None:
    """So that one `servers.json` serves under any host name."""
    assert parse_server_url(typed, page) == meant


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "address_empty"),
        ("//gpu-1", "address_bad"),
        ("http://", "address_bad"),
        ("http://gpu 1", "address_bad"),
        ("http://gpu\x00", "address_bad"),
        ("http://gpu-1:99999", "address_bad"),
        ("http://gpu-1:0", "address_bad"),
        ("99999", "address_bad"),
        ("192.168.1", "address_bad"),
        ("192.168.1.256:8188", "address_bad"),
        ("123456", "address_bad"),
        ("http://[::1", "address_bad"),
        ("http://gpu/\ud800", "address_bad"),
        ("::1", "address_bad"),
        ("ftp://gpu-1", "address_scheme"),
        ("javascript:alert(1)", "address_scheme"),
        ("http://me:secret@gpu-1", "address_password"),
    ],
)
def test_what_is_no_address_is_refused(typed: str, code: str) -> None:
    """Before anything is sent; and a password is never repeated."""
    with pytest.raises(BadInput) as caught:
        parse_server_url(typed)
    assert caught.value.trouble.code == code
    assert "secret" not in str(caught.value)


pieces = st.sampled_from(
    [
        *("http://", "HTTPS://", "gpu-1", "localhost", ":", "8188", "/", "//", "?", "#", "@"),
        *("[::1]", " ", "\t", "\x1f", "%", "%2F", "ü", "İ", "\u212a", "\ud800", "..", "\\", "\x85"),
    ]
)


@given(texts | st.lists(pieces | texts, max_size=8).map("".join))
def test_an_address_is_refused_or_has_one_form(typed: str) -> None:
    """Normalising twice is the same, and nothing but `BadInput` is raised."""
    try:
        server = parse_server_url(typed, PAGE)
    except BadInput:
        return
    assert server.startswith(("http://", "https://"))
    assert not server.endswith("/")
    assert parse_server_url(server, PAGE) == server


def test_the_socket_has_the_servers_address_and_our_id() -> None:
    """Same host, same prefix, secure where the page's calls are."""
    server = ServerUrl("https://gpu-1/comfy")
    assert websocket_url(server, ClientId("a b")) == "wss://gpu-1/comfy/ws?clientId=a%20b"
    assert websocket_url(ServerUrl("http://h"), ClientId("c")) == "ws://h/ws?clientId=c"


def test_a_server_is_called_as_people_say_it() -> None:
    """Host, port and prefix, without the scheme."""
    assert short_name(ServerUrl("http://gpu-1:8188/comfy")) == "gpu-1:8188/comfy"


PUBLIC_PAGE = "https://tether.example/"


@pytest.mark.parametrize(
    ("url", "space"),
    [
        ("http://localhost:8188", Space.LOOPBACK),
        ("http://a.localhost", Space.LOOPBACK),
        ("http://127.0.0.2:8188/a", Space.LOOPBACK),
        ("http://[::1]:8188", Space.LOOPBACK),
        ("http://10.0.0.1", Space.LOCAL),
        ("http://172.16.0.1", Space.LOCAL),
        ("http://172.31.255.1", Space.LOCAL),
        ("http://172.32.0.1", Space.PUBLIC),
        ("http://192.168.1.20:8188", Space.LOCAL),
        ("http://169.254.1.1", Space.LOCAL),
        ("http://100.64.0.1", Space.LOCAL),
        ("http://100.127.0.1", Space.LOCAL),
        ("http://100.128.0.1", Space.PUBLIC),
        ("http://[fd00::1]", Space.LOCAL),
        ("http://[fe80::1]", Space.LOCAL),
        ("http://[2001:db8::1]", Space.PUBLIC),
        ("http://8.8.8.8", Space.PUBLIC),
        ("http://gpu-1:8188", Space.LOCAL),
        ("http://gpu.local", Space.LOCAL),
        ("http://gpu.home.arpa.", Space.LOCAL),
        ("https://gpu.example", None),
        ("file:///tether/index.html", None),
    ],
)
def test_an_address_tells_its_space(url: str, space: Space | None) -> None:
    """By its numbers, or by a name that only exists at home."""
    assert space_of(url) is space


@pytest.mark.parametrize(
    ("page", "server", "needed"),
    [
        (PUBLIC_PAGE, "http://192.168.1.20:8188", True),
        (PUBLIC_PAGE, "http://127.0.0.1:8188", True),
        (PUBLIC_PAGE, "https://gpu.example", False),
        ("http://192.168.1.2:8000/", "http://192.168.1.20:8188", False),
        ("http://192.168.1.2:8000/", "http://127.0.0.1:8188", True),
        ("http://127.0.0.1:8000/", "http://192.168.1.20:8188", False),
        ("http://8.8.8.8/", "http://gpu-1:8188", True),
    ],
)
def test_leave_is_needed_towards_the_more_private(page: str, server: str, needed: bool) -> None:
    """Never the other way."""
    assert needs_permission(page, server) is needed


def test_only_an_open_question_is_to_be_asked() -> None:
    """Where leave was given or refused, or the browser has no such thing, nobody is asked."""
    server = "http://192.168.1.20:8188"
    assert would_prompt(PUBLIC_PAGE, server, {Space.LOCAL: "prompt"})
    for leave in ({}, {Space.LOCAL: "granted"}, {Space.LOOPBACK: "prompt"}):
        assert not would_prompt(PUBLIC_PAGE, server, leave)
    assert not would_prompt("http://192.168.1.2/", server, {Space.LOCAL: "prompt"})
    assert not would_prompt(PUBLIC_PAGE, "https://gpu.example", {Space.LOCAL: "prompt"})


@pytest.mark.parametrize(
    ("page", "server", "target"),
    [
        (PUBLIC_PAGE, "http://192.168.1.20:8188", "local"),
        (PUBLIC_PAGE, "http://localhost:8188", "loopback"),
        (PUBLIC_PAGE, "http://gpu-1:8188", "local"),
        (PUBLIC_PAGE, "https://gpu-1:8188", None),
        (PUBLIC_PAGE, "http://gpu.example", None),
        ("http://192.168.1.2/", "http://192.168.1.20:8188", None),
    ],
)
def test_a_target_is_told_where_it_is_sure_or_needed(
    page: str, server: str, target: str | None
) -> None:
    """A wrong one is an error of its own."""
    assert target_space(page, server) == target


@given(st.text(), st.text())
def test_any_address_of_a_server_has_a_space_or_none(page: str, typed: str) -> None:
    """Whatever was typed, once it has passed as an address."""
    try:
        server = parse_server_url(typed, "http://page")
    except BadInput:
        return
    assert target_space("https://page.example/", server) in (None, "loopback", "local")
