"""The documents name what is there, in the length that they promise."""

import re
from pathlib import Path

import pytest

from tools.dev.rooms import PICTURE, draw

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "bench/RESULTS.md"])
SOURCES = sorted(
    path
    for folder in ("app", "tools", "tests", "static/boot", "static/site", "static/demo")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".mjs", ".js", ".sh")
)

LONGEST = {"README.md": 120, "docs/architecture.md": 150}

CITED = re.compile(r"(?:docs/protocol\.md|protocol sections?) ((?:\d+(?:\.\d+)?(?:, | and )?)+)")
"""A citation: one section of docs/protocol.md, or several."""

PATH = re.compile(
    r"(?<![\w./:*-])((?:app|tests|tools|docs|bench|static|tether|page|simulator|demo|core|workflows"
    r"|runtime|browser)/[\w./*-]*\w)/?"
)
"""A path in a text, from the repository's root, from app/ or from app/tether/."""

ROOTS = (ROOT, ROOT / "app", ROOT / "app/tether")

MADE = ("static/vendor", "static/i18n/*.json")
"""Paths that exist only after a build, or that are patterns."""


def name_of(path: Path) -> str:
    """Name a test by its document."""
    return path.relative_to(ROOT).as_posix()


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document."""
    return {anchor(each) for each in re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)}


def without_blocks(text: str) -> str:
    """Leave out what is fenced: commands and transcripts."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", LONGEST)
def test_a_newcomer_reads_the_first_documents_to_their_end(name: str) -> None:
    """What is longer moves to a document of its own."""
    assert len((ROOT / name).read_text().splitlines()) <= LONGEST[name]


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    """To a file that is there, and to a heading in it."""
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(path.read_text())):
        if re.match(r"\w+:", link):
            continue
        target, _, wanted = link.partition("#")
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (wanted and wanted not in anchors(file)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("path", DOCS, ids=name_of)
def test_paths_are_there(path: Path) -> None:
    """A module that has moved takes its name in the documents along."""
    text = without_blocks(path.read_text())
    text = re.sub(r"\]\([^)]*\)", "]", text)
    missing = [
        each
        for each in PATH.findall(text)
        if not each.startswith(MADE)
        and not any((root / f"{each}{end}").exists() for root in ROOTS for end in ("", ".py"))
    ]
    assert missing == []


def test_every_citation_of_the_protocol_has_its_section() -> None:
    """A fact about ComfyUI that the code relies on can be looked up in the repository."""
    headings = re.findall(
        r"^#+ (\d+(?:\.\d+)?)\.? ", (ROOT / "docs/protocol.md").read_text(), re.MULTILINE
    )
    missing = [
        f"{path.relative_to(ROOT)}: {section}"
        for path in SOURCES
        for cited in CITED.findall(path.read_text())
        for section in re.findall(r"\d+(?:\.\d+)?", cited)
        if section not in headings
    ]
    assert missing == []


def test_the_picture_of_the_rooms_is_that_of_the_imports() -> None:
    """After a change: `.venv/bin/python -m tools.dev.rooms`."""
    assert PICTURE.read_text() == draw()
