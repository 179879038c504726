"""A sentence as numbers: known words by number, and of every word the pieces it is made of, so that new words and misspelt ones
are near those they look like."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput

LENGTH = 24  # words of a sentence that are read; the rest is cut off
PIECES = 12  # pieces of a word that are read
BUCKETS = 2048  # numbers of pieces; different ones may share a number
NOTHING, UNKNOWN = 0, 1  # numbers of words: no word here, and a word that is not known
_WORD = re.compile(r"[a-z0-9]+")
_SIZES = (3, 4, 5)  # letters of a piece


@dataclass(frozen=True, slots=True)
class Tokens:
    """`words` (..., LENGTH) and `pieces` (..., LENGTH, PIECES), int64; 0 where there is nothing."""

    words: NDArray[np.int64]
    pieces: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that training has seen, by their number less 2."""

    known: tuple[str, ...]

    def __post_init__(self) -> None:
        wrong = [word for word in self.known if not _WORD.fullmatch(word)]
        if wrong or len(set(self.known)) != len(self.known):
            raise BadInput("the vocabulary", wrong[:3] or "a word twice", "words of small letters and digits, each once")

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.known) + 2

    def read(self, sentences: Sequence[str]) -> Tokens:
        """The sentences' tokens, (n, LENGTH) and (n, LENGTH, PIECES). Raises BadInput for one without a word of Latin letters or
        digits: nothing of it would be read, and something would be done all the same."""
        numbers = {word: index + 2 for index, word in enumerate(self.known)}
        words = np.full((len(sentences), LENGTH), NOTHING, np.int64)
        pieces = np.zeros((len(sentences), LENGTH, PIECES), np.int64)
        for row, sentence in enumerate(sentences):
            own = split(sentence)
            if not own:
                raise BadInput("the instruction", sentence[:60], "words of the letters a to z and digits")
            for place, word in enumerate(own[:LENGTH]):
                words[row, place] = numbers.get(word, UNKNOWN)
                found = piece_numbers(word)[:PIECES]
                pieces[row, place, : len(found)] = found
        return Tokens(words, pieces)


def vocabulary(sentences: Iterable[str]) -> Vocabulary:
    """All words of `sentences`, the most frequent first, equal ones by the alphabet."""
    counts = Counter(word for sentence in sentences for word in split(sentence))
    return Vocabulary(tuple(sorted(counts, key=lambda word: (-counts[word], word))))


def split(sentence: str) -> list[str]:
    """Its words, in small letters."""
    return _WORD.findall(sentence.lower())


def piece_numbers(word: str) -> list[int]:
    """Numbers from 1 to BUCKETS - 1 of the pieces of 3 to 5 letters of a word, its ends marked; longer pieces first."""
    marked = f"<{word}>"
    pieces = [marked[k : k + size] for size in reversed(_SIZES) for k in range(len(marked) - size + 1)]
    return [1 + zlib.crc32(piece.encode()) % (BUCKETS - 1) for piece in pieces]
