"""Reading by the trained reader, as a mind does it."""

from __future__ import annotations

from moravec.brain.mind import Reads
from moravec.brain.reader.reader import SEVERAL, Heard, Reader
from moravec.brain.reading import Reading
from moravec.brain.rules import MAX_CHARACTERS, Refusal, gentle, normalise, refused
from moravec.brain.wishes.wish import Meant
from moravec.core.workplace import Workplace


def reads_by(reader: Reader) -> Reads:
    """What an instruction may mean, by `reader`. It never raises for any text; several meanings are for a person to choose from.
    What a rule forbids by its words is refused before the reader sees it."""

    def read(instruction: str, workplace: Workplace) -> Reading:
        if len(instruction) > MAX_CHARACTERS:
            return Reading(refusal=Refusal("too-long", f"The instruction has {len(instruction)} characters."))
        refusal = refused(gentle(normalise(instruction)))
        if refusal is not None:
            return Reading(refusal=refusal)
        meant = meanings(reader.hear(instruction))
        if not meant:
            return Reading(refusal=Refusal("not-a-job", "I understand too little of that to act on it."))
        return Reading(meant=meant)

    return read


def meanings(heard: Heard) -> tuple[Meant, ...]:
    """What to go on with: the one reading that is not ruled out, or the likeliest few to ask about, also where too many are left
    or none is. Nothing where nothing was read."""
    ways = heard.possible if heard.understood else heard.readings[:SEVERAL]
    return tuple(Meant(way.wishes, way.probability) for way in ways)
