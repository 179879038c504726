"""What every command takes, and how words from the command line become values."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import tyro

from moravec.core.errors import BadInput, MoravecError

T = TypeVar("T")


def typed(read: Callable[[str], T], metavar: str) -> Any:
    """A type for tyro whose text is read by `read`, which raises BadInput; that goes through to the one error line."""
    return tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=lambda words: read(words[0]),
        is_instance=lambda value: True,
        str_from_instance=lambda value: [str(value)],
    )


def whole(asked: str, low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`. What it returns raises BadInput."""

    def read(text: str) -> int:
        allowed = f"a whole number from {low} to {high}" if high < 2**63 - 1 else f"a whole number of {low} or more"
        try:
            value = int(text)
        except ValueError as error:
            raise BadInput(asked, text, allowed) from error
        if not low <= value <= high:
            raise BadInput(asked, text, allowed)
        return value

    return read


def _speed(text: str) -> str:
    try:
        good = text in ("max", "real") or 0.0 < float(text) <= 1000.0
    except ValueError:
        good = False
    if not good:
        raise BadInput("--speed", text, "max, real, or a number above 0 (2 is twice real time) up to 1000")
    return text


def amount(asked: str, low: float, high: float) -> Callable[[str], float]:
    """Reads a number from `low` to `high`. What it returns raises BadInput."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise BadInput(asked, text, f"a number from {low:g} to {high:g}")
        return value

    return read


def one_of(asked: str, names: tuple[str, ...]) -> Callable[[str], str]:
    """Reads one of `names`. What it returns raises BadInput."""

    def read(text: str) -> str:
        if text not in names:
            raise BadInput(asked, text, names)
        return text

    return read


def unset(metavar: str) -> Any:
    """An option that may be left out, whose help says so itself."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="")


flag = tyro.conf.arg(help_behavior_hint="")
Flag = Annotated[bool, flag]
Seed = Annotated[int, typed(whole("--seed", 0, 2**63 - 1), "N")]
Items = Annotated[int, typed(whole("--items", 1, 12), "N")]
Count = Annotated[int, typed(whole("the number of samples", 1, 10_000_000), "N")]
Which = Annotated[int, typed(whole("--n", 0, 10_000_000), "K")]
Renderer = Annotated[str, typed(one_of("--renderer", ("egl", "osmesa", "rays")), "egl|osmesa|rays")]
Scatter = Annotated[float, typed(amount("--fixture", 0.0, 0.03), "M")]
Skills = Annotated[str, typed(one_of("--skills", ("hard-coded", "learned")), "NAME")]
Robot = Annotated[str, typed(one_of("--robot", ("ur5e",)), "NAME")]
Rate = Annotated[float, typed(amount("--rate", 10.0, 5000.0), "HZ")]
Seconds = Annotated[float, typed(amount("--seconds", 0.01, 1e7), "N")]
Speed = Annotated[str, typed(_speed, "max|real|X")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """What every command takes."""

    json: Flag = False
    """Print one JSON object on standard output; everything else goes to standard error."""
    seed: Seed = 0
    """All randomness is drawn from it."""
    out: Annotated[Path | None, unset("DIR")] = None
    """Folder for the results."""


@contextlib.contextmanager
def needing(extra: str) -> Iterator[None]:
    """What is imported here comes with an extra. Raises MoravecError, with the command that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise MoravecError(f"this needs the package {error.name!r}: pip install 'moravec[{extra}]' installs it") from error


def say(text: str) -> None:
    """One line for people, on standard error."""
    print(text, file=sys.stderr, flush=True)


def show(options: Options, result: Mapping[str, Any], words: str) -> None:
    """The result on standard output: JSON or words."""
    print(json.dumps(result, allow_nan=False) if options.json else words, flush=True)


def folder(out: Path) -> Path:
    """`out`, made and writable. Raises BadInput."""
    probe = out / ".moravec-can-write"
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise BadInput("--out", str(out), f"a folder that can be written to ({error.strerror})") from error
    return out


def save(options: Options, name: str, result: Mapping[str, Any]) -> None:
    """The result as a file in `--out`, where that is given. Raises BadInput."""
    if options.out is None:
        return
    path = folder(options.out) / name
    try:
        path.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise BadInput("--out", str(path), f"a file that can be written ({error.strerror})") from error


def said(command: str, instruction: str, more: tuple[str, ...]) -> tuple[str, ...]:
    """All instructions of a talk, in order. Raises BadInput where they look like one that was not put in quotes: several words,
    none of which is more than a word."""
    talk = (instruction, *more)
    if more and all(text.isascii() and not any(c.isspace() for c in text) for text in talk):
        allowed = "each instruction in quotes; several single words look like one instruction without them"
        raise BadInput(f"'moravec {command}'", " ".join(more), allowed)
    return talk
