"""What newer words name, the older job leaves alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from moravec.brain.goal import EVERYWHERE, Clause, Goal, Selection
from moravec.brain.remember import Inventory
from moravec.brain.select import candidates
from moravec.brain.tasks import Assignment


@dataclass(frozen=True, slots=True)
class Taken:
    """What newer words name: items of the inventory, and words that mean more of them, should some turn up later."""

    items: frozenset[str] = frozenset()
    words: tuple[Selection, ...] = ()

    def __or__(self, other: Taken) -> Taken:
        """Both together."""
        return Taken(self.items | other.items, tuple(dict.fromkeys((*self.words, *other.words))))

    def exceptions(self) -> tuple[Selection, ...]:
        """In the form of a selection's exceptions."""
        named = (Selection(items=tuple(sorted(self.items)), place=EVERYWHERE),) if self.items else ()
        return (*named, *self.words)


def taken_by(goal: Goal, assignment: Assignment, left: Sequence[Selection], inventory: Inventory) -> Taken:
    """What a goal and what is to be `left` alone name. `assignment` is the goal's, by where things lay before it was done."""
    moves = {index for index, clause in enumerate(goal.clauses) if clause.kind == "move"}
    items = {task.item for task in assignment.tasks if task.clause in moves and not task.check}
    for what in left:
        items |= {item.id for item in candidates(what, inventory, inventory.items.values())[0]}
    words = [clause.what for clause in goal.clauses if clause.kind == "move"] + list(left)
    return Taken(frozenset(items), tuple(replace(what, definite=False) for what in words if _by_words_alone(what)))


def _by_words_alone(what: Selection) -> bool:
    """Whether it means the same items wherever they lie, and however many there are."""
    counted = what.count is not None or what.rest or what.sizes or (what.measure is not None and not what.measure.value)
    return not (counted or what.items) and what.place == EVERYWHERE


def without(goal: Goal, assignment: Assignment, taken: Taken) -> Goal:
    """`goal` less what newer words have `taken`. Of a clause that could mean nothing else nothing is left."""
    clauses: list[Clause] = []
    waits = False
    for index, clause in enumerate(goal.clauses):
        clause = replace(clause, then=clause.then or waits)
        waits = False
        if clause.kind == "move":
            mine = {task.item for task in assignment.tasks if task.clause == index and not task.check}
            less = _less(clause.what, mine, taken)
            if less is None:
                waits = clause.then
                continue
            clause = replace(clause, what=less)
        clauses.append(clause)
    return Goal(tuple(clauses))


def _less(what: Selection, mine: Iterable[str], taken: Taken) -> Selection | None:
    mine = set(mine)
    lost = mine & taken.items
    if lost and lost == mine and (what.definite or what.count is not None or what.codes or what.items):
        return None
    count = None if what.count is None else what.count - len(lost)
    definite = what.definite and not lost
    return replace(what, count=count, definite=definite, exceptions=tuple(dict.fromkeys((*what.exceptions, *taken.exceptions()))))
