// The Python of a built site: an archive of byte code for the first screen, and one for each
// group of [lazy] in pyscript.toml.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

// Pyodide in Node, as the page has it.
export async function startPython(root, options = {}) {
  const indexURL = join(root, "node_modules/pyodide");
  const { loadPyodide } = await import(join(indexURL, "pyodide.mjs"));
  return loadPyodide({ indexURL, ...options });
}

// The same with tools/site/byte_code.py. Without random hashes, the same tree gives the same bytes.
export async function startCompiler(root) {
  const python = await startPython(root, { env: { HOME: "/home/pyodide", PYTHONHASHSEED: "0" } });
  python.FS.writeFile("byte_code.py", await readFile(join(root, "tools/site/byte_code.py")));
  return python;
}

// {manifest, archives}: what pyscript.toml says, and the content of each archive by its name.
export async function pythonOf(root) {
  const python = await startCompiler(root);
  const build = python.pyimport("byte_code");
  const archive = (sources, written = []) => {
    const made = build.archive(python.toPy(sources), python.toPy(written));
    const content = Buffer.from(made.toJs());
    made.destroy();
    return content;
  };
  const manifest = python
    .pyimport("tomllib")
    .loads(await readFile(join(root, "pyscript.toml"), "utf8"))
    .toJs({ dict_converter: Object.fromEntries });
  const first = [...Object.keys(manifest.files), "app/main.py"].map((path) => path.replace("./", ""));
  const groups = { app: first, ...manifest.lazy };
  const sources = {};
  for (const [group, paths] of Object.entries(groups)) sources[group] = await sourcesOf(root, paths);
  const written = await writtenBy(root, Object.values(sources).map((each) => archive(each)), groups);
  const { app, ...lazy } = sources;
  const archives = { app: archive({ ...(await pyscriptSources(root)), ...app }, written.app) };
  for (const [group, own] of Object.entries(lazy)) archives[group] = archive(own, written[group]);
  return { manifest, archives };
}

// The source that the modules of each group write when the page's own Python imports them.
async function writtenBy(root, archives, groups) {
  const stdLibURL = join(root, "static/vendor/pyodide/python_stdlib.zip");
  const python = await startPython(root, { stdLibURL });
  const { unpack } = python.pyimport("sitecustomize");
  archives.forEach((each) => unpack(new Uint8Array(each)));
  python.FS.writeFile("written.py", await readFile(join(root, "tools/site/written.py")));
  const { written_by } = python.pyimport("written");
  const written = {};
  for (const [group, paths] of Object.entries(groups)) {
    const names = paths.map((path) => moduleFile(path).replace(/(\/__init__)?\.py$/, "").replaceAll("/", "."));
    written[group] = written_by(python.toPy(names)).toJs();
  }
  return written;
}

// PyScript writes its own Python modules into the file system from strings in its script.
export async function pyscriptSources(root) {
  const file = join(root, "node_modules/@pyscript/core/src/stdlib/pyscript.js");
  const { default: folders } = await import(file);
  return Object.fromEntries(
    Object.entries(folders.pyscript).map(([name, text]) => [`pyscript/${name}`, text]),
  );
}

// Where Python finds a module: app/ is on its path, as it is on a developer's.
function moduleFile(path) {
  return path.replace(/^app\//, "");
}

export async function sourcesOf(root, paths) {
  const sources = paths.map(async (path) => [moduleFile(path), await readFile(join(root, path), "utf8")]);
  return Object.fromEntries(await Promise.all(sources));
}
