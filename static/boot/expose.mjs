// Gives Python functions to devtools and scripts as ordinary async functions.
//
// A Python function called through its proxy answers with proxies; here it answers
// with a real Promise of plain objects, None is null at every depth, and an exception
// is an Error whose name is the Python class.

// These may be called before Python is there; the calls wait.
const ANNOUNCED = ["getWindowServerLock", "runWebSocketRoutingFixTest"];

const waiting = new Map();

for (const name of ANNOUNCED) {
  const ready = new Promise((resolve) => waiting.set(name, resolve));
  window[name] = async (...args) => (await ready)(...args);
}

// Keeps its own reference, so Python may pass a bare function. The last call for a name wins.
window.tetherExpose = (name, pythonFunction) => {
  const kept = pythonFunction.copy?.() ?? pythonFunction;
  const call = async (...args) => {
    try {
      // JavaScript's null is not Python's None; undefined is.
      return plain(await kept(...args.map((each) => each ?? undefined)));
    } catch (error) {
      throw translated(error);
    }
  };
  window[name] = call;
  waiting.get(name)?.(call);
  waiting.delete(name);
};

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
