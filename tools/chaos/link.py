"""One WebSocket through the faulty network."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tools.chaos.faults import altered


@dataclass(slots=True)
class Link:
    """Both its ends; `flow` is set while frames move."""

    transport: asyncio.Transport | None
    near: web.WebSocketResponse
    far: aiohttp.ClientWebSocketResponse
    flow: asyncio.Event


async def down(link: Link, active: Mapping[str, Mapping[str, Any]]) -> None:
    """Carry what the server says, altered by the faults of the moment, until it is gone."""
    async for message in link.far:
        await link.flow.wait()
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            continue
        for frame in altered(
            message.data,
            active.get("swallow", {}).get("frames", ()),
            active.get("inject", {}).get("kinds", ()),
            2 if "duplicate" in active else 1,
        ):
            if isinstance(frame, str):
                await link.near.send_str(frame)
            else:
                await link.near.send_bytes(frame)


async def up(link: Link) -> None:
    """Carry what the page says, until it is gone."""
    while True:
        message = await link.near.receive()
        await link.flow.wait()
        if message.type is WSMsgType.TEXT:
            await link.far.send_str(message.data)
        elif message.type is not WSMsgType.PONG:
            await link.near.close()
            return
