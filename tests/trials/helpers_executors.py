"""Jobs for executors, to be named in other processes: good ones, and every kind of bad one."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput, WorldError
from moravec.trials.executors.contract import Group, Job, Outcome
from moravec.trials.executors.processes import Processes

FOREVER = 600.0  # [s]
HELD: list[bytes] = []  # what a policy that leaks never lets go


@contextmanager
def opened(folder: str, name: str) -> Iterator[str]:
    """Writes down, by process, when it is opened and closed."""
    note(folder, f"open {name}")
    yield name
    note(folder, f"close {name}")


@contextmanager
def nothing() -> Iterator[None]:
    """What jobs share that share nothing."""
    yield


@contextmanager
def closes_badly() -> Iterator[None]:
    """Opens well."""
    yield
    raise ValueError("it cannot be closed")


@contextmanager
def opens_badly() -> Iterator[None]:
    """Never opens."""
    raise ValueError("it cannot be opened")
    yield


def note(folder: str, words: str) -> None:
    """One line, in the order of time."""
    with (Path(folder) / "notes").open("a") as file:
        file.write(f"{os.getpid()} {words}\n")


def notes(folder: Path) -> list[tuple[int, str]]:
    """What was written down, by which process."""
    lines = [line.partition(" ") for line in (folder / "notes").read_text().splitlines()]
    return [(int(pid), words) for pid, _, words in lines]


def draws(seed: int, shared: object) -> tuple[int, float, object]:
    """What a seed gives, and what the group shares."""
    return seed, random.Random(seed).gauss(0.0, 1.0), shared


def noted(folder: str, name: str, shared: object) -> int:
    """Takes a moment, so that no other process has idled."""
    note(folder, f"do {name}")
    time.sleep(0.05)
    return os.getpid()


def kills_itself(folder: str, times: int, shared: object) -> str:
    """At its first `times` tries."""
    note(folder, "try")
    if len(notes(Path(folder))) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "survived"


def hangs(folder: str, shared: object) -> None:
    """Listens to no signal that can be ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    note(folder, "hangs")
    time.sleep(FOREVER)


def leaks(size: int, shared: object) -> int:
    """Keeps `size` bytes."""
    HELD.append(os.urandom(1) * size)
    return os.getpid()


def crashes(shared: object) -> None:
    """As code does that nobody tried."""
    "abc".index("d")


def leaves(shared: object) -> None:
    """As scripts do."""
    sys.exit(3)


def refuses(shared: object) -> None:
    """On purpose."""
    raise BadInput("a number", 7, ["one", "two"])


def fails(shared: object) -> None:
    """On purpose."""
    raise WorldError("no world")


def gives_what_cannot_be_packed(shared: object) -> Callable[[], None]:
    """A function that nobody can import."""
    return lambda: None


class Broken:
    """Can be packed, and not unpacked."""

    def __reduce__(self) -> Any:
        return _broken, ()


def _broken() -> None:
    raise ValueError("nobody unpacks this")


def gives_what_cannot_be_unpacked(shared: object) -> Broken:
    """See Broken."""
    return Broken()


def prints(shared: object) -> None:
    """Past Python as well."""
    print("a policy's words", flush=True)  # noqa: T201 - that is what is tried
    os.write(1, b"a policy's bytes\n")


def spoils(shared: list[int]) -> int:
    """Changes what it shares, and then fails."""
    shared.append(1)
    if len(shared) > 1:
        raise ValueError(f"somebody was here before: {shared}")
    raise KeyError("spoiled")


@contextmanager
def clean() -> Iterator[list[int]]:
    """An empty list."""
    yield []


def alone(**works: Callable[[Any], object]) -> list[Group[Any, Any]]:
    """Each job in a group of its own."""
    return [Group(nothing, (Job(key, work),)) for key, work in works.items()]


def writing(folder: str) -> None:
    """A run that takes for ever, and writes what ends: short jobs and long ones."""
    jobs = {f"{k}": partial(hangs, folder) if k % 4 == 3 else partial(draws, k) for k in range(40)}

    def told(outcome: Outcome[Any]) -> None:
        with (Path(folder) / "ended").open("a") as file:
            file.write(f"{outcome.key}\n")

    Processes(2).run(alone(**jobs), told)
