"""The embedded server on real sockets: whole tasks, real pictures, deaths."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from io import BytesIO

import aiohttp
import pytest
from PIL import Image, ImageChops

from simulator.settings import Gate, GateKind
from tests.simulator.shell import photo, slow
from tests.tools.comfy.wire import LOCAL, Client, as_png, client_of, noise, run, serving
from tools.comfy.server import ComfyServer


def test_a_picture_is_uploaded_processed_and_fetched() -> None:
    """Enlarged twice and inverted, pixel by pixel what Pillow makes."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            picture = noise()
            assert (await client.upload("lab.png", as_png(picture)))["name"] == "lab.png"
            prompt_id = await client.post(
                photo(), extra_data={"extra_pnginfo": {"workflow": {"id": "wf-1"}}}
            )
            await client.finish(prompt_id)
            entry = (await client.get(f"/history/{prompt_id}"))[prompt_id]
            saved = entry["outputs"]["4"]["images"][0]
            made = await client.picture(saved["filename"])
            large = picture.resize((128, 96), Image.Resampling.BILINEAR)
            assert ImageChops.difference(made, ImageChops.invert(large)).getbbox() is None
            assert json.loads(made.info["prompt"]) == photo()
            assert json.loads(made.info["workflow"]) == {"id": "wf-1"}
            preview = entry["outputs"]["5"]["images"][0]
            shown = await client.picture(preview["filename"], "temp")
            assert shown.size == (128, 96)
            jobs = await client.get("/api/jobs?workflow_id=wf-1")
            assert [job["id"] for job in jobs["jobs"]] == [prompt_id]

    run(story)


def test_uploads_are_compared_by_content() -> None:
    """The same bytes keep their name; others get a number, unless they may overwrite."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            first, second = as_png(noise(8, 8)), as_png(noise(9, 9))
            names = [
                (await client.upload("lab.png", first))["name"],
                (await client.upload("lab.png", first))["name"],
                (await client.upload("lab.png", second))["name"],
                (await client.upload("lab.png", second, overwrite="true"))["name"],
                (await client.upload("x/lab.png", second, subfolder="a/b"))["subfolder"],
            ]
            assert names == ["lab.png", "lab.png", "lab (1).png", "lab.png", "a/b"]
            assert (await client.picture("lab.png", "input")).size == (9, 9)
            info = await client.get("/object_info/LoadImage")
            listed = info["LoadImage"]["input"]["required"]["image"][0]
            assert listed == ["lab (1).png", "lab.png"]

    run(story)


def test_a_body_over_the_limit_is_refused_without_cors() -> None:
    """413 for uploads and prompts alike; a page can't tell it from a dead server."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            server.change(max_upload_size=100_000)
            form = aiohttp.FormData()
            form.add_field("image", b"x" * 200_000, filename="big.png")
            for path, data in (("/upload/image", form), ("/prompt", b" " * 200_000)):
                async with client.session.post(path, data=data) as response:
                    assert response.status == 413
                    text = await response.text()
                    assert text == "Maximum request body size 100000 exceeded."
                    assert "Access-Control-Allow-Origin" not in response.headers

    run(story)


@pytest.mark.parametrize(("cors", "status"), [(None, 403), ("*", 200)])
def test_foreign_pages_need_the_option(cors: str | None, status: int) -> None:
    """Without it HTTP and WebSocket answer 403 to another origin."""

    async def story() -> None:
        async with serving(LOCAL, cors=cors) as server, client_of(server) as client:
            headers = {"Origin": "http://localhost:9000"}
            async with client.session.get("/prompt", headers=headers) as response:
                assert response.status == status
                assert response.headers.get("Access-Control-Allow-Origin") == cors
            try:
                connection = await client.session.ws_connect("/ws", headers=headers)
                await connection.close()
                upgraded = 200
            except aiohttp.WSServerHandshakeError as error:
                upgraded = error.status
            assert upgraded == status

    run(story)


