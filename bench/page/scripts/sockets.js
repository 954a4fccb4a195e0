// Keeps the page's sockets, so that frames can be given to them as if a server had sent them.
window.benchSockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...args) {
    super(...args);
    window.benchSockets.push(this);
  }
};

// Addresses of pictures that were made and not revoked.
window.benchAddresses = { live: new Set(), most: 0, made: 0 };
const make = URL.createObjectURL;
URL.createObjectURL = (blob) => {
  const address = make.call(URL, blob);
  benchAddresses.live.add(address);
  benchAddresses.made += 1;
  benchAddresses.most = Math.max(benchAddresses.most, benchAddresses.live.size);
  return address;
};
const revoke = URL.revokeObjectURL;
URL.revokeObjectURL = (address) => {
  benchAddresses.live.delete(address);
  revoke.call(URL, address);
};

// Python's heap, whose object nobody else has.
const instantiate = WebAssembly.instantiateStreaming;
const found = (result) => {
  const { exports } = result.instance;
  for (const each of Object.values(exports)) {
    if (each instanceof WebAssembly.Memory) window.benchMemory = each;
  }
  return result;
};
WebAssembly.instantiateStreaming = (...args) => instantiate.apply(WebAssembly, args).then(found);
const plain = WebAssembly.instantiate;
WebAssembly.instantiate = (...args) =>
  plain.apply(WebAssembly, args).then((result) => (result.instance ? found(result) : result));

window.benchSocketTo = (server) =>
  benchSockets.findLast((each) => each.readyState === 1 && each.url.includes(new URL(server).host));

// Milliseconds that the page's own handlers take for these frames, `gap` milliseconds apart (0: one
// right after the other), with what they leave to a timer for a moment later.
async function benchSpent(socket, frames, gap) {
  let spent = 0;
  const timed = (call) => {
    const began = performance.now();
    call();
    spent += performance.now() - began;
  };
  const after = window.setTimeout;
  window.setTimeout = (call, pause, ...rest) =>
    pause === 16 ? after(() => timed(call), pause) : after(call, pause, ...rest);
  const rest = (pause) => new Promise((done) => after(done, pause));
  const events = frames.map((data) => new MessageEvent("message", { data }));
  await rest(30);
  if (gap === 0) {
    timed(() => {
      for (const event of events) socket.dispatchEvent(event);
    });
  } else {
    for (const event of events) {
      timed(() => socket.dispatchEvent(event));
      await rest(gap);
    }
  }
  await rest(40);
  window.setTimeout = after;
  return spent / frames.length;
}

// The same by turns on several sockets, [[server, frames], ...], so often.
window.benchTurns = async (sides, gap, turns) => {
  const all = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const spent = [];
    for (const [server, frames] of sides) {
      spent.push(await benchSpent(benchSocketTo(server), frames, gap));
    }
    all.push(spent);
  }
  return all;
};

// A task as @saintno/comfyui-sdk runs it, in this page.
window.benchSaintno = async (server, workflow) => {
  globalThis.Buffer ??= class Buffer {}; // It looks for Node's, in browsers too.
  const { CallWrapper, ComfyApi, PromptBuilder } = await import("/saintno.mjs");
  const api = new ComfyApi(server, crypto.randomUUID());
  await api.init().waitForReady();
  while (!benchSocketTo(server)) await new Promise((done) => setTimeout(done, 20));
  const builder = new PromptBuilder(workflow, [], ["images"]).setOutputNode("images", "save");
  window.benchHeard = { progress: 0, previews: 0 };
  return new Promise((begun) => {
    new CallWrapper(api, builder)
      .onPending((promptId) => {
        // It listens to progress only once its task is known to run.
        setTimeout(() => begun(promptId), 1000);
      })
      .onProgress(() => (benchHeard.progress += 1))
      .onPreview(() => (benchHeard.previews += 1))
      .run();
  });
};

// A client of nothing but JavaScript: it reads the head of a binary frame and shows the picture.
window.benchPlain = (server) => {
  const image = document.body.appendChild(document.createElement("img"));
  const socket = new WebSocket(`${server.replace("http", "ws")}/ws?clientId=bench-plain`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => {
    socket.send('{"type": "feature_flags", "data": {"supports_preview_metadata": true}}');
  });
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string" || new DataView(data).getUint32(0) !== 4) return;
    const length = new DataView(data).getUint32(4);
    const about = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 8, length)));
    const last = image.src;
    const picture = new Uint8Array(data, 8 + length);
    image.src = URL.createObjectURL(new Blob([picture], { type: about.image_type }));
    if (last) URL.revokeObjectURL(last);
  });
  return new Promise((done) => socket.addEventListener("open", () => done()));
};

// Milliseconds for one of so many binary frames, from the first to the next picture of the screen.
window.benchTake = (at, count) =>
  new Promise((done) => {
    const socket = benchSockets[at];
    let taken = 0;
    let began = 0;
    const take = ({ data }) => {
      if (typeof data === "string") return;
      taken += 1;
      if (taken === 1) began = performance.now();
      if (taken < count) return;
      socket.removeEventListener("message", take);
      requestAnimationFrame(() => done((performance.now() - began) / (count - 1)));
    };
    socket.addEventListener("message", take);
  });
