"""Runs image jobs on several ComfyUI servers at once; `tether.client.Tether` is its facade.

In a Python process:

    async with tether.open(["http://gpu-1:8188", "http://gpu-2:8188"]) as client:
        task_id = await client.submit(workflow, {("1", "image"): "photo.png"})
        task = await client.result(task_id)
        await client.save(task, "results")
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractAsyncContextManager
    from os import PathLike

    from tether.process_client import ProcessTether


def open(
    servers: "Iterable[str]", state: "str | PathLike[str] | None" = None
) -> "AbstractAsyncContextManager[ProcessTether]":
    """Open a client of these servers, for `async with`; it needs `aiohttp`.

    Args:
        servers: Addresses: URLs, `host:port` or `host`.
        state: A file in which tasks outlive the process: a client that is opened on it again goes
            on with them. None keeps them in memory.
    """
    from tether.process_client import opened  # it needs more than a page has

    return opened(servers, state)
