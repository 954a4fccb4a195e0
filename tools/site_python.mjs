// The Python of a built site: an archive of byte code for the first screen, and one for each
// group of [lazy] in pyscript.toml.

import { readFile } from "node:fs/promises";
import { join } from "node:path";

// {manifest, archives}: what pyscript.toml says, and the content of each archive by its name.
export async function pythonOf(root) {
  const folder = join(root, "node_modules/pyodide");
  const { loadPyodide } = await import(join(folder, "pyodide.mjs"));
  // Without chance, the same tree gives the same bytes.
  const env = { HOME: "/home/pyodide", PYTHONHASHSEED: "0" };
  const python = await loadPyodide({ indexURL: folder, env });
  python.FS.mkdir("tools");
  for (const path of ["tools/build_stdlib.py", "tools/build_archives.py"]) {
    python.FS.writeFile(path, await readFile(join(root, path)));
  }
  const build = python.pyimport("tools.build_archives");
  const archive = (sources) => {
    const made = build.archive(python.toPy(sources));
    const content = Buffer.from(made.toJs());
    made.destroy();
    return content;
  };
  const manifest = build
    .read_manifest(await readFile(join(root, "pyscript.toml"), "utf8"))
    .toJs({ dict_converter: Object.fromEntries });
  const first = [...Object.keys(manifest.files), "app/main.py"].map((path) => path.replace("./", ""));
  const archives = {
    app: archive({ ...(await pyscriptSources(root)), ...(await sourcesOf(root, first)) }),
  };
  for (const [group, paths] of Object.entries(manifest.lazy)) {
    archives[group] = archive(await sourcesOf(root, paths));
  }
  return { manifest, archives };
}

// PyScript writes its own Python modules into the file system from strings in its script.
export async function pyscriptSources(root) {
  const file = join(root, "node_modules/@pyscript/core/src/stdlib/pyscript.js");
  const { default: folders } = await import(file);
  return Object.fromEntries(
    Object.entries(folders.pyscript).map(([name, text]) => [`pyscript/${name}`, text]),
  );
}

async function sourcesOf(root, paths) {
  const sources = paths.map(async (path) => [path, await readFile(join(root, path), "utf8")]);
  return Object.fromEntries(await Promise.all(sources));
}
