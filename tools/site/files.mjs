// The files of a built site: named by their content, and compressed beside themselves.

import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname, join, posix, relative } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const COMPRESSIBLE = new Set([".bin", ".css", ".js", ".json", ".mjs", ".svg", ".txt", ".wasm", ".zip"]);

const SIZE = constants.BROTLI_PARAM_SIZE_HINT;
const COMPRESS = {
  ".br": (content) => promisify(brotliCompress)(content, { params: { [SIZE]: content.length } }),
  ".gz": (content) => promisify(gzip)(content, { level: 9 }),
};

export function hashOf(content) {
  return createHash("sha256").update(content).digest("hex");
}

// The address of a file whose name says what is in it: a/b.c is assets/a/b-<hash>.c.
export function addressOf(path, content) {
  const kind = extname(path);
  const stem = path.slice(0, path.length - kind.length);
  return `assets/${stem}-${hashOf(content).slice(0, 10)}${kind}`;
}

// The name of a folder whose files keep theirs, with the hash of all that is in it.
export function folderAddress(path, files) {
  const all = Object.keys(files)
    .sort()
    .map((name) => `${name} ${hashOf(files[name])}\n`);
  return `assets/${path}-${hashOf(all.join("")).slice(0, 10)}/`;
}

// A module, with its imports from the page's other files at their addresses.
export function relinked(path, text, addresses) {
  const here = posix.join("assets", posix.dirname(path));
  return text.replace(/(\bfrom |\bimport )"(\.[^"]+)"/g, (_, word, wanted) => {
    const found = addresses[posix.join(posix.dirname(path), wanted)];
    if (found === undefined) throw new Error(`${path} imports ${wanted}, which is not in the site.`);
    const link = posix.relative(here, found);
    return `${word}"${link.startsWith(".") ? link : `./${link}`}"`;
  });
}

// The text of a file, "" where there is none.
export async function textOf(file) {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return "";
    throw error;
  }
}

// The files in a folder and below, by path.
export async function contents(folder) {
  const found = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.path, entry.name);
    found[relative(folder, file)] = await readFile(file);
  }
  return found;
}

export async function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

// Writes .br and .gz beside what shrinks. The strongest brotli takes a minute for all, so what it
// made is kept under var/ by the content's hash.
export async function compress(folder, files, kept) {
  await mkdir(kept, { recursive: true });
  const jobs = Object.entries(files).flatMap(([path, content]) =>
    COMPRESSIBLE.has(extname(path)) ? Object.keys(COMPRESS).map((kind) => [path, content, kind]) : [],
  );
  // Two at a time: each takes a core, and up to 100 MB.
  const work = async () => {
    for (let job; (job = jobs.pop()); ) {
      const [path, content, kind] = job;
      const file = join(kept, `${hashOf(content)}${kind}`);
      let packed = await readFile(file).catch(() => null);
      if (packed === null) {
        packed = await COMPRESS[kind](content);
        await writeFile(file, packed);
      }
      if (packed.length < content.length) await writeFile(join(folder, path) + kind, packed);
    }
  };
  await Promise.all([work(), work()]);
}
