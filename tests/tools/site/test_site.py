"""`make site`: whole, named by content, of one origin, and the same each time."""

import gzip
import hashlib
import html
import json
import marshal
import re
import subprocess
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.e2e.built import ROOT, build, tree
from tests.tools.site.test_manifest import RUNTIME, WITHOUT_FILE, imports, library
from tools.site.byte_code import module_of

Site: TypeAlias = dict[str, bytes]

KEEP_THEIR_NAMES = {"_headers", "index.html", "servers.json", "sw.js"}

# A file's own hash; in a folder with the hash of all its files, they keep their names.
HASHED = re.compile(r"assets/.+-([0-9a-f]{10})\.\w+")
FOLDER = re.compile(r"(assets/vendor/[\w-]+-([0-9a-f]{10})/)(.+)")

PAGE_KIND = (".css", ".html", ".js", ".mjs", ".svg")


def files(folder: Path) -> Site:
    """All files of a site, by path."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def digest(content: bytes) -> str:
    """What a name has of the hash."""
    return hashlib.sha256(content).hexdigest()[:10]


def modules(archive: bytes) -> dict[str, bool]:
    """The modules in an archive, and whether each is a package."""
    packed, _ = marshal.loads(archive)
    return {name: is_package for name, (is_package, _) in packed.items()}


def names_of(paths: Iterable[str]) -> list[str]:
    """The names of the modules in these files, sorted."""
    return sorted(module_of(path.removeprefix("./").removeprefix("app/"))[0] for path in paths)


def source_of(name: str, is_package: bool) -> str:
    """The source of a module."""
    path = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
    return (ROOT / "app" / path).read_text()


def only(site: Site, pattern: str) -> str:
    """The one path that matches."""
    [path] = [path for path in site if re.fullmatch(pattern, path)]
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site that this tree makes."""
    return files(build(tmp_path_factory.mktemp("site") / "dist", ROOT, "--plain"))


@pytest.fixture(scope="module")
def config(site: Site) -> dict[str, Any]:
    """What index.html tells PyScript."""
    found = re.search(r'<script type="py" config="([^"]+)"', site["index.html"].decode())
    assert found is not None
    told: dict[str, Any] = json.loads(html.unescape(found[1]))
    return told


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """What the source tree tells PyScript."""
    return tomllib.loads((ROOT / "pyscript.toml").read_text())


def test_every_module_is_in_the_archive_of_its_time(
    site: Site, config: dict[str, Any], manifest: dict[str, Any]
) -> None:
    """One for the first screen, one for each part that is fetched when asked for."""
    first = modules(site[only(site, r"assets/app-\w+\.bin")])
    own = sorted(name for name in first if name.partition(".")[0] != "pyscript")
    assert own == names_of([*manifest["files"], "app/main.py"])
    assert "pyscript.context" in first
    assert [name for name, is_package in first.items() if is_package][:3] == [
        "page",
        "page.composer",
        "page.console",
    ]
    groups = {
        group: sorted(name for path in paths for name in modules(site[path]))
        for group, paths in config["lazy"].items()
    }
    assert groups == {group: names_of(paths) for group, paths in manifest["lazy"].items()}


def test_what_dataclasses_write_is_compiled_beforehand(site: Site) -> None:
    """Each writes one piece of source; a named tuple writes a line."""
    _, codes = marshal.loads(site[only(site, r"assets/app-\w+\.bin")])
    pieces = [text for text in codes if "__create_fn__" in text]
    lines = [text for text in codes if text.startswith("lambda _cls")]
    assert len(pieces) > 30
    assert len(lines) > 30
    assert len(codes) == len(pieces) + len(lines)


def test_all_that_is_imported_is_shipped(site: Site) -> None:
    """From the archives, or from the part of the standard library beside them."""
    there = library(site[only(site, r"assets/vendor/pyodide-\w+/python_stdlib\.zip")])
    archives = [path for path in site if re.match(r"assets/(app-|lazy/).*\.bin$", path)]
    own = {
        name: is_package for path in archives for name, is_package in modules(site[path]).items()
    }
    there |= own.keys()
    missing = [
        f"{name} imports {module}"
        for name, is_package in own.items()
        if name.partition(".")[0] != "pyscript"
        for module in imports(source_of(name, is_package))
        if module.partition(".")[0] not in RUNTIME and module not in WITHOUT_FILE
        if module not in there
    ]
    assert missing == []


def test_names_tell_what_is_in_the_files(site: Site) -> None:
    """So a browser may keep them for ever, and a page never gets a file of another build."""
    folders: dict[str, dict[str, bytes]] = {}
    for path, content in site.items():
        if path in KEEP_THEIR_NAMES:
            continue
        if inside := FOLDER.fullmatch(path):
            folders.setdefault(inside[1], {})[inside[3]] = content
        else:
            named = HASHED.fullmatch(path)
            assert named is not None, path
            assert named[1] == digest(content), path
    assert len(folders) == 4
    for folder, held in folders.items():
        lines = [f"{name} {hashlib.sha256(held[name]).hexdigest()}\n" for name in sorted(held)]
        assert digest("".join(lines).encode()) in folder


