"""Random numbers from the browser's secure source, on insecure pages too."""

import os


class BrowserChance:
    """Random choices. Source: Pyodide's `os.urandom` asks `crypto.getRandomValues`."""

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        return int.from_bytes(os.urandom(6), "big") / 2**48

    def hex(self, digits: int) -> str:
        """Return that many random hex digits."""
        return os.urandom((digits + 1) // 2).hex()[:digits]
