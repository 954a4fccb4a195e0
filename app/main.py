"""Starts the page."""

import js

js.document.getElementById("boot").textContent = ""
js.document.documentElement.dataset.ready = "true"
