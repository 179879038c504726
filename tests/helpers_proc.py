"""Which processes there are, for tests that ask whether any outlives another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Process:
    """One of the system's: its number, its parent's and its group's. `ended`: it only waits to be fetched."""

    pid: int
    parent: int
    group: int
    ended: bool


def processes() -> list[Process]:
    """All of them, from /proc: see proc_pid_stat(5). The name, which comes first, may hold anything."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent, group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        found.append(Process(int(path.parent.name), int(parent), int(group), state in "ZX"))
    return found
