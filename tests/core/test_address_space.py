"""How public addresses are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.address_space import Space, is_to_be_asked, needs_leave, space_of, target_space
from app.core.errors import BadInput
from app.core.server_url import parse_server_url

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
    assert needs_leave(page, server) is needed


def test_only_an_open_question_is_to_be_asked() -> None:
    """Where leave was given or refused, or the browser has no such thing, nobody is asked."""
    server = "http://192.168.1.20:8188"
    assert is_to_be_asked(PUBLIC_PAGE, server, {Space.LOCAL: "prompt"})
    for leave in ({}, {Space.LOCAL: "granted"}, {Space.LOOPBACK: "prompt"}):
        assert not is_to_be_asked(PUBLIC_PAGE, server, leave)
    assert not is_to_be_asked("http://192.168.1.2/", server, {Space.LOCAL: "prompt"})
    assert not is_to_be_asked(PUBLIC_PAGE, "https://gpu.example", {Space.LOCAL: "prompt"})


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
