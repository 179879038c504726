"""What each step of a plan needs, changes and touches, by its manifest, in the plan's own order. Pure.

A step needs what its preconditions ask about, and whatever the state says of the things and places it touches; it changes what
its effects write. What a hand holds is left out of both: every robot has a hand of its own, and what is taken and given by it
holds the steps between together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from moravec.brain.state import HOLDING, NOTHING, SymbolicState
from moravec.brain.steps import Step
from moravec.core.errors import BadInput
from moravec.skills.contract import Manifest
from moravec.skills.symbols import Fluent, State, Term, Value, changes, ground, unmet

# own: concerns the robot itself, and is done by each; held: the same with something in the hand, by the one that holds it; all:
# names no thing and no place, so that nothing passes it by
Scope = Literal["things", "own", "held", "all"]


@dataclass(frozen=True, slots=True)
class Touched:
    """One step. `places`: where it works. `takes` and `gives`: whether the hand is full or empty from then on; `hand`: whether it
    depends on the hand at all. `lifts` and `lays`: the place a thing leaves, and the one it comes to."""

    step: Step
    scope: Scope
    places: frozenset[str]
    needs: frozenset[Fluent]
    changes: frozenset[Fluent]
    hand: bool = False
    takes: bool = False
    gives: bool = False
    lifts: str | None = None
    lays: str | None = None

    @property
    def item(self) -> str | None:
        """The thing it handles, if any."""
        return self.step.item


def touched(steps: Sequence[Step], state: State, manifests: Mapping[str, Manifest]) -> tuple[Touched, ...]:
    """Every step as it is done in turn from `state`. Raises BadInput for an unknown skill and for a step that cannot be done in
    its turn: only plans that the validator lets pass are shared out."""
    now = SymbolicState(state)
    said: dict[str, set[Fluent]] = {}
    for fluent in now:
        if len(fluent) > 1:
            said.setdefault(fluent[1], set()).add(fluent)
    found = []
    for number, step in enumerate(steps):
        if step.skill not in manifests:
            raise BadInput(f"the skill of step {number}", step.skill, manifests)
        manifest = manifests[step.skill]
        _check_arguments(number, step, manifest)
        broken = unmet(manifest.preconditions, step.arguments, now)
        if broken:
            raise BadInput(f"step {number} in its turn", str(step), f"what can be done then; {broken[0].why}")
        after = changes(manifest.effects, step.arguments, now)
        found.append(_touched(step, manifest, now, after, said))
        now.write(after)
        for fluent in after:
            if len(fluent) > 1:
                said.setdefault(fluent[1], set()).add(fluent)
    return tuple(found)


def _check_arguments(number: int, step: Step, manifest: Manifest) -> None:
    wanted = sorted(parameter.name for parameter in manifest.parameters)
    if sorted(name for name, _ in step.args) != wanted:
        raise BadInput(f"the arguments of step {number}", str(step), ", ".join(wanted) or "none")


def _touched(
    step: Step, manifest: Manifest, now: State, after: Mapping[Fluent, Value], said: Mapping[str, set[Fluent]]
) -> Touched:
    args = step.arguments
    things = [str(args[p.name]) for p in manifest.parameters if p.kind == "item"]
    places = [str(args[p.name]) for p in manifest.parameters if p.kind == "place"]
    was = {thing: now.get(("location", thing)) for thing in things}
    places += [str(where) for where in was.values() if ("kind", str(where)) in now]
    needs = {fluent for name in (*things, *places) for fluent in said.get(name, ())}
    for condition in manifest.preconditions:
        needs |= _asked(condition.fluent, args, now)
    lifts = lays = None
    for thing, where in was.items():
        goes = after.get(("location", thing), where)
        if goes != where:
            lifts = str(where) if ("kind", str(where)) in now else lifts
            lays = str(goes) if ("kind", str(goes)) in now else lays
    scope: Scope = "own" if now.get(HOLDING, NOTHING) == NOTHING else "held"
    if things or places or manifest.effects:
        scope = "things"
    elif manifest.parameters:
        scope = "all"
    holding = after.get(HOLDING)
    return Touched(
        step, scope, frozenset(places), frozenset(needs - {HOLDING}), frozenset(set(after) - {HOLDING}),
        hand=HOLDING in needs or HOLDING in after, takes=holding not in (None, NOTHING), gives=holding == NOTHING,
        lifts=lifts, lays=lays,
    )  # fmt: skip


def _asked(fluent: tuple[Term, ...], args: Mapping[str, Value], now: State) -> set[Fluent]:
    """The fluent a condition asks about, and those by which it is found."""
    found = {ground(fluent, args, now)}
    for term in fluent:
        if isinstance(term, tuple):
            found |= _asked(term, args, now)
    return found
