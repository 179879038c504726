"""What a server answers, as the values that a mind returns. Whatever is not exactly that is BadInput, with the reason.

Nothing that a server invents gets into a reading or a plan: a reading is made of the grammar's tokens and the sentence's own
words. A person who is asked is shown what an option does, in our words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from moravec.brain.reader.written import check, read, tokens_in, write
from moravec.brain.steps import Plan, Step
from moravec.brain.wishes.wish import Meant, Wish
from moravec.core.errors import BadInput
from moravec.models.reader.text import split
from moravec.skills.contract import Manifest
from moravec.skills.manifests import ALL

MOST_READINGS = 4
MOST_STEPS = 2_000
LONGEST_READING = 2_000  # characters
LONGEST_NAME = 60
SKILLS: dict[str, Manifest] = {m.name: m for m in ALL if all(p.kind in ("item", "place") for p in m.parameters)}


def meant_in(data: Any, instruction: str) -> tuple[Meant, ...]:
    """The readings that an answer states, each as likely as the others. Raises BadInput for one that is no lawful sequence, or
    that points at what `instruction` does not say."""
    found = _object(data, ("readings",), "an answer").get("readings")
    if not isinstance(found, list) or not 1 <= len(found) <= MOST_READINGS:
        raise BadInput("the readings of an answer", _shape(found), f"a list of 1 to {MOST_READINGS}")
    sentence = split(instruction)
    wishes = dict.fromkeys(_wishes(line, sentence) for line in found)
    return tuple(Meant(each, 1.0 / len(wishes)) for each in wishes)


def _wishes(line: Any, sentence: Sequence[str]) -> tuple[Wish, ...]:
    tokens = tokens_in(_text(line, "a reading", LONGEST_READING))
    check(tokens)
    found = read(tokens)
    if not found:
        raise BadInput("a reading", "no wish", "at least one wish before the last `.`")
    write(found, sentence)  # what it points at stands in the sentence
    return found


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


def _object(data: Any, names: Collection[str], asked: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise BadInput(asked, _shape(data), f"an object with {', '.join(names)}")
    for name in data:
        if name not in names:
            raise BadInput(f"a field of {asked}", str(name)[:LONGEST_NAME], names)
    return data


def _one_of(value: Any, allowed: Collection[str], asked: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise BadInput(asked, value[:LONGEST_NAME] if isinstance(value, str) else _shape(value), allowed)
    return value


def _name(value: Any, asked: str) -> str:
    return _text(value, asked, LONGEST_NAME)


def _text(value: Any, asked: str, longest: int) -> str:
    """A line that a person may be shown."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not value.isprintable():
        shown = value[:LONGEST_NAME] if isinstance(value, str) else _shape(value)
        raise BadInput(asked, shown, f"one line of 1 to {longest} characters")
    return value


def _shape(data: Any) -> str:
    """What stands there, in a word or two."""
    return f"a {type(data).__name__} of {len(data)}" if isinstance(data, list | dict | str) else repr(data)[:LONGEST_NAME]
