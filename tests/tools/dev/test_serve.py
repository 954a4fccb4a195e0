"""The page's web server."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from yarl import URL

from tools.dev.serve import PageServer, ServerEntry


def answer(server: PageServer, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Start a server, ask it for one path exactly as written, stop it."""

    async def ask() -> tuple[int, dict[str, str], bytes]:
        async with server, aiohttp.ClientSession() as session:
            url = URL(server.url + path, encoded=True)
            async with session.get(url, headers=headers) as response:
                return response.status, dict(response.headers), await response.read()

    return asyncio.run(ask())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A page of a few files, with something private beside it."""
    for name in ("index.html", "static/a.mjs", "static/a.wasm", "app/a.py", ".git/config"):
        file = tmp_path / "page" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "page" / "servers.json").write_text("[]")
    (tmp_path / "secret").write_text("hidden words")
    (tmp_path / "page" / "static" / "link").symlink_to(tmp_path / "secret")
    return tmp_path / "page"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("", "text/html"),
        ("index.html", "text/html"),
        ("static/a.mjs", "text/javascript"),
        ("static/a.wasm", "application/wasm"),
        ("app/a.py", "text/x-python"),
        ("servers.json", "application/json"),
    ],
)
def test_files_of_the_page_have_their_type(folder: Path, path: str, content_type: str) -> None:
    """A browser runs modules and compiles wasm only with the right type."""
    status, headers, _ = answer(PageServer(root=folder), path)
    assert status == 200
    assert headers["Content-Type"].split(";")[0] == content_type
    assert headers["Cache-Control"] == "no-cache"


def test_the_policy_of_the_page_is_a_header_too() -> None:
    """What a `<meta>` can't say is in it: nobody may put the page into a frame."""
    _, headers, page = answer(PageServer(), "")
    policy = headers["Content-Security-Policy"].removesuffix("; frame-ancestors 'none'")
    assert policy != headers["Content-Security-Policy"]
    assert f'content="{policy}"' in page.decode()
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "static",
        "static/link",
        "static/none",
        "static/../.git/config",
        "static/%2e%2e/.git/config",
        "static/%2e%2e/%2e%2e/secret",
        "../secret",
        "/etc/passwd",
    ],
)
def test_nothing_else_is_served(folder: Path, path: str) -> None:
    """Not the repository's other folders, nor anything outside, however it is spelled."""
    status, _, body = answer(PageServer(root=folder), path)
    assert status == 404
    assert b"hidden" not in body


def test_an_unchanged_file_is_not_sent_again(folder: Path) -> None:
    """The browser asks with the tag that it got."""
    _, headers, _ = answer(PageServer(root=folder), "app/a.py")
    status, _, body = answer(
        PageServer(root=folder), "app/a.py", **{"If-None-Match": headers["Etag"]}
    )
    assert (status, body) == (304, b"")


def test_servers_can_be_given(folder: Path) -> None:
    """The list replaces the file; entries keep their form."""
    servers: list[ServerEntry] = ["http://gpu:8188", {"url": ":8189", "name": "gpu-2"}]
    _, _, body = answer(PageServer(servers=servers, root=folder), "servers.json")
    assert body == b'["http://gpu:8188", {"url": ":8189", "name": "gpu-2"}]'


def test_a_list_that_the_browser_has_is_not_sent_again(folder: Path) -> None:
    """Given as a mapping too; another list has another tag."""
    server = PageServer(servers={"from": "http://fleet/list"}, root=folder)
    _, headers, body = answer(server, "servers.json")
    assert body == b'{"from": "http://fleet/list"}'
    known = {"If-None-Match": headers["Etag"]}
    assert answer(server, "servers.json", **known)[::2] == (304, b"")
    server.servers = []
    assert answer(server, "servers.json", **known)[::2] == (200, b"[]")


def test_page_can_live_under_a_path(folder: Path) -> None:
    """As on GitHub Pages."""
    assert answer(PageServer(root=folder, base="/tether/"), "app/a.py")[0] == 200


def test_a_taken_port_is_refused(folder: Path) -> None:
    """And the server that failed leaves nothing open."""

    async def start_twice() -> None:
        async with PageServer(root=folder) as first:
            second = PageServer(first.port, root=folder)
            with pytest.raises(OSError, match="address already in use"):
                await second.start()

    asyncio.run(start_twice())
