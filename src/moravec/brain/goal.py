"""What a person wants, as frozen values: an ordered list of clauses over selections of items.

A goal says nothing of how: no bin positions, no item names of the inventory, no steps. It speaks the person's words
(categories, colours, bin labels) so that it can be shown, recorded and read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from moravec.brain.lexicon import plural
from moravec.core.errors import BadInput

Condition = Literal["damaged", "intact"]
ClauseKind = Literal["move", "inspect", "open", "question", "home", "stop", "learn"]
Query = Literal["what", "how many", "where", "any", "all", "which place", "help"]
MeasureKind = Literal["smallest", "middle", "largest", "small", "large", "below", "above", "about"]
RANKS = ("smallest", "middle", "largest")  # sizes that pick as many as are wanted
EVERYWHERE = "cell"  # a selection's place: wherever the items lie, put away or not
_KINDS = ("move", "inspect", "open", "question", "home", "stop", "learn")
_QUERIES = ("what", "how many", "where", "any", "all", "which place", "help")
_LISTS = ("categories", "colours", "sizes", "codes", "items")
_MEASURES = ("smallest", "middle", "largest", "small", "large", "below", "above", "about")


@dataclass(frozen=True, slots=True)
class Measure:
    """A size among the items, or against `value` ([m^3] by volume, [m] by length, the longest side). `inclusive`: the value
    itself counts."""

    kind: MeasureKind
    axis: Literal["volume", "length"] = "volume"
    value: float = 0.0
    inclusive: bool = False

    def describe(self) -> str:
        """In words, as "below 100 ml" or "longest"."""
        if self.kind in ("below", "above", "about"):
            amount = f"{self.value * 1e6:.4g} ml" if self.axis == "volume" else f"{self.value * 100:.4g} cm"
            bound = {("below", True): "at most", ("above", True): "at least"}.get((self.kind, self.inclusive), self.kind)
            return f"{bound} {amount}"
        by_length = {"smallest": "shortest", "largest": "longest", "small": "short", "large": "long"}
        return by_length.get(self.kind, "middle-long") if self.axis == "length" else self.kind


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items. Empty fields do not restrict; the words inside one field are alternatives.

    `place` is a place's name, "bin:B" for the bin that carries label B, "bins" for all of them, "cell" for wherever they are;
    without a place what was put away is left out. `count` is how many, None for all, `upto`: fewer will do. `definite`: the
    person expects that such items exist ("the two red cans"). `rest`: only what no other clause of the goal names. `items` are
    names of the inventory, of what a talk spoke of; `coded`: with a printed code, or without one.
    """

    categories: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    condition: Condition | None = None
    place: str | None = None
    count: int | None = None
    definite: bool = False
    rest: bool = False
    exceptions: tuple[Selection, ...] = ()
    items: tuple[str, ...] = ()
    coded: bool | None = None
    measure: Measure | None = None
    upto: bool = False

    @property
    def specificity(self) -> int:
        """How narrow it is; the narrower of two clauses that claim the same item wins."""
        place = None if self.place == EVERYWHERE else self.place
        fields = (self.categories, self.colours, self.sizes, place, self.count, self.measure, self.coded is not None)
        return sum(1 for value in fields if value) + 8 * bool(self.codes or self.items)

    def describe(self) -> str:
        """In words, as "the 2 red cans except the tools"."""
        many = self.count != 1 and len(self.items) != 1
        head = " or ".join(plural(c) if many else c for c in self.categories) or ("items" if many else "item")
        amount = str(self.count) if self.count is not None else ("" if self.definite else "all")
        amount = "" if self.count == 1 and self.definite else amount
        words = ["the" if self.definite else "", "at most" if self.upto else "", amount]
        words += ["remaining" if self.rest else "", self.condition or "", " or ".join(self.sizes)]
        words += [self.measure.describe() if self.measure and self.measure.value == 0.0 else "", " or ".join(self.colours)]
        text = " ".join([w for w in words if w] + [head])
        if self.items:
            text = " and ".join(self.items)
        if self.codes:
            text = " and ".join(self.codes)
        if self.measure is not None and self.measure.value != 0.0:
            text += f" of {self.measure.describe()}"
        if self.coded is not None:
            text += " with a code" if self.coded else " without a code"
        if self.place and self.place != EVERYWHERE:
            text += f" in {self.place.replace('bin:', 'bin ')}"
        if self.exceptions:
            text += " except " + " and ".join(e.describe() for e in self.exceptions)
        return text


@dataclass(frozen=True, slots=True)
class Destination:
    """Where items go: a bin by its label, a place by its name, or each item where the storing rule wants it."""

    kind: Literal["bin", "place", "rule"]
    name: str = ""

    def __str__(self) -> str:
        """The text form: "bin:B", "place:reject" or "rule"."""
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @staticmethod
    def parse(text: str) -> Destination:
        """The destination written as `text`. Raises BadInput."""
        kind, _, name = text.partition(":")
        if kind == "bin" and name:
            return Destination("bin", name)
        if kind == "place" and name:
            return Destination("place", name)
        if text == "rule":
            return RULE
        raise BadInput("a destination", text, 'text as "bin:B", "place:reject" or "rule"')


