// Builds dist/: the page as plain files for any web server, at any path.
//
//   node tools/site/build.mjs [--from FOLDER] [--to FOLDER] [--plain]
//
// Everything under assets/ has the hash of its content in its name, and may be kept for ever.
// --from takes another tree than this one; --plain leaves out the compressed copies. Run
// tools/dev/setup.sh node before.

import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { addressOf, compress, contents, folderAddress, hashOf, relinked, write } from "./files.mjs";
import { pythonOf } from "./python.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// The source tree's own, and what keeps its name.
const LEFT_OUT = /^(vendor\/|boot\/interpreter\.mjs$|site\/sw\.js$)/;
const VENDORED = ["vendor/pyodide", "vendor/pyscript", "vendor/client-zip", "vendor/three"];
// The page asks for these by the names that they have in the source tree.
const ASKED_FOR = /^(i18n|workflows|demo|masks|saving|vendor\/client-zip|vendor\/three)\//;

async function main() {
  const { values } = parseArgs({
    options: { from: { type: "string" }, to: { type: "string" }, plain: { type: "boolean" } },
  });
  const source = resolve(values.from ?? ROOT);
  const target = resolve(values.to ?? join(ROOT, "dist"));
  const { files, build } = await built(source);
  // Built aside and renamed, so that an interrupted run never leaves half a site.
  const next = `${target}.next`;
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true });
  await write(next, files);
  // A host may edit these two in place: a compressed copy would be stale.
  const { "index.html": _page, "servers.json": _servers, ...rest } = files;
  if (!values.plain) await compress(next, rest, join(ROOT, "var/compressed"));
  await rm(target, { recursive: true, force: true });
  await rename(next, target);
  console.log(`${target} is build ${build}: serve it with any web server`);
}

// All files of the site by path, and the build's id, which is a hash of them.
async function built(source) {
  const python = await pythonOf(source);
  const { files, addresses } = await assets(source, python.archives);
  const config = {
    interpreter: `./${addresses["site/interpreter.mjs"]}`,
    plugins: python.manifest.plugins,
    lazy: Object.fromEntries(
      Object.keys(python.manifest.lazy).map((group) => [group, [addresses[`lazy/${group}.bin`]]]),
    ),
  };
  const page = await readFile(join(source, "index.html"), "utf8");
  const worker = await readFile(join(source, "static/site/sw.js"), "utf8");
  const draft = rewritten(page, addresses, config, "");
  const servers = await readFile(join(source, "servers.json"));
  const names = Object.keys(files).sort();
  const build = hashOf(JSON.stringify([draft, worker, names])).slice(0, 12);
  const head = `const BUILD = "${build}";\nconst FILES = ${JSON.stringify(names, null, 1)};\n\n`;
  return {
    build,
    files: {
      ...files,
      "index.html": rewritten(page, addresses, config, build),
      "servers.json": servers,
      "sw.js": head + worker,
      _headers: headers(page),
    },
  };
}

// What goes under assets/, and the address of each by its path under static/.
async function assets(source, archives) {
  const files = {};
  const addresses = {};
  const add = (path, content) => {
    addresses[path] = addressOf(path, content);
    files[addresses[path]] = content;
  };
  for (const folder of VENDORED) {
    const inside = await contents(join(source, "static", folder));
    const address = (addresses[`${folder}/`] = folderAddress(folder, inside));
    for (const [name, content] of Object.entries(inside)) {
      addresses[`${folder}/${name}`] = address + name;
      files[address + name] = content;
    }
  }
  for (const [name, content] of Object.entries(archives)) {
    add(name === "app" ? "app.bin" : `lazy/${name}.bin`, content);
  }
  const own = await contents(join(source, "static"));
  const isModule = (path) => path.endsWith(".mjs");
  // A module comes after those that it imports: their addresses are in it.
  const paths = Object.keys(own).filter((path) => !LEFT_OUT.test(path)).sort();
  const modules = paths.filter(isModule);
  for (const path of paths) if (!isModule(path)) add(path, own[path]);
  const added = new Set();
  const addModule = (path) => {
    if (added.has(path)) return;
    added.add(path);
    const text = own[path].toString();
    for (const [, wanted] of text.matchAll(/\bfrom "(\.[^"]+)"/g)) {
      const other = join(dirname(path), wanted);
      if (modules.includes(other)) addModule(other);
    }
    add(path, relinked(path, text, addresses));
  };
  modules.forEach(addModule);
  return { files, addresses };
}

// index.html with the addresses of all that it names, and how to find the rest.
function rewritten(page, addresses, config, build) {
  const asked = Object.entries(addresses).filter(([path]) => ASKED_FOR.test(path));
  const places = {
    "./app.bin": addresses["app.bin"],
    "./static/vendor/pyodide/": addresses["vendor/pyodide/"],
    ...Object.fromEntries(asked.map(([path, address]) => [`./static/${path}`, address])),
  };
  const metas = [
    `<meta name="tether:build" content="${build}">`,
    `<meta name="tether:files" content="${escaped(JSON.stringify(places))}">`,
  ];
  const module = (path, when = "") =>
    `<script type="module"${when} src="./${addresses[path]}"></script>`;
  // It doesn't wait for PyScript, which asks for it later.
  const interpreter = module("site/interpreter.mjs", " async");
  const start = `<script type="py" config="${escaped(JSON.stringify(config))}">import main</script>`;
  return [
    [/(?=<script src="\.\/static\/boot\/early\.js">)/, `${metas.join("\n  ")}\n  `],
    [/(?<=early\.js"><\/script>)/, `\n  ${interpreter}`],
    [/(?<=data-boot><\/script>)/, `\n  ${module("site/offline.mjs")}`],
    [/<script type="py" src="\.\/app\/main\.py" config="\.\/pyscript\.toml"><\/script>/, start],
  ]
    .reduce((text, [place, content]) => {
      if (!place.test(text)) throw new Error(`index.html has no place for ${content}`);
      return text.replace(place, () => content);
    }, page)
    .replace(/"\.\/static\/([^"]+)"/g, (whole, path) => {
      if (addresses[path] === undefined) throw new Error(`index.html names ${whole}: no such file.`);
      return `"./${addresses[path]}"`;
    });
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;");
}

// For Netlify and Cloudflare Pages. No header twice for one path: they would join the values.
function headers(page) {
  const [, policy] = page.match(/http-equiv="Content-Security-Policy" content="([^"]+)"/);
  const fresh = ["/", "/index.html", "/servers.json", "/sw.js"];
  return [
    "/*",
    `  Content-Security-Policy: ${policy}; frame-ancestors 'none'`,
    "  X-Content-Type-Options: nosniff",
    "  Referrer-Policy: no-referrer",
    "/assets/*",
    "  Cache-Control: public, max-age=31536000, immutable",
    ...fresh.flatMap((path) => [path, "  Cache-Control: no-cache"]),
    "",
  ].join("\n");
}

await main();
