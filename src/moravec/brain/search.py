"""Forward best-first search over the manifests, for the cases no method foresees.

States are expanded in the order of h_add (Bonet and Geffner 2001, "Planning as heuristic search"): the sum over the
goals of the estimated number of steps to reach each when nothing is ever undone. It is not admissible; plans are
short here and need not be shortest. Deterministic: ties are broken by the order in which states were found.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from moravec.brain.steps import Step
from moravec.skills.contract import Manifest
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Condition, Fluent, Term, Value, changes, resolve, unmet

MAX_NODES = 2000
_INFINITE = 1e9
_PUTTING = ("place", "stow", "discard")
_REST_KINDS = ("table", "station", "parcel")  # where an item that is in the way may be put down
_Costs: TypeAlias = dict[Fluent, dict[Value, float]]
_Path: TypeAlias = "tuple[Step, _Path] | None"


@dataclass(frozen=True, slots=True)
class Found:
    """The steps, or why there are none."""

    steps: tuple[Step, ...] | None
    why: str = ""
    nodes: int = 0


def search(
    state: Mapping[Fluent, Value],
    goal: Mapping[Fluent, Value],
    items: Sequence[str],
    max_nodes: int = MAX_NODES,
    manifests: Mapping[str, Manifest] = BY_NAME,
) -> Found:
    """Steps from `state` to one where all of `goal` holds, moving only `items`."""
    actions = _actions(state, goal, items, manifests)
    start = dict(state)
    seen = {_key(start)}
    count = itertools.count()
    queue: list[tuple[float, int, dict[Fluent, Value], _Path]] = []
    heapq.heappush(queue, (_estimate(start, goal, actions, manifests), next(count), start, None))
    if queue[0][0] >= _INFINITE:
        return Found(None, _why_not(start, goal, actions, manifests), 0)
    nodes = 0
    while queue:
        _, _, here, path = heapq.heappop(queue)
        if all(here.get(fluent) == value for fluent, value in goal.items()):
            return Found(_steps(path), "", nodes)
        nodes += 1
        if nodes > max_nodes:
            return Found(None, f"no plan was found within {max_nodes} states", nodes)
        for action in actions:
            manifest, args = manifests[action.skill], action.arguments
            if unmet(manifest.preconditions, args, here):
                continue
            after = {**here, **changes(manifest.effects, args, here)}
            key = _key(after)
            if key in seen:
                continue
            seen.add(key)
            estimate = _estimate(after, goal, actions, manifests)
            if estimate < _INFINITE:
                heapq.heappush(queue, (estimate + 0.5 * len(_steps(path)), next(count), after, (action, path)))
    return Found(None, "every way was tried and none leads there", nodes)


def _actions(
    state: Mapping[Fluent, Value], goal: Mapping[Fluent, Value], items: Sequence[str], manifests: Mapping[str, Manifest]
) -> tuple[Step, ...]:
    """All calls worth trying: places for putting down are the goal's own and those where things may rest."""
    kinds = {fluent[1]: str(value) for fluent, value in state.items() if fluent[0] == "kind"}
    wanted = {str(value) for fluent, value in goal.items() if fluent[0] == "location"}
    resting = sorted((p for p in kinds if kinds[p] in _REST_KINDS), key=lambda p: _REST_KINDS.index(kinds[p]))
    out: list[Step] = []
    for manifest in manifests.values():
        choices: list[Iterable[tuple[str, str]]] = []
        for parameter in manifest.parameters:
            if parameter.kind == "item":
                choices.append([(parameter.name, item) for item in items])
            elif parameter.kind == "place":
                puts = manifest.name in _PUTTING
                names = _targets(manifest.name, wanted, resting, kinds) if puts else list(kinds)
                choices.append([(parameter.name, name) for name in names])
            else:
                choices.append([])
        if manifest.effects:
            out += [Step(manifest.name, tuple(args)) for args in itertools.product(*choices)]
    return tuple(out)


