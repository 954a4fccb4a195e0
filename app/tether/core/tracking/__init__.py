"""Frames and records: what becomes of a task at its server."""