RULE = Destination("rule")
REJECT = Destination("place", "reject")


@dataclass(frozen=True, slots=True)
class Clause:
    """One wish. `then`: it starts only when all clauses before it are done. "learn": to look closely where that tells whether
    an item is meant, and to do nothing else."""

    kind: ClauseKind
    what: Selection = Selection()
    to: Destination | None = None
    query: Query | None = None
    then: bool = False

    def describe(self) -> str:
        """In words, for the person."""
        if self.kind == "move":
            return f"{self.what.describe()} -> {'their places by the storing rule' if self.to == RULE else self.to}"
        return {
            "inspect": f"inspect {self.what.describe()}",
            "open": f"open {self.what.place}",
            "question": f"{self.query}: {self.what.describe()}",
            "learn": f"find out about {self.what.describe()}",
        }.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Goal:
    """The clauses in the order in which they were wanted."""

    clauses: tuple[Clause, ...]

    @property
    def moves(self) -> tuple[Clause, ...]:
        """The clauses about items that must be handled."""
        return tuple(c for c in self.clauses if c.kind in ("move", "inspect"))

    @property
    def wanted(self) -> Goal:
        """The same without what only has to be found out for it."""
        return Goal(tuple(clause for clause in self.clauses if clause.kind != "learn"))

    def describe(self) -> str:
        """In words, for the person."""
        return "; ".join(clause.describe() for clause in self.clauses)


def goal_to_json(goal: Goal) -> list[dict[str, Any]]:
    """Plain JSON data, one object a clause; the form of `result.json`."""
    return [
        {
            "kind": clause.kind,
            "what": _selection_to_json(clause.what),
            "to": None if clause.to is None else str(clause.to),
            "query": clause.query,
            "then": clause.then,
        }
        for clause in goal.clauses
    ]


def goal_from_json(data: Sequence[Mapping[str, Any]]) -> Goal:
    """The goal that `goal_to_json` wrote. Raises BadInput for anything else."""
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise BadInput("a goal", type(data).__name__, "a list of clauses")
    return Goal(tuple(_clause_from_json(entry) for entry in data))


def _clause_from_json(entry: Mapping[str, Any]) -> Clause:
    if not isinstance(entry, Mapping) or entry.get("kind") not in _KINDS:
        raise BadInput("the kind of a clause", entry, _KINDS)
    query, to = entry.get("query"), entry.get("to")
    if query is not None and query not in _QUERIES:
        raise BadInput("the query of a clause", query, _QUERIES)
    return Clause(
        kind=entry["kind"],
        what=_selection_from_json(entry.get("what", {})),
        to=None if to is None else Destination.parse(str(to)),
        query=query,
        then=bool(entry.get("then", False)),
    )


def _selection_to_json(selection: Selection) -> dict[str, Any]:
    """Only the fields that restrict something, so that goals read well in `result.json`."""
    data = {key: value for key, value in asdict(selection).items() if value not in ((), None, False)}
    if selection.coded is not None:
        data["coded"] = selection.coded
    if selection.exceptions:
        data["exceptions"] = [_selection_to_json(e) for e in selection.exceptions]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in data.items()}


def _selection_from_json(data: Mapping[str, Any]) -> Selection:
    fields = dict(data)
    unknown = set(fields) - set(Selection.__dataclass_fields__)
    if unknown:
        raise BadInput("a field of a selection", min(unknown), Selection.__dataclass_fields__)
    count = fields.get("count")
    if count is not None and (not isinstance(count, int) or isinstance(count, bool) or count < 0):
        raise BadInput("the count of a selection", count, "a whole number of 0 or more, or nothing")
    if fields.get("condition") not in (None, "damaged", "intact"):
        raise BadInput("the condition of a selection", fields["condition"], ("damaged", "intact"))
    exceptions = tuple(_selection_from_json(e) for e in fields.pop("exceptions", ()))
    measure = _measure_from_json(fields.pop("measure", None))
    lists = {k: tuple(str(x) for x in v) for k, v in fields.items() if k in _LISTS}
    return Selection(**{**fields, **lists}, exceptions=exceptions, measure=measure)


def _measure_from_json(data: Any) -> Measure | None:
    if data is None:
        return None
    if not isinstance(data, Mapping) or not set(data) <= set(Measure.__dataclass_fields__):
        raise BadInput("the measure of a selection", data, Measure.__dataclass_fields__)
    if data.get("kind") not in _MEASURES or data.get("axis", "volume") not in ("volume", "length"):
        raise BadInput("the kind and axis of a measure", data, (*_MEASURES, "volume", "length"))
    value = data.get("value", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1e9:
        raise BadInput("the value of a measure", value, "m^3 or m, 0 or more")
    return Measure(data["kind"], data.get("axis", "volume"), float(value), bool(data.get("inclusive", False)))
