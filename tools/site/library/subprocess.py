"""The part of subprocess that asyncio needs to be imported: a constant."""

PIPE = -1
