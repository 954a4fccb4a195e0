"""A demo remembers the language, and nothing else."""

from app.demo.records import DemoRecords
from app.inpage.memory import MemoryRecords


def test_only_the_language_is_the_ordinary_pages() -> None:
    """Read there and written there; all else stays in the demo."""
    ordinary = MemoryRecords()
    ordinary.write("language", "zh")
    ordinary.write("servers", "theirs")
    records = DemoRecords(ordinary)
    assert (records.read("language"), records.read("servers")) == ("zh", None)
    records.write("servers", "ours")
    records.write("language", "en")
    assert ordinary.read_all() == {"language": "en", "servers": "theirs"}
    assert records.read_all() == {"servers": "ours"}
