// Compiles the page's Python for its first import: static/vendor/app_cache.bin.
//
// The page's Python would compile all of it at every start. The byte code carries the
// hash of its source (PEP 552), and Python compares: after an edit it compiles that
// module itself, so a stale file makes the start slower, and nothing worse.
//
// The file is an index, {path: [start, length]} in JSON after its length in four bytes
// (big-endian), then the byte code. static/boot/interpreter.mjs unpacks it.

import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { hashOf, textOf } from "./files.mjs";
import { pyscriptSources, sourcesOf, startPython } from "./python.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const TARGET = join(ROOT, "static/vendor/app_cache.bin");
const STAMP = `${TARGET}.stamp`;

async function main() {
  const sources = { ...(await pyscriptSources(ROOT)), ...(await appSources()) };
  const tools = [fileURLToPath(import.meta.url), join(ROOT, "node_modules/pyodide/package.json")];
  const inputs = await Promise.all(tools.map((file) => readFile(file, "utf8")));
  const stamp = hashOf(JSON.stringify([...inputs, sources]));
  if ((await textOf(STAMP)) === stamp) return;
  await writeFile(TARGET, await packed(sources));
  await writeFile(STAMP, stamp);
}

// What the first screen needs; the rest is compiled when it is asked for.
async function appSources() {
  const manifest = await readFile(join(ROOT, "pyscript.toml"), "utf8");
  const paths = [...manifest.matchAll(/^"\.\/(app\/[^"]+)" = /gm)].map(([, path]) => path);
  return sourcesOf(ROOT, paths);
}

async function packed(sources) {
  const python = await startPython(ROOT);
  python.globals.set("sources", python.toPy(sources));
  python.runPython(`
import importlib.util, json, marshal

# PEP 552: bit 0 says the header holds the source's hash, bit 1 that it is to be checked.
checked_hash = (0b11).to_bytes(4, "little")
index, body = {}, bytearray()
for path, text in sources.items():
    try:
        code = compile(text, path, "exec", dont_inherit=True)
    except SyntaxError:
        continue  # The page shows the error when it compiles the module.
    source = text.encode()
    header = importlib.util.MAGIC_NUMBER + checked_hash + importlib.util.source_hash(source)
    byte_code = header + marshal.dumps(code)
    index[importlib.util.cache_from_source(path)] = [len(body), len(byte_code)]
    body += byte_code
names = json.dumps(index).encode()
with open("/tmp/packed", "wb") as file:
    file.write(len(names).to_bytes(4, "big") + names + body)
`);
  return python.FS.readFile("/tmp/packed");
}

await main();
