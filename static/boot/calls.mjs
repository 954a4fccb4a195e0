// Calls to servers. Python would take ten calls into JavaScript for each of these.

// Begins a call. Its outcome is [status, text, seconds]: the text of an answer with more than
// `longest` bytes is left out. It fails as `fetch` does, after `within` seconds with AbortError.
window.tetherCall = (url, options, within, longest) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 1000 * within);
  const begun = performance.now();
  const outcome = fetch(url, { ...options, signal: controller.signal })
    .then(async (answer) => {
      const text = await textOf(answer, longest);
      return [answer.status, text, (performance.now() - begun) / 1000];
    })
    .finally(() => clearTimeout(timer));
  return { outcome, abort: () => controller.abort() };
};

async function textOf(answer, longest) {
  if (answer.body === null) return "";
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const parts = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts.join("") + decoder.decode();
    length += value.length;
    if (length > longest) {
      await reader.cancel();
      return "";
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
}
