"""A sentence to wishes: the readings that are possible, each with its probability, and those that cannot be ruled out."""

from __future__ import annotations

import math
from dataclasses import dataclass

from moravec.brain.reader.calibrate import CERTAIN, Calibration, Reading, possible
from moravec.brain.reader.grammar import WISHES
from moravec.brain.reader.written import read as wishes_of
from moravec.brain.wishes.wish import Wish
from moravec.core.errors import BadInput
from moravec.models.reader.beam import Search
from moravec.models.reader.network import Network
from moravec.models.reader.text import LENGTH, Vocabulary, coded, seen, split

SEVERAL = 4  # readings that a person is asked about; more are no understanding


@dataclass(frozen=True, slots=True)
class Heard:
    """What a sentence may mean. `readings`: the most probable first. `possible`: those that the calibration does not rule out.
    One: it is understood; several, up to SEVERAL: a person is to be asked; none or more: it is not understood."""

    readings: tuple[Reading, ...]
    possible: tuple[Reading, ...]

    @property
    def understood(self) -> bool:
        """Whether there is one meaning, or few to ask about."""
        return 1 <= len(self.possible) <= SEVERAL


class Reader:
    """Reads with the weights and the calibration it is given. One thread; equal sentences give equal answers."""

    def __init__(self, network: Network, vocabulary: Vocabulary, calibration: Calibration = CERTAIN) -> None:
        self._network, self._numbers, self._calibration = network, vocabulary.numbers(), calibration
        self._search = Search(WISHES)

    def hear(self, sentence: str) -> Heard:
        """What `sentence` may mean; nothing where it has no word or more than LENGTH tokens."""
        readings = self.readings(sentence, self._calibration.temperature)
        return Heard(readings, possible(readings, self._calibration))

    def readings(self, sentence: str, temperature: float = 1.0) -> tuple[Reading, ...]:
        """All readings that the search found, the most probable first; those that mean the same are one."""
        tokens = split(sentence)
        if not any(token[0].isalnum() for token in tokens) or len(tokens) > LENGTH:
            return ()
        words, pieces = coded(tokens, self._numbers)
        found: dict[tuple[Wish, ...], float] = {}
        for written in self._search.readings(seen(tokens), self._network.read(words, pieces), temperature):
            try:
                wishes = wishes_of(written.tokens)
            except BadInput:  # digits in a row that say no number
                continue
            found[wishes] = found.get(wishes, 0.0) + math.exp(written.log_p)
        return tuple(sorted((Reading(w, p) for w, p in found.items()), key=lambda reading: -reading.probability))
