// Pyodide for PyScript, with the standard library as byte code.
//
// PyScript calls `loadPyodide` and reads `version` from the module that
// pyscript.toml names as `interpreter`; it looks for Pyodide's files beside that
// module, so we say where they are. Nothing is fetched from elsewhere.

import { loadPyodide as load, version } from "../vendor/pyodide/pyodide.mjs";

export { version };

const PYODIDE = new URL("../vendor/pyodide/", import.meta.url).href;
const ROOT = new URL("../../", import.meta.url);

export async function loadPyodide(options) {
  const python = await load({
    ...options,
    indexURL: PYODIDE,
    stdLibURL: `${PYODIDE}python_stdlib.zip`,
    lockFileURL: `${PYODIDE}pyodide-lock.json`,
  });
  window.tetherLoadPython = (...paths) => loadPython(python, paths);
  return python;
}

// Fetches Python files that the first screen doesn't need ("app/x/y.py", from the
// page's folder) into Python's own file system; then `import app.x.y` works.
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
    python.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    python.FS.writeFile(path, sources[index]);
  });
  python.runPython("import importlib; importlib.invalidate_caches()");
}