def _targets(skill: str, wanted: set[str], resting: Sequence[str], kinds: Mapping[str, str]) -> list[str]:
    """Where `skill` may put something: gently down where things rest, into bins only by the skills for bins."""
    ends = [p for p in sorted(wanted & kinds.keys()) if (kinds[p] in _REST_KINDS) == (skill == "place")]
    return ends + [p for p in resting if skill == "place" and p not in wanted]


def _estimate(
    state: Mapping[Fluent, Value],
    goal: Mapping[Fluent, Value],
    actions: Sequence[Step],
    manifests: Mapping[str, Manifest],
) -> float:
    """h_add: the summed cost of the goals in the relaxation where a fluent keeps every value it ever had."""
    costs = _relaxed(state, actions, manifests)
    return sum(costs.get(fluent, {}).get(value, _INFINITE) for fluent, value in goal.items())


def _relaxed(state: Mapping[Fluent, Value], actions: Sequence[Step], manifests: Mapping[str, Manifest]) -> _Costs:
    costs: _Costs = {fluent: {value: 0.0} for fluent, value in state.items()}
    changed = True
    while changed:
        changed = False
        for action in actions:
            manifest, args = manifests[action.skill], action.arguments
            needed = 1.0 + sum(_condition_cost(c, args, costs) for c in manifest.preconditions)
            if needed >= _INFINITE:
                continue
            for effect in manifest.effects:
                fluent = tuple(str(resolve(term, args, state)) for term in effect.fluent)
                values = costs.setdefault(fluent, {})
                value = resolve(effect.value, args, state)
                if needed < values.get(value, _INFINITE):
                    values[value] = needed
                    changed = True
    return costs


def _condition_cost(condition: Condition, args: Mapping[str, Value], costs: _Costs) -> float:
    wanted = args[str(condition.value)[1:]] if _is_parameter(condition.value) else condition.value
    best = _INFINITE
    for fluent, cost in _groundings(condition.fluent, args, costs):
        values = costs.get(fluent, {None: 0.0})
        for value, extra in values.items():
            if (value == wanted) == (condition.relation == "is"):
                best = min(best, cost + extra)
    return best


def _groundings(fluent: tuple[Term, ...], args: Mapping[str, Value], costs: _Costs) -> list[tuple[Fluent, float]]:
    """Every fluent that a nested term may stand for, with the cost of making it so."""
    options: list[list[tuple[str, float]]] = []
    for term in fluent:
        if isinstance(term, tuple):
            inner = _groundings(term, args, costs)
            options.append([(str(v), c + extra) for f, c in inner for v, extra in costs.get(f, {}).items()])
        else:
            options.append([(str(args[str(term)[1:]]) if _is_parameter(term) else str(term), 0.0)])
    return [(tuple(t for t, _ in combo), sum(c for _, c in combo)) for combo in itertools.product(*options)]


def _is_parameter(term: Term) -> bool:
    return isinstance(term, str) and term.startswith("?")


def _why_not(
    state: Mapping[Fluent, Value],
    goal: Mapping[Fluent, Value],
    actions: Sequence[Step],
    manifests: Mapping[str, Manifest],
) -> str:
    costs = _relaxed(state, actions, manifests)
    for fluent, value in goal.items():
        if costs.get(fluent, {}).get(value, _INFINITE) < _INFINITE:
            continue
        reaching = [a for a in actions if changes(manifests[a.skill].effects, a.arguments, state).get(fluent) == value]
        reasons = [c.why for a in reaching for c in unmet(manifests[a.skill].preconditions, a.arguments, state)]
        reasons += [
            c.why
            for a in actions
            if a.skill == "pick"
            for c in unmet(BY_NAME["pick"].preconditions, a.arguments, state)
        ]
        said = "; ".join(dict.fromkeys(reasons)) or "no skill does that"
        return f"{fluent[0]}({', '.join(fluent[1:])}) cannot become {value!r}: {said}"
    return "the goals exclude each other"


def _key(state: Mapping[Fluent, Value]) -> frozenset[tuple[Fluent, Value]]:
    return frozenset(state.items())


def _steps(path: _Path) -> tuple[Step, ...]:
    steps: list[Step] = []
    while path is not None:
        steps.append(path[0])
        path = path[1]
    return tuple(reversed(steps))
