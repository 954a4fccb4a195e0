"""The exporter, asked as Prometheus asks it, about embedded servers."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias

from aiohttp import ClientSession, web
from prometheus_client.parser import text_string_to_metric_families

from deploy.exporter.exporter import Fleet, application
from simulator.settings import Api
from tests.tether.process.world import INVERT, picture, servers
from tests.tools.comfy.wire import Client, client_of, run
from tools.dev.listening import end

ROOT = Path(__file__).resolve().parents[2]

Labels: TypeAlias = dict[str, str]

RAISE = {
    "1": {"class_type": "TetherRaise", "inputs": {"image": ["2", 0], "message": "boom"}},
    "2": {"class_type": "LoadImage", "inputs": {"image": "0.png"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}},
}


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """Serve an application; its address."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await end(runner)


async def scraped(url: str) -> list[tuple[str, Labels, float]]:
    """What Prometheus reads there."""
    async with ClientSession() as session, session.get(f"{url}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


async def figure(url: str, name: str, **labels: str) -> float | None:
    """One of the figures, or None if it is missing."""
    found = [
        value
        for each, told, value in await scraped(url)
        if each == f"comfyui_{name}" and labels.items() <= told.items()
    ]
    assert len(found) < 2
    return found[0] if found else None


async def begin(client: Client) -> str:
    """Send a task, and wait until it is at work."""
    await client.upload(*picture(0))
    workflow = {**INVERT, "1": {"class_type": "LoadImage", "inputs": {"image": "0.png"}}}
    prompt_id = await client.post(workflow)
    await client.until("executing", prompt_id=prompt_id)
    return prompt_id


def test_it_tells_what_each_server_does_and_how_tasks_end() -> None:
    """Ends count from the exporter's start on; whoever is down leaves the others on record."""

    async def story() -> None:
        async with (
            servers(2, is_held=True) as (one, two),
            client_of(one) as client,
            served(application(Fleet([one.url, f"{two.url}/"]))) as url,
        ):
            assert await figure(url, "up", server=one.url) == 1
            assert await figure(url, "tasks", server=one.url, state="running") == 0
            assert await figure(url, "running_seconds", server=one.url) == 0
            first = await begin(client)
            second = await client.post(RAISE)
            assert await figure(url, "tasks", server=one.url, state="running") == 1
            assert await figure(url, "tasks", server=one.url, state="waiting") == 1
            before = await figure(url, "running_seconds", server=one.url)
            after = await figure(url, "running_seconds", server=one.url)
            assert before is not None and after is not None and 0 <= before < after
            one.release("before ImageInvert")
            await client.finish(first)
            await client.until("execution_error", prompt_id=second)
            await client.finish(second)
            ended = "ended_tasks_total"
            assert await figure(url, ended, server=one.url, end="completed") == 1
            assert await figure(url, ended, server=one.url, end="failed") == 1
            assert await figure(url, ended, server=two.url, end="completed") == 0
            total = await figure(url, "memory_bytes", server=two.url, kind="total")
            free = await figure(url, "memory_bytes", server=two.url, kind="free")
            assert total is not None and free is not None and 0 < free <= total
            await two.stop()
            assert await figure(url, "up", server=two.url) == 0
            assert await figure(url, "tasks", server=two.url, state="running") is None
            assert await figure(url, ended, server=one.url, end="completed") == 1
        async with served(application(Fleet([one.url]))) as url:
            assert await figure(url, "up", server=one.url) == 0

    run(story)


def test_what_had_ended_before_is_not_counted_and_an_old_server_has_no_ends() -> None:
    """Only its queue; the list of jobs came later."""

    async def story() -> None:
        async with servers(1, api=Api.V0_3_64) as (old,), servers(1) as (new,):
            async with client_of(new) as client:
                await client.finish(await begin(client))
            async with served(application(Fleet([old.url, new.url]))) as url:
                for _scrape in range(2):
                    for server in (old, new):
                        assert await figure(url, "up", server=server.url) == 1
                        ends = "ended_tasks_total"
                        assert await figure(url, ends, server=server.url, end="completed") == 0

    run(story)


def test_servers_join_and_leave_with_the_list_of_the_page() -> None:
    """Addresses may be relative to it; counts of those that stay go on."""

    async def story() -> None:
        entries: list[object] = []

        async def answer(_request: web.Request) -> web.Response:
            return web.json_response(entries)

        app = web.Application()
        app.router.add_get("/servers.json", answer)
        async with servers(2) as (one, two), served(app) as place:
            entries[:] = [one.url, {"url": two.url, "name": "two"}]
            async with served(application(Fleet([], f"{place}/servers.json"))) as url:
                up = [labels for name, labels, _ in await scraped(url) if name == "comfyui_up"]
                assert up == [{"server": one.url}, {"server": two.url}]
                async with client_of(two) as client:
                    await client.finish(await begin(client))
                entries[:] = [{"url": f"{two.url}/"}, "/gpu/1/"]
                for _scrape in range(2):
                    ended = await figure(url, "ended_tasks_total", server=two.url, end="completed")
                    assert ended == 1
                up = [labels for name, labels, _ in await scraped(url) if name == "comfyui_up"]
                assert up == [{"server": two.url}, {"server": f"{place}/gpu/1"}]
                entries[:] = [{"name": "no address"}]
                assert len([1 for name, *_ in await scraped(url) if name == "comfyui_up"]) == 2

    run(story)


def test_the_dashboard_asks_for_what_the_exporter_tells() -> None:
    """Each figure by its name and its labels; no panel stays empty."""
    board = json.loads((ROOT / "deploy/grafana/fleet.json").read_text())
    asked = " ".join(target["expr"] for panel in board["panels"] for target in panel["targets"])

    async def story() -> None:
        async with servers(1) as (one,), served(application(Fleet([one.url]))) as url:
            told = {name: set(labels) for name, labels, _ in await scraped(url)}
        names = set(re.findall(r"comfyui_\w+", asked))
        assert names == {name for name in told if not name.endswith("_created")}
        for name, chosen in re.findall(r"(comfyui_\w+)\{(\w+)=", asked):
            assert chosen in told[name]

    run(story)
