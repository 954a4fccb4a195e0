"""The demo: simulated servers inside the page, behind the client's ports; nothing is stored."""