def test_view_serves_ranges_tags_and_renderings() -> None:
    """206, 304, HEAD, another format, one channel; 500 for the rendering of a text."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            content = as_png(noise())
            await client.upload("lab.png", content)
            await client.upload("v.txt", b"text", type="output")
            await client.upload("v.svg", b"<svg/>", type="output")
            path = "/view?filename=lab.png&type=input"
            async with client.session.get(path) as response:
                tag = response.headers["Etag"]
                assert await response.read() == content
            async with client.session.get(path, headers={"Range": "bytes=0-9"}) as response:
                assert response.status == 206
                assert await response.read() == content[:10]
                assert response.headers["Content-Range"] == f"bytes 0-9/{len(content)}"
            async with client.session.get(path, headers={"If-None-Match": tag}) as response:
                assert response.status == 304
            async with client.session.head(path) as response:
                assert response.headers["Content-Length"] == str(len(content))
            async with client.session.get(f"{path}&preview=webp;50") as response:
                assert response.content_type == "image/webp"
                assert (await response.read())[8:12] == b"WEBP"
            async with client.session.get(f"{path}&channel=a") as response:
                assert response.content_type == "image/png"
            async with client.session.get("/view?filename=v.txt&preview=webp") as response:
                assert response.status == 500
            async with client.session.get("/view?filename=v.svg") as response:
                assert response.content_type == "application/octet-stream"

    run(story)


def test_kill_cuts_sockets_and_forgets_tasks() -> None:
    """No close frame; the connection is refused until the server is back on its port."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            done = await client.post(photo())
            await client.finish(done)
            await client.post(slow(100, 100))
            await client.until("progress")
            port = server.port
            await server.kill()
            while await client.next_frame() is not None:
                pass  # What was on its way may still arrive.
            assert client.socket.close_code in (1006, None)
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.session.get("/prompt")
            await server.start()
            assert server.port == port
            assert await client.get(f"/history/{done}") == {}
            assert (await client.picture("t_00001_.png")).size == (128, 96)
            async with client.session.get(
                "/view", params={"filename": "ComfyUI_temp_x", "type": "temp"}
            ) as response:
                assert response.status == 404

    run(story)


def test_a_lost_answer_still_queues_the_task() -> None:
    """The client sees a broken connection; the task runs all the same."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            server.answers_to_lose = 1
            prompt_id = "11111111-2222-4333-8444-555555555555"
            with pytest.raises(aiohttp.ClientConnectionError):
                await client.post(photo(), prompt_id=prompt_id)
            await client.finish(prompt_id)
            job = await client.get(f"/api/jobs/{prompt_id}")
            assert job["status"] == "completed"

    run(story)


def test_a_frozen_server_is_silent_and_then_late() -> None:
    """As when the network is gone: nothing closes, and later everything arrives."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            server.freeze()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await client.get("/prompt")
            server.thaw()
            assert (await client.get("/prompt"))["exec_info"] == {"queue_remaining": 0}

    run(story)


