// Runs workflows on several servers with @saintno/comfyui-sdk, as its README shows, and prints the
// seconds from the first call to the last result, and how many results came.
// Usage: node bench/page/peers/saintno.mjs < {"servers": [...], "workflows": [...]}

import { readFile } from "node:fs/promises";
import { CallWrapper, ComfyApi, ComfyPool, PromptBuilder } from "@saintno/comfyui-sdk";

const PATIENCE = 5_000; // Milliseconds without any result after which no more is waited for.

const { servers, workflows } = JSON.parse(await readFile("/dev/stdin", "utf8"));
const pool = new ComfyPool(servers.map((url) => new ComfyApi(url, crypto.randomUUID())));
let ready = 0;
await new Promise((done) => {
  pool.on("ready", () => {
    ready += 1;
    if (ready === servers.length) done();
  });
});
const began = performance.now();
let done = 0;
let last = began;
for (const workflow of workflows) {
  pool
    .run((api) => {
      const builder = new PromptBuilder(workflow, [], ["images"]).setOutputNode("images", "save");
      return new CallWrapper(api, builder).run();
    })
    .then((result) => {
      if (!result) return;
      done += 1;
      last = performance.now();
    });
}
// A task whose frames come before it listens has no end here.
while (done < workflows.length && performance.now() - last < PATIENCE) {
  await new Promise((next) => setTimeout(next, 5));
}
console.log(JSON.stringify({ seconds: (last - began) / 1000, done }));
process.exit(0);
