"""Colours for tracebacks: none, in a page."""


def can_colorize(*, file=None):
    """Return False."""
    return False


def get_theme(*, force_color=False, force_no_color=False, tty_file=None):
    """Return a theme in which every colour is ""."""
    return _Plain()


class _Plain:
    def __getattr__(self, name):
        return self if name == "traceback" else ""
