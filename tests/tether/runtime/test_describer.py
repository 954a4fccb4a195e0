"""Asking servers what node classes are."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest

from tests.tether.core.farm import NOON, NORTH, SOUTH, new_window
from tether.core.events import Answered, Failure, RequestFailed
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.protocol.node_info import NodeInfo
from tether.core.protocol.requests import Request
from tether.runtime import describer as module
from tether.runtime.caller import Caller
from tether.runtime.describer import AT_ONCE, Describer


class Servers:
    """Two servers that are up; each knows some classes."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {NORTH: known.get("north", []), SOUTH: known.get("south", [])}
        self.window = new_window()
        for url in self.known:
            self.window.server(url, NOON).reach = Reach.UP
        self.caller = Caller(lambda _event: None)
        self.caller.use(self)
        self.describer = Describer(self.window, self.caller)
        self.asked: list[tuple[ServerUrl, str]] = []
        self.open = 0
        self.most = 0
        self.broken: dict[str, Any] = {}

    def send(self, request: Request) -> None:
        name = request.path.rpartition("/")[2]
        self.asked.append((request.server, name))
        self.open += 1
        self.most = max(self.most, self.open)
        told = {name: {}} if name in self.known[request.server] else {}
        text = self.broken.get(name, json.dumps(told))
        status, text = text if isinstance(text, tuple) else (200, text)
        asyncio.get_running_loop().call_soon(self._answer, request, text, status)

    def abort(self, request_id: int) -> None:
        """Nobody aborts here."""

    def _answer(self, request: Request, text: Any, status: int) -> None:
        self.open -= 1
        if text is None:
            self.caller.answered(RequestFailed(request, Failure.NETWORK))
        else:
            self.caller.answered(Answered(request, status, text))


def told(work: Coroutine[Any, Any, dict[str, NodeInfo | None]]) -> dict[str, bool]:
    """Which classes are known."""
    return {name: info is not None for name, info in asyncio.run(work).items()}


def test_what_one_server_lacks_another_is_asked_for() -> None:
    servers = Servers(north=["A"], south=["A", "B"])
    found = told(servers.describer.describe(["A", "B", "C"]))
    assert found == {"A": True, "B": True, "C": False}
    assert [name for url, name in servers.asked if url == SOUTH] == ["B", "C"]


def test_the_preferred_server_comes_first_and_one_that_is_down_is_not_asked() -> None:
    servers = Servers(north=["A"], south=["A"])
    assert told(servers.describer.describe(["A"], SOUTH)) == {"A": True}
    assert servers.asked == [(SOUTH, "A")]
    servers.window.servers[SOUTH].reach = Reach.DOWN
    assert told(servers.describer.describe(["B"], SOUTH)) == {"B": False}
    assert servers.asked[1:] == [(NORTH, "B")]


def test_each_class_is_fetched_once_and_few_at_a_time() -> None:
    servers = Servers(north=list("ABCDEFGHIJ"))
    told(servers.describer.at(NORTH, "ABCDEFGHIJ"))
    assert servers.most == AT_ONCE and len(servers.asked) == 10
    told(servers.describer.at(NORTH, "ABA"))
    assert len(servers.asked) == 10
    servers.describer.forget()
    told(servers.describer.at(NORTH, "ABA"))
    assert len(servers.asked) == 12


def test_an_answer_that_says_nothing_is_none() -> None:
    servers = Servers(north=["A", "B"])
    servers.broken = {"A": "<html>", "B": None}
    assert told(servers.describer.at(NORTH, ["A", "B"])) == {}
    servers.broken = {"A": (404, ""), "B": (403, "{}")}  # a proxy's, which is none of a class
    assert told(servers.describer.at(NORTH, ["A", "B"])) == {}
    servers.broken = {}
    assert told(servers.describer.at(NORTH, ["A", "B"])) == {"A": True, "B": True}


def test_servers_that_were_just_added_get_a_moment() -> None:
    servers = Servers(north=["A"])
    for server in servers.window.servers.values():
        server.reach = Reach.UNKNOWN

    async def story() -> dict[str, NodeInfo | None]:
        loop = asyncio.get_running_loop()
        north = servers.window.servers[NORTH]
        loop.call_later(0.05, lambda: setattr(north, "reach", Reach.UP))
        return await servers.describer.describe(["A"])

    assert told(story()) == {"A": True}


def test_servers_that_never_answer_are_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_SERVER_WITHIN", 0.01)
    servers = Servers(north=["A"])
    for server in servers.window.servers.values():
        server.reach = Reach.UNKNOWN
    assert told(servers.describer.describe(["A"])) == {"A": False}
    assert servers.asked == []


SAME = [{"old_id": "a", "new_id": "a"}]
LISTED = {
    "Old": [{"new_node_id": "New", "input_mapping": SAME}],
    "Round": [{"new_node_id": "Old", "input_mapping": SAME}],
}


def test_a_class_that_a_server_replaces_is_described_by_the_new_one() -> None:
    servers = Servers(north=["New"])
    servers.window.servers[NORTH].inventory.replaces_classes = True
    servers.broken["node_replacements"] = json.dumps(LISTED)
    assert told(servers.describer.at(NORTH, ["Old", "Gone", "Round"])) == {
        "Old": True,
        "Gone": False,
        "Round": False,
    }
    asked = [name for _, name in servers.asked]
    assert asked == ["Old", "Gone", "Round", "node_replacements", "New"]
    assert told(servers.describer.at(NORTH, ["Old"])) == {"Old": True}
    assert len(servers.asked) == len(asked), "all of it is known"


@pytest.mark.parametrize("answer", [None, (404, ""), "<html>"])
def test_without_the_list_nothing_replaces_a_class(answer: Any) -> None:
    servers = Servers(north=["New"])
    servers.window.servers[NORTH].inventory.replaces_classes = True
    servers.broken["node_replacements"] = answer
    assert told(servers.describer.at(NORTH, ["Old"])) == {"Old": False}
    servers.window.servers[NORTH].inventory.replaces_classes = False
    assert told(servers.describer.at(NORTH, ["Old"])) == {"Old": False}
    assert [name for _, name in servers.asked] == ["Old", "node_replacements"]
