"""A reader that was told what sentences mean, in `readings.txt`, a line `sentence => tokens`; rules refuse before it is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from moravec.brain.mind import SymbolicMind
from moravec.brain.reader.calibrate import Reading
from moravec.brain.reader.mind import reads_by
from moravec.brain.reader.reader import Heard, Reader
from moravec.brain.reader.written import read, tokens_in

FILE = Path(__file__).with_name("readings.txt")


def table() -> dict[str, str]:
    """The line of tokens of each sentence."""
    lines = (line.partition(" => ") for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {sentence: tokens for sentence, _, tokens in lines}


class Told:
    """Hears what stands in the table; anything else is a mistake of the test."""

    def hear(self, sentence: str) -> Heard:
        """The one reading of `sentence`; none for "" in the table."""
        known = table()
        assert sentence in known, f"{sentence!r} does not stand in {FILE.name}"
        tokens = tokens_in(known[sentence])
        readings = (Reading(read(tokens), 1.0),) if tokens else ()
        return Heard(readings, readings)


def told_mind() -> SymbolicMind:
    """The symbolic mind with such a reader."""
    return SymbolicMind(reads_by(cast(Reader, Told())))


def told(sentence: str) -> Any:
    """What the table says of a sentence, as wishes."""
    return read(tokens_in(table()[sentence]))
