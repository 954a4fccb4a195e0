// Gives Python functions to devtools and scripts as ordinary functions.
//
// A Python function called through its proxy answers with proxies; here it answers with plain
// objects (or a real Promise of them), None is null at every depth, and an exception is an Error
// whose name is the Python class. Names may have a dot: "tether.submit".

// These may be called before Python is there; the calls wait, and give a Promise.
const ANNOUNCED = [
  ..."getWindowServerLock getWebSocketServerStatus getApiBaseUrl windowTasks windowJournal".split(" "),
  ..."generateWindowId generateUniqueClientId loadBalancer.getAvailableServers".split(" "),
  ..."loadBalancer.getOptimalServer initializeWebSocket ensureWebSocketConnection".split(" "),
  ..."ensureWebSocketServerConsistency resetWebSocketServer uploadImageToComfyUI".split(" "),
  ..."submitWorkflow cancelTask runWebSocketRoutingFixTest".split(" "),
  ..."tether.servers tether.addServer tether.removeServer tether.substitute".split(" "),
  ..."tether.submit tether.chain tether.result tether.tasks tether.stats tether.doctor".split(" "),
  ..."tether.pause tether.resume tether.order tether.star tether.flightRecorder.read".split(" "),
];

const waiting = new Map();
const listeners = new Set();

for (const path of ANNOUNCED) {
  const ready = new Promise((resolve) => waiting.set(path, resolve));
  put(path, async (...args) => (await ready)(...args));
}

window.tether.ready = new Promise((resolve) => {
  window.tetherReady = resolve;
});
window.tether.onTask = (listener) => {
  if (typeof listener !== "function") throw new TypeError("tether.onTask takes a function.");
  listeners.add(listener);
  return () => listeners.delete(listener);
};
window.tether.flightRecorder.download = async () => {
  const kept = JSON.stringify(await window.tether.flightRecorder.read(), null, 1);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([kept], { type: "application/json" }));
  link.download = "tether-flight.json";
  link.click();
  // Later, not at once: the download begins after this.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
};
window.tether.help = async () => {
  const language = document.documentElement.lang;
  const answer = await fetch(window.tetherFile(`./static/i18n/console.${language}.json`));
  const entries = Object.entries(await answer.json());
  console.table(Object.fromEntries(entries));
  return entries.map(([call, what]) => ({ call, what }));
};
window.tetherListens = () => listeners.size > 0;
window.tetherTell = (task) => {
  for (const listener of listeners) {
    try {
      listener(task);
    } catch (error) {
      console.error("A listener of tether.onTask failed:", error);
    }
  }
};

// A function that takes its time. It keeps its own reference, so Python may pass a bare
// function. The last call for a name wins.
window.tetherExpose = (path, pythonFunction) => {
  const kept = pythonFunction.copy?.() ?? pythonFunction;
  announce(path, async (...args) => {
    try {
      return plain(await kept(...args.map(undefinedForNull)));
    } catch (error) {
      throw translated(error);
    }
  });
};

// A function that answers at once.
window.tetherExposeNow = (path, pythonFunction) => {
  const kept = pythonFunction.copy?.() ?? pythonFunction;
  announce(path, (...args) => {
    try {
      return plain(kept(...args.map(undefinedForNull)));
    } catch (error) {
      throw translated(error);
    }
  });
};

// A value that Python is asked for whenever it is read.
window.tetherExposeValue = (path, pythonFunction) => {
  const kept = pythonFunction.copy?.() ?? pythonFunction;
  const [parent, name] = placeOf(path);
  Object.defineProperty(parent, name, {
    get: () => plain(kept()),
    configurable: true,
    enumerable: true,
  });
};

function announce(path, call) {
  put(path, call);
  waiting.get(path)?.(call);
  waiting.delete(path);
}

function put(path, call) {
  const [parent, name] = placeOf(path);
  parent[name] = call;
}

function placeOf(path) {
  const parts = path.split(".");
  const name = parts.pop();
  const parent = parts.reduce((object, part) => (object[part] ??= {}), window);
  return [parent, name];
}

// JavaScript's null is not Python's None; undefined is.
function undefinedForNull(value) {
  return value ?? undefined;
}

function plain(value) {
  if (typeof value?.toJs !== "function") return withNulls(value);
  const copy = value.toJs({ dict_converter: Object.fromEntries, create_pyproxies: false });
  value.destroy();
  return withNulls(copy);
}

function withNulls(value) {
  if (value === undefined) return null;
  if (Array.isArray(value)) return value.map(withNulls);
  if (value && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNulls(item)]));
  }
  return value;
}

// PythonError carries the traceback as its message; a script wants its last line.
function translated(error) {
  if (typeof error?.type !== "string") return error;
  const last = error.message.trim().split("\n").at(-1);
  const message = last.slice(last.indexOf(": ") + 1).trim();
  return Object.assign(new Error(message, { cause: error }), { name: error.type });
}
