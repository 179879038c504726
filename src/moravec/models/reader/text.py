"""A sentence as numbers: Latin words and single Han characters, each with the pieces it is made of, so that a misspelt word is
near the one that was meant; and which of them a reading may point at."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput

LENGTH = 160  # tokens of a sentence; a longer one is not read at all
PIECES = 20  # pieces of a token that are read
BUCKETS = 4096  # numbers of pieces; different ones may share a number
NOTHING, UNKNOWN = 0, 1  # numbers of words: no word here, and a word that is not known
Pointed = Literal["number", "code", "label", "word"]
POINTED: tuple[Pointed, ...] = ("number", "code", "label", "word")  # what a token can be pointed at as
_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_TOKEN = re.compile(
    rf"[a-z]{{1,4}}-?\d+(?![a-z])|\d+(?:[.,]\d+)?|[{_HAN}]|[^\W\d_{_HAN}]+(?:'[^\W\d_{_HAN}]+)*|[,.;:!?\"()+&]"
)
_SAME = str.maketrans("\u2018\u2019\u00b4`\u201c\u201d\u300c\u300d\u3001\u3002\u2026!", "''''\"\"\"\",...")
_SIZES = (4, 3, 2)  # letters of a piece
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_SMALL = {word: n for n, word in enumerate(_ONES)} | {word: 10 * n for n, word in enumerate(_TENS, 2)}
_HAN_DIGITS = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_HAN_POWERS = {"十": 10, "百": 100, "千": 1000}
_NUMBER_WORDS = {*_SMALL, *_HAN_DIGITS, *_HAN_POWERS, "hundred", "thousand", "half", "半", "quarter", "dozen"}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that training has seen often, by their number less 2."""

    known: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(set(self.known)) != len(self.known) or any(len(split(word)) != 1 for word in self.known):
            raise BadInput("the vocabulary", "a word twice, or what is no token", "tokens, each once")

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return len(self.known) + 2

    def numbers(self) -> dict[str, int]:
        """Number of each word."""
        return {word: index + 2 for index, word in enumerate(self.known)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A sentence: its tokens, and for each whether it may be pointed at as POINTED say, (tokens, 4) bool; `first[i]` is where the
    token of place i stands first."""

    tokens: tuple[str, ...]
    pointable: NDArray[np.bool_]
    first: NDArray[np.int64]

    def places(self, kind: int, after: str | None = None) -> NDArray[np.bool_]:
        """Where something may be pointed at as POINTED[kind], nowhere for -1; right behind `after`, if that is given."""
        if kind < 0:
            return np.zeros(len(self.tokens), np.bool_)
        allowed = self.pointable[:, kind]
        if after is None:
            return allowed
        return allowed & np.array([k > 0 and self.tokens[k - 1] == after for k in range(len(self.tokens))], np.bool_)


def normalise(text: str) -> str:
    """One width, one case, one kind of quotation mark; what cannot be printed is a space."""
    text = unicodedata.normalize("NFKC", text.translate(_SAME)).casefold().translate(_SAME)
    return "".join(char if char.isprintable() else " " for char in text)


def split(text: str) -> list[str]:
    """The tokens of a text."""
    return _TOKEN.findall(normalise(text))


def seen(tokens: Sequence[str]) -> Seen:
    """What may be pointed at, and where what is the same stands first."""
    where: dict[str, int] = {}
    first = np.array([where.setdefault(token, place) for place, token in enumerate(tokens)], np.int64)
    pointable = np.array([pointable_as(token) for token in tokens], np.bool_).reshape(len(tokens), len(POINTED))
    return Seen(tuple(tokens), pointable, first)


def pointable_as(token: str) -> tuple[bool, bool, bool, bool]:
    """As number, code, label, word. A word is anything but a mark."""
    digits, word = any(char.isdigit() for char in token), token[0].isalnum()
    number = token in _NUMBER_WORDS or (digits and token[0].isdigit() and not token[-1].isalpha())
    latin = token.isascii() and word
    label = (latin and len(token) <= 6) or number or (len(token) == 1 and word)
    return number, latin and (digits or len(token) <= 4), label, word


def coded(tokens: Sequence[str], vocabulary: dict[str, int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of words (tokens,) and of pieces (tokens, PIECES)."""
    words = np.array([vocabulary.get(token, UNKNOWN) for token in tokens], np.int64)
    pieces = np.zeros((len(tokens), PIECES), np.int64)
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        found = piece_numbers(token, before, after)[:PIECES]
        pieces[place, : len(found)] = found
    return words, pieces


def piece_numbers(token: str, before: str = "", after: str = "") -> list[int]:
    """Of a Latin word its pieces of 2 to 4 letters, ends marked; of a Han character itself and the pairs it makes with its
    neighbours, for a word is mostly two of them. From 1 to BUCKETS - 1."""
    if is_han(token):
        pieces = [token, before[-1:] + token, token + after[:1]]
    else:
        marked = f"<{token}>"
        pieces = [marked[k : k + size] for size in _SIZES for k in range(len(marked) - size + 1)]
    return [1 + zlib.crc32(piece.encode()) % (BUCKETS - 1) for piece in pieces]


def is_han(token: str) -> bool:
    """Whether this is a single Han character."""
    return len(token) == 1 and ("\u3400" <= token <= "\u4dbf" or "\u4e00" <= token <= "\u9fff")


def vocabulary(sentences: Iterable[str], least: int = 3) -> Vocabulary:
    """Words that stand `least` times or more in `sentences` and hold no digit, the most frequent first."""
    counts = Counter(token for sentence in sentences for token in split(sentence) if not any(c.isdigit() for c in token))
    words = [word for word, count in counts.items() if count >= least]
    return Vocabulary(tuple(sorted(words, key=lambda word: (-counts[word], word))))


def joined(tokens: Sequence[str]) -> str:
    """Tokens as one text: a space between them, none beside Han characters."""
    out = ""
    for token in tokens:
        out += token if not out or is_han(token) or is_han(out[-1]) else f" {token}"
    return out


def number_of(tokens: Sequence[str]) -> float | None:
    """The number that tokens say: "250", "1.5", "two hundred", "half", 两百; None where they say none."""
    if len(tokens) == 1 and tokens[0][0].isdigit():
        token = tokens[0]
        token = token.replace(",", "" if re.fullmatch(r"\d+,\d{3}", token) else ".")
        try:
            return float(token)
        except ValueError:
            return None
    return _han_number(tokens) if all(is_han(t) for t in tokens) else _english_number(tokens)


def _english_number(tokens: Sequence[str]) -> float | None:
    total, here = 0.0, 0.0
    for token in tokens:
        if token in ("half", "quarter", "dozen"):
            here = {"half": 0.5, "quarter": 0.25, "dozen": 12.0}[token] * (here or 1.0)
        elif token in _SMALL:
            here += _SMALL[token]
        elif token == "hundred":
            here = (here or 1.0) * 100.0
        elif token == "thousand":
            total, here = total + (here or 1.0) * 1000.0, 0.0
        elif token[0].isdigit() and number_of([token]) is not None:
            here += number_of([token]) or 0.0
        else:
            return None
    return total + here if tokens else None


def _han_number(tokens: Sequence[str]) -> float | None:
    total, here = 0.0, 0.0
    for token in tokens:
        if token == "半":
            return 0.5 if len(tokens) == 1 else None
        if token in _HAN_DIGITS:
            here = _HAN_DIGITS[token]
        elif token in _HAN_POWERS:
            total, here = total + (here or 1.0) * _HAN_POWERS[token], 0.0
        else:
            return None
    return total + here if tokens else None
