// Runs Python in Node's Pyodide with the fetch of a browser: real sockets, real gzip.
//
// Arguments: the server's address, and a file of Python whose `run(server)` returns JSON.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const [server, script] = process.argv.slice(2);
globalThis.window = globalThis;
globalThis.location = new URL("http://page.example/");
await import(join(ROOT, "static/boot/calls.mjs"));
const { loadPyodide } = await import(join(ROOT, "node_modules/pyodide/pyodide.mjs"));
const python = await loadPyodide({ indexURL: join(ROOT, "node_modules/pyodide") });
python.FS.mkdirTree("/app");
python.FS.mount(python.FS.filesystems.NODEFS, { root: join(ROOT, "app") }, "/app");

// Node would print the whole source line of pyodide.asm.mjs.
const tell = (error) => {
  console.error(error.message);
  process.exit(1);
};
process.on("uncaughtException", tell);
process.on("unhandledRejection", tell);
python.runPython("import sys; sys.path.insert(0, '/app'); sys.dont_write_bytecode = True");
python.runPython(readFileSync(script, "utf8"));
process.stdout.write(await python.globals.get("run")(server));
process.exit();
