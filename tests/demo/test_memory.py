"""What is kept in memory alone."""

from demo.memory import DemoRecords, MemoryRecords


def test_records_are_kept_and_forgotten() -> None:
    """What is read is a copy; to forget what isn't there is nothing."""
    records = MemoryRecords()
    records.write("a", "1")
    records.write("b", "2")
    records.write("a", "3")
    assert (records.read("a"), records.read("c")) == ("3", None)
    copy = records.read_all()
    records.write("a", None)
    records.write("c", None)
    assert records.read_all() == {"b": "2"}
    assert copy == {"a": "3", "b": "2"}


def test_two_windows_share_nothing_by_accident() -> None:
    """Each has records of its own."""
    one, other = MemoryRecords(), MemoryRecords()
    one.write("a", "1")
    assert other.read_all() == {}


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
