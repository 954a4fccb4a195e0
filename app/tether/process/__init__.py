"""The ports of a Python process: aiohttp for the network, SQLite for what must outlive it."""
