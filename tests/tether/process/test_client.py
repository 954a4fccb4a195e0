"""The client of a Python process, against real servers: what it is given, it brings home once."""

import asyncio
import io
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image, ImageChops

import tether
from tests.e2e.farm import AT_WORK, noise
from tests.tether.process.world import INVERT, PLACE, picture, posts, servers
from tether.core.errors import BadInput, TetherError
from tether.core.ids import NodeId, PromptId, ServerUrl
from tether.core.model.task import State
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output
from tether.process_client import _reserved, part_of
from tools.dev.listening import end

DOOMED = """
import asyncio, sys
import tether
from tests.tether.process.world import INVERT, PLACE, picture

async def main(state, *urls):
    async with tether.open(urls, state) as client:
        for seed in range(4):
            await client.submit(INVERT, {PLACE: picture(seed)}, str(seed))
        assert await client.runner.until(
            lambda: any(task.state.value == "running" for task in client.tasks.values()), 60
        )
        print("accepted", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


def test_results_of_two_servers_are_saved(tmp_path: Path) -> None:
    """By path and by content; each file is the right one."""

    async def story() -> None:
        name, content = picture(0)
        (tmp_path / name).write_bytes(content)
        async with servers(2) as farm, tether.open([each.url for each in farm]) as client:
            one, two = (each.url for each in farm)
            first = await client.submit(INVERT, {PLACE: tmp_path / name}, "0", one)
            second = await client.submit(INVERT, {PLACE: picture(1)}, "1", two)
            for seed, task_id in enumerate((first, second)):
                task = await client.result(task_id)
                assert task.state is State.COMPLETED
                (path,) = await client.save(task, tmp_path)
                wanted = ImageChops.invert(noise(seed))
                assert Image.open(path).convert("RGB").tobytes() == wanted.tobytes()
            assert [posts(each) for each in farm] == [1, 1]

    asyncio.run(story())
    saved = sorted(path.name for path in tmp_path.iterdir())
    assert saved == ["0.png", "t_00001_ (2).png", "t_00001_.png"]


def test_nothing_accepted_is_lost_with_the_process(tmp_path: Path) -> None:
    """Killed while one task runs, others are queued and the last waits: each runs once."""

    async def story() -> None:
        state = tmp_path / "tasks.db"
        async with servers(1, is_held=True) as farm:
            doomed = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-c", DOOMED, str(state), farm[0].url),
                stdout=asyncio.subprocess.PIPE,
            )
            assert doomed.stdout is not None
            assert await doomed.stdout.readline() == b"accepted\n"
            doomed.send_signal(signal.SIGKILL)
            await doomed.wait()
            async with tether.open([farm[0].url], state) as client:
                assert [task.title for task in client.tasks.values()] == ["0", "1", "2", "3"]
                farm[0].release("before ImageInvert")
                for seed, task_id in enumerate(list(client.tasks)):
                    task = await client.result(task_id)
                    assert task.state is State.COMPLETED
                    blob = await client.world.content(task, task.outputs[0], 10**6)
                    assert blob is not None
                    shown = Image.open(io.BytesIO(blob.content)).convert("RGB")
                    assert shown.tobytes() == ImageChops.invert(noise(seed)).tobytes()
            assert posts(farm[0]) == 4

    asyncio.run(story())


def test_one_process_at_a_time_has_a_state_file(tmp_path: Path) -> None:
    """Two would send each task twice."""

    async def story() -> None:
        state = tmp_path / "tasks.db"
        async with tether.open([], state):
            with pytest.raises(TetherError) as refused:
                async with tether.open([], state):
                    pass
            assert refused.value.trouble.code == "state_in_use"
        async with tether.open([], state):
            pass

    asyncio.run(story())


def test_what_is_no_state_file_is_left_as_it_is(tmp_path: Path) -> None:
    """It may be anything of the person's."""

    async def story() -> None:
        other = tmp_path / "photo.png"
        other.write_bytes(picture(0)[1])
        with pytest.raises(TetherError) as refused:
            async with tether.open([], other):
                pass
        assert refused.value.trouble.code == "state_unreadable"
        assert other.read_bytes() == picture(0)[1]

    asyncio.run(story())


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    """And what isn't there; nothing is sent."""

    async def story() -> None:
        async with servers(1) as farm, tether.open([farm[0].url]) as client:
            for given, code in (
                (tmp_path / "gone.png", "path_unreadable"),
                (tmp_path, "path_unreadable"),
                (("note.txt", b"hello"), "not_a_picture"),
            ):
                with pytest.raises(BadInput) as refused:
                    await client.submit(INVERT, {PLACE: given})
                assert refused.value.trouble.code == code
            assert client.tasks == {}
            assert posts(farm[0]) == 0

    asyncio.run(story())


def test_saves_at_the_same_time_are_not_in_each_others_way(tmp_path: Path) -> None:
    """Servers give the same names, and so do people's folders."""

    async def story() -> None:
        async with servers(2) as farm, tether.open([each.url for each in farm]) as client:
            ids = [await client.submit(INVERT, {PLACE: picture(seed)}) for seed in range(4)]
            tasks = [await client.result(each) for each in ids]
            found = await asyncio.gather(*(client.save(task, tmp_path) for task in tasks))
            for seed, (path,) in enumerate(found):
                wanted = ImageChops.invert(noise(seed))
                assert Image.open(path).convert("RGB").tobytes() == wanted.tobytes()

    asyncio.run(story())
    assert len(list(tmp_path.iterdir())) == 4


