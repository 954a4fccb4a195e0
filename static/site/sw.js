// Opens the page without the network after one visit. tools/site/build.mjs writes BUILD and FILES,
// the paths of all files of this build, above this line.
//
// Each build has a cache of its own, and files of one name are the same in all builds: a page
// runs whole, from its own build, whichever build's worker serves it. It touches nothing but
// the page's own files: servers may live on the same origin.

const SCOPE = self.registration.scope;
const PREFIX = `tether ${new URL(SCOPE).pathname} `;
const CACHE = PREFIX + BUILD;
const ASSETS = new URL("assets/", SCOPE).href;
const HOMES = [SCOPE, new URL("index.html", SCOPE).href];
const SERVERS = new URL("servers.json", SCOPE).href;
// Past the browser's own cache ("reload" below): many a web server calls an older page that was
// put back "not modified". The list of servers is asked for every few minutes: there the browser's
// copy and its ETag save the answer.
//
// A network that is there but says nothing is as good as none.
const PATIENCE = 5_000;

self.addEventListener("install", (event) => event.waitUntil(fill()));

self.addEventListener("activate", (event) =>
  event.waitUntil(sweep().then(() => self.clients.claim())),
);

self.addEventListener("message", (event) => {
  if (event.data === "build") event.ports[0].postMessage(BUILD);
  if (event.data === "take over") event.waitUntil(self.skipWaiting());
  if (event.data === "sweep") event.waitUntil(sweep());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET") return;
  const url = request.url.replace(/[?#].*/, "");
  if (url.startsWith(ASSETS)) event.respondWith(keptFirst(request));
  else if (request.mode === "navigate" && HOMES.includes(url)) {
    event.respondWith(networkFirst(event, SCOPE));
  } else if (url === SERVERS) event.respondWith(networkFirst(event, SERVERS));
});

async function fill() {
  const cache = await caches.open(CACHE);
  const home = await fetch(SCOPE, { cache: "reload" });
  if (!(await keep(SCOPE, home))) throw new Error(`The page is not of build ${BUILD} yet.`);
  const servers = await fetch(SERVERS, { cache: "reload" });
  await keep(SERVERS, servers);
  await Promise.all(
    FILES.map(async (name) => {
      const url = new URL(name, SCOPE).href;
      const answer = (await caches.match(url)) ?? (await fetch(url));
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      await cache.put(url, answer);
    }),
  );
}

// Keeps the page or its list of servers, if it is this build's.
async function keep(url, answer) {
  if (!answer.ok) return false;
  const text = await answer.text();
  if (url === SCOPE && !text.includes(`content="${BUILD}"`)) return false;
  const cache = await caches.open(CACHE);
  // Made anew: one that came by a redirect can't answer a navigation.
  await cache.put(url, new Response(text, { headers: answer.headers }));
  return true;
}

async function keptFirst(request) {
  return (await caches.match(request.url)) ?? fetch(request);
}

async function networkFirst(event, url) {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const cache = url === SERVERS ? "no-cache" : "reload";
    const answer = await fetch(event.request, { cache, signal });
    if (answer.status >= 500) throw new Error(`${url}: ${answer.status}`);
    event.waitUntil(keep(url, answer.clone()));
    return answer;
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(url);
    if (kept === undefined) throw error;
    return kept;
  }
}

// Deletes other builds, but for those that an open page runs: each holds a lock of its cache's name.
async function sweep() {
  const { held } = await navigator.locks.query();
  const used = [CACHE, ...held.map((lock) => lock.name)];
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && !used.includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
}
