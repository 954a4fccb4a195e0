// Copies the runtime from node_modules/ into static/vendor/ and compiles its standard library.
//
// Does nothing when static/vendor/ was made from the same inputs (`stamp.json`).
// `--full-stdlib FILE` writes the whole library as byte code instead, for the
// tests that run inside Pyodide under Node.

import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build as bundle } from "esbuild";

import { contents, hashOf, textOf } from "./files.mjs";
import { startCompiler, startPython } from "./python.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const PYODIDE = join(ROOT, "node_modules/pyodide");
const PYSCRIPT = join(ROOT, "node_modules/@pyscript/core/dist");
const ZIPPER = join(ROOT, "node_modules/client-zip");
const THREE = join(ROOT, "tools/site/three.mjs");
const BUILDER = join(ROOT, "tools/site/byte_code.py");
const RULES = join(ROOT, "tools/site/stdlib_rules.txt");
const LIBRARY = join(ROOT, "tools/site/library");
const VENDOR = join(ROOT, "static/vendor");

const PYODIDE_FILES = ["pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide.mjs"];
// The chunks that core.js reaches with the plugins that pyscript.toml turns off;
// the rest are an editor and a terminal that this page never loads.
const PYSCRIPT_FILES = [/^core\.js$/, /^core-[\w-]+\.js$/, /^error-[\w-]+\.js$/, /^toml-V[\w-]+\.js$/];

async function main() {
  const [flag, file] = process.argv.slice(2);
  if (flag === "--full-stdlib") {
    const inputs = await stampOf([join(PYODIDE, "package.json"), BUILDER]);
    if ((await textOf(`${file}.stamp`)) === inputs) return;
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, (await compiler())({}));
    await writeFile(`${file}.stamp`, inputs);
    return;
  }
  const stamp = await stampOf([
    ...["vendor.mjs", "python.mjs", "three.mjs"].map((name) => join(ROOT, "tools/site", name)),
    BUILDER,
    RULES,
    ...Object.keys(await library()).map((path) => join(LIBRARY, path)),
    join(ROOT, "package-lock.json"),
    join(PYODIDE, "package.json"),
    join(PYSCRIPT, "../package.json"),
    join(ZIPPER, "package.json"),
  ]);
  if ((await textOf(join(VENDOR, "stamp.json"))) === stamp) return;
  await fill(stamp);
}

async function fill(stamp) {
  const started = Date.now();
  // Built aside and renamed, so that an interrupted run never leaves half a runtime.
  const next = `${VENDOR}.next`;
  await rm(next, { recursive: true, force: true });
  await mkdir(join(next, "pyodide"), { recursive: true });
  await mkdir(join(next, "pyscript"), { recursive: true });
  for (const name of PYODIDE_FILES) await cp(join(PYODIDE, name), join(next, "pyodide", name));
  for (const name of await readdir(PYSCRIPT)) {
    if (PYSCRIPT_FILES.some((pattern) => pattern.test(name))) {
      const text = await readFile(join(PYSCRIPT, name), "utf8");
      // The source maps stay behind; the comments that name them would log a 404 in devtools.
      await writeFile(join(next, "pyscript", name), text.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
    }
  }
  await cp(join(ZIPPER, "index.js"), join(next, "client-zip", "index.js"));
  await bundle({
    entryPoints: [THREE],
    outfile: join(next, "three", "three.js"),
    ...{ bundle: true, minify: true, format: "esm", legalComments: "eof" },
  });
  // The page installs no packages: it needs the versions, not the list of 357 others.
  const lock = JSON.parse(await readFile(join(PYODIDE, "pyodide-lock.json"), "utf8"));
  const lean = JSON.stringify({ info: lock.info, packages: {} });
  await writeFile(join(next, "pyodide", "pyodide-lock.json"), lean);
  await packStdlib(join(next, "pyodide", "python_stdlib.zip"));
  await writeFile(join(next, "stamp.json"), stamp);
  await rm(VENDOR, { recursive: true, force: true });
  await rename(next, VENDOR);
  console.log(`static/vendor/ made in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

// A start itself shows which modules it imports, and which source they write then.
async function packStdlib(file) {
  const compile = await compiler();
  const rules = await readFile(RULES, "utf8");
  const own = await library();
  let start = [];
  let written = [];
  // Source is noted by modules that are packed: it takes a start more.
  for (let round = 0; round < 3; round += 1) {
    await writeFile(file, compile({ rules, own, start, written }));
    if (round === 2) break;
    const python = await startPython(ROOT, { stdLibURL: file });
    python.FS.writeFile("rules.txt", rules);
    [start, written] = JSON.parse(
      python.runPython(`
import importlib, json, sitecustomize, sys
for line in open("rules.txt"):
    if line.startswith("* "):
        for name in line.split()[1:]:
            importlib.import_module(name)
origins = {name: str(getattr(module.__spec__, "origin", "")) for name, module in sys.modules.items()}
early = ("encodings", "sitecustomize")
start = [
    name
    for name, origin in origins.items()
    if (origin == "packed" or ".zip/" in origin) and name.partition(".")[0] not in early
]
json.dumps([start, sitecustomize.written])
`),
    );
  }
}

// A function that compiles the library.
async function compiler() {
  const python = await startCompiler(ROOT);
  python.FS.writeFile("/tmp/stock.zip", await readFile(join(PYODIDE, "python_stdlib.zip")));
  const builder = python.pyimport("byte_code");
  return ({ rules = "", own = {}, start = [], written = [] }) => {
    const given = [builder.read_rules(rules), ...[own, start, written].map((each) => python.toPy(each))];
    builder.build("/tmp/stock.zip", "/tmp/compiled.zip", ...given);
    return python.FS.readFile("/tmp/compiled.zip");
  };
}

// The modules of tools/site/library/, by path.
async function library() {
  const sources = Object.entries(await contents(LIBRARY)).filter(([path]) => path.endsWith(".py"));
  return Object.fromEntries(sources.sort().map(([path, source]) => [path, source.toString()]));
}

async function stampOf(files) {
  const hashes = {};
  for (const file of files) hashes[file.slice(ROOT.length + 1)] = hashOf(await readFile(file));
  return JSON.stringify(hashes, null, 1);
}

await main();
