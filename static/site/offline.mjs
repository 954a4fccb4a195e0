// Keeps a built site for use without the network, and tells when another build is there.
//
// Where there are no service workers (plain http, a private window) it does nothing.

const HOUR = 3_600_000;
const FIRST = 3_000;

const build = document.querySelector('meta[name="tether:build"]').content;
const home = new URL("./", document.baseURI);

if (window.isSecureContext && navigator.serviceWorker && navigator.locks) {
  window.tether.ready.then(start).catch((error) => {
    console.info("Tether: this browser keeps no copy for use without the network:", error);
  });
}

async function start() {
  const { serviceWorker } = navigator;
  // sw.js keeps the files of this build for as long as a page holds this.
  const never = new Promise(() => {});
  navigator.locks.request(`tether ${home.pathname} ${build}`, { mode: "shared" }, () => never);
  serviceWorker.addEventListener("controllerchange", () => consider(serviceWorker.controller));
  if (!serviceWorker.controller) await quiet();
  const where = new URL("sw.js", home);
  const registration = await serviceWorker.register(where, { updateViaCache: "none" });
  serviceWorker.controller?.postMessage("sweep");
  registration.addEventListener("updatefound", () => follow(registration.installing));
  follow(registration.installing ?? registration.waiting);
  setInterval(() => registration.update().catch(() => {}), HOUR); // Offline it may fail.
  document.getElementById("update-reload").addEventListener("click", () => reload(registration));
}

// A first visitor's own doings come first: the worker asks for every file of the page.
async function quiet() {
  await new Promise((resolve) => setTimeout(resolve, FIRST));
  if (navigator.onLine) return;
  await new Promise((resolve) => addEventListener("online", resolve, { once: true }));
}

function follow(worker) {
  if (!worker) return;
  if (worker.state === "installed") consider(worker);
  else worker.addEventListener("statechange", () => worker.state === "installed" && consider(worker));
}

// The page itself comes from the network first: often it is of the new build already, and then
// nobody need be told.
async function consider(worker) {
  if (!worker) return; // the person has deleted it
  if ((await buildOf(worker)) === build) worker.postMessage("take over");
  else document.getElementById("update").hidden = false;
}

function buildOf(worker) {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data);
    worker.postMessage("build", [port2]);
  });
}

function reload(registration) {
  if (!registration.waiting) return location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
  registration.waiting.postMessage("take over");
}
