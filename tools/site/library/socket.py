"""What asyncio asks of sockets, in a page that has none of its own: two numbers."""

AF_UNSPEC = 0
AI_PASSIVE = 1
