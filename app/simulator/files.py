"""The three folders of a server: names, blobs and counters, but never contents."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from posixpath import basename, dirname, normpath, splitext

from simulator.events import DropBlob
from simulator.http import Blob
from simulator.stage import Stage

ROOTS = ("input", "output", "temp")
_NUMBER = re.compile(r"[0-9]{1,18}")
_ANNOTATION = re.compile(r" \[(input|output|temp)\]$")


class OutsideRoot(Exception):
    """A path leaves the folder it must stay in."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on the server. `changed` is seconds since 1970."""

    root: str
    subfolder: str
    name: str
    blob: Blob
    changed: float

    @property
    def as_output(self) -> dict[str, object]:
        """The file as messages and the history name it."""
        return {"filename": self.name, "subfolder": self.subfolder, "type": self.root}


def split_annotation(name: str) -> tuple[str, str | None]:
    """Split `x.png [temp]` into the bare name and the folder, if there is one."""
    found = _ANNOTATION.search(name)
    return (name[: found.start()], found[1]) if found else (name, None)


def clean_subfolder(subfolder: str) -> str:
    """Return a subfolder in its shortest form, empty for the root itself.

    Raises:
        OutsideRoot: It leaves the root.
    """
    path = normpath(subfolder.replace("\0", "")) if subfolder else "."
    if path.startswith(("/", "../")) or path == "..":
        raise OutsideRoot(f"subfolder {subfolder!r} leaves its root folder")
    return "" if path == "." else path


class Files:
    """The files in `input`, `output` and `temp`."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._folders: dict[tuple[str, str], dict[str, StoredFile]] = {}
        # Counting every file of a folder for each save would make long histories slow.
        self._counters: dict[tuple[str, str, str], int] = {}

    def find(self, root: str, subfolder: str, name: str) -> StoredFile | None:
        """Return the file with that name, if there is one."""
        return self._folders.get((root, subfolder), {}).get(name)

    def find_named(self, name: str) -> StoredFile | None:
        """Return the file that a workflow calls `a/b.png`, `x.png [output]` or `x.png [temp]`."""
        path, root = split_annotation(name)
        try:
            folder = clean_subfolder(dirname(path))
        except OutsideRoot:
            return None
        return self.find(root or "input", folder, basename(path))

    def names(self, root: str) -> list[str]:
        """Return the names at the top level of a folder, sorted."""
        return sorted(self._folders.get((root, ""), {}))

    def put(self, root: str, subfolder: str, name: str, blob: Blob) -> StoredFile:
        """Store a file, replacing one with that name."""
        folder = self._folders.setdefault((root, subfolder), {})
        replaced = folder.get(name)
        if replaced is not None:
            self._stage.emit(DropBlob(replaced.blob.key))
        file = StoredFile(root, subfolder, name, blob, self._stage.now)
        folder[name] = file
        return file

    def add_upload(
        self, root: str, subfolder: str, name: str, blob: Blob, *, overwrite: bool
    ) -> StoredFile:
        """Store an upload; the same name with other bytes becomes `name (1).ext`.

        Source: ComfyUI 0.28.1 wire, measured: the same bytes are not written again.

        Raises:
            OutsideRoot: The subfolder or the name leaves the root.
        """
        folder, name = self._place(subfolder, name)
        for place in [place for place in self._counters if place[:2] == (root, folder)]:
            del self._counters[place]
        stem, extension = splitext(name)
        candidate, copies = name, 0
        while not overwrite and (there := self.find(root, folder, candidate)) is not None:
            if there.blob.digest == blob.digest and there.blob.size == blob.size:
                self._stage.emit(DropBlob(blob.key))
                return there
            copies += 1
            candidate = f"{stem} ({copies}){extension}"
        return self.put(root, folder, candidate, blob)

    def save_numbered(
        self,
        root: str,
        prefix: str,
        suffix: str,
        blobs: tuple[Blob, ...],
        picture_size: tuple[int, int],
    ) -> list[StoredFile]:
        """Store a node's files as `prefix_00001_.png`, counting on from those in the folder.

        Source: ComfyUI, folder_paths.py, `get_save_image_path`.

        Raises:
            OutsideRoot: The prefix leaves the root.
        """
        path = normpath(self._fill_in(prefix, picture_size))
        folder, stem = clean_subfolder(dirname(path)), basename(path)
        counter = self._next_number(root, folder, stem)
        saved = []
        for number, blob in enumerate(blobs):
            filled = stem.replace("%batch_num%", str(number))
            name = f"{filled}_{counter + number:05}_{suffix}"
            saved.append(self.put(root, folder, name, blob))
        self._counters[root, folder, stem] = counter + len(blobs)
        return saved

    def empty_temp(self) -> None:
        """Delete all of `temp`, as a server does when it starts."""
        for place in [place for place in self._folders if place[0] == "temp"]:
            for file in self._folders.pop(place).values():
                self._stage.emit(DropBlob(file.blob.key))
        self._counters.clear()

    def _place(self, subfolder: str, name: str) -> tuple[str, str]:
        path = f"{subfolder}/{name}" if subfolder else name
        if name.startswith("/") or normpath(name) in (".", ".."):
            raise OutsideRoot(f"file name {name!r} names no file in the folder")
        return clean_subfolder(dirname(normpath(path))), basename(path)

    def _next_number(self, root: str, folder: str, stem: str) -> int:
        known = self._counters.get((root, folder, stem))
        if known is not None:
            return known
        highest = 0
        for name in self._folders.get((root, folder), {}):
            if name.startswith(f"{stem}_"):
                digits = name[len(stem) + 1 :].split("_")[0]
                highest = max(highest, int(digits) if _NUMBER.fullmatch(digits) else 0)
        return highest + 1

    def _fill_in(self, prefix: str, picture_size: tuple[int, int]) -> str:
        if "%" not in prefix:
            return prefix
        then = datetime.fromtimestamp(self._stage.now, UTC)
        values = {
            "width": picture_size[0],
            "height": picture_size[1],
            "year": then.year,
            "month": f"{then.month:02}",
            "day": f"{then.day:02}",
            "hour": f"{then.hour:02}",
            "minute": f"{then.minute:02}",
            "second": f"{then.second:02}",
        }
        for word, value in values.items():
            prefix = prefix.replace(f"%{word}%", str(value))
        return prefix