def test_a_file_that_a_server_no_longer_gives_is_named(tmp_path: Path) -> None:
    """Nothing of it is left in the folder."""

    async def story() -> None:
        async with servers(1) as farm, tether.open([farm[0].url]) as client:
            task = await client.result(await client.submit(INVERT, {PLACE: picture(0)}))
            await farm[0].kill()
            with pytest.raises(TetherError) as refused:
                await client.save(task, tmp_path)
            assert refused.value.trouble.code == "output_gone"
            assert await client.world.content(task, task.outputs[0], 10**6) is None

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "name", "saved"),
    [
        ("../../etc/passwd", "", "passwd"),
        ("..", "", "result"),
        ("a\\b/c:d?.png", "", "c_d_.png"),
        ("x.p\ud800ng", "y", "y"),
        (".png", "", "result.png"),
        ("x" * 300 + ".webp", "", "x" * 120 + ".webp"),
        ("x.png", "a/b\ud800", "a_b_.png"),
    ],
)
def test_no_name_leaves_the_folder(tmp_path: Path, given: str, name: str, saved: str) -> None:
    """Whatever a server calls its files."""
    path = _reserved(tmp_path, given, name)
    assert path == tmp_path / saved
    assert _reserved(tmp_path, given, name) != path, "it is kept from others"
    part_of(path).rename(path)
    assert _reserved(tmp_path, given, name) != path


def test_a_server_is_named_as_people_type_it() -> None:
    """One that isn't in use is refused: the task would wait for ever."""

    async def story() -> None:
        async with servers(2) as farm, tether.open([each.url for each in farm]) as client:
            typed = farm[1].url.removeprefix("http://")
            task = await client.result(
                await client.submit(INVERT, {PLACE: picture(0)}, server=typed)
            )
            assert task.server == farm[1].url
            with pytest.raises(BadInput) as refused:
                await client.submit(INVERT, {PLACE: picture(0)}, server="127.0.0.1:9")
            assert refused.value.trouble.code == "server_not_used"

    asyncio.run(story())


def test_a_closed_client_lets_nobody_wait() -> None:
    """Neither for a task nor for a call; nor does it take anything more."""

    async def story() -> None:
        async with servers(1, is_held=True) as farm:
            async with tether.open([farm[0].url]) as client:
                task_id = await client.submit(INVERT, {PLACE: picture(0)})
                waiting = asyncio.ensure_future(client.result(task_id))
                await asyncio.sleep(0)
            with pytest.raises(TetherError) as refused:
                await waiting
            assert refused.value.trouble.code == "closed"
            with pytest.raises(TetherError):
                await client.submit(INVERT, {PLACE: picture(0)})
            assert client.adopter._round is not None
            assert client.adopter._round.cancelled()

    asyncio.run(story())


def test_a_chain_hands_results_from_server_to_server(tmp_path: Path) -> None:
    """A process that ends between the steps repeats nothing; what an output folder lost is told."""

    async def story() -> None:
        name, content = picture(0)
        (tmp_path / name).write_bytes(content)
        state = tmp_path / "state"
        async with servers(2, is_held=True) as farm:
            urls = [each.url for each in farm]
            async with tether.open(urls, state) as client:
                with pytest.raises(BadInput, match="server_not_used"):
                    await client.chain([INVERT], server="http://elsewhere:1")
                ids = await client.chain(
                    [INVERT, INVERT], {PLACE: tmp_path / name}, "0", server=urls[0]
                )
                first = client.tasks[ids[0]]
                assert await client.runner.until(lambda: first.state is State.RUNNING, 60)
            for each in farm:
                each.release(AT_WORK)
            async with tether.open(urls, state) as client:
                task = await client.result(ids[1])
                assert task.state is State.COMPLETED
                (path,) = await client.save(task, tmp_path, "twice")
                assert Image.open(path).convert("RGB").tobytes() == noise(0).tobytes()
                assert sum(map(posts, farm)) == 2
                source = ResultSource(
                    farm[0].url, task.prompt_id, replace(task.outputs[0], filename="x.png"), TAKEN
                )
                assert await client.world.bring(source) is None
            async with tether.open(urls) as client:
                await farm[0].stop()
                with pytest.raises(OSError):
                    await client.world.bring(source)
                await farm[0].start()

    asyncio.run(story())


def test_a_page_of_a_proxy_says_nothing_of_a_result() -> None:
    """A server that is off answers so through some tunnels: the result may be there later."""

    async def off(_request: web.Request) -> web.Response:
        return web.Response(status=404, text="<h1>Not running</h1>", content_type="text/html")

    async def story() -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", off)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = ServerUrl("http://{}:{}".format(*runner.addresses[0]))
        output = Output(NodeId("3"), "image", "x.png")
        async with tether.open([url]) as client:
            with pytest.raises(OSError):
                await client.world.bring(ResultSource(url, PromptId("p"), output, TAKEN))
        await end(runner)

    asyncio.run(story())


TAKEN = UploadPlace(*PLACE, "picture")
