"""The functions for devtools, against two embedded servers."""

import base64
import io
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.background import Background
from tests.e2e.farm import as_file, expect_done, farm, lock, noise, open_page, run, tasks
from tests.e2e.test_storage import kept

STATUS = "getWebSocketServerStatus()"


def places(status: Any) -> tuple[Any, Any, Any]:
    """Where a status says that the window is."""
    return status["currentServer"], status["lockedServer"], status["aimed"]


def sockets(status: Any) -> dict[str, str]:
    """Server -> the state of its connection."""
    return {each["server"]: each["state"] for each in status["connections"]}


def failure(page: Page, call: str) -> str:
    """The message of the Error that a call ends in."""
    told = page.evaluate(
        f"(async () => {{ try {{ await {call} }} catch (e) "
        "{ return e instanceof Error ? e.message : `no Error: ${e}` } })()"
    )
    assert isinstance(told, str), f"{call} ended well"
    return told


def test_ids_are_told_and_made(page: Page, background: Background) -> None:
    """In the form that nobody shares."""
    with farm(background, 1) as one:
        open_page(page, one)
        window_id = page.evaluate("WINDOW_ID")
        assert re.fullmatch(r"w[0-9a-f]{12}", window_id)
        assert page.evaluate("WINDOW_CLIENT_ID") == ""
        page.evaluate("initializeWebSocket()")
        form = rf"[0-9a-f]{{32}}_\d{{13}}_[0-9a-f]{{12}}_{window_id}"
        client_id = page.evaluate("WINDOW_CLIENT_ID")
        assert re.fullmatch(form, client_id)
        assert client_id == page.evaluate(STATUS)["connections"][0]["clientId"]
        made = page.evaluate("[generateUniqueClientId(), generateUniqueClientId()]")
        assert made[0] != made[1] and all(re.fullmatch(form, each) for each in made)
        ids = page.evaluate("[generateWindowId(), generateWindowId(), WINDOW_ID]")
        assert len(set(ids)) == 3


@pytest.mark.long
def test_an_aim_is_no_lock_and_leaves_a_tasks_connection(
    page: Page, background: Background
) -> None:
    """A task runs on the first server while the window is aimed at the second by hand."""
    with farm(background, 2, is_held=True) as two:
        open_page(page, two)
        first, second = (server.url for server in two.servers)
        page.select_option("#server-choice", first)
        run(page, [as_file(noise(1), "1.png")])
        expect(tasks(page, "running")).to_have_count(1)
        held = lock(page)
        assert held is not None and held["server"] == first
        assert places(page.evaluate(STATUS)) == (first, first, None)
        aimed = page.evaluate(f"initializeWebSocket('{second}')")
        assert places(aimed) == (second, second, second)
        assert aimed["isConnected"] is True
        assert sockets(aimed) == {first: "open", second: "open"}
        assert lock(page) == held, "an aim is no lock"
        assert page.evaluate("getApiBaseUrl()") == second
        page.evaluate("resetWebSocketServer()")
        assert places(page.evaluate(STATUS)) == (first, first, None)
        two.release()
        expect_done(page, 1)
        assert page.evaluate("windowTasks()")[0]["endedBy"] == "socket"


def test_consistency_is_mended_once_and_a_task_ends_the_aim(
    page: Page, background: Background
) -> None:
    """Where all agrees nothing is sent."""
    with farm(background, 2, is_held=True) as two:
        open_page(page, two)
        first, second = (server.url for server in two.servers)
        told = page.evaluate(f"ensureWebSocketServerConsistency('{second}')")
        assert (told["mended"], places(told)) == (["lock", "socket"], (second,) * 3)
        told = page.evaluate(f"ensureWebSocketServerConsistency('{second}')")
        assert told["mended"] == []
        attempts = [each["attempt"] for each in told["connections"]]
        assert attempts == [0, 1]
        assert page.evaluate("ensureWebSocketConnection()")["currentServer"] == second
        page.select_option("#server-choice", first)
        run(page, [as_file(noise(1), "1.png")])
        expect(tasks(page, "running")).to_have_count(1)
        assert places(page.evaluate(STATUS)) == (first, first, None)
        two.release()
        expect_done(page, 1)


