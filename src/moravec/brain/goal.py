"""What a person wants, as frozen values: an ordered list of clauses over selections of items.

A goal says nothing of how: no bin positions, no item names of the inventory, no steps. It speaks the person's words
(categories, colours, bin labels) so that it can be shown, recorded and read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from moravec.core.errors import BadInput

Condition = Literal["damaged", "intact"]
ClauseKind = Literal["move", "inspect", "open", "question", "home", "stop"]
Query = Literal["what", "how many", "where", "any", "help"]
SIZES = ("small", "large", "smallest", "largest")
_KINDS = ("move", "inspect", "open", "question", "home", "stop")
_QUERIES = ("what", "how many", "where", "any", "help")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which items. Empty fields do not restrict; the words inside one field are alternatives.

    `place` is a place's name, "bin:B" for the bin that carries label B, or "bins" for all of them. `count` is how many,
    None for all. `definite`: the person expects that such items exist ("the two red cans"). `rest`: only what no
    other clause of the goal names.
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

    @property
    def specificity(self) -> int:
        """How narrow it is; the narrower of two clauses that claim the same item wins."""
        fields = (self.categories, self.colours, self.sizes, self.place, self.count)
        return sum(1 for value in fields if value) + 8 * bool(self.codes)

    def describe(self) -> str:
        """In words, as "the 2 red cans except the tools"."""
        plural = self.count != 1
        head = " or ".join(_plural(c) if plural else c for c in self.categories) or ("items" if plural else "item")
        amount = str(self.count) if self.count is not None else ("" if self.definite else "all")
        amount = "" if self.count == 1 and self.definite else amount
        words = ["the" if self.definite else "", amount, "remaining" if self.rest else "", self.condition or ""]
        words += [" or ".join(self.sizes), " or ".join(self.colours)]
        text = " ".join([w for w in words if w] + [head])
        if self.codes:
            text = " and ".join(self.codes)
        if self.place:
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
    """One wish. `then`: it starts only when all clauses before it are done."""

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
        }.get(self.kind, self.kind)


@dataclass(frozen=True, slots=True)
class Goal:
    """The clauses in the order in which they were wanted."""

    clauses: tuple[Clause, ...]

    @property
    def moves(self) -> tuple[Clause, ...]:
        """The clauses about items that must be handled."""
        return tuple(c for c in self.clauses if c.kind in ("move", "inspect"))

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
    lists = {k: tuple(str(x) for x in v) for k, v in fields.items() if k in ("categories", "colours", "sizes", "codes")}
    return Selection(**{**fields, **lists}, exceptions=exceptions)


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith(("x", "s", "ch", "sh")) else "s")
