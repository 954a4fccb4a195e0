// Lays out stock Pyodide for a plain page: node bench/page/bare.mjs FOLDER

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { compress, write } from "../../tools/site/files.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const NAMES = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

const [, , target] = process.argv;
const files = {};
for (const name of NAMES) {
  files[`assets/${name}`] = await readFile(join(ROOT, "node_modules/pyodide", name));
}
await mkdir(target, { recursive: true });
await write(target, files);
await compress(target, files, join(ROOT, "var/compressed"));
