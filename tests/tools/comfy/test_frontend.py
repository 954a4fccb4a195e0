"""The official frontend, as the embedded server gives it away."""

import importlib.util
from dataclasses import replace

import aiohttp
import pytest

from simulator.settings import Gate, GateKind
from tests.tools.comfy.wire import LOCAL, run, serving
from tools.comfy.frontend import Frontend, FrontendMissing


def test_paths_stay_inside_the_packages() -> None:
    """The root is the page; the templates have a folder of their own."""
    frontend = Frontend()
    home = frontend.find("/")
    assert home is not None and home == frontend.find("/index.html")
    assert frontend.find("/scripts/app.js") is not None
    assert frontend.find("/templates/index.json") is not None
    for path in ("/nosuch.js", "/templates/nosuch.json", "/assets"):
        assert frontend.find(path) is None
    for path in ("/../__init__.py", "../__init__.py", "/templates/../../__init__.py"):
        assert frontend.find(path) is None


def test_without_the_packages_it_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are installed only for tests."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(FrontendMissing, match=r"setup\.sh"):
        Frontend()


def test_a_server_shows_it_beside_its_own_answers() -> None:
    """Behind the same gate; what neither has is 404."""

    async def story() -> None:
        gate = Gate(GateKind.QUERY, "secret")
        async with serving(replace(LOCAL, gate=gate)) as server, aiohttp.ClientSession() as session:

            async def get(path: str, token: str = "?token=secret") -> tuple[int, str]:
                async with session.get(f"{server.url}{path}{token}") as answer:
                    return answer.status, await answer.text()

            assert "embedded" in (await get("/"))[1]
            server.frontend = Frontend()
            assert "<title>ComfyUI</title>" in (await get("/"))[1]
            assert (await get("/", ""))[0] == 401
            assert (await get("/scripts/app.js"))[0] == 200
            assert server.requests[-1][2] == 200
            assert (await get("/templates/index.json"))[0] == 200
            assert (await get("/user.css"))[0] == 404
            assert "LoadImage" in (await get("/api/object_info"))[1]

    run(story)