def test_everything_named_is_there(site: Site) -> None:
    """What the page, its modules and the service worker name is in the site, all of it kept."""
    page = site["index.html"].decode()
    named = re.findall(r'(?:src|href)="\./([^"#?]+)"', page)
    assert len(named) > 5
    files_meta = re.search(r'<meta name="tether:files" content="([^"]+)"', page)
    assert files_meta is not None
    places: dict[str, str] = json.loads(html.unescape(files_meta[1]))
    named += [path for path in places.values() if not path.endswith("/")]
    assert set(named) <= site.keys()
    told = re.search(r"const FILES = (\[.*?\]);", site["sw.js"].decode(), re.DOTALL)
    assert told is not None
    assert set(json.loads(told[1])) == site.keys() - KEEP_THEIR_NAMES
    build_id = re.search(r'<meta name="tether:build" content="(\w+)">', page)
    assert build_id is not None
    assert f'const BUILD = "{build_id[1]}";' in site["sw.js"].decode()
    # Whatever Python asks for by its name in the source tree.
    for path in (*ROOT.glob("static/i18n/*"), *ROOT.glob("static/workflows/*")):
        assert f"./{path.relative_to(ROOT).as_posix()}" in places


def test_nothing_comes_from_another_origin(site: Site) -> None:
    """No address of another host is in what we write; the policy in the page forbids the rest."""
    found = {
        (path, address)
        for path, content in site.items()
        if path.endswith(PAGE_KIND) and not FOLDER.fullmatch(path)
        for address in re.findall(r"""["'(](https?://[^\s"')]+)""", content.decode())
        if address != "http://www.w3.org/2000/svg"
    }
    assert found == set()


def test_headers_say_what_may_be_kept(site: Site) -> None:
    """For hosts that read `_headers`: the policy too, and never two values for one path."""
    rules: dict[str, dict[str, str]] = {}
    for line in site["_headers"].decode().splitlines():
        if line.startswith("/"):
            rules[path := line] = {}
        else:
            name, _, value = line.strip().partition(": ")
            rules[path][name] = value
    assert "immutable" in rules["/assets/*"]["Cache-Control"]
    for name in ("/", "/index.html", "/servers.json", "/sw.js"):
        assert rules[name] == {"Cache-Control": "no-cache"}
    assert "Cache-Control" not in rules["/*"]
    policy = re.search(r'Policy" content="([^"]+)"', site["index.html"].decode())
    assert policy is not None
    assert rules["/*"]["Content-Security-Policy"] == f"{policy[1]}; frame-ancestors 'none'"


@pytest.mark.long
def test_the_same_tree_makes_the_same_bytes(site: Site, tmp_path: Path) -> None:
    """In another folder, at another time; a change in one module changes its archive alone."""
    again = files(build(tmp_path / "again", tree(tmp_path / "tree", {}), "--plain"))
    assert again.keys() == site.keys()
    assert [path for path, content in again.items() if content != site[path]] == []
    changes = {"app/page/servers/doctor_rules.py": ('"""', '"""\n')}
    changed = files(build(tmp_path / "changed", tree(tmp_path / "other", changes), "--plain"))
    others = changed.keys() ^ site.keys()
    assert {re.sub(r"-\w+\.", ".", path) for path in others} == {"assets/lazy/doctor.bin"}
    same = changed.keys() & site.keys()
    assert {path for path in same if changed[path] != site[path]} == {"index.html", "sw.js"}


def test_copies_are_compressed_beside_what_shrinks(tmp_path: Path) -> None:
    """For web servers that hand them out; what does not shrink has none."""
    long = b"again and again " * 500
    script = f"""
        import {{ compress, write }} from "./tools/site/files.mjs";
        import {{ brotliDecompressSync }} from "node:zlib";
        import {{ readFileSync }} from "node:fs";
        const long = Buffer.from("{long.decode()}");
        const files = {{ "a/long.js": long, "b.json": Buffer.from("[]") }};
        for (let round = 0; round < 2; round += 1) {{
          await write("{tmp_path}/site", files);
          await compress("{tmp_path}/site", files, "{tmp_path}/kept");
        }}
        console.log(brotliDecompressSync(readFileSync("{tmp_path}/site/a/long.js.br")).toString());
    """
    command = ("node", "--input-type=module", "-e", script)
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    assert said == long + b"\n"
    made = files(tmp_path / "site")
    assert gzip.decompress(made["a/long.js.gz"]) == long
    assert made.keys() == {"a/long.js", "a/long.js.br", "a/long.js.gz", "b.json"}
