// Calls to servers. Python would take ten calls into JavaScript for each of these.

// Begins a call; gives back what gives it up. Tells (id, status, text, seconds) once: the text of
// an answer with more than `longest` bytes is left out; without an answer the status is -1, -2 after
// `within` seconds and for a call that was given up, and -3 for one that was to go elsewhere. (One
// that nobody may read has 0.) Last comes for how many seconds the server asks to be left alone.
window.tetherCall = (url, options, within, longest, id, tell) => {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 1000 * within);
  const begun = performance.now();
  fetch(url, { ...options, signal: controller.signal })
    .then(async (answer) => [
      answer.type === "opaqueredirect" ? -3 : answer.status, await textOf(answer, longest), pauseOf(answer),
    ])
    .finally(() => clearTimeout(timer))
    .then(
      ([status, text, pause]) =>
        tell(id, status, text, (performance.now() - begun) / 1000, pause),
      (error) => tell(id, error.name === "AbortError" ? -2 : -1, "", 0, 0),
    );
  return () => controller.abort();
};

// `Retry-After` is a number of seconds or a date; a page of another origin sees it only if exposed.
function pauseOf(answer) {
  const after = answer.headers.get("Retry-After")?.trim() ?? "";
  const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
  return seconds > 0 ? seconds : 0;
}

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
