"""Mutants that no test kills, and the list in docs/mutants.md that argues why each of them changes nothing that matters.

A mutant is known by the file, the function and the changed line, never by a number: numbers shift when code changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from moravec.core.errors import BadInput

HEADER = ("file", "function", "change", "why it changes nothing that matters")
WORD = re.compile(r"\w+|\s+|[^\w\s]+")  # the pieces that a change is told in
REASON = 20  # letters of an argument, at least


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change: `was` became `now`, as lines without their indentation; `nth` such line of the function, from 1."""

    file: str
    function: str
    was: str
    now: str
    nth: int = 1

    @property
    def change(self) -> str:
        """The changed line, with what was and what became of it between « and »."""
        was, now = WORD.findall(self.was), WORD.findall(self.now)
        start, least = 0, min(len(was), len(now))
        while start < least and was[start] == now[start]:
            start += 1
        end = 0
        while end < least - start and was[-1 - end] == now[-1 - end]:
            end += 1
        before, after = "".join(was[:start]), "".join(was[len(was) - end :])
        old, new = "".join(was[start : len(was) - end]), "".join(now[start : len(now) - end])
        order = f" (line {self.nth} of this text)" if self.nth > 1 else ""
        return f"{before}«{old} → {new}»{after}{order}"

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is known by."""
        return self.file, self.function, self.change


@dataclass(frozen=True, slots=True)
class Argued:
    """One row of the list."""

    key: tuple[str, str, str]
    why: str


def changed(file: str, function: str, before: Sequence[str], after: Sequence[str]) -> Mutant:
    """The mutant that made `after` of `before`, both the lines of one function."""
    start, least = 0, min(len(before), len(after))
    while start < least and before[start] == after[start]:
        start += 1
    end = 0
    while end < least - start and before[-1 - end] == after[-1 - end]:
        end += 1
    was = [line.strip() for line in before[start : len(before) - end]]
    now = [line.strip() for line in after[start : len(after) - end]]
    same = [k for k in range(start + 1) if [line.strip() for line in before[k : k + len(was)]] == was]
    return Mutant(file, function, " / ".join(was), " / ".join(now), len(same))


def argued(text: str) -> list[Argued]:
    """The rows of the tables in `text`. Raises BadInput for a row that cannot be read, argues nothing or stands there twice."""
    found: list[Argued] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("|"):
            continue
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if tuple(cells) == HEADER or set("".join(cells)) <= set("-: "):
            continue
        code = [cell[1:-1] for cell in cells[:3] if cell.startswith("`") and cell.endswith("`")]
        if len(cells) != 4 or len(code) != 3 or sum(c.isalpha() for c in cells[3]) < REASON:
            raise BadInput(f"docs/mutants.md, line {number}", line, "| `file` | `function` | `change` | an argument |")
        row = Argued((code[0], code[1], code[2]), cells[3])
        if row.key in {other.key for other in found}:
            raise BadInput(f"docs/mutants.md, line {number}", line, "each mutant once")
        found.append(row)
    return found


def listed(path: Path) -> list[Argued]:
    """The rows of the list at `path`. Raises BadInput."""
    if not path.is_file():
        raise BadInput("the list of argued mutants", str(path), "a file")
    return argued(path.read_text())


def row_of(mutant: Mutant, why: str = "") -> str:
    """A row of the list for `mutant`."""
    cells = [*(f"`{part}`" for part in mutant.key), why]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def wrong(survivors: Iterable[Mutant], tried: Iterable[Mutant], rows: Iterable[Argued], whole: bool = True) -> list[str]:
    """What keeps the gate shut: survivors that nobody argued, and arguments for mutants that are killed, or are none any more.

    `tried` are those that were tried; unless they are the `whole`, a row about another is not judged.
    """
    alive, all_tried, keys = {m.key: m for m in survivors}, {m.key for m in tried}, {row.key for row in rows}
    found = [f"survives, and nobody argued why: {row_of(alive[key])}" for key in sorted(alive) if key not in keys]
    for key in sorted(keys - set(alive)):
        if key in all_tried:
            found.append(f"is listed, but is killed: {' | '.join(key)}")
        elif whole:
            found.append(f"is listed, but is no mutant any more: {' | '.join(key)}")
    return found
