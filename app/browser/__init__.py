"""Adapters between the core and the browser: they carry, and decide nothing."""
