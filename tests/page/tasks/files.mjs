// Says what a folder holds after some saves into it: one as in Chromium, which refuses some names.

import { folder } from "../../../static/saving/files.mjs";

const failure = (name) => Object.assign(new Error(name), { name });

function folderOf(files) {
  const fileOf = (name) => ({
    getFile: async () => ({ size: files[name].length }),
    createWritable: async () =>
      new WritableStream({
        write(piece) {
          const text = new TextDecoder().decode(piece);
          if (text === "full") throw failure("QuotaExceededError");
          files[name] += text;
        },
      }),
  });
  return {
    async getFileHandle(name, { create = false } = {}) {
      if (name.includes("~")) throw new TypeError("Name is not allowed.");
      if (files[name] === null) throw failure("TypeMismatchError");
      if (!(name in files) && !create) throw failure("NotFoundError");
      files[name] ??= "";
      return fileOf(name);
    },
    async removeEntry(name) {
      delete files[name];
    },
  };
}

const files = { "a.png": "old", "b (2)": "old", "sub.png": null };
const handle = folderOf(files);
const [one, other] = [folder(handle), folder(handle)];
const said = [];
for (const [into, name, text] of [
  [one, "a.png", "1"],
  [other, "a.png", "2"],
  [one, "a.png", "3"],
  [one, "b", "4"],
  [other, "b", "5"],
  [one, "sub.png", "6"],
  [one, "~.png", "7"],
  [one, "c.png", "full"],
]) {
  said.push(await into.add(name, new Blob([text])).catch((error) => error.name));
}
console.log(JSON.stringify({ said, files }));