def test_a_deafened_client_hears_nothing_more() -> None:
    """Its socket stays open, and no `status` comes; a new connection hears again."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            server.deafen("A")
            async with client_of(server, "B") as witness:
                prompt_id = await client.post(photo())
                await witness.until("status", status={"exec_info": {"queue_remaining": 0}})
                assert (await client.get(f"/api/jobs/{prompt_id}"))["status"] == "completed"
            assert len(client.frames) == 1
            assert not client.socket.closed
            await client.socket.close()
            await client.connect()
            await client.finish(await client.post(photo(prefix="again")))

    run(story)


def test_a_client_that_stops_reading_silences_the_others() -> None:
    """Tasks go on and HTTP works; when the stuck one dies the backlog arrives."""

    async def story() -> None:
        async with serving() as server, client_of(server, "other") as other:
            await other.upload("lab.png", as_png(noise(512, 512)))
            ear = socket.create_connection(("127.0.0.1", server.port))
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader, writer = await asyncio.open_connection(sock=ear, limit=1024)
            writer.write(
                b"GET /ws?clientId=stuck HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            )
            assert b"101" in await reader.readline()
            # Previews of noise are large; a hundred of them fill every buffer on the way.
            flood = await other.post(slow(100, 30), client_id="stuck")
            await wait_until(lambda: job_status(other, flood), "completed")
            prompt_id = await other.post(photo())
            await wait_until(lambda: job_status(other, prompt_id), "completed")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await other.finish(prompt_id)
            writer.transport.abort()
            await other.finish(prompt_id)

    run(story)


async def job_status(client: Client, prompt_id: str) -> str:
    """How a task is, by HTTP."""
    return (await client.get(f"/api/jobs/{prompt_id}"))["status"]


async def wait_until(look: Callable[[], Awaitable[str]], wanted: str) -> None:
    """Ask again and again, for a bounded time."""
    for _ in range(1000):
        if await look() == wanted:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"it never became {wanted}")


def test_a_negative_delay_is_heard_on_real_sockets() -> None:
    """The whole task is told before its POST is answered."""

    async def story() -> None:
        async with serving(post_delay=-0.5) as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            prompt_id = "11111111-2222-4333-8444-555555555555"
            posting = asyncio.create_task(client.post(photo(), prompt_id=prompt_id))
            await client.finish(prompt_id)
            assert not posting.done()
            assert await posting == prompt_id

    run(story)


def test_videos_and_texts_come_out() -> None:
    """As files with their own types, and as plain text."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            inputs = {"images": ["2", 0], "filename_prefix": "v", "fps": 12.0}
            workflow = {
                "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}},
                "2": {
                    "class_type": "EmptyImage",
                    "inputs": {"width": 8, "height": 8, "batch_size": 2, "color": 0},
                },
                "4": {"class_type": "SaveWEBM", "inputs": {**inputs, "codec": "vp9", "crf": 32}},
                "5": {"class_type": "PreviewAny", "inputs": {"source": "plain"}},
                "6": {"class_type": "PreviewAny", "inputs": {"source": ["1", 1]}},
            }
            prompt_id = await client.post(workflow)
            await client.finish(prompt_id)
            outputs = (await client.get(f"/history/{prompt_id}"))[prompt_id]["outputs"]
            assert outputs["5"] == {"text": ["plain"]}
            assert "PIL" in outputs["6"]["text"][0]
            assert outputs["4"]["animated"] == [True]
            name = outputs["4"]["images"][0]["filename"]
            async with client.session.get("/view", params={"filename": name}) as response:
                assert response.content_type == "video/webm"

    run(story)


def test_a_text_file_as_picture_is_an_error_of_its_node() -> None:
    """With Pillow's words; the next task runs."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", b"no picture at all")
            prompt_id = await client.post(photo())
            error = await client.until("execution_error", prompt_id=prompt_id)
            assert error["data"]["node_type"] == "LoadImage"
            assert error["data"]["exception_type"] == "UnidentifiedImageError"
            assert error["data"]["traceback"]
            await client.finish(prompt_id)
            await client.upload("lab.png", as_png(noise()), overwrite="1")
            again = await client.post(photo())
            await client.until("execution_success", prompt_id=again)

    run(story)


def test_a_gate_lets_in_who_knows() -> None:
    """HTTP and sockets alike; a preflight may pass without."""

    async def story() -> None:
        gate = Gate(GateKind.QUERY, "open sesame")
        async with serving(gate=gate) as server, aiohttp.ClientSession(server.url) as session:
            for path, status in (("/prompt", 401), ("/prompt?token=open+sesame", 200)):
                async with session.get(path) as response:
                    assert response.status == status
            async with session.options("/prompt") as response:
                assert response.status == 200
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect("/ws")
            connection = await session.ws_connect("/ws?token=open%20sesame")
            await connection.close()

    run(story)


def test_nonsense_on_the_wire_is_answered() -> None:
    """A multipart body without parts, a socket path without an upgrade, a HEAD, a text upload."""

    async def story() -> None:
        async with serving() as server, aiohttp.ClientSession(server.url) as session:
            kind = {"Content-Type": "multipart/form-data; boundary=x"}
            async with session.post("/upload/image", data=b"--y", headers=kind) as response:
                assert response.status == 500
            async with session.post("/upload/image", data=b"--y") as response:
                assert response.status == 400
            async with session.get("/ws") as response:
                assert response.status == 400
            async with session.head("/queue") as response:
                assert (response.status, await response.read()) == (200, b"")
                assert response.headers["Content-Length"] == "42"
            form = aiohttp.FormData({"image": "text, no file"})
            async with session.post("/upload/image", data=form) as response:
                assert response.status == 400

    run(story)


def test_twenty_large_uploads_fit() -> None:
    """Eight megabytes each, at once; they lie on disk, and the folder goes with the server."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            contents = [bytes([number]) * 8_000_000 for number in range(20)]
            uploads = (client.upload(f"{number}.png", each) for number, each in enumerate(contents))
            names = [each["name"] for each in await asyncio.gather(*uploads)]
            assert names == [f"{number}.png" for number in range(20)]
            async with client.session.get("/view?filename=7.png&type=input") as response:
                assert await response.read() == contents[7]
            folder = server.blob_folder
            assert len(list(folder.iterdir())) == 20
        assert not folder.exists()

    run(story)


