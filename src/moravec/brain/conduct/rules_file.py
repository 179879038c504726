"""A workplace's own rules, as a TOML text: rules in words and as formulas, and what they speak of.

    [traits]                     # which categories of things are what
    fragile = ["bottle"]
    [weights]                    # the most that one of a category weighs [kg]
    tool = 0.8
    [zones]                      # kept clear: x_min, y_min, x_max, y_max [m] in the world
    gate = [0.9, -1.0, 2.0, 1.0]
    [rules.inspected-first]
    sentence = "what goes into a bin was inspected before"
    formula = "every item x: begins stow(x, any) implies once done inspect(x)"

It can only add: a built-in rule cannot be named anew, and no table takes anything away.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from typing import Any

from moravec.brain.conduct.charter import ANY_ZONE, BUILT_IN, NAME, READINGS, TRAITS, Charter, Rule
from moravec.brain.conduct.watch import RuleBook
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace

TABLES = ("rules", "traits", "weights", "zones")
MOST = 100  # entries of a table
LONGEST = 300  # characters of a sentence


def charter_of(text: str, workplace: Workplace) -> Charter:
    """The charter that `text` states, its rules tried on `workplace`'s words. Raises BadInput."""
    try:
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadInput("--rules", " ".join(str(error).split()), "a TOML file") from error
    for name, table in found.items():
        if name not in TABLES:
            raise BadInput("a table of --rules", name, TABLES)
        if not isinstance(table, Mapping) or len(table) > MOST:
            raise BadInput(f"[{name}] of --rules", table, f"a table of at most {MOST} entries")
    charter = Charter(
        rules=tuple(_rule(name, entry) for name, entry in found.get("rules", {}).items()),
        traits={name: _categories(name, value, workplace) for name, value in found.get("traits", {}).items()},
        weights={_category(name, workplace): _weight(name, value) for name, value in found.get("weights", {}).items()},
        zones={name: _zone(name, value) for name, value in found.get("zones", {}).items()},
    )
    kinds = {place.name: place.kind for place in workplace.places}
    RuleBook(charter.rules, charter.vocabulary(kinds, workplace))  # what is wrong with a formula is told at once
    return charter


def _rule(name: str, entry: Any) -> Rule:
    _name("a rule of --rules", name)
    if name in (rule.name for rule in BUILT_IN):
        raise BadInput("a rule of --rules", name, "a name of its own: that rule is built in and stays as it is")
    if not isinstance(entry, Mapping) or set(entry) != {"sentence", "formula"}:
        raise BadInput(f"the rule {name!r}", sorted(entry) if isinstance(entry, Mapping) else entry, "sentence and formula")
    sentence, formula = entry["sentence"], entry["formula"]
    if not isinstance(sentence, str) or not 0 < len(sentence) <= LONGEST or not sentence.isprintable():
        raise BadInput(f"the sentence of the rule {name!r}", sentence, f"one line of at most {LONGEST} characters")
    if not isinstance(formula, str):
        raise BadInput(f"the formula of the rule {name!r}", formula, "text")
    return Rule(name, sentence, formula)


def _categories(name: str, value: Any, workplace: Workplace) -> tuple[str, ...]:
    _name("a trait of --rules", name)
    if name in READINGS and name not in TRAITS:
        raise BadInput("a trait of --rules", name, "a name that no reading has")
    if not isinstance(value, list):
        raise BadInput(f"the trait {name!r}", value, "a list of categories")
    return tuple(_category(category, workplace) for category in value)


def _category(name: Any, workplace: Workplace) -> str:
    if name not in workplace.categories:
        raise BadInput("a category of --rules", name, workplace.categories)
    return str(name)


def _weight(name: str, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0.0 < value < math.inf:
        raise BadInput(f"the weight of a {name!r}", value, "kilograms above 0")
    return float(value)


def _zone(name: str, value: Any) -> tuple[float, float, float, float]:
    _name("a zone of --rules", name)
    if name == ANY_ZONE:
        raise BadInput("a zone of --rules", name, "another name: that one means all of them")
    numbers = isinstance(value, list) and len(value) == 4 and all(
        isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x) for x in value
    )  # fmt: skip
    if not numbers or not (value[0] < value[2] and value[1] < value[3]):
        raise BadInput(f"the zone {name!r}", value, "[x_min, y_min, x_max, y_max] in metres")
    return (float(value[0]), float(value[1]), float(value[2]), float(value[3]))


def _name(asked: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise BadInput(asked, name, "a name of small letters, digits, - and _")
