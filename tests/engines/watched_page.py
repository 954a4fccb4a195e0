"""The page, with a script before all others that writes down what goes wrong."""

from aiohttp import web

from tools.dev.serve import ROOT, PageServer

WATCH = """
window.problems = [];
const note = (what) => problems.push(String(what).slice(0, 500));
for (const kind of ["error", "warn"]) {
  const say = console[kind];
  console[kind] = (...words) => { note(words.join(" ")); say.apply(console, words); };
}
addEventListener("error", (event) => note(event.message ?? `${event.target.src} is missing`), true);
addEventListener("unhandledrejection", (event) => note(event.reason));
document.addEventListener("securitypolicyviolation", (event) =>
  note(`policy violated: ${event.violatedDirective} ${event.blockedURI}`));
"""

FIRST = '<script src="./static/boot/early.js"></script>'


class WatchedPageServer(PageServer):
    """Serves the page with `problems`, a list of what it complained of since its start."""

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path == "watch.js":
            return web.Response(text=WATCH, content_type="text/javascript")
        if path in ("", "index.html"):
            page = (ROOT / "index.html").read_text()
            watched = page.replace(FIRST, f'<script src="./watch.js"></script>{FIRST}')
            assert watched != page
            return web.Response(text=watched, content_type="text/html", headers=self.headers)
        return await super()._answer(request)
