// What would take Python too many calls: the frames of WebSockets, and those of the screen.
// A call costs more than most frames of a WebSocket do.

const PAUSE = 16; // Milliseconds: a screen shows no more pictures than one in that time.
const MOST = 64; // Gauges that wait: each new one is compared with them.
const REST = 2;

let isHidden = document.hidden;
document.addEventListener("visibilitychange", () => {
  isHidden = document.hidden;
});

// Opens a WebSocket. A gauge (app/tether/core/protocol/messages.py says what is one) waits for a later one of its
// kind, and is left out when that comes. All else is handed over at once, after the gauges that
// wait. So nothing but a superseded gauge is left out, no gauge is passed by another frame, and
// all keep their order.
window.tetherSocket = (url, gauges, head, longest, tellText, tellBytes) => {
  const waiting = []; // [kind, whose, text], the latest last
  let timer = 0;
  let since = 0;
  const tell = () => {
    clearTimeout(timer);
    timer = 0;
    for (const [, , text] of waiting.splice(0)) tellText(text);
  };

  const socket = new WebSocket(url);
  // Not "blob": its bytes can only be read later, out of order with text frames.
  socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    if (typeof data !== "string") {
      tell();
      // Only the head comes into Python; the picture stays where it is.
      tellBytes(new Uint8Array(data, 0, Math.min(head, data.byteLength)), data);
    } else if (data.length > longest) {
      tell();
      tellText(data.slice(0, longest + 1)); // Enough for Python to refuse it.
    } else if (!keep(waiting, gauges, data)) {
      tell();
      tellText(data);
    } else if (timer === 0) {
      timer = setTimeout(tell, PAUSE);
      since = performance.now();
    } else if (waiting.length > MOST || (isHidden && performance.now() - since >= PAUSE)) {
      tell(); // In a hidden page timers come late.
    }
  });
  // Before Python hears of it, and frees the functions.
  socket.addEventListener("close", tell);
  return socket;
};

// Lets a frame wait, if it is a gauge.
function keep(waiting, gauges, text) {
  for (let kind = 0; kind < gauges.length; kind += 1) {
    const [prefix, begin, end] = gauges[kind];
    if (!text.startsWith(prefix)) continue;
    const first = text.indexOf(begin, prefix.length);
    const last = first < 0 ? -1 : text.indexOf(end, first);
    if (last < 0) return false;
    const whose = text.slice(first, last);
    let at = waiting.length - 1;
    while (at >= 0 && (waiting[at][0] !== kind || waiting[at][1] !== whose)) at -= 1;
    if (at >= 0 && at === waiting.length - 1) {
      waiting[at][2] = text;
      return true;
    }
    if (at >= 0) waiting.splice(at, 1); // Its place is that of the latest.
    waiting.push([kind, whose, text]);
    return true;
  }
  return false;
}

// The address of the picture in a binary frame, from `offset` on.
window.tetherPicture = (frame, offset, type) =>
  URL.createObjectURL(new Blob([new Uint8Array(frame, offset)], { type }));

// Returns a function that asks for one call at the next animation frame, or after `pause`
// milliseconds where none comes: in a hidden page, or one that is hidden before it comes. A call
// that took long, with the layout and paint that it caused, is followed by a rest of twice as
// long, so that other work gets its turn.
window.tetherFrames = (pause, call) => {
  let frame = 0;
  let timers = [];
  let began = 0;
  let restsUntil = 0;
  const rest = () => {
    const ended = performance.now();
    restsUntil = ended + REST * (ended - began);
  };
  const painted = new MessageChannel();
  painted.port1.onmessage = rest;
  const run = () => {
    timers.forEach(clearTimeout);
    cancelAnimationFrame(frame);
    began = performance.now();
    call();
    rest();
    painted.port2.postMessage(null); // comes when the frame is on the screen
  };
  const soon = () => {
    if (document.visibilityState === "visible") frame = requestAnimationFrame(run);
  };
  return () => {
    const left = restsUntil - performance.now();
    timers = [setTimeout(run, pause)];
    if (left > 0 && left < pause) timers.push(setTimeout(soon, left));
    else if (left <= 0) soon();
  };
};
