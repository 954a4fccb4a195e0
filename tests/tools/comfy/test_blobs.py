"""The store of file contents."""

from hashlib import sha256

from tools.comfy.blobs import BlobStore


def test_a_blob_is_told_by_size_and_content() -> None:
    """Whole or piece by piece: the same bytes have the same digest, and can be read in part."""
    blobs = BlobStore()
    whole = blobs.add(b"hello world")
    writer = blobs.begin()
    writer.write(b"hello ")
    writer.write(b"world")
    pieces = writer.end()
    assert whole.key != pieces.key
    assert whole.digest == pieces.digest == sha256(b"hello world").hexdigest()
    assert (pieces.size, blobs.read(pieces.key, 6, 99)) == (11, b"world")
    blobs.close()


def test_what_was_abandoned_or_dropped_leaves_nothing() -> None:
    """A sender that goes away in the middle of its upload fills no disk."""
    blobs = BlobStore()
    writer = blobs.begin()
    writer.write(b"half of")
    writer.abandon()
    blobs.drop(blobs.add(b"done").key)
    assert list(blobs.folder.iterdir()) == []
    folder = blobs.folder
    blobs.close()
    assert not folder.exists()
