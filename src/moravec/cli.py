"""The command line: finds the command, hands over, and turns what goes wrong into one clear line."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, Protocol, Union

import tyro

from moravec import __version__
from moravec.commands.bench import Bench
from moravec.commands.card import Card
from moravec.commands.data import Data
from moravec.commands.doctor import Doctor
from moravec.commands.edge import Edge
from moravec.commands.export import Export
from moravec.commands.incident import Incident
from moravec.commands.mcp import Mcp
from moravec.commands.memory import Memory
from moravec.commands.plan import Plan
from moravec.commands.replay import Replay
from moravec.commands.run import Run
from moravec.commands.serve import Serve
from moravec.commands.stress import Stress
from moravec.commands.train import Train
from moravec.commands.trial import Trial
from moravec.core.errors import BadInput, MoravecError

COMMANDS: dict[str, type[Command]] = {
    "run": Run, "plan": Plan, "replay": Replay, "incident": Incident, "memory": Memory, "mcp": Mcp, "edge": Edge,
    "data": Data, "train": Train, "export": Export, "card": Card, "serve": Serve, "trial": Trial, "stress": Stress,
    "doctor": Doctor, "bench": Bench,
}  # fmt: skip
_HELP = ("-h", "--help")


class Command(Protocol):
    """One command with its options read."""

    def execute(self) -> int:
        """Does it; returns the exit status. Raises MoravecError."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status 0 done, 1 the job or check failed, 2 bad usage or bad input."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return parse(words).execute()
    except MoravecError as error:
        return _fail(words, str(error), error.exit_status)
    except KeyboardInterrupt:
        return _fail(words, "interrupted", 1)
    except BrokenPipeError:  # whoever read our output is gone; so is the reason to write
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def parse(words: list[str]) -> Command:
    """The command that `words` ask for. Raises BadInput for bad usage, SystemExit after help was shown."""
    if words == ["--version"]:
        print(f"moravec {__version__}")
        raise SystemExit(0)
    _check_names(words)
    kinds: Any = Union[tuple(Annotated[kind, _entry(name, kind)] for name, kind in COMMANDS.items())]  # noqa: UP007
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            command: Command = tyro.cli(
                kinds,
                prog="moravec",
                description="Physical AI from a sentence to sorted shelves. See also `moravec doctor`.",
                args=words,
                config=(tyro.conf.FlagCreatePairsOff, tyro.conf.OmitArgPrefixes),
            )
    except SystemExit as end:
        if end.code in (None, 0):
            raise
        raise _usage(words, complaint.getvalue()) from end
    return command


def _entry(name: str, kind: type[Command]) -> object:
    """A command in the list of commands, with the first line of its words."""
    return tyro.conf.subcommand(name, description=(kind.__doc__ or "").splitlines()[0])


def _check_names(words: list[str]) -> None:
    """Whether command and options exist; what else may be wrong is found by tyro. Raises BadInput."""
    if not words:
        raise BadInput("the command", "nothing", COMMANDS)
    if words[0] in _HELP:
        return
    if words[0] not in COMMANDS:
        raise BadInput("the command", words[0], COMMANDS)
    fields = dataclasses.fields(COMMANDS[words[0]])  # type: ignore[arg-type]
    known = [f"--{field.name.replace('_', '-')}" for field in fields if field.default is not dataclasses.MISSING]
    for word in words[1:]:
        name = word.split("=")[0].replace("_", "-")
        if word == "--":
            return
        if name.startswith("--") and name not in (*known, *_HELP):
            raise BadInput(f"an option of 'moravec {words[0]}'", name, [*known, "--help"])


def _usage(words: list[str], complaint: str) -> BadInput:
    """tyro's box as one line."""
    lines = [re.sub(r"^[│|] ?|[│|]$", "", line).strip() for line in complaint.splitlines()]
    text = " ".join(line for line in lines if line.strip("─-") and line[0] not in "╭╰+").split(" For full helptext")[0]
    usage = f"'moravec {words[0]} --help' shows it"
    if match := re.search(r"Missing from moravec \w+: (\S+)", text):
        return BadInput(f"'moravec {words[0]}'", f"no {match[1]}", f"'moravec {words[0]} {match[1]} [options]'; {usage}")
    if match := re.search(r"Unrecognized options: (.*)", text):
        return BadInput(f"'moravec {words[0]}'", match[1], f"one argument, in quotes where it has blanks, and options; {usage}")
    return BadInput(f"'moravec {words[0]}'", text or "words that cannot be read", usage)


def _fail(words: Sequence[str], message: str, status: int) -> int:
    line = " ".join(message.split())
    print(f"moravec: {line}", file=sys.stderr, flush=True)
    if "--json" in words:
        print(json.dumps({"error": line}), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
