"""What asyncio asks of processes, in a page that has none: a number."""

PIPE = -1
