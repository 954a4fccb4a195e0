"""A package loader that loads none; Pyodide asks it for the folders."""


class Folder:
    """A path. A string would be one in JavaScript too, and Pyodide calls `__str__` there."""

    def __init__(self, path):
        self._path = path

    def __str__(self):
        return self._path


SITE_PACKAGES = Folder("/lib/python3.14/site-packages")
DSO_DIR = Folder("/usr/lib")


def init_loaded_packages():
    """Do nothing."""
