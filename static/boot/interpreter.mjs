// Pyodide for PyScript, with the standard library as byte code.
//
// PyScript calls `loadPyodide` and reads `version` from the module that
// pyscript.toml names as `interpreter`; it looks for Pyodide's files beside that
// module, so we say where they are. Nothing is fetched from elsewhere.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.mjs";

export { version };

const PYODIDE = new URL("../vendor/pyodide/", import.meta.url).href;
const ROOT = new URL("../../", import.meta.url);

let cache = fetchCache();
prefetch();

export async function loadPyodide(options) {
  const python = await load({
    ...options,
    indexURL: PYODIDE,
    stdLibURL: `${PYODIDE}python_stdlib.zip`,
    lockFileURL: `${PYODIDE}pyodide-lock.json`,
  });
  unpackCache(python, await cache);
  cache = null; // What is unpacked needn't be kept twice.
  window.tetherImport = (path) => import(window.tetherFile(path));
  window.tetherLoadPython = (...paths) => loadPython(python, paths);
  return python;
}

async function fetchCache() {
  const answer = await fetch(new URL("../vendor/app_cache.bin", import.meta.url));
  if (!answer.ok) throw new Error("static/vendor/ is older than this page: run “make vendor”.");
  return answer.arrayBuffer();
}

// Puts byte code of the page's and PyScript's modules where Python looks for it; Python compares
// the hash of the source and compiles what has changed. tools/site/app_cache.mjs tells the format.
function unpackCache(python, packed) {
  const body = 4 + new DataView(packed).getUint32(0);
  const index = JSON.parse(new TextDecoder().decode(new Uint8Array(packed, 4, body - 4)));
  for (const [path, [start, length]] of Object.entries(index)) {
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, new Uint8Array(packed, body + start, length));
  }
}

// PyScript fetches the modules of [files] one by one when Python is there already. Asked
// for now, they arrive meanwhile, and PyScript finds them in the browser's cache.
async function prefetch() {
  const manifest = await fetch(new URL("pyscript.toml", ROOT));
  for (const [, path] of (await manifest.text()).matchAll(/^"(\.\/app\/[^"]+)" = /gm)) {
    // One that fails here fails again for PyScript, which says so.
    fetch(new URL(path, ROOT)).then((answer) => answer.arrayBuffer(), () => {});
  }
}

// Fetches Python files that the first screen doesn't need ("app/x/y.py", from the
// page's folder) into Python's own file system; then `import x.y` works.
// Python:  await js.tetherLoadPython(*config["lazy"]["routing_test"])
async function loadPython(python, paths) {
  const sources = await Promise.all(
    paths.map(async (path) => {
      const answer = await fetch(new URL(path, ROOT));
      if (!answer.ok) {
        throw new Error(`${path}: the page's server answered ${answer.status}. Reload the page.`);
      }
      return answer.text();
    }),
  );
  paths.forEach((path, index) => {
    const file = path.replace(/^app\//, "");
    python.FS.mkdirTree(file.slice(0, file.lastIndexOf("/")));
    python.FS.writeFile(file, sources[index]);
  });
  python.runPython("import importlib; importlib.invalidate_caches()");
}
