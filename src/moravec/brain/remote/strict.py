"""What a server answers, as the values that a mind returns. Whatever is not exactly that is BadInput, with the reason.

The words of an answer must be the workplace's own: nothing that a server invents gets into a goal or a plan. A person who
is asked is shown what an option does, in our words; those of the server stand only where they are called the server's.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from moravec.brain.goal import SIZES, Goal, goal_from_json
from moravec.brain.read import Query, Reading
from moravec.brain.rules import RULES, Refusal
from moravec.brain.steps import Plan, Step
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.contract import Manifest
from moravec.skills.manifests import ALL

KINDS = ("move", "inspect", "open", "question", "home", "stop")
QUERIES = ("what", "how many", "where", "any", "help")
CLAUSE = ("kind", "what", "to", "query", "then")
SELECTION = ("categories", "colours", "sizes", "codes", "condition", "place", "count", "definite", "rest", "exceptions")
STORES = ("bin", "reject", "station", "parcel", "table")  # kinds of place where an item may be put
MOST_CLAUSES = 30
MOST_OPTIONS = 8
MOST_COUNT = 10_000
MOST_STEPS = 2_000
LONGEST_TEXT = 300  # characters of anything a person reads
LONGEST_NAME = 60
NOTHING = "nothing"  # the option that does nothing
_CODE = re.compile(r"[A-Z]{1,4}-\d{2,6}")  # as the rules read codes
_NESTED = 2  # exceptions within exceptions
SKILLS: dict[str, Manifest] = {m.name: m for m in ALL if all(p.kind in ("item", "place") for p in m.parameters)}


def destinations(workplace: Workplace) -> tuple[str, ...]:
    """Every destination that a goal may name."""
    names = dict.fromkeys(n for p in workplace.places if p.kind in STORES for n in (p.kind, p.name))
    return ("rule", *(f"bin:{label}" for label in workplace.labels), *(f"place:{name}" for name in names if name != "bin"))


def origins(workplace: Workplace) -> tuple[str, ...]:
    """Every place that a selection may name."""
    names = dict.fromkeys(n for p in workplace.places if p.kind in STORES for n in (p.kind, p.name))
    return ("bins", *(f"bin:{label}" for label in workplace.labels), *(name for name in names if name != "bin"))


def reading_from_json(data: Any, workplace: Workplace) -> Reading:
    """The reading that an answer states: exactly one of goal, question, refusal. Raises BadInput."""
    found = _object(data, ("goal", "question", "refusal"), "a reading")
    given = [name for name in ("goal", "question", "refusal") if found.get(name) is not None]
    if len(given) != 1:
        allowed = "exactly one of goal, question, refusal; null for the others"
        raise BadInput("a reading", " and ".join(given) or "none of them", allowed)
    if given == ["goal"]:
        return Reading(goal=goal_of(found["goal"], workplace))
    if given == ["question"]:
        return Reading(query=_query(found["question"], workplace))
    refusal = _object(found["refusal"], ("rule", "why"), "a refusal")
    rule = _one_of(refusal.get("rule"), RULES, "the rule of a refusal")
    return Reading(refusal=Refusal(rule, f"The model server says: {_text(refusal.get('why'), 'the reason of a refusal')}"))


def goal_of(data: Any, workplace: Workplace) -> Goal:
    """The goal that a list of clauses states, in the workplace's words. Raises BadInput."""
    if not isinstance(data, list) or not 1 <= len(data) <= MOST_CLAUSES:
        raise BadInput("a goal", _shape(data), f"a list of 1 to {MOST_CLAUSES} clauses")
    clauses = [_clause(entry, workplace) for entry in data]
    if len(clauses) > 1 and any(clause["kind"] == "stop" for clause in clauses):
        raise BadInput("a goal", "stop and something else", "stop alone")
    return goal_from_json(clauses)


def plan_of(data: Any) -> Plan:
    """The plan that an answer states. Whether it can be done the validator finds. Raises BadInput."""
    found = _object(data, ("steps", "why"), "a plan")
    steps = found.get("steps")
    if not isinstance(steps, list) or len(steps) > MOST_STEPS:
        raise BadInput("the steps of a plan", _shape(steps), f"a list of at most {MOST_STEPS} steps")
    return Plan(tuple(_step(entry) for entry in steps), method="remote")


def _step(data: Any) -> Step:
    found = _object(data, ("skill", "item", "place"), "a step")
    manifest = SKILLS[_one_of(found.get("skill"), SKILLS, "the skill of a step")]
    takes = [parameter.name for parameter in manifest.parameters]
    for name in ("item", "place"):
        if (found.get(name) is not None) != (name in takes):
            allowed = f"null for what the skill does not take; it takes {', '.join(takes) or 'nothing'}"
            raise BadInput(f"the {name} of {manifest.name!r}", found.get(name), allowed)
    return Step(manifest.name, tuple((name, _name(found[name], f"the {name} of {manifest.name!r}")) for name in takes))


