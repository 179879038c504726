"""What the network learns from: drawn sentences with what is to be written of them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import numpy as np

from moravec.brain.reader.compose.book import FOLDER
from moravec.brain.reader.compose.talk import draw
from moravec.brain.reader.grammar import WISHES
from moravec.brain.reader.written import write
from moravec.brain.wishes.wish import Wish
from moravec.core.errors import BadInput
from moravec.models.reader.text import LENGTH, Vocabulary, split, vocabulary

HELD = 1_000_000_007  # seeds of sentences that are never learned from begin with this
WORDS = 40_000  # sentences whose words make the vocabulary
LONGEST = 140  # tokens of a reading


def lesson(rng: np.random.Generator) -> tuple[str, tuple[str, ...]]:
    """A sentence, and its wishes as tokens."""
    while True:
        sentence, wishes = draw(rng)
        tokens = split(sentence)
        try:
            written = write(wishes, tokens)
        except BadInput:  # a slip broke what was to be pointed at
            continue
        if 0 < len(tokens) <= LENGTH and len(written) <= LONGEST:
            return sentence, written


def held_out(number: int) -> tuple[str, tuple[Wish, ...]]:
    """The sentence of this number that no training sees, and its wishes."""
    return draw(np.random.default_rng([HELD, number]))


def words() -> Vocabulary:
    """The words of WORDS sentences without slips."""
    rng = np.random.default_rng([HELD, WORDS, 1])
    return vocabulary(draw(rng, clean=True)[0] for _ in range(WORDS))


def fingerprint() -> str:
    """sha256 of the phrases, of the code that puts them together, and of the grammar."""
    digest = sha256(repr((WISHES.start, WISHES.rules)).encode())
    for path in sorted([*FOLDER.glob("*.txt"), *(Path(__file__).parent / "compose").glob("*.py")]):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
