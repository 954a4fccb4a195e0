"""The command `tether`, in processes of its own, on real servers."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from tests.e2e.farm import AT_WORK, noise
from tests.faults.rows.frames import FAILING
from tests.tether.process.world import INVERT, picture, posts, servers
from tether.command import STATE_FILE, _stem_of, sentence, varied
from tether.core.errors import Trouble
from tether.process.store import StateFile


async def begin(folder: Path, *arguments: str | Path) -> Process:
    """Start the command in a folder."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "tether.command", *map(str, arguments)),
        cwd=folder,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Tests that run in a shell's background ignore it, and so would all that they start.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )


async def run(folder: Path, *arguments: str | Path) -> tuple[int | None, str]:
    """Run the command; returns its exit status and what it printed, in one line."""
    process = await begin(folder, *arguments)
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode, " ".join(said.decode().split())


async def until(holds: Callable[[], object]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(120):
        while not holds():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


async def until_accepted(process: Process) -> None:
    """Read what a command prints until it has accepted all of its tasks."""
    assert process.stdout is not None
    async with asyncio.timeout(120):
        while b"tasks accepted" not in await process.stdout.readline():
            assert process.returncode is None


def give(folder: Path, count: int) -> list[str]:
    """Put a workflow and so many pictures into a folder; returns the pictures' names."""
    (folder / "invert.json").write_text(json.dumps(INVERT))
    for seed in range(count):
        name, content = picture(seed)
        (folder / name).write_bytes(content)
    return [f"{seed}.png" for seed in range(count)]


def expect_inverted(folder: Path, count: int) -> None:
    """Check that each result lies in the folder under its picture's name, once."""
    assert sorted(path.name for path in folder.glob("*.*")) == [
        ".tether.db",
        *(f"{seed}.png" for seed in range(count)),
    ]
    for seed in range(count):
        shown = Image.open(folder / f"{seed}.png").convert("RGB")
        assert shown.tobytes() == ImageChops.invert(noise(seed)).tobytes()


def test_each_picture_comes_home_under_its_name(tmp_path: Path) -> None:
    """From whichever server; a command without a server uses those of the last time."""
    names = give(tmp_path, 3)

    async def story() -> None:
        async with servers(2) as farm:
            given = [f"--server={each.url}" for each in farm]
            status, said = await run(tmp_path, "run", "invert.json", *names[:2], *given)
            assert status == 0, said
            assert "0.png -> results/0.png" in said
            status, said = await run(tmp_path, "run", "invert.json", *names[2:])
            assert status == 0, said
            assert sum(map(posts, farm)) == 3

    asyncio.run(story())
    expect_inverted(tmp_path / "results", 3)


def test_what_a_killed_command_has_left_is_brought_home(tmp_path: Path) -> None:
    """What runs, what is queued and what waits, by `tether resume`: nothing runs twice."""
    names = give(tmp_path, 4)

    async def story() -> None:
        async with servers(1, is_held=True) as farm:
            url = f"--server={farm[0].url}"
            killed = await begin(tmp_path, "run", "invert.json", *names, "--out=out", url)
            await until_accepted(killed)
            await until(lambda: farm[0].is_held(AT_WORK) and posts(farm[0]) == 2)
            killed.send_signal(signal.SIGKILL)
            await killed.communicate()
            farm[0].release(AT_WORK)
            status, said = await run(tmp_path, "resume", "--out=out")
            assert status == 0, said
            assert posts(farm[0]) == 4
            state = StateFile(tmp_path / "out" / STATE_FILE, pytest.fail)
            assert not state.texts("uses"), "what is done with is deleted"
            state.close()
            status, said = await run(tmp_path, "resume", "--out=out")
            assert (status, said) == (0, "Nothing is left to do.")
            status, said = await run(tmp_path, "resume", "--out=typo")
            assert status == 2
            assert "typo/.tether.db can't be read" in said

    asyncio.run(story())
    expect_inverted(tmp_path / "out", 4)


def test_what_a_server_has_forgotten_runs_again(tmp_path: Path) -> None:
    """It and the command are killed; both come back."""
    names = give(tmp_path, 3)

    async def story() -> None:
        async with servers(1, is_held=True) as farm:
            url = f"--server={farm[0].url}"
            killed = await begin(tmp_path, "run", "invert.json", *names, url)
            await until_accepted(killed)
            await until(lambda: farm[0].is_held(AT_WORK) and posts(farm[0]) == 2)
            killed.send_signal(signal.SIGKILL)
            await killed.communicate()
            await farm[0].kill()
            farm[0].release(AT_WORK)
            await farm[0].start()
            status, said = await run(tmp_path, "resume")
            assert status == 0, said

    asyncio.run(story())
    expect_inverted(tmp_path / "results", 3)


def test_pictures_of_one_name_have_results_of_their_own(tmp_path: Path) -> None:
    """From two folders, by a pattern that the shell has left alone."""
    for seed, place in enumerate(("a", "b")):
        (tmp_path / place).mkdir()
        (tmp_path / place / "x.png").write_bytes(picture(seed)[1])
    give(tmp_path, 0)

    async def story() -> None:
        async with servers(2) as farm:
            given = [f"--server={each.url}" for each in farm]
            status, said = await run(tmp_path, "run", "invert.json", "*/x.png", *given)
            assert status == 0, said

    asyncio.run(story())
    found = [
        Image.open(path).convert("RGB").tobytes() for path in (tmp_path / "results").glob("*.png")
    ]
    wanted = [ImageChops.invert(noise(seed)).tobytes() for seed in range(2)]
    assert sorted(found) == sorted(wanted)


def test_a_workflow_that_takes_videos_runs_once_for_each(tmp_path: Path) -> None:
    """Its server says what it takes; the results are called by their videos."""
    films = Path(__file__).parents[1] / "fixtures/cases"
    nodes = {
        "1": {"class_type": "LoadVideo", "inputs": {"file": "any.mp4"}},
        "2": {
            "class_type": "TetherSaveVideo",
            "inputs": {"video": ["1", 0], "filename_prefix": "v"},
        },
    }
    (tmp_path / "film.json").write_text(json.dumps(nodes))
    given = [films / "core.mp4", films / "vhs-comment.mp4"]

    async def story() -> None:
        async with servers(2) as farm:
            urls = [f"--server={each.url}" for each in farm]
            status, said = await run(tmp_path, "run", "film.json", *given, *urls)
            assert status == 0, said

    asyncio.run(story())
    made = {path.name: path.read_bytes() for path in (tmp_path / "results").glob("*.mp4")}
    assert made == {path.name: path.read_bytes() for path in given}


def test_values_vary_with_each_picture(tmp_path: Path) -> None:
    """A task for each combination; what says no value is an error, and nothing is sent."""
    names = give(tmp_path, 1)

    async def story() -> None:
        async with servers(1) as farm:
            url = f"--server={farm[0].url}"
            vary = ["--vary=3.filename_prefix=a", "--vary=3.filename_prefix=b"]
            status, said = await run(tmp_path, "run", "invert.json", *names, url, *vary)
            assert status == 0, said
            assert "0.png (filename_prefix a) -> results/0 (filename_prefix a).png" in said
            assert posts(farm[0]) == 2
            for wrong, told in (("seed", "seed says no value"), ("3.nope=1", "no input 3.nope")):
                given = (*names, f"--vary={wrong}", url)
                status, said = await run(tmp_path, "run", "invert.json", *given)
                assert status == 2
                assert told in said

    asyncio.run(story())
    assert len(list((tmp_path / "results").glob("*.png"))) == 2


def test_files_are_called_by_their_titles() -> None:
    """The picture's ending is not that of its result."""
    assert _stem_of("0.png (cfg 3.5)") == "0 (cfg 3.5)"
    assert _stem_of("my.photo.jpeg") == "my.photo"
    assert _stem_of("a (1).png (text man w/ hat)") == "a (1) (text man w/ hat)"
    assert _stem_of("no ending") == "no ending"


def test_values_are_read_as_numbers_where_they_are() -> None:
    """Ranges go both ways."""
    given = ["3.seed=1..3", "3.seed=7", "3.cfg=1.5", "6:2.text=a cat, 3..4", "3.flag=true"]
    assert varied(given) == {
        ("3", "seed"): [1, 2, 3, 7],
        ("3", "cfg"): [1.5],
        ("6:2", "text"): ["a cat, 3..4"],
        ("3", "flag"): [True],
    }
    assert varied(["1.x=3..1"]) == {("1", "x"): [3, 2, 1]}
    assert len(varied(["1.x=0..99999999999"])["1", "x"]) == 1001


def test_a_command_that_is_stopped_says_how_to_go_on(tmp_path: Path) -> None:
    """And what keeps it waiting: a server that doesn't answer."""
    names = give(tmp_path, 1)

    async def story() -> None:
        nowhere = "--server=127.0.0.1:9"
        process = await begin(tmp_path, "run", "invert.json", *names, nowhere)
        assert process.stdout is not None
        await until_accepted(process)
        assert b"127.0.0.1:9" in await asyncio.wait_for(process.stdout.readline(), 120)
        process.send_signal(signal.SIGINT)
        said, _ = await process.communicate()
        assert process.returncode == 130
        assert b"tether resume --out results" in said
        assert b"Traceback" not in said

    asyncio.run(story())


def test_what_goes_wrong_is_said_and_the_rest_goes_on(tmp_path: Path) -> None:
    """A file that is no picture, one that isn't there, a node that fails."""
    names = give(tmp_path, 1)
    (tmp_path / "notes.png").write_text("hello")
    (tmp_path / "failing.json").write_text(json.dumps(FAILING))

    async def story() -> None:
        async with servers(1) as farm:
            url = f"--server={farm[0].url}"
            given = ("notes.png", "gone.png", *names)
            status, said = await run(tmp_path, "run", "invert.json", *given, url)
            assert status == 1
            assert "notes.png is not a picture." in said
            assert "gone.png can't be read: No such file or directory." in said
            status, said = await run(tmp_path, "run", "invert.json", "no/*.png")
            assert status == 2
            assert "no/*.png can't be read" in said
            status, said = await run(tmp_path, "run", "failing.json", *names)
            assert status == 1
            assert "0.png failed at" in said
            assert "boom" in said

    asyncio.run(story())
    expect_inverted(tmp_path / "results", 1)


@pytest.mark.parametrize(
    ("workflow", "told"),
    [
        ("gone.json", "gone.json can't be read"),
        ("notes.json", "The workflow file is not JSON"),
        ("plain.json", "takes no files"),
    ],
)
def test_a_workflow_that_cannot_be_used_is_an_error(
    tmp_path: Path, workflow: str, told: str
) -> None:
    """Nothing was sent."""
    names = give(tmp_path, 1)
    (tmp_path / "notes.json").write_text("{")
    empty = {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1}}
    save = {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "t"}}
    (tmp_path / "plain.json").write_text(json.dumps({"1": empty, "2": save}))

    async def story() -> None:
        async with servers(1) as farm:
            status, said = await run(tmp_path, "run", workflow, *names, f"--server={farm[0].url}")
            assert status == 2
            assert told in said
            assert posts(farm[0]) == 0

    asyncio.run(story())


def test_a_sentence_has_its_facts() -> None:
    """And a trouble that nobody put in words is named."""
    said = sentence(Trouble.of("server_silent", server="gpu-1"))
    assert said.startswith("gpu-1 didn't answer.")
    assert sentence(Trouble.of("nobody_wrote_it")) == "nobody_wrote_it"
