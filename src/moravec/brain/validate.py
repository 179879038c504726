"""The one validator that every plan passes, from whichever mind, before anything moves.

It simulates the plan step by step: each step's own words, the skill's preconditions, and, where a `Conduct` is given, what is
permitted, what the skill's preview objects to, and the rules over all that was done before. It is pure, and its record holds all
that it read, so that a tape can recompute it bit for bit.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from moravec.brain.conduct.conduct import Conduct, conduct_from_json
from moravec.brain.state import SymbolicState, state_from_json, state_to_json
from moravec.brain.steps import Plan, Step, plan_from_json, plan_to_json
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Fluent, Value, changes, unmet

MAX_STEPS = 20_000


@dataclass(frozen=True, slots=True)
class Validation:
    """The verdict on a plan. `step` is the index of the first step that cannot be done, -1 when all can."""

    ok: bool
    step: int = -1
    condition: str = ""
    why: str = ""


def validate(
    plan: Plan,
    state: Mapping[Fluent, Value],
    workplace: Workplace,
    manifests: Mapping[str, Manifest] = BY_NAME,
    conduct: Conduct | None = None,
) -> Validation:
    """Whether every step of `plan` can, and by `conduct` may, be done in turn, starting from `state`. Uses `conduct` up."""
    return _check(plan.steps, SymbolicState(state), [p.name for p in workplace.places], manifests, conduct)


def validation_record(
    plan: Plan, state: Mapping[Fluent, Value], workplace: Workplace, conduct: Conduct | None = None
) -> dict[str, Any]:
    """The validation as plain JSON data, with everything it was computed from. Uses `conduct` up."""
    record: dict[str, Any] = {
        "state": state_to_json(state),
        "places": [p.name for p in workplace.places],
        "plan": plan_to_json(plan),
        "validation": asdict(validate(plan, state, workplace, conduct=conduct)),
    }
    return record if conduct is None else record | {"conduct": conduct.to_json()}


def revalidate(record: Mapping[str, Any]) -> dict[str, Any]:
    """The validation computed anew from a record's own state and plan; equal to its "validation" if nothing changed.

    Raises BadInput for a record that is none.
    """
    for key, kind in (("state", list), ("places", list), ("plan", dict)):
        if not isinstance(record.get(key), kind):
            raise BadInput(f"the field {key!r} of a recorded validation", type(record.get(key)).__name__, kind.__name__)
    plan, state = plan_from_json(record["plan"]), state_from_json(record["state"])
    conduct = conduct_from_json(record["conduct"]) if "conduct" in record else None
    return asdict(_check(plan.steps, state, [str(p) for p in record["places"]], BY_NAME, conduct))


def _check(
    steps: Sequence[Step],
    state: SymbolicState,
    places: Collection[str],
    manifests: Mapping[str, Manifest],
    conduct: Conduct | None,
) -> Validation:
    most = MAX_STEPS if conduct is None else min(MAX_STEPS, conduct.most_steps)
    if len(steps) > most:
        return Validation(False, most, "length", f"the plan has {len(steps)} steps; allowed: {most}")
    for index, step in enumerate(steps):
        fault = _malformed(step, state, places, manifests)
        if fault:
            return Validation(False, index, "arguments", fault)
        manifest, args = manifests[step.skill], step.arguments
        broken = unmet(manifest.preconditions, args, state)
        if broken:
            return Validation(False, index, _text(broken[0].fluent, args), f"{step}: {broken[0].why}")
        refused = None if conduct is None else conduct.begins(manifest, step, state)
        state.write(changes(manifest.effects, args, state))
        if conduct is not None and refused is None:
            refused = conduct.done(manifest, step, state)
        if refused is not None:
            return Validation(False, index, refused.condition, refused.why)
    return Validation(True)


def _malformed(step: Step, state: SymbolicState, places: Collection[str], manifests: Mapping[str, Manifest]) -> str:
    """What is wrong with the step's own words, or ""."""
    if step.skill not in manifests:
        return f"there is no skill {step.skill!r}; {_near(step.skill, manifests)}"
    manifest, args = manifests[step.skill], step.arguments
    wanted = [p.name for p in manifest.parameters]
    if len(args) != len(step.args):
        return f"{step}: an argument is given twice"
    for name in wanted:
        if name not in args:
            return f"{step}: the argument {name!r} is missing; it takes {', '.join(wanted)}"
    for name in args:
        if name not in wanted:
            return f"{step}: there is no argument {name!r}; {_near(name, wanted)}"
    for parameter in manifest.parameters:
        value = args[parameter.name]
        if parameter.kind == "place" and value not in places:
            return f"{step}: there is no place {value!r}; {_near(value, places)}"
        if parameter.kind == "item" and ("location", str(value)) not in state:
            return f"{step}: there is no item {value!r}; {_near(value, list(state.items_known()))}"
    return ""


def _near(found: Value, names: Collection[str]) -> str:
    near = difflib.get_close_matches(str(found), names, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return "allowed: " + (", ".join(list(names)[:12]) or "none")


def _text(term: Any, args: Mapping[str, Value]) -> str:
    """A condition's fluent in words, as "open(location(item-3))"."""
    if isinstance(term, tuple):
        return f"{term[0]}({', '.join(_text(t, args) for t in term[1:])})" if len(term) > 1 else str(term[0])
    return str(args[term[1:]]) if isinstance(term, str) and term.startswith("?") else str(term)
