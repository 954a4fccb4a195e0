"""Files that are saved into a folder stand beside what is there."""

import json
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def test_two_saves_into_one_folder_replace_nothing() -> None:
    """Nor what was there; a name that is refused is told, and a failed write leaves no file."""
    node = shutil.which("node")
    assert node is not None
    command = (node, str(HERE / "files.mjs"))
    told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    there = {"a.png": "old", "b (2)": "old", "sub.png": None}
    new = {"a (2).png": "1", "a (3).png": "2", "a (4).png": "3", "b": "4", "b (3)": "5"}
    assert told["files"] == {**there, **new, "sub (2).png": "6"}
    assert told["said"] == [True] * 6 + [False, "QuotaExceededError"]
