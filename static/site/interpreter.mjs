// Pyodide for PyScript, in a built site: the page's Python comes as archives of byte code.
//
// static/boot/interpreter.mjs does the same for the source tree.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.mjs";

export { version };

const PYODIDE = window.tetherFile("./static/vendor/pyodide/");

// What PyScript gives when it is there: where Python's output goes.
const given = {};

// Python starts at once, and PyScript is fetched meanwhile.
const started = start();
started.catch(() => {}); // Whoever awaits it below says so.

export function loadPyodide(options) {
  Object.assign(given, options);
  return started;
}

async function start() {
  // Asked for now, it arrives while Python starts.
  const firstScreen = fetchArchive("./app.bin");
  firstScreen.catch(() => {});
  const python = await load({
    stdout: (line) => (given.stdout ?? console.log)(line),
    stderr: (line) => (given.stderr ?? console.error)(line),
    indexURL: PYODIDE,
    stdLibURL: `${PYODIDE}python_stdlib.zip`,
    lockFileURL: `${PYODIDE}pyodide-lock.json`,
  });
  const { unpack } = python.pyimport("sitecustomize");
  unpack(await firstScreen);
  window.tetherImport = (path) => import(window.tetherFile(path));
  // Fetches what the first screen doesn't need; in a built site, [lazy] names archives.
  window.tetherLoadPython = async (...paths) => {
    for (const archive of await Promise.all(paths.map(fetchArchive))) unpack(archive);
  };
  return python;
}

async function fetchArchive(path) {
  const answer = await fetch(window.tetherFile(path));
  if (!answer.ok) {
    throw new Error(`${path}: the page's server answered ${answer.status}. Reload the page.`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}