def _query(data: Any, workplace: Workplace) -> Query:
    found = _object(data, ("text", "options", "why"), "a question")
    options = found.get("options")
    if not isinstance(options, list) or not 2 <= len(options) <= MOST_OPTIONS:
        raise BadInput("the options of a question", _shape(options), f"a list of 2 to {MOST_OPTIONS}")
    choices: list[tuple[str, Goal | None]] = []
    for entry in options:
        option = _object(entry, ("goal",), "an option of a question")
        if option.get("goal") is not None:
            goal = goal_of(option["goal"], workplace)
            choices.append((goal.describe(), goal))
    labels = [label for label, _ in choices]
    if len(set(labels)) != len(labels):
        raise BadInput("the options of a question", labels, "goals that differ")
    if (nothing := len(options) - len(labels)) != 1:
        raise BadInput("the options of a question", f"{nothing} without a goal", "exactly one, which does nothing")
    text, why = _text(found.get("text"), "a question's text"), _text(found.get("why"), "why it is asked")
    return Query(text, (*choices, (NOTHING, None)), NOTHING, f"the model server asks: {why}")


def _clause(data: Any, workplace: Workplace) -> dict[str, Any]:
    found = _object(data, CLAUSE, "a clause")
    kind = _one_of(found.get("kind"), KINDS, "the kind of a clause")
    what = _selection({} if found.get("what") is None else found["what"], workplace, _NESTED)
    to, query, then = found.get("to"), found.get("query"), found.get("then")
    if not isinstance(then, bool | None):
        raise BadInput("the 'then' of a clause", then, "true or false")
    if (kind == "move") != (to is not None):
        raise BadInput(f"the 'to' of a clause {kind!r}", to, "a destination for move, null for every other")
    if (kind == "question") != (query is not None):
        raise BadInput(f"the 'query' of a clause {kind!r}", query, "one of the queries for question, null for every other")
    if kind == "open" and what.get("place") not in _parcels(workplace):
        raise BadInput("what a clause opens", what.get("place"), _parcels(workplace))
    clause = {"kind": kind, "what": what, "then": bool(then)}
    if to is not None:
        clause["to"] = _one_of(to, destinations(workplace), "a destination")
    if query is not None:
        clause["query"] = _one_of(query, QUERIES, "the query of a clause")
    return clause


def _selection(data: Any, workplace: Workplace, nested: int) -> dict[str, Any]:
    given = _object(data, SELECTION, "a selection")
    found = {name: value for name, value in given.items() if value is not None and value is not False and value != []}
    words = {"categories": workplace.categories, "colours": workplace.colours, "sizes": SIZES}
    for name in found:
        if name in words:
            found[name] = [_one_of(word, words[name], f"a word of {name!r}") for word in _list(found[name], name)]
        elif name == "codes":
            found[name] = [_code(code) for code in _list(found[name], name)]
        elif name == "place":
            found[name] = _one_of(found[name], origins(workplace), "the place of a selection")
        elif name == "exceptions":
            if nested == 0:
                raise BadInput("a selection", "exceptions within exceptions within exceptions", "two levels")
            found[name] = [_selection(entry, workplace, nested - 1) for entry in _list(found[name], name)]
        elif name == "condition":
            found[name] = _one_of(found[name], ("damaged", "intact"), "a condition")
        elif name == "count":
            found[name] = _count(found[name])
        elif found[name] is not True:
            raise BadInput(f"the {name!r} of a selection", found[name], "true or false")
    return found


def _code(value: Any) -> str:
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise BadInput("a code", value[:LONGEST_NAME] if isinstance(value, str) else _shape(value), "letters-digits, as MV-017")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_COUNT:
        raise BadInput("the count of a selection", value, f"a whole number from 1 to {MOST_COUNT}, or null for all")
    return value


def _parcels(workplace: Workplace) -> tuple[str, ...]:
    return ("parcel", *(place.name for place in workplace.of_kind("parcel")))


def _object(data: Any, names: Collection[str], asked: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadInput(asked, _shape(data), f"an object with {', '.join(names)}")
    for name in data:
        if name not in names:
            raise BadInput(f"a field of {asked}", str(name)[:LONGEST_NAME], names)
    return data


def _list(data: Any, name: str) -> list[Any]:
    if not isinstance(data, list) or len(data) > MOST_CLAUSES:
        raise BadInput(f"the {name!r} of a selection", _shape(data), f"a list of at most {MOST_CLAUSES}")
    return data


def _one_of(value: Any, allowed: Collection[str], asked: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise BadInput(asked, value[:LONGEST_NAME] if isinstance(value, str) else _shape(value), allowed)
    return value


def _name(value: Any, asked: str) -> str:
    return _text(value, asked, LONGEST_NAME)


def _text(value: Any, asked: str, longest: int = LONGEST_TEXT) -> str:
    """A line that a person may be shown."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        shown = value[:LONGEST_NAME] if isinstance(value, str) else _shape(value)
        raise BadInput(asked, shown, f"one line of 1 to {longest} characters")
    return value


def _shape(data: Any) -> str:
    """What stands there, in a word or two."""
    return f"a {type(data).__name__} of {len(data)}" if isinstance(data, list | dict | str) else repr(data)[:LONGEST_NAME]
