"""A ComfyUI server as a pure machine: events in, effects out.

No socket, clock, thread, storage or chance in here. A shell owns those: it feeds
`Engine.handle` with events and carries the effects out. The same engine runs behind real
sockets (`tools/comfy/server.py`), inside the page, and under a virtual clock in tests.
"""
