"""A mind that reads by the trained reader and leaves the rest to another."""

from __future__ import annotations

from typing import final

from moravec.brain.mind import Mind, Situation
from moravec.brain.read import Reading
from moravec.brain.reader.reader import SEVERAL, Heard, Reader
from moravec.brain.rules import MAX_CHARACTERS, Refusal, gentle, refused
from moravec.brain.steps import Plan
from moravec.brain.wishes.wish import Meant
from moravec.brain.words import normalise
from moravec.core.workplace import Workplace


@final
class ReadingMind:
    """Reads by `reader`, plans as `mind` does. What a rule forbids by its words is refused before the reader sees it."""

    def __init__(self, reader: Reader, mind: Mind) -> None:
        self._reader, self._mind = reader, mind

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """What `instruction` may mean. Never raises for any text. Several meanings are for a person to choose from."""
        if len(instruction) > MAX_CHARACTERS:
            return Reading(refusal=Refusal("too-long", f"The instruction has {len(instruction)} characters."))
        refusal = refused(gentle(normalise(instruction)))
        if refusal is not None:
            return Reading(refusal=refusal)
        meant = meanings(self._reader.hear(instruction))
        if not meant:
            return Reading(refusal=Refusal("not-a-job", "I understand too little of that to act on it."))
        return Reading(meant=meant)

    def plan(self, situation: Situation) -> Plan:
        """Steps towards the goal."""
        return self._mind.plan(situation)


def meanings(heard: Heard) -> tuple[Meant, ...]:
    """What to go on with: the one reading that is not ruled out, or the likeliest few to ask about, also where too many are left
    or none is. Nothing where nothing was read."""
    ways = heard.possible if heard.understood else heard.readings[:SEVERAL]
    return tuple(Meant(way.wishes, way.probability) for way in ways)
