"""Proves the cures of the routing bug: each scene is played without its cure, and with it."""
