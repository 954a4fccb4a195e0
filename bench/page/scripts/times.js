// Notes when what happens to one task, in milliseconds: `upload`, `probe` and `transfer` are spans.
window.benchForget = () => {
  window.benchTimes = { click: 0, upload: 0, probe: 0, post: 0, end: 0, transfer: 0, shown: 0 };
};
benchForget();

addEventListener("click", (event) => {
  if (event.target.id === "run") benchTimes.click = performance.now();
}, true);

const call = window.fetch;
window.fetch = async (url, options) => {
  const path = new URL(url, location).pathname;
  const began = performance.now();
  if (path === "/prompt" && options?.method === "POST") benchTimes.post = began;
  const answer = await call(url, options);
  const spent = performance.now() - began;
  if (path === "/upload/image") benchTimes.upload += spent;
  if (path === "/prompt" && options?.method !== "POST" && !benchTimes.probe) benchTimes.probe = spent;
  return answer;
};

window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    this.addEventListener("message", ({ data }) => {
      if (typeof data === "string" && data.startsWith('{"type": "executing", "data": {"node": null')) {
        benchTimes.end = performance.now();
      }
    });
  }
};

document.addEventListener("load", ({ target }) => {
  if (!target.closest?.(".task .result") || !benchTimes.end || benchTimes.shown) return;
  const view = performance.getEntriesByType("resource").findLast((each) => each.name.includes("/view?"));
  benchTimes.transfer = view ? view.duration : 0;
  benchTimes.shown = performance.now();
}, true);
