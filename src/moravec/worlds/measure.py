"""What a condition is: a number with a unit, its value where all is as drawn, and how far it may go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

from moravec.core.errors import BadInput

_KEY = "measure"
COUNTED = ("things", "0 or 1", "steps")  # units of which there are whole numbers alone


@dataclass(frozen=True, slots=True)
class Measure:
    """`low` to `high` [`unit`]; `says` what is changed, for people."""

    unit: str
    low: float
    high: float
    says: str


def measure(nominal: float, unit: str, low: float, high: float, says: str) -> Any:
    """A field of a family of conditions: a float of that measure, `nominal` where all is as drawn."""
    return field(default=nominal, metadata={_KEY: Measure(unit, low, high, says)})


def measures(family: type) -> dict[str, Measure]:
    """The measures of a family by the names of its fields."""
    return {f.name: f.metadata[_KEY] for f in fields(family)}


def as_drawn(family: type) -> dict[str, float]:
    """The nominal values of a family by the names of its fields: an int, where something is counted."""
    units = {name: of.unit for name, of in measures(family).items()}
    return {f.name: int(f.default) if units[f.name] in COUNTED else float(f.default) for f in fields(family)}  # type: ignore[arg-type]


def check(family: Any, prefix: str) -> None:
    """Raises BadInput for a value that is no number or goes farther than its measure. For a family's `__post_init__`."""
    for name, of in measures(type(family)).items():
        value = getattr(family, name)
        number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if not number or not of.low <= value <= of.high:
            raise BadInput(f"the condition {prefix}.{name}", value, f"{of.low:g} to {of.high:g} {of.unit}".rstrip())


def check_whole(family: Any, prefix: str, names: tuple[str, ...]) -> None:
    """Raises BadInput where one of `names` counts something and is no whole number."""
    for name in names:
        value = getattr(family, name)
        if value != int(value):
            of = measures(type(family))[name]
            raise BadInput(f"the condition {prefix}.{name}", value, f"a whole number, {of.low:g} to {of.high:g}")


# ── families together ─────────────────────────────────────────────────────────────────────────────────────────────────────
Families = Mapping[str, type]


def all_measures(families: Families) -> dict[str, Measure]:
    """Every measure of `families` by FAMILY.NAME."""
    return {f"{family}.{name}": of for family, kind in families.items() for name, of in measures(kind).items()}


def all_as_drawn(families: Families) -> dict[str, float]:
    """The nominal value of each by FAMILY.NAME."""
    return {f"{family}.{name}": value for family, kind in families.items() for name, value in as_drawn(kind).items()}


def parsed(texts: Iterable[str], families: Families) -> dict[str, Any]:
    """A value of each family, from conditions written as FAMILY.NAME=NUMBER, each at most once. Raises BadInput."""
    known = all_measures(families)
    said: dict[str, dict[str, float]] = {family: {} for family in families}
    for text in texts:
        name, sign, number = text.partition("=")
        if not sign or name not in known:
            raise BadInput("a condition, FAMILY.NAME=NUMBER", name, known)
        family, of = name.split(".")
        if of in said[family]:
            raise BadInput("conditions", f"{name} twice", "each at most once")
        try:
            said[family][of] = float(number)
        except ValueError as error:
            raise BadInput(f"the condition {name}", number, f"a number [{known[name].unit}]") from error
    return {family: kind(**said[family]) for family, kind in families.items()}


def told(parts: Any, families: Families) -> dict[str, float]:
    """What differs from the drawing, by FAMILY.NAME, of an object that has a value of each family as an attribute."""
    found = ((name, getattr(getattr(parts, name.split(".")[0]), name.split(".")[1])) for name in all_measures(families))
    drawn = all_as_drawn(families)
    return {name: value for name, value in found if value != drawn[name]}
