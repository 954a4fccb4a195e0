"""The part of socket that asyncio needs to be imported: two constants."""

AF_UNSPEC = 0
AI_PASSIVE = 1
