// Runs before anything else, as a classic script: it works from file:// and
// without static/vendor/, where no module loads; and in browsers that are too old for the
// page, which it tells them: no syntax here is younger than module scripts (no `?.`, no `??`).
//
// It keeps what the visitor does before Python is there, and says why Python
// does not come if it doesn't.

(() => {
  "use strict";

  const root = document.documentElement;
  const isReady = () => root.dataset.ready === "true";
  const say = (text) => {
    const status = document.getElementById("boot");
    if (status) status.textContent = text;
    // A script can fail before the parser has reached the line.
    else document.addEventListener("DOMContentLoaded", () => say(text), { once: true });
  };
  const firstFailure = (kind, text) => {
    if (isReady() || root.dataset.boot) return;
    root.dataset.boot = kind;
    say(text);
  };

  // The notice for browsers without scripts is visible until this line runs.
  root.classList.add("scripted");

  // Pyodide is WebAssembly, and all of the boot after this file is modules.
  const lacking = [
    ["WebAssembly", typeof WebAssembly === "object"],
    ["module scripts", "noModule" in HTMLScriptElement.prototype],
  ].filter((need) => !need[1]);
  if (lacking.length > 0) {
    const names = lacking.map((need) => need[0]).join(" and ");
    firstFailure(
      "browser",
      `Tether cannot run in this browser: it has no ${names}. ` +
        "Open this page in a current Chrome, Edge, Firefox or Safari.",
    );
  }

  // Python would run on a second stack wherever WebAssembly can be suspended (JSPI). Nothing here
  // needs that, and Chromium's renderer can crash there: its memory sampler walks past the end of
  // such a stack. Source: Chromium 156, 25 crash dumps with the same address.
  if (lacking.length === 0) for (const name of ["Suspending", "promising"]) delete WebAssembly[name];

  // PyScript opens two databases for what this page doesn't use, and never starts where the browser
  // refuses them or is silent. They get a stand-in, which is empty and forgets.
  // Source: @pyscript/core 0.7.31, `IDBMap`.
  const answered = (result) => {
    const request = {};
    Promise.resolve().then(() => request.onsuccess({ target: { result: result } }));
    return request;
  };
  const emptyStore = new Proxy({}, {
    get: (_, method) => () => answered(method === "getAllKeys" ? [] : undefined),
  });
  const emptyDatabase = {
    transaction: () => ({ objectStore: () => emptyStore }),
    close: () => undefined,
  };
  if (typeof IDBFactory === "function") {
    const open = IDBFactory.prototype.open;
    IDBFactory.prototype.open = function (name, version) {
      if (String(name).startsWith("IDBMap/")) return answered(emptyDatabase);
      return version === undefined ? open.call(this, name) : open.call(this, name, version);
    };
  }

  // Where a file of the page is: a built site (tools/site/build.mjs) has a hash in most names.
  const built = document.querySelector('meta[name="tether:files"]');
  const places = built ? JSON.parse(built.content) : {};
  window.tetherFile = (path) => new URL(places[path] || path, document.baseURI).href;

  // The banner of the demo must be there from the start, and the form to add servers must not.
  const isDemo = new URLSearchParams(location.search).get("demo") === "1";
  root.classList.toggle("demo", isDemo);

  // The page's own words in the language that the visitor keeps (app/page/settings.py), else in the
  // browser's. Python says them again, but seconds later.
  const folder = location.pathname.slice(0, location.pathname.lastIndexOf("/") + 1);
  let kept = null;
  try {
    kept = localStorage.getItem(`tether:${folder}:language`);
    root.dataset.theme = localStorage.getItem(`tether:${folder}:theme`) || "";
  } catch (error) {
    // Forbidden: then the browser decides about both.
  }
  let words = { "boot.kept": "Starting… (saved for then: {count})" };
  const translate = () => {
    if (isReady()) return;
    for (const target of document.querySelectorAll("[data-say]")) {
      target.textContent = words[target.dataset.say] || target.textContent;
    }
    for (const name of ["aria-label", "label", "placeholder"]) {
      for (const target of document.querySelectorAll(`[data-say-${name}]`)) {
        target.setAttribute(name, words[target.getAttribute(`data-say-${name}`)] || "");
      }
    }
    document.getElementById("language").value = "zh";
  };
  const isChinese = navigator.language.toLowerCase().startsWith("zh");
  if (kept === "zh" || (kept !== "en" && isChinese)) {
    root.lang = "zh";
    const isParsed = new Promise((done) => document.addEventListener("DOMContentLoaded", done));
    fetch(window.tetherFile("./static/i18n/zh.json"))
      .then((answer) => answer.json())
      .then((found) => isParsed.then(() => {
        words = found;
        translate();
      }))
      .catch(() => {}); // the English is there
  }

  // What happened before Python was ready, in order:
  //   {kind: "click", action}         an element with data-early="action" was clicked
  //   {kind: "files", files, target}  files were dropped or pasted on the page; target is
  //                                   the id of the nearest element with one, or ""
  // Files picked in an <input> and typed text stay in their elements. The page calls
  // tetherEarly.take(): it returns the list once and ends the recording.
  const recorded = [];
  const record = (event) => {
    recorded.push(event);
    if (!root.dataset.boot) say(words["boot.kept"].replace("{count}", recorded.length));
  };
  const listeners = new AbortController();
  const listen = (name, listener) =>
    document.addEventListener(name, listener, { capture: true, signal: listeners.signal });
  const nearest = (event, selector) => event.target.closest && event.target.closest(selector);
  const keepFiles = (event, transfer) => {
    const files = transfer ? [...transfer.files] : [];
    if (files.length === 0) return;
    const named = nearest(event, "[id]");
    record({ kind: "files", files, target: named ? named.id : "" });
  };
  // Without this the browser would leave the page to show a dropped file.
  listen("dragover", (event) => event.preventDefault());
  listen("drop", (event) => {
    event.preventDefault();
    keepFiles(event, event.dataTransfer);
  });
  listen("paste", (event) => keepFiles(event, event.clipboardData));
  listen("submit", (event) => event.preventDefault());
  listen("click", (event) => {
    const button = nearest(event, "[data-early]");
    if (button) record({ kind: "click", action: button.dataset.early });
  });
  window.tetherEarly = {
    take() {
      listeners.abort();
      return recorded.splice(0);
    },
  };

  window.tetherBootFailed = (error) => {
    const lines = String((error && error.message) || error).trim().split("\n");
    firstFailure("failed", `Tether could not start: ${lines.pop()} Reload the page to try again.`);
  };
  // A module that is missing says so on its <script>; such events do not bubble.
  window.addEventListener(
    "error",
    (event) => {
      if (!(event.target instanceof Element && event.target.matches("script[data-boot]"))) return;
      if (location.protocol === "file:") {
        firstFailure(
          "file",
          "Tether cannot run from a file. In its folder run “make demo”, " +
            "or “make vendor” and “python3 -m http.server”, and open the address they print.",
        );
      } else {
        firstFailure(
          "vendor",
          "Python for the page is missing here. In Tether's folder run “make vendor”, " +
            "then reload this page.",
        );
      }
    },
    true,
  );
  window.addEventListener("unhandledrejection", (event) => window.tetherBootFailed(event.reason));
})();
