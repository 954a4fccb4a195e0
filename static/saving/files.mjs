// Writes results to the disk one after the other, so that none stays in the page's memory. What is
// given has `add` for each file (false where its name is refused), `end` (a Blob where the browser is
// to save it) and `abort`.

import { makeZip } from "../vendor/client-zip/index.js";

const FOLDED = 4 * 2 ** 20;
const MOST_PIECES = 256;

// One ZIP, into a file that a person chose. Without one, into a Blob: its parts are with the
// browser, which moves them to the disk when they are many.
export function zip(file) {
  const { readable, writable } = new TransformStream();
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  const pieces = new Pieces();
  const written = write();
  // What can't be written ends `add`, too.
  written.catch((error) => reader.cancel(error).catch(() => {}));

  async function write() {
    const target = file ? await file.createWritable() : new WritableStream(pieces);
    await makeZip(entries()).pipeTo(target);
  }
  async function* entries() {
    for (let each; !(each = await reader.read()).done; ) yield each.value;
  }

  return {
    add: (name, input) => writer.write({ name, input }).then(() => true),
    async end() {
      await writer.close();
      await written;
      return file ? undefined : pieces.whole();
    },
    async abort() {
      await writer.abort().catch(() => {});
      await written.catch(() => {});
      // The browser made an empty one when it was chosen; what was there before stays.
      if (file) await dropEmpty(file, () => file.remove?.());
    },
  };
}

// A file each, into a folder that a person chose. One whose name is taken gets a number: what is
// there is looked at for each, since others write there, too.
export function folder(handle) {
  const following = new Map();

  async function isThere(name) {
    try {
      await handle.getFileHandle(name);
    } catch (error) {
      if (error.name === "NotFoundError") return false;
      if (error.name !== "TypeMismatchError") throw error;
    }
    return true;
  }
  async function freeName(name) {
    const dot = name.lastIndexOf(".");
    const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let [free, number] = [name, following.get(name) ?? 2];
    while (await isThere(free)) free = `${stem} (${number++})${ending}`;
    following.set(name, number);
    return free;
  }

  return {
    async add(name, blob) {
      let free;
      try {
        free = await freeName(name);
      } catch (error) {
        if (error.name === "TypeError") return false;
        throw error;
      }
      const file = await handle.getFileHandle(free, { create: true });
      try {
        await blob.stream().pipeTo(await file.createWritable());
      } catch (error) {
        await dropEmpty(file, () => handle.removeEntry(free));
        throw error;
      }
      return true;
    },
    async end() {},
    async abort() {},
  };
}

async function dropEmpty(file, remove) {
  try {
    if (!(await file.getFile()).size) await remove();
  } catch {
    // What was wrong before is what counts.
  }
}

class Pieces {
  #parts = [];
  #latest = [];
  #size = 0;

  write(piece) {
    this.#latest.push(piece);
    this.#size += piece.length;
    if (this.#size > FOLDED || this.#latest.length > MOST_PIECES) this.#fold();
  }

  whole() {
    this.#fold();
    return new Blob(this.#parts, { type: "application/zip" });
  }

  #fold() {
    this.#parts.push(new Blob(this.#latest));
    this.#latest = [];
    this.#size = 0;
  }
}
