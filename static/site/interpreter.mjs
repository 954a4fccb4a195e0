// Pyodide for PyScript, in a built site: the page's Python comes as archives of byte code.
//
// static/boot/interpreter.mjs does the same for the source tree.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.mjs";

export { version };

const PYODIDE = window.tetherFile("./static/vendor/pyodide/");

// Asked for now, it arrives while Python starts.
let firstScreen = fetchArchive("./app.zip");
firstScreen.catch(() => {}); // Whoever awaits it below says so.

export async function loadPyodide(options) {
  const python = await load({
    ...options,
    indexURL: PYODIDE,
    stdLibURL: `${PYODIDE}python_stdlib.zip`,
    lockFileURL: `${PYODIDE}pyodide-lock.json`,
  });
  unpack(python, await firstScreen);
  firstScreen = null; // What is unpacked needn't be kept twice.
  window.tetherLoadPython = (...paths) => loadPython(python, paths);
  return python;
}

// Fetches what the first screen doesn't need; in a built site, [lazy] names archives.
async function loadPython(python, paths) {
  for (const archive of await Promise.all(paths.map(fetchArchive))) unpack(python, archive);
  python.runPython("import importlib; importlib.invalidate_caches()");
}

async function fetchArchive(path) {
  const answer = await fetch(window.tetherFile(path));
  if (!answer.ok) {
    throw new Error(`${path}: the page's server answered ${answer.status}. Reload the page.`);
  }
  return answer.arrayBuffer();
}

// A zip of stored files is one header after another, each followed by its content. Python's own
// zipfile would have to be imported first.
function unpack(python, archive) {
  const view = new DataView(archive);
  for (let at = 0; view.getUint32(at, true) === 0x04034b50; ) {
    const size = view.getUint32(at + 18, true);
    const nameSize = view.getUint16(at + 26, true);
    const start = at + 30 + nameSize + view.getUint16(at + 28, true);
    const path = new TextDecoder().decode(new Uint8Array(archive, at + 30, nameSize));
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, new Uint8Array(archive, start, size));
    at = start + size;
  }
}
