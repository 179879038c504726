"""The kernel as machine code: the same text, compiled by Numba, bit for bit the same answers.

The functions of `moravec.guard.kernel` are taken as they are and compiled in the order in which they stand, each with the
compiled ones in place of those it calls. `fastmath` stays off, so that no sum is taken in another order and nothing is fused.
What was compiled is kept on disk, under a name that holds the hash of the kernel's text: an edit is never met by old code.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from moravec.guard.kernel import braking, checks, collision, decide, kinematics, motion, people, stops
from moravec.guard.kernel.form import FORMS, dtype_of

# In the order of their imports: each calls only what stands in those before it.
MODULES: tuple[ModuleType, ...] = (checks, kinematics, braking, collision, people, stops, motion, decide)


class Kernel(NamedTuple):
    """The two entries of the decision, for records of either form; `decide(t, m, a, o)` and `reset(t, m, a, o)`."""

    decide: Callable[[Any, Any, Any, Any], None]
    reset: Callable[[Any, Any, Any, Any], int]


def functions() -> list[FunctionType]:
    """The kernel's functions, callees first."""
    found = []
    for module in MODULES:
        own = [f for f in vars(module).values() if isinstance(f, FunctionType) and f.__module__ == module.__name__]
        found += sorted(own, key=lambda f: f.__code__.co_firstlineno)
    return _callees_first(found)


def _callees_first(found: list[FunctionType]) -> list[FunctionType]:
    names = {f.__name__: f for f in found}
    order: dict[str, FunctionType] = {}

    def add(f: FunctionType) -> None:
        if f.__name__ not in order:
            for name in f.__code__.co_names:
                if name in names and name != f.__name__:
                    add(names[name])
            order[f.__name__] = f

    for f in found:
        add(f)
    return list(order.values())


def text_hash() -> str:
    """SHA-256 over the kernel's source and all that the machine code depends on beside it."""
    digest = hashlib.sha256()
    folder = files("moravec.guard.kernel")
    for name in sorted(item.name for item in folder.iterdir() if item.name.endswith(".py")):
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes() + b"\0")
    digest.update("|".join((version("numba"), version("llvmlite"), np.__version__, platform.processor())).encode())
    return digest.hexdigest()


def cache_folder() -> Path:
    """Where machine code is kept: in the user's cache, one folder for one text of the kernel."""
    return Path.home() / ".cache" / "moravec" / f"guard-{text_hash()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


@cache
def compiled() -> Kernel:
    """The kernel as machine code, for NumPy records of `dtype_of` its forms. The first call on a machine takes a minute."""
    import numba
    from numba import types

    folder = cache_folder()
    keep = _writable(folder)  # without a home of its own a process compiles anew each time
    numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]
    made: dict[str, Any] = {}
    jit = numba.njit(error_model="python", cache=keep, boundscheck=False, nogil=True)
    for f in functions():
        made[f.__name__] = jit(FunctionType(f.__code__, {**f.__globals__, **made}, f.__name__))
    records = tuple(numba.from_dtype(dtype_of(form)) for form in FORMS)
    for name, result in (("decide", types.void), ("reset", types.int64)):
        made[name].compile(result(*records))
    return Kernel(made["decide"], made["reset"])


INTERPRETED = Kernel(decide.decide, decide.reset)
