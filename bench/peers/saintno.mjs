// Runs workflows on several servers with @saintno/comfyui-sdk, as its README shows, and prints the
// milliseconds from the first call to the last result.
// Usage: node bench/peers/saintno.mjs < {"servers": [...], "workflows": [...]}

import { readFile } from "node:fs/promises";
import { CallWrapper, ComfyApi, ComfyPool, PromptBuilder } from "@saintno/comfyui-sdk";

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
await pool.batch(
  workflows.map((workflow) => async (api) => {
    const builder = new PromptBuilder(workflow, [], ["images"]).setOutputNode("images", "save");
    const result = await new CallWrapper(api, builder).run();
    if (!result) throw new Error("a task was lost");
  }),
);
console.log(performance.now() - began);
process.exit(0);
