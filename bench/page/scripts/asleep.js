// Counts what a page asks the browser for, from `benchBegin()` on.
window.benchDone = { requests: 0, timers: [], frames: 0 };
window.benchBegin = () => Object.assign(benchDone, { requests: 0, timers: [], frames: 0 });

const call = window.fetch;
window.fetch = (...args) => {
  benchDone.requests += 1;
  return call(...args);
};
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    benchDone.requests += 1;
  }
};
for (const name of ["setTimeout", "setInterval"]) {
  const start = window[name];
  window[name] = (run, pause = 0, ...rest) => {
    if (pause < 60_000) benchDone.timers.push(pause);
    return start(run, pause, ...rest);
  };
}
const ask = window.requestAnimationFrame;
window.requestAnimationFrame = (run) => {
  benchDone.frames += 1;
  return ask(run);
};
