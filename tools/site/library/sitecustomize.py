"""Imports compiled modules from memory, at every start; Python runs this before all else.

A module in an archive costs Python a search, four calls of the file system and a check, three
hundred times at a start. And dataclasses and named tuples write source of their own, which the
browser would compile each time. Garbage isn't collected until app/main.py is done.
"""

import builtins
import gc
import marshal
import sys

FOLDER = "/lib/python314.zip/"
"""The archive that this module is in too, with the modules that aren't packed."""

WRITERS = ("collections", "dataclasses")
"""Modules that write source, and call `exec` or `eval` for it."""

written = []
"""Source that was written and not found compiled; the build reads it."""

_modules = {}
_codes = {}
_Spec = type(__spec__)


class Packed:
    """Finds and loads packed modules."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """Return where a module is; None if it isn't packed."""
        found = _modules.get(name)
        if found is None:
            return None
        is_package, _ = found
        spec = _Spec(name, Packed, origin="packed", is_package=is_package)
        if is_package:
            spec.submodule_search_locations.append(FOLDER + name.replace(".", "/"))
        return spec

    @staticmethod
    def create_module(spec):
        """Let Python make an empty one."""

    @staticmethod
    def exec_module(module):
        """Fill a module; its code isn't needed again."""
        scope = module.__dict__
        name = module.__name__
        if name in WRITERS:
            scope["exec"] = _exec
            scope["eval"] = _eval
        exec(marshal.loads(_modules.pop(name)[1]), scope)


def unpack(packed):
    """Add the modules in a Uint8Array that tools/site/byte_code.py has packed."""
    _add(marshal.loads(packed.to_bytes()))


def _add(packed):
    modules, codes = packed
    _modules.update(modules)
    _codes.update(codes)


def _exec(source, scope, names):
    builtins.exec(_compiled(source), scope, names)


def _eval(source, scope):
    return builtins.eval(_compiled(source), scope)


def _compiled(source):
    code = _codes.get(source)
    if code is None:
        written.append(source)
        return source
    return marshal.loads(code)


gc.disable()
_add(marshal.loads(__loader__.get_data(f"{FOLDER}packed.bin")))
sys.meta_path.insert(0, Packed)
