// Runs the tests of pure code inside Pyodide, in Node: the page's Python is not the developer's.
//
// Arguments go to pytest. Needs var/pyodide-site (tools/dev/pyodide_site.py) and the whole
// standard library as byte code (tools/site/vendor.mjs --full-stdlib), which pytest wants.

import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { loadPyodide } = await import(join(ROOT, "node_modules/pyodide/pyodide.mjs"));

const python = await loadPyodide({
  indexURL: join(ROOT, "node_modules/pyodide"),
  stdLibURL: join(ROOT, "var/pyodide-stdlib.zip"),
  env: { HOME: "/home/pyodide", PYTHONDONTWRITEBYTECODE: "" },
});
const { FS } = python;

const mount = (folder, at) => {
  FS.mkdirTree(at);
  FS.mount(FS.filesystems.NODEFS, { root: join(ROOT, folder) }, at);
};
// Compiled once, kept for the next run: compiling in wasm is slow.
mkdirSync(join(ROOT, "var/pyodide-cache"), { recursive: true });
mount("var/pyodide-cache", "/cache");
mount("var/pyodide-site", "/site");
mount("app", "/tether/app");
mount("tests", "/tether/tests");
mount("static/i18n", "/tether/static/i18n");
FS.writeFile("/tether/pyproject.toml", readFileSync(join(ROOT, "pyproject.toml")));

// A hostile input can end the interpreter itself; then only JavaScript can say where.
let current = "before any test";
python.globals.set("note", (test) => {
  current = test;
});
python.globals.set("arguments", python.toPy(process.argv.slice(2)));
try {
  process.exitCode = python.runPython(`
import os, sys, tomllib

sys.path[:0] = ["/tether/app", "/tether", "/site"]
sys.pycache_prefix = "/cache"
sys.dont_write_bytecode = False
os.chdir("/tether")

import pytest

class Profile:
    def pytest_configure(self):
        # Imported here: before pytest starts would be too early for its rewriting of asserts.
        from hypothesis import settings

        # CPython has tried many examples; here it is the interpreter that is tried.
        settings.register_profile("pyodide", database=None, deadline=None, max_examples=5)
        settings.load_profile("pyodide")

    def pytest_runtest_logstart(self, nodeid):
        note(nodeid)

with open("pyproject.toml", "rb") as file:
    pure = [name.replace(".", "/") for name in tomllib.load(file)["tool"]["tether"]["pure"]]
# What drives sockets or processes stays outside: it has no part in these folders.
tests = [
    f"tests/{name}" if os.path.isdir(f"tests/{name}") else f"tests/{os.path.dirname(name)}/test_{os.path.basename(name)}.py"
    for name in pure
]

int(pytest.main([
    *tests, "-c", "/dev/null", "--rootdir=/tether", "--strict-config", "--strict-markers",
    "-p", "no:cacheprovider", "-p", "no:faulthandler", "-W", "error", "-q", *arguments,
], plugins=[Profile()]))
`);
} catch (error) {
  // Node would print the whole source line of pyodide.asm.mjs.
  console.error(`\n${current}: ${error.message}`);
  process.exitCode = 1;
}
