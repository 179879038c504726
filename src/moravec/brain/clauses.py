"""Clauses that include or contradict each other."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.goal import RULE, Clause, Selection
from moravec.brain.open_points import Unreadable


def tidy(clauses: list[Clause]) -> list[Clause]:
    """Drop what another clause includes; refuse one selection with two destinations."""
    moves = [c for c in clauses if c.kind == "move"]
    explicit_all = any(c.to != RULE and _unrestricted(c.what) for c in moves)
    out: list[Clause] = []
    for clause in clauses:
        same = [c for c in moves if c is not clause and _alike(c.what, clause.what)]
        if clause.kind == "open" and any(c.kind in ("move", "inspect", "question") for c in clauses):
            continue
        if clause.kind == "inspect" and (same or any(_unrestricted(c.what) for c in moves)):
            continue
        if (
            clause.kind == "move"
            and clause.to == RULE
            and (any(c.to != RULE for c in same) or (explicit_all and _unrestricted(clause.what)))
        ):
            continue
        if clause.kind == "move" and any(
            c.kind == "move" and c.to == clause.to and _alike(c.what, clause.what) for c in out
        ):
            continue
        clash = next((c for c in same if c.to not in (RULE, clause.to) and clause.to != RULE), None)
        if clause.kind == "move" and clash is not None:
            raise Unreadable("contradiction", f"{clause.what.describe()} would go to both {clash.to} and {clause.to}.")
        out.append(clause)
    return out


def _unrestricted(what: Selection) -> bool:
    return what.specificity - bool(what.place) == 0 and what.condition is None and not what.rest


def _alike(a: Selection, b: Selection) -> bool:
    if _unrestricted(a) and _unrestricted(b):
        return a.exceptions == b.exceptions
    return replace(a, definite=False) == replace(b, definite=False)
