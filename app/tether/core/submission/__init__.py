"""The way of a task to its server."""
