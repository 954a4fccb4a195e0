"""The aiohttp shell against what real servers sent: real headers, real upgrades, real frames."""

import aiohttp
import pytest
from PIL import Image
from yarl import URL

from simulator.engine import Engine
from simulator.settings import Settings
from tests.conformance.compare import differences
from tests.conformance.replay import (
    CORS_NOTES,
    LAB,
    Conversation,
    Exchange,
    TraceRandom,
    describe_binary,
    pair_requests,
    recorded,
)
from tests.conformance.traces import SCRIPTS, Record, Script, Upload, read_trace, temp_names
from tests.tools.comfy.wire import Client, as_png, noise, run
from tools.comfy.server import ComfyServer

# The others need the recorder's timing; the virtual clock has it.
QUICK = ("01_basic", "08_shapes", "09_cors", "12_view")
LOCALHOST = "127.0.0.1"


class SocketReplay:
    """Plays the client's half of a trace to a server on a real port."""

    def __init__(self, records: list[Record], script: Script) -> None:
        self.told = Conversation([], {})
        self._records = records
        self._script = script
        self._uploads = list(script.uploads)
        self._random = TraceRandom(temp_names(records), script.walks_backwards)
        self._session: aiohttp.ClientSession
        self._server: ComfyServer
        self._client: Client | None = None
        self._tags: dict[str, str] = {}

    async def play(self) -> Conversation:
        """Send everything in order; wait only for the ends of tasks."""
        await self._start("*", self._script.port)
        for upload in self._script.before:
            await self._upload(upload)
        requests = pair_requests(self._records)
        for record in self._records:
            payload = record.payload
            if record.channel == "http" and record.direction == "in":
                await self._request(requests[id(record)].payload, payload)
            elif record.direction == "note" and payload in CORS_NOTES:
                await self._stop()
                await self._start(*CORS_NOTES[payload])
            elif "handshake_error" in payload:
                await self._knock(record.channel, payload["headers"])
            elif record.direction == "out" and "open" in payload:
                self._client = Client(self._session, payload["open"].removeprefix("?clientId="))
                await self._client.connect()
            elif record.direction == "out" and record.channel != "http" and self._client:
                await self._client.socket.send_json(payload)
                await self._client.until("feature_flags")
        await self._stop()
        if self._client is not None:
            frames = self._client.frames
            self.told.frames["ws 1"] = [
                each if isinstance(each, dict) else describe_binary(each) for each in frames
            ]
        return self.told

    async def _start(self, cors: str | None, recorded_port: int) -> None:
        self._recorded_port = recorded_port
        self._server = ComfyServer(Settings(port=0, cors=cors))
        self._server.engine = Engine(self._server.settings, self._random, LAB)
        await self._server.start()
        self._session = aiohttp.ClientSession(self._server.url)

    async def _stop(self) -> None:
        await self._session.close()
        await self._server.stop()

    async def _request(self, request: dict, answer: dict) -> None:
        value = answer["json"]
        if request["path"] == "/prompt" and isinstance(value, dict) and value.get("prompt_id"):
            self._random.next_uuid = value["prompt_id"]
        asked = f"{request['method']} {request['path']}"
        headers = self._headers(request["headers"])
        body: dict[str, object] = {}
        if request["body"] == "<multipart>":
            upload = self._uploads.pop(0) if request["path"] == "/upload/image" else None
            body = {"data": b"no json" if upload is None else _form(upload)}
        elif request["body"] is not None:
            body = {"json": request["body"]}
        async with self._session.request(
            request["method"], self._url(request["path"]), headers=headers, **body
        ) as response:
            content = await response.read()
            is_json = response.headers.get("Content-Type") == "application/json; charset=utf-8"
            their_tag = answer["headers"].get("Etag")
            if their_tag is not None:
                self._tags[their_tag] = response.headers["Etag"]
            exchange = Exchange(
                asked,
                response.status,
                {name.lower(): value for name, value in response.headers.items()},
                await response.json() if is_json else None,
                None if is_json or b"\0" in content else content.decode(),
            )
            self.told.exchanges.append(exchange)
        accepted = request["path"] == "/prompt" and response.status == 200 and exchange.json
        if self._client is not None and accepted and request["method"] == "POST":
            await self._client.finish(exchange.json["prompt_id"])

    async def _upload(self, upload: Upload) -> None:
        async with self._session.post("/upload/image", data=_form(upload)) as response:
            assert response.status == 200

    async def _knock(self, channel: str, headers: dict[str, str]) -> None:
        number = sum(name.startswith(channel) for name in self.told.frames) + 1
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await self._session.ws_connect("/ws", headers=self._headers(headers))
        self.told.frames[f"{channel} {number}"] = [{"refused": refused.value.status}]

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        """The recorded headers, for this server's own port and tags."""
        ports = (str(self._recorded_port), str(self._server.port))
        return {
            name: self._tags.get(value, value.replace(*ports)) for name, value in headers.items()
        }

    def _url(self, path: str) -> URL:
        return URL(f"{self._server.url}{path}", encoded=True)


def _form(upload: Upload) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("image", _content(upload), filename=upload.name)
    for name, text in upload.fields.items():
        form.add_field(name, text)
    return form


def _content(upload: Upload) -> bytes:
    """Bytes of that size; a picture where the name promises one, the same for one digest."""
    if not upload.name.endswith(".png"):
        return b"x" * upload.size
    if upload.digest not in _PICTURES:
        small = noise(3, 3)
        small.putalpha(Image.new("L", small.size, 128))
        _PICTURES[upload.digest] = as_png(small)
    picture = _PICTURES[upload.digest]
    return picture + bytes(max(0, upload.size - len(picture)))


_PICTURES: dict[str, bytes] = {}


@pytest.mark.parametrize("name", QUICK)
def test_the_shell_says_what_the_real_server_said(name: str) -> None:
    """Down to the headers that the HTTP library writes into real answers."""

    async def story() -> None:
        records = read_trace(name)
        ours = await SocketReplay(records, SCRIPTS[name]).play()
        assert differences(name, recorded(records), ours) == []

    run(story)
