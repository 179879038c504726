"""The loop as machine code, around the guard's. It never holds the interpreter's lock, and takes no memory in a tick.

Like `moravec.guard.compiled`: the same text, compiled callees first and kept on disk under the hash of all of it.
"""

from __future__ import annotations

import dis
import hashlib
import os
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, NamedTuple

from moravec.edge import checksum, decode, letters, loop, mailbox
from moravec.guard.compiled import cache_folder, compiled

# In the order of their imports.
MODULES: tuple[ModuleType, ...] = (checksum, mailbox, decode, letters, loop)


class Loop(NamedTuple):
    """The entries of the loop, for NumPy records; as in `moravec.edge.loop`."""

    fetch_all: Callable[..., None]
    tick: Callable[..., None]
    run: Callable[..., int]
    decode_command: Callable[..., int]
    decode_order: Callable[..., int]
    decode_state: Callable[..., int]
    crc32: Callable[..., int]


INTERPRETED = Loop(
    loop.fetch_all, loop.tick, loop.run, decode.decode_command, decode.decode_order, decode.decode_state, checksum.crc32
)  # fmt: skip


def text_hash() -> str:
    """SHA-256 over the source of this room and of the kernel, and all that the machine code depends on beside it."""
    digest = hashlib.sha256(cache_folder().name.encode())
    folder = files("moravec.edge")
    for name in sorted(item.name for item in folder.iterdir() if item.name.endswith(".py")):
        digest.update(name.encode() + b"\0" + (folder / name).read_bytes() + b"\0")
    return digest.hexdigest()


def edge_cache() -> Path:
    """Where the loop's machine code is kept: beside the guard's."""
    return cache_folder().parent / f"edge-{text_hash()[:16]}"


def machine_code() -> dict[str, Any]:
    """Fence, clock and sleep of `machine`, as machine code, by name."""
    import numba
    from numba.extending import intrinsic

    types: Any = numba.types

    @intrinsic
    def barrier(context: Any) -> Any:
        def generate(target: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            builder.fence("seq_cst")
            return target.get_dummy_value()

        return types.void(), generate

    word, pointer = types.int32, types.uintp
    gettime = types.ExternalFunction("clock_gettime", word(word, pointer))
    nanosleep = types.ExternalFunction("clock_nanosleep", word(word, word, pointer, pointer))
    jit = numba.njit(error_model="python", boundscheck=False, nogil=True)

    put: Any = barrier

    @jit
    def fence() -> None:
        put()

    @jit
    def now_ns(times: Any) -> Any:
        gettime(1, times.ctypes.data)  # CLOCK_MONOTONIC
        return times[0] * 1_000_000_000 + times[1]

    @jit
    def sleep_until(due: Any, times: Any) -> None:
        times[2], times[3] = due // 1_000_000_000, due % 1_000_000_000
        while nanosleep(1, 1, times.ctypes.data + 16, 0) == 4:  # TIMER_ABSTIME; EINTR: a signal came, and it is not yet time
            continue

    return {"fence": fence, "now_ns": now_ns, "sleep_until": sleep_until}


def functions() -> list[FunctionType]:
    """What is compiled, in an order in which each calls only what stands before it."""
    found: dict[str, FunctionType] = {}
    for module in MODULES:
        for name, f in vars(module).items():
            if isinstance(f, FunctionType) and f.__module__ == module.__name__:
                found[name] = f
    order: dict[str, FunctionType] = {}

    def add(f: FunctionType) -> None:
        if f.__name__ not in order:
            for step in dis.get_instructions(f):
                if step.opname == "LOAD_GLOBAL" and step.argval in found:
                    add(found[step.argval])
            order[f.__name__] = f

    for f in found.values():
        add(f)
    return list(order.values())


@cache
def compiled_loop() -> Loop:
    """The loop as machine code. The first call on a machine takes a minute or two."""
    import numba

    kernel = compiled()
    keep = os.access(cache_folder(), os.W_OK)  # where the kernel's could not be kept, this cannot either
    numba.config.CACHE_DIR = str(edge_cache())  # type: ignore[attr-defined]
    made: dict[str, Any] = {"decide": kernel.decide, "reset": kernel.reset, **machine_code()}
    jit = numba.njit(error_model="python", cache=keep, boundscheck=False, nogil=True)
    for f in functions():
        made[f.__name__] = jit(FunctionType(f.__code__, {**f.__globals__, **made}, f.__name__))
    return Loop(*(made[name] for name in Loop._fields))


def compile_run(loop: Loop, records: tuple[Any, ...]) -> None:
    """Compiles the loop for these very records now, and not when a tick is due."""
    import numba

    kind: Any = numba.typeof
    loop.run.compile(tuple(kind(each) for each in (*records, 0)))  # type: ignore[attr-defined]
