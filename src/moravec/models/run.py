"""What every training has in common: the learning rate's course, a folder that is gone on with, memory that is kept."""

from __future__ import annotations

import ctypes
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from moravec.core.errors import BadInput
from moravec.models.checkpoint import facts_of

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # <malloc.h>
CHECKPOINT = "checkpoint.safetensors"


class Course(Protocol):
    """Of a training's configuration, what the learning rate follows: it rises over `warmup` steps and falls with half a cosine to
    `last_rate` at the last step."""

    @property
    def steps(self) -> int: ...
    @property
    def rate(self) -> float: ...
    @property
    def warmup(self) -> int: ...
    @property
    def last_rate(self) -> float: ...


def check_same(out: Path, config: Any, data: str, processes: int) -> None:
    """Whether a training with these can go on in `out`: nothing is there, or the same. `data` is a hash. Raises BadInput."""
    if not (out / CHECKPOINT).exists():
        return
    there, now = facts_of(out / CHECKPOINT), plain({"config": asdict(config), "data": data, "processes": processes})
    found = [f"{name} was {old}, is {new}" for name, old, new in _differences("", {name: there.get(name) for name in now}, now)]
    if found:
        raise BadInput(f"the training in {out}", "; ".join(found), "the same as before, or another --out")


def begun_with(out: Path) -> dict[str, Any]:
    """The configuration of the training that was begun in `out`; empty where none was."""
    return dict(facts_of(out / CHECKPOINT)["config"]) if (out / CHECKPOINT).exists() else {}


def keep_memory() -> None:
    """Tells the C library to keep what is freed: a step takes and gives back the same few megabytes again and again, and fresh
    pages cost a CPU 7 % of a step. Does nothing where the library is another."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return
    for what, size in ((M_MMAP_THRESHOLD, 32 << 20), (M_TRIM_THRESHOLD, 2000 << 20)):
        mallopt(what, size)


def rate_at(step: int, config: Course) -> float:
    """The learning rate: a linear warm-up, then half a cosine."""
    if step < config.warmup:
        return config.rate * (step + 1) / config.warmup
    done = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.last_rate + (config.rate - config.last_rate) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


def plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    return dict(json.loads(json.dumps(facts)))


def _differences(under: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    """Name, old and new value of whatever is not the same."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in {**old, **new}:
            yield from _differences(f"{under}{'.' if under else ''}{name}", old.get(name), new.get(name))
    elif old != new:
        yield under, old, new


def cut(history: Path, step: int) -> None:
    """Drops lines that a killed run wrote after its last checkpoint."""
    if history.exists():
        lines = [line for line in history.read_text().splitlines() if line.endswith("}") and json.loads(line)["step"] <= step]
        beside = history.with_name(history.name + ".new")
        beside.write_text("".join(f"{line}\n" for line in lines))
        beside.replace(history)

