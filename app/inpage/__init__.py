"""Servers inside the page: the simulator behind the same ports as the browser's adapters."""
