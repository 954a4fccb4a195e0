"""What a server holds until it is killed."""

from random import Random

from simulator.catalogue import CATALOGUE
from simulator.files import Files
from simulator.process import Process
from simulator.settings import Settings
from simulator.stage import Stage
from simulator.user_data import UserData


def test_each_process_begins_with_nothing_but_files() -> None:
    """Another name for previews, an empty queue, an empty history."""
    stage = Stage(Random(1))
    files = Files(stage)
    settings = Settings(shared_sender=False, history_limit=5)
    first, second = (Process(settings, stage, files, UserData(stage), CATALOGUE) for _ in range(2))
    assert first.files is second.files
    assert first.temp_prefix != second.temp_prefix
    assert first.temp_prefix.startswith("ComfyUI_temp_")
    assert (second.queue.remaining, second.history.entries) == (0, {})
    assert not second.sockets.shared_sender
