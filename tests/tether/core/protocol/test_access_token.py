"""Tokens: what carries them, and what never shows them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.junk import anything, texts
from tether.core.errors import BadInput
from tether.core.protocol.access_token import (
    Access,
    Mode,
    make_access,
    read_access,
    take_login,
    write_access,
)

BEARER = Access(Mode.BEARER, "s3cret")
BASIC = Access(Mode.BASIC, "mé:pass")
QUERY = Access(Mode.QUERY, "a b&c", "key")


def test_each_mode_puts_the_secret_in_its_own_place() -> None:
    """A header or a parameter, never both; nothing without a secret."""
    assert BEARER.headers() == {"Authorization": "Bearer s3cret"}
    assert BASIC.headers() == {"Authorization": "Basic bcOpOnBhc3M="}
    assert QUERY.headers() == {}
    assert BEARER.with_query("http://a/ws?clientId=1") == "http://a/ws?clientId=1"
    assert QUERY.with_query("http://a/ws?clientId=1") == "http://a/ws?clientId=1&key=a%20b%26c"
    assert QUERY.with_query("http://a/prompt") == "http://a/prompt?key=a%20b%26c"
    assert [BEARER.is_header, BASIC.is_header, QUERY.is_header] == [True, True, False]
    for mode in Mode:
        wanted = Access(mode)
        assert (wanted.headers(), wanted.with_query("http://a/"), wanted.is_header) == (
            {},
            "http://a/",
            False,
        )


@pytest.mark.parametrize("access", [BEARER, BASIC, QUERY])
def test_a_secret_is_not_in_what_python_prints(access: Access) -> None:
    """Tracebacks and logs hold such texts."""
    assert f"{access!r} {access}" == f"Access({access.mode.value}) Access({access.mode.value})"


def test_what_was_typed_becomes_an_access() -> None:
    """Blanks around it come from copying; nothing typed means no token."""
    assert make_access("bearer", " s3cret\n") == BEARER
    assert make_access("query", "a b&c", " key ") == QUERY
    assert make_access("query", "x", "") == Access(Mode.QUERY, "x", "token")
    assert make_access("none", "x") is None
    assert make_access("basic", "  ") is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("digest", "hidden"), "token_mode"),
        (("bearer", "hid den"), "token_bad"),
        (("query", "hidden\ud800"), "token_bad"),
        (("basic", "hidden"), "login_bad"),
        (("query", "hidden", "a&b"), "token_name_bad"),
    ],
)
def test_what_no_call_can_carry_is_refused_without_the_secret(
    given: tuple[str, ...], code: str
) -> None:
    """The sentence is shown, logged and copied."""
    with pytest.raises(BadInput) as refused:
        make_access(*given)
    assert refused.value.trouble.code == code
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "bare", "secret"),
    [
        ("http://me:p%40ss@gpu:8188/a", "http://gpu:8188/a", "me:p@ss"),
        ("me:a@b@gpu", "gpu", "me:a@b"),
        (" HTTPS://me@gpu", " HTTPS://gpu", "me:"),
    ],
)
def test_a_login_in_an_address_becomes_basic(typed: str, bare: str, secret: str) -> None:
    """The address is kept without it."""
    assert take_login(typed) == (bare, Access(Mode.BASIC, secret))


@pytest.mark.parametrize("typed", ["gpu:8188", "http://gpu/a@b", "/a@b", ""])
def test_an_address_without_a_login_stays_as_it_is(typed: str) -> None:
    """An `@` in a path is no login."""
    assert take_login(typed) == (typed, None)


def test_an_empty_login_is_dropped() -> None:
    """There is nothing to send."""
    assert take_login("http://@gpu") == ("http://gpu", None)


@pytest.mark.parametrize("access", [BEARER, BASIC, QUERY])
def test_an_access_survives_its_record(access: Access) -> None:
    """In every mode."""
    assert read_access(write_access(access)) == access


@pytest.mark.parametrize(
    "text", [None, "{", "[]", '{"mode": "odd", "secret": "x", "name": "y"}', '{"mode": 1}']
)
def test_a_record_of_another_shape_is_no_access(text: str | None) -> None:
    """Whoever wrote it."""
    assert read_access(text) is None


@given(anything.map(json.dumps) | st.text())
def test_any_record_is_an_access_or_none(text: str) -> None:
    """And an access can always be sent: it has an address, and headers that are ASCII or none."""
    access = read_access(text)
    if access is not None:
        assert access.with_query("http://a/b").isascii()
        assert all(isinstance(value, str) for value in access.headers().values())


@given(
    st.sampled_from([*(mode.value for mode in Mode), ""]) | texts,
    texts | st.text(),
    texts | st.just("token"),
)
def test_whatever_is_typed_is_refused_or_can_be_sent(mode: str, secret: str, name: str) -> None:
    """And what is kept of it is the same when it is read again."""
    try:
        access = make_access(mode, secret, name)
    except BadInput:
        return
    if access is not None:
        assert read_access(write_access(access)) == access
        assert access.with_query("http://a/b").isascii()


@given(st.text() | st.text().map("http://{}@host".format))
def test_any_address_has_a_login_or_none(typed: str) -> None:
    """Or is refused."""
    try:
        bare, _ = take_login(typed)
    except BadInput:
        return
    assert len(bare) <= len(typed)
