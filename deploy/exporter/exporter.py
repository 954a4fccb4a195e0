"""Figures of a fleet of ComfyUI servers for Prometheus, from outside: the servers stay as they are.

    python exporter.py http://gpu-1:8188 http://gpu-2:8188
    python exporter.py --list http://tether.example/servers.json

Each scrape of `/metrics` asks all servers at once.
"""

import argparse
import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

PATIENCE = ClientTimeout(total=5)
"""Less than the 10 s of Prometheus itself: a silent server leaves the others on record."""

LATEST = 100
"""Ended tasks looked at in each scrape: of more than these in between, some don't count."""

JOBS = f"/api/jobs?status=completed,failed,cancelled&limit={LATEST}"
"""Newest first. Old servers have no such list (404), and no ends here. Source: ComfyUI 0.28."""


UNREADABLE = (ClientError, TimeoutError, ValueError, LookupError, TypeError)
"""No answer, or none that a ComfyUI server gives."""


@dataclass(slots=True)
class Server:
    """What is known of one server."""

    url: str
    is_up: bool = False
    waiting: int = 0
    running: dict[str, float] = field(default_factory=dict)
    """Since when each task has been seen running, by its id."""
    devices: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Bytes of memory, and those that are free, by name."""
    ends: Counter[str] = field(default_factory=Counter)
    """Since the exporter's start."""
    _seen: set[str] | None = None

    async def ask(self, session: ClientSession) -> None:
        """Bring all up to date. One that doesn't answer is down, and its counts stay."""
        try:
            queue, stats, jobs = [
                await self._get(session, path) for path in ("/queue", "/system_stats", JOBS)
            ]
            self._note(queue, stats, jobs.get("jobs", []))
            self.is_up = True
        except UNREADABLE:
            self.is_up = False

    async def _get(self, session: ClientSession, path: str) -> Any:
        async with session.get(self.url + path, timeout=PATIENCE) as answer:
            if answer.status == 404 and path == JOBS:
                return {}
            answer.raise_for_status()
            return await answer.json()

    def _note(self, queue: Any, stats: Any, jobs: Sequence[Any]) -> None:
        now = time.monotonic()
        ids = [str(item[1]) for item in queue["queue_running"]]
        self.running = {each: self.running.get(each, now) for each in ids}
        self.waiting = len(queue["queue_pending"])
        self.devices = {
            str(each["name"]): (each["vram_total"], each["vram_free"]) for each in stats["devices"]
        }
        ended = {str(job["id"]): str(job["status"]) for job in jobs}
        if self._seen is not None:
            self.ends.update(end for job, end in ended.items() if job not in self._seen)
        self._seen = set(ended)


class Fleet:
    """All servers, and their figures as Prometheus wants them.

    Args:
        urls: The servers.
        place: Where Tether's own list is, of paths and whole addresses; read at each scrape. Who
            leaves it is forgotten; a list that can't be read changes nothing.
    """

    def __init__(self, urls: Sequence[str], place: str = "") -> None:
        self._place = place
        self._servers = {url.rstrip("/"): Server(url.rstrip("/")) for url in urls}

    async def answer(self, _request: web.Request) -> web.Response:
        """Ask all servers, and tell what they said."""
        async with ClientSession() as session:
            if self._place:
                await self._read_list(session)
            await asyncio.gather(*(each.ask(session) for each in self._servers.values()))
        registry = CollectorRegistry()
        registry.register(self)
        return web.Response(body=generate_latest(registry), content_type="text/plain")

    async def _read_list(self, session: ClientSession) -> None:
        try:
            async with session.get(self._place, timeout=PATIENCE) as answer:
                answer.raise_for_status()
                entries = await answer.json(content_type=None)
            urls = [entry if isinstance(entry, str) else entry["url"] for entry in entries]
        except UNREADABLE as error:
            print(
                f"{self._place} can't be read: {error}. The servers stay as they are.", flush=True
            )
            return
        found = [urljoin(self._place, url).rstrip("/") for url in urls]
        self._servers = {url: self._servers.get(url, Server(url)) for url in found}

    def collect(self) -> Iterator[Metric]:
        """Yield the figures of all servers."""
        up = GaugeMetricFamily("comfyui_up", "Whether it answers.", labels=["server"])
        queue = GaugeMetricFamily("comfyui_tasks", "Tasks at it now.", labels=["server", "state"])
        longest = GaugeMetricFamily(
            "comfyui_running_seconds", "How long its task has been seen running.", labels=["server"]
        )
        ends = CounterMetricFamily(
            "comfyui_ended_tasks", "Tasks that have ended, by how.", labels=["server", "end"]
        )
        memory = GaugeMetricFamily(
            "comfyui_memory_bytes", "Memory of a device.", labels=["server", "device", "kind"]
        )
        now = time.monotonic()
        for url, server in self._servers.items():
            up.add_metric([url], server.is_up)
            for end in ("completed", "failed", "cancelled"):
                ends.add_metric([url, end], server.ends[end])
            if not server.is_up:
                continue
            queue.add_metric([url, "waiting"], server.waiting)
            queue.add_metric([url, "running"], len(server.running))
            longest.add_metric([url], now - min(server.running.values(), default=now))
            for device, (total, free) in server.devices.items():
                memory.add_metric([url, device, "total"], total)
                memory.add_metric([url, device, "free"], free)
        yield from (up, queue, longest, ends, memory)


def application(fleet: Fleet) -> web.Application:
    """Return what serves `/metrics`."""
    app = web.Application()
    app.router.add_get("/metrics", fleet.answer)
    return app


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Figures of ComfyUI servers for Prometheus.")
    parser.add_argument("servers", nargs="*", metavar="URL")
    parser.add_argument("--list", default="", metavar="URL", help="Tether's own list, servers.json")
    parser.add_argument("--port", type=int, default=9188)
    options = parser.parse_args(arguments)
    if not options.servers and not options.list:
        parser.error("no server: name some, or their --list")
    web.run_app(application(Fleet(options.servers, options.list)), port=options.port)


if __name__ == "__main__":
    main()
