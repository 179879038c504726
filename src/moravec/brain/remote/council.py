"""Two readings of one instruction, the rules' and a server's: which counts. Pure.

A server may read what the rules cannot, refuse for safety what they let pass, and ask. It can overrule neither a refusal
for safety nor a reading of theirs: where both read and differ, or the server asks, a person is asked, and without an answer
theirs holds. Where the rules found a thing or a place that there is not, its reading counts only when a person says so.
"""

from __future__ import annotations

from typing import Any

from moravec.brain.goal import Goal, goal_to_json
from moravec.brain.read import Query, Reading
from moravec.brain.remote.strict import NOTHING
from moravec.brain.rules import Refusal

SAFETY = ("harm-people", "safety-limits", "own-instructions", "rough-handling")  # refusals that a server may make too
FINAL = (*SAFETY, "too-long", "contradiction")  # not about words which were not understood; with them no server is asked
DOUBTED = ("unknown-thing", "unknown-place", "unclear")  # understood, up to something that the workplace does not have


def is_final(reading: Reading) -> bool:
    """Whether it stands, whoever else reads otherwise: a refusal, or to stop, which waits for nobody."""
    if reading.goal is not None:
        return any(clause.kind == "stop" for clause in reading.goal.clauses)
    return reading.refusal is not None and reading.refusal.rule in FINAL


def settled(local: Reading, remote: Reading) -> Reading:
    """The reading that counts."""
    if is_final(local):
        return local
    if remote.refusal is not None:
        return remote if remote.refusal.rule in SAFETY else local  # that a server does not understand is no reason not to
    if local.refusal is not None:
        return remote if local.refusal.rule not in DOUBTED or remote.goal is None else _doubted(local.refusal, remote.goal)
    if local.query is not None:
        return _widened(local.query, remote)
    if remote.query is not None:
        return Reading(query=_beside(local, remote.query))
    assert local.goal is not None and remote.goal is not None  # a reading is one of the three
    if meaning(local.goal) == meaning(remote.goal):
        return local
    return _between(local.goal, remote.goal)


def confirmed(reading: Reading, local: Reading) -> Reading:
    """`reading`, where the server was told what outside tools say. A goal that the rules did not read may then be a stranger's
    wish: a person is asked, and without an answer nothing is done."""
    if reading.goal is None or reading.goal == local.goal:
        return reading
    options = ((reading.goal.describe(), reading.goal), (NOTHING, None))
    why = "only the model server read it, and outside tools had told it something"
    return Reading(query=Query("Do you mean this?", options, NOTHING, why))


def meaning(goal: Goal) -> list[Any]:
    """What of a goal decides what is done, for comparison; the order of words does not, nor that of clauses without "then"."""
    clauses = [_sorted(clause) for clause in goal_to_json(goal)]
    return clauses if any(clause.then for clause in goal.clauses) else sorted(clauses, key=repr)


def _between(local: Goal, remote: Goal) -> Reading:
    first, second = local.describe(), remote.describe()
    if first == second:
        second = f"{second} (as the server reads it)"
    options = ((first, local), (second, remote), (NOTHING, None))
    why = "the rules and the model server read it differently"
    return Reading(query=Query("Which of these do you mean?", options, first, why))


def _doubted(refusal: Refusal, goal: Goal) -> Reading:
    """Is the server's reading meant, of what the rules refuse?"""
    options = ((goal.describe(), goal), (NOTHING, None))
    return Reading(query=Query(f"{refusal.why} Do you mean this?", options, NOTHING, "only the model server read it"))


def _beside(local: Reading, query: Query) -> Query:
    """The server's question; the rules' reading is the first option, and the default."""
    assert local.goal is not None  # `settled` sees to it
    own = meaning(local.goal)
    others = [(label, goal) for label, goal in query.options if goal is None or meaning(goal) != own]
    label = local.goal.describe()
    while label in dict(others):
        label += " (as the rules read it)"
    return Query(query.text, ((label, local.goal), *others), label, query.why)


def _widened(query: Query, remote: Reading) -> Reading:
    """The rules' question; the server's reading becomes one more option where it is new."""
    if remote.goal is None or any(goal is not None and meaning(goal) == meaning(remote.goal) for _, goal in query.options):
        return Reading(query=query)
    label = remote.goal.describe()
    if label in dict(query.options):
        return Reading(query=query)
    options = (*query.options[:-1], (label, remote.goal), query.options[-1])
    return Reading(query=Query(query.text, options, query.default, query.why))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):  # "definite" is about what a person expects to find, not about what is done
        return {name: _sorted(entry) for name, entry in sorted(value.items()) if name != "definite"}
    if isinstance(value, list):
        return sorted((_sorted(entry) for entry in value), key=repr)
    return value
