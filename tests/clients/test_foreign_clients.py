"""Clients that other people wrote for real servers run on the embedded one unchanged."""

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from PIL import Image, ImageChops

from tests.tools.comfy.wire import LOCAL, as_png, noise, run, serving

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / "var" / "foreign-clients"
WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}, "_meta": {"title": "Load"}},
    "2": {
        "class_type": "ImageInvert",
        "inputs": {"image": ["1", 0]},
        "_meta": {"title": "Invert"},
    },
    "3": {
        "class_type": "SaveImage",
        "inputs": {"images": ["2", 0], "filename_prefix": "foreign"},
        "_meta": {"title": "Save"},
    },
}


def _install(name: str, locks: tuple[str, ...], commands: list[list[str]]) -> Path:
    """Install once per content of the lock files."""
    folder = INSTALLED / name
    contents = b"".join((HERE / lock).read_bytes() for lock in locks)
    digest = hashlib.sha256(contents).hexdigest()
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == digest:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for lock in locks:
        shutil.copy(HERE / lock, folder)
    if name == "python":
        venv.create(folder / "venv", with_pip=True)
    for command in commands:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    stamp.write_text(digest)
    return folder


async def _run_client(*command: str | Path, cwd: Path) -> dict:
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return json.loads(out.decode().splitlines()[-1])


def _prepare(folder: Path) -> tuple[Image.Image, Path, Path, Path]:
    picture = noise(80, 60)
    (folder / "lab.png").write_bytes(as_png(picture))
    (folder / "workflow.json").write_text(json.dumps(WORKFLOW))
    return picture, folder / "lab.png", folder / "workflow.json", folder / "result.png"


def _is_inverted(picture: Image.Image, result: Path) -> bool:
    with Image.open(result) as made:
        difference = ImageChops.difference(made, ImageChops.invert(picture))
        return made.size == picture.size and difference.getbbox() is None


def test_stable_canvas_client_runs_a_workflow(tmp_path: Path) -> None:
    """npm: upload, queue, progress and previews over its socket, result by `/view`, history."""
    client = _install(
        "npm",
        ("package.json", "package-lock.json", ".npmrc", "stable_canvas.mjs"),
        [["npm", "ci", "--ignore-scripts"]],
    )
    picture, source, workflow, result = _prepare(tmp_path)

    async def story() -> None:
        async with serving(LOCAL, pace=0.6) as server:
            place = f"127.0.0.1:{server.port}"
            script = client / "stable_canvas.mjs"
            told = await _run_client("node", script, place, source, workflow, result, cwd=client)
            assert told["version"] == "0.28.1"
            assert (told["results"], told["previews"]) == (1, 6)
            assert told["steps"][-1][0] == told["steps"][-1][1]
            assert told["prompt_id"] in json.dumps(told["history"])

    run(story)
    assert _is_inverted(picture, result)


def test_comfy_api_simplified_runs_a_workflow(tmp_path: Path) -> None:
    """PyPI: upload into a subfolder, queue, connect afterwards, wait, fetch."""
    python = "venv/Scripts/python.exe" if sys.platform == "win32" else "venv/bin/python"
    install = [python, "-m", "pip", "install", "-q", "--require-hashes", "-r", "requirements.txt"]
    client = _install("python", ("requirements.txt", "simplified.py"), [install])
    picture, source, workflow, result = _prepare(tmp_path)

    async def story() -> None:
        async with serving() as server:
            script = client / "simplified.py"
            told = await _run_client(
                client / python, script, server.url, source, workflow, result, cwd=client
            )
            assert told == {"name": "foreign_00001_.png", "version": "0.28.1"}

    run(story)
    assert _is_inverted(picture, result)