@pytest.mark.long
def test_the_optimal_server_is_the_shortest_queue(page: Page, background: Background) -> None:
    """As told by the servers at that moment; one that is dead isn't there."""
    with farm(background, 2, is_held=True) as two:
        open_page(page, two)
        first, second = (server.url for server in two.servers)
        page.select_option("#server-choice", first)
        run(page, [as_file(noise(1), "1.png")])
        expect(tasks(page, "running")).to_have_count(1)
        best = page.evaluate("loadBalancer.getOptimalServer()")
        assert (best["url"], best["queueRemaining"]) == (second, 0)
        names = [each["name"] for each in page.evaluate("loadBalancer.getAvailableServers()")]
        assert names == ["gpu-1", "gpu-2"]
        background.run(two.servers[1].kill())
        best = page.evaluate("loadBalancer.getOptimalServer()")
        assert (best["url"], best["queueRemaining"]) == (first, 1)


@pytest.mark.long
def test_a_picture_is_uploaded_to_the_server_aimed_at(page: Page, background: Background) -> None:
    """By base64, with or without its data URL."""
    with farm(background, 2) as two:
        open_page(page, two)
        second = two.servers[1].url
        page.evaluate(f"initializeWebSocket('{second}')")
        for number, prefix in enumerate(("", "data:image/png;base64,")):
            stream = io.BytesIO()
            noise(number).save(stream, "PNG")
            text = prefix + base64.b64encode(stream.getvalue()).decode()
            told = page.evaluate("(text) => uploadImageToComfyUI(text)", text)
            assert (told["server"], told["type"], told["subfolder"]) == (second, "input", "")
            answer = page.request.get(f"{second}/view?filename={told['name']}&type=input")
            assert answer.body() == stream.getvalue()


@pytest.mark.long
def test_what_can_not_be_done_is_said_in_plain_words(page: Page, background: Background) -> None:
    """Who, what happened, what to do now."""
    with farm(background, 1) as one:
        open_page(page, one)
        told = failure(page, "initializeWebSocket('http://elsewhere:8188')")
        assert "http://elsewhere:8188 is not among this page's servers" in told
        assert "is not a server address" in failure(page, "ensureWebSocketConnection('???')")
        assert "not a picture in base64" in failure(page, "uploadImageToComfyUI('abc')")
        assert "No task of this window" in failure(page, "cancelTask('nope')")
        background.run(one.servers[0].kill())
        told = failure(page, "initializeWebSocket(tether.servers()[0].url)")
        assert "gpu-1 did not open its WebSocket within 10 s" in told
        assert "No server of this page answers" in failure(page, "initializeWebSocket()")


def test_a_task_is_submitted_and_cancelled_by_its_prompt(
    page: Page, background: Background
) -> None:
    """`submitWorkflow` and `cancelTask`, as older scripts call them."""
    with farm(background, 1) as one:
        one.hold(at="before EmptyImage")
        open_page(page, one)
        sent = page.evaluate(
            """(workflow) => submitWorkflow(workflow, {title: "mine"})""",
            {
                "1": {
                    "class_type": "EmptyImage",
                    "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 5},
                },
                "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
            },
        )
        expect(tasks(page, "running")).to_have_count(1)
        ended = page.evaluate("(promptId) => cancelTask(promptId)", sent["promptId"])
        assert (ended["state"], ended["title"]) == ("cancelled", "mine")
        assert lock(page) is None
        assert any(
            each["promptId"] == sent["promptId"] for each in page.evaluate("windowJournal()")
        )


@pytest.mark.long
def test_a_picture_that_was_uploaded_is_not_kept_here(page: Page, background: Background) -> None:
    """Once it has arrived: no task would ever release it."""
    stream = io.BytesIO()
    noise(7).save(stream, "PNG")
    text = base64.b64encode(stream.getvalue()).decode()
    with farm(background, 1) as one:
        open_page(page, one)
        page.evaluate("(text) => uploadImageToComfyUI(text)", text)
        assert kept(page) == {"files": 0, "uses": 0, "entries": 0}
