"""Machine code of the long measurements' own functions, with the compiled guard called from within.

Functions of the modules named here are written in the same subset of Python as the guard's kernel. A loop of millions of ticks
stays in machine code then: the guard decides a tick in about 3 µs, a call from the interpreter costs more than that.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import geometry
import halting
import judge
import law
import notes
import numba
import people
import records
import relations
import wild
from pieces import source_hash

from moravec.guard.compiled import cache_folder, compiled

MODULES: tuple[ModuleType, ...] = (geometry, people, notes, judge, wild, halting, relations)


@cache
def functions() -> dict[str, Any]:
    """The modules' functions by name, compiled. The first call on a machine takes a minute; later ones read what was kept."""
    kernel = compiled()
    made: dict[str, Any] = {"decide": kernel.decide, "reset": kernel.reset}
    folder = cache_folder()
    # A caller's machine code holds that of those it calls: the folder's name stands for all of the text.
    text = source_hash(*(_path(module) for module in (law, records, *MODULES)))
    numba.config.CACHE_DIR = str(folder.with_name(f"{folder.name}-safety-{text[:16]}"))
    jit = numba.njit(error_model="python", cache=True, boundscheck=False, nogil=True)
    spaces = {module: dict(vars(module)) for module in MODULES}
    for module, space in spaces.items():
        for name, f in vars(module).items():
            if isinstance(f, FunctionType) and f.__module__ == module.__name__:
                made[name] = jit(FunctionType(f.__code__, space, name))
    for space in spaces.values():  # names are looked up when a function is first called: now all of them stand
        space.update(made)
    return made


def _path(module: ModuleType) -> Path:
    assert module.__file__ is not None
    return Path(module.__file__)
