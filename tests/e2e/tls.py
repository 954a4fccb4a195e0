"""https for a test: a certificate made on the spot, before any server."""

import asyncio
import ssl
import subprocess
from pathlib import Path


class Tls:
    """Takes https and WebSockets on a free port, and gives them on to a server without it."""

    def __init__(self, folder: Path, target: int) -> None:
        self._target = target
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(*certificate(folder))
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the port and all that is open."""
        self._server.close()
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        # A pipe that was cancelled before it began has closed nothing.
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers.add(back)
        for source, sink in ((reader, back), (there, writer)):
            pipe = asyncio.ensure_future(_pump(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while piece := await source.read(1 << 16):
            sink.write(piece)
            await sink.drain()
    except OSError:
        pass  # the other side has gone
    finally:
        sink.close()


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate that nobody trusts; returns it and its key."""
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        [*command, *names, "-out", made, "-keyout", key], check=True, capture_output=True
    )
    return made, key
