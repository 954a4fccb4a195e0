// Runs one workflow with @stable-canvas/comfyui-client and prints what came of it as JSON.
// Usage: node stable_canvas.mjs HOST:PORT PICTURE WORKFLOW_JSON TARGET
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "@stable-canvas/comfyui-client";
import WebSocket from "ws";

const [host, picture, workflow, target] = process.argv.slice(2);
const client = new Client({ api_host: host, WebSocket, fetch });
await client.connect({ polling: { enabled: false }, websocket: { enabled: true } });

const form = new FormData();
form.append("image", new Blob([await readFile(picture)]), "lab.png");
await client.fetchApi("/upload/image", { method: "POST", body: form });

const stats = await client.getSystemStats();
const steps = [];
const output = await client.enqueue(JSON.parse(await readFile(workflow, "utf8")), {
  workflow: { id: "wf-foreign" },
  disable_random_seed: true,
  progress: ({ value, max }) => steps.push([value, max]),
});
// This client hands back previews too, as buffers; results come as addresses.
const results = output.images.filter((image) => image.type === "url");
const answer = await fetch(results[0].data);
await writeFile(target, Buffer.from(await answer.arrayBuffer()));
const history = await client.getHistory();
console.log(
  JSON.stringify({
    version: stats.system.comfyui_version,
    prompt_id: output.prompt_id,
    results: results.length,
    previews: output.images.length - results.length,
    steps,
    history,
  }),
);
client.close();
process.exit(0);
