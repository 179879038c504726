"""Between the three severities of a suite: a point says how far each of its perturbations goes, several of them at once.

A severity is a number from 0, as drawn, over 1, mild, and 2, middle, to 3, severe. Numbers in conditions and in a link are
interpolated between these; what is no number (mishaps, words, a person) is taken from the next severity above.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from moravec.core.errors import BadInput
from moravec.trials.jobs.suite import SEVERITIES, Perturbation, Suite

MOST = float(len(SEVERITIES))
STEP = 1.0 / 32.0  # of a severity: what is told apart
LONGEST_NAME = 80  # characters: a file is called so too
Numbers = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Point:
    """Names of perturbations and how severe each is, sorted; those that are not named are as drawn."""

    levels: tuple[tuple[str, float], ...] = ()

    @staticmethod
    def of(levels: Numbers) -> Point:
        """Severities to the nearest STEP; what is then 0 is left out. Raises BadInput beyond MOST."""
        for name, level in levels.items():
            if not 0.0 <= level <= MOST:
                raise BadInput(f"the severity of {name}", level, f"0 to {MOST:g}")
        near = {name: round(level / STEP) * STEP for name, level in levels.items()}
        return Point(tuple(sorted((name, level) for name, level in near.items() if level > 0.0)))

    @property
    def names(self) -> tuple[str, ...]:
        """The perturbations that are in force."""
        return tuple(name for name, _ in self.levels)

    @property
    def key(self) -> str:
        """The point as one line: "dim=1.5 slip=2"."""
        return " ".join(f"{name}={level:g}" for name, level in self.levels)

    @property
    def name(self) -> str:
        """Its key, or where that is long, something short that no other point is called."""
        if len(self.key) <= LONGEST_NAME:
            return self.key
        return f"{len(self.levels)} at once {sha256(self.key.encode()).hexdigest()[:12]}"

    def among(self, names: Sequence[str]) -> Point:
        """The same with `names` alone."""
        return Point(tuple((name, level) for name, level in self.levels if name in names))

    def at(self, name: str, level: float) -> Point:
        """The same with `name` at `level`."""
        return Point.of({**dict(self.levels), name: level})

    def within(self, other: Point) -> bool:
        """Whether `other` has all of it, each at least as severe."""
        there = dict(other.levels)
        return all(there.get(name, 0.0) >= level for name, level in self.levels)


def bent(suite: Suite, point: Point, drawn: Numbers) -> Perturbation:
    """The one perturbation that `point` is, by its name. `drawn` are the world's conditions as drawn, by name.

    Where two perturbations want the same condition, the severer one has it; links are the worst of each. Raises BadInput for a
    name that the suite lacks.
    """
    conditions: dict[str, float] = {}
    mishaps: dict[str, None] = {}
    link: dict[str, float] = {}
    words, person, says = "", False, []
    axes: dict[str, None] = {}
    for name, level in sorted(point.levels, key=lambda one: (one[1], one[0])):
        bend = suite.perturbation(name)
        if bend is None:
            raise BadInput("a perturbation of a point", name, [one.name for one in suite.perturbations])
        above = math.ceil(level) - 1
        conditions |= between([_numbers(row) for row in bend.conditions], level, drawn)
        mishaps |= dict.fromkeys(bend.mishaps[above])
        for part, value in _link([_numbers(text.split()) for text in bend.network], level).items():
            worse = min if part == "cut_every" else max
            link[part] = worse(link.get(part, value), value)
        words = bend.instructions[above] if bend.instructions else words
        person = person or bend.person
        axes[bend.axis] = None
        says.append(bend.says)
    texts = tuple(f"{name}={value:.6g}" for name, value in sorted(conditions.items()))
    line = " ".join(f"{part}={value:.6g}" for part, value in sorted(link.items()))
    return Perturbation(
        point.name, " and ".join(axes), "; ".join(says), (point.key,) * 3, "severities", (texts,) * 3, (tuple(mishaps),) * 3,
        (words or suite.instruction,) * 3, (line,) * 3, person,
    )  # fmt: skip


def between(rows: Sequence[Numbers], level: float, drawn: Numbers) -> dict[str, float]:
    """What each name of `rows`, one for each severity, is at `level`.

    A number that is the same in all rows is so from the start; one that counts something, an int as `drawn`, stays whole. Where
    it stands in some rows only, or nobody knows it as drawn, the next row above says it.
    """
    found, above = {}, math.ceil(level) - 1
    for name in rows[above]:
        values = [row[name] for row in rows if name in row]
        if len(values) < len(rows) or name not in drawn or len(set(values)) == 1:
            found[name] = rows[above][name]
            continue
        value = _along([drawn[name], *values], level)
        found[name] = float(round(value)) if isinstance(drawn[name], int) else value
    return {name: value for name, value in found.items() if value != drawn.get(name)}


def _link(rows: Sequence[Numbers], level: float) -> dict[str, float]:
    """What each part of a link is at `level`: from none at 0, but how often it is cut, which the next row above says."""
    above = math.ceil(level) - 1
    return {
        part: rows[above][part] if part == "cut_every" else _along([0.0, *(row.get(part, 0.0) for row in rows)], level)
        for part in rows[above]
    }


def _along(ladder: Sequence[float], level: float) -> float:
    """At `level` between the steps of `ladder`, the first of which is at 0."""
    above = math.ceil(level) - 1
    return ladder[above] + (ladder[above + 1] - ladder[above]) * (level - above)


def with_points(suite: Suite, points: Sequence[Point], drawn: Numbers) -> Suite:
    """`suite` with `points` for its perturbations."""
    return replace(suite, perturbations=tuple(bent(suite, point, drawn) for point in points if point.levels))


def _numbers(texts: Sequence[str]) -> dict[str, float]:
    """Of texts NAME=NUMBER. Raises BadInput."""
    found = {}
    for text in texts:
        name, sign, number = text.partition("=")
        try:
            found[name] = float(number)
        except ValueError as error:
            raise BadInput(f"{name or text!r} of a perturbation", number if sign else text, "NAME=NUMBER") from error
    return found