def test_a_restarted_server_is_back_on_its_port() -> None:
    """Numbers begin again, uploads are there."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            url = server.url
            await server.restart(downtime=0.1)
            assert server.url == url
            async with client_of(server, "B") as again:
                prompt_id = await again.post(photo())
                await again.finish(prompt_id)
                assert (await again.get(f"/api/jobs/{prompt_id}"))["priority"] == 0

    run(story)


def test_two_servers_do_not_share_a_port() -> None:
    """The second one says so and leaves nothing behind."""

    async def story() -> None:
        async with serving() as server:
            second = ComfyServer(server.settings)
            with pytest.raises(OSError, match="in use"):
                await second.start()
            await second.stop()
            assert not second.blob_folder.exists()

    run(story)


def test_cut_sockets_leave_tasks_running() -> None:
    """The client reconnects and hears the end."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            prompt_id = await client.post(slow(10, 100))
            await client.until("progress")
            server.cut_sockets()
            while await client.next_frame() is not None:
                pass
            await client.connect()
            await client.finish(prompt_id)

    run(story)


def test_a_picture_comes_as_a_frame() -> None:
    """In its full size, as PNG."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            picture = noise()
            await client.upload("lab.png", as_png(picture))
            workflow = {
                "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}},
                "3": {"class_type": "SaveImageWebsocket", "inputs": {"images": ["1", 0]}},
            }
            prompt_id = await client.post(workflow)
            await client.finish(prompt_id)
            frame = next(each for each in client.frames if isinstance(each, bytes))
            assert frame[:8] == bytes.fromhex("0000000100000002")
            made = Image.open(BytesIO(frame[8:]))
            assert made.tobytes() == picture.tobytes()

    run(story)


async def until_held(server: ComfyServer, place: str) -> None:
    """Wait until something waits at a place; the test's own timeout ends it."""
    for _ in range(10_000):
        if server.is_held(place):
            return
        await asyncio.sleep(0.005)


def test_a_held_server_takes_a_task_and_keeps_the_answer() -> None:
    """The task runs meanwhile; the answer comes when it is let go."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            await client.upload("lab.png", as_png(noise()))
            server.hold("answer")
            posted = asyncio.create_task(client.post(photo()))
            await until_held(server, "answer")
            await client.until("executing", node=None)
            assert not posted.done()
            server.release("answer")
            assert await posted

    run(story)


def test_an_upload_waits_in_the_middle() -> None:
    """A kill lets go of it: nobody waits for a dead server."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            server.hold("upload")
            sent = asyncio.create_task(client.upload("lab.png", as_png(noise())))
            await until_held(server, "upload")
            assert (await client.get("/queue"))["queue_running"] == []
            await server.kill()
            with pytest.raises(aiohttp.ClientConnectionError):
                await sent

    run(story)
