"""What a reading takes from the sentence itself: codes, labels, numbers with units, unknown words. What its tokens say, and which
tokens of a sentence say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from moravec.brain.reader.grammar import UNITS, VOLUMES
from moravec.core.errors import BadInput
from moravec.models.reader.lawful import MARK
from moravec.models.reader.text import joined, number_of, pointable_as, split

SPAN = 5  # tokens of the longest literal that is searched for
DECIMALS = 12  # of a measure in SI units
NEAR = 1e-9  # relative difference of measures that are the same


def marked(token: str) -> str:
    """A token that is pointed at."""
    return MARK + token


def is_marked(token: str) -> bool:
    """Whether it is one; the mark alone is none."""
    return token.startswith(MARK) and len(token) > len(MARK)


def unmarked(token: str) -> str:
    """The sentence's own token."""
    return token.removeprefix(MARK)


def code(tokens: Sequence[str]) -> str:
    """A printed code as it is printed: "mv 017", "mv017", "mv-017" are MV-017; digits alone stay digits."""
    text = "".join(tokens).upper().replace("-", "")
    parts = re.fullmatch(r"([A-Z]+)(\d+)", text)
    return f"{parts[1]}-{parts[2]}" if parts else text


def label(tokens: Sequence[str]) -> str:
    """A bin's label."""
    return joined(tokens).upper()


def words(tokens: Sequence[str]) -> str:
    """Words as they stand."""
    return joined(tokens)


def whole(tokens: Sequence[str]) -> int:
    """A whole number. Raises ValueError for none."""
    found = number_of(tokens)
    if found is None or found != int(found):
        raise ValueError(joined(tokens))
    return int(found)


def measure(tokens: Sequence[str], unit: str) -> float:
    """A length [m] or volume [m³]. Raises ValueError, KeyError."""
    found = number_of(tokens)
    if found is None:
        raise ValueError(joined(tokens))
    return round(found * UNITS[unit], DECIMALS)


def code_in(wanted: str, sentence: Sequence[str]) -> Iterator[str]:
    """The marked tokens that say it. Raises BadInput, as all below."""
    return _found("a code", wanted, sentence, 1, lambda span: code(span) == wanted)


def label_in(wanted: str, sentence: Sequence[str]) -> Iterator[str]:
    """The marked tokens that say it."""
    return _found("a label", wanted, sentence, 2, lambda span: label(span) == wanted)


def words_in(wanted: str, sentence: Sequence[str]) -> Iterator[str]:
    """The marked tokens that say it; each must stand in the sentence."""
    tokens = split(wanted)
    return _found("words", wanted, sentence, 3, lambda span: list(span) == tokens, len(tokens))


def number_in(wanted: float, sentence: Sequence[str]) -> Iterator[str]:
    """The marked tokens that say it."""
    return _found("a number", wanted, sentence, 0, lambda span: number_of(span) == wanted)


def measure_in(wanted: float, axis: str, sentence: Sequence[str]) -> Iterator[str]:
    """The marked tokens of its number, then the unit in which they say it."""
    for unit in (unit for unit in UNITS if (unit in VOLUMES) == (axis == "volume")):
        span = _span(sentence, 0, lambda found, unit=unit: _says(found, unit, wanted), range(SPAN, 0, -1))
        if span:
            return iter((*map(marked, span), f"unit {unit}"))
    raise BadInput("a measure", wanted, "one that the sentence says")


def _says(tokens: Sequence[str], unit: str, wanted: float) -> bool:
    number = number_of(tokens)
    return number is not None and abs(number * UNITS[unit] - wanted) <= NEAR * max(wanted, 1e-12)


def _found(
    what: str, wanted: object, sentence: Sequence[str], kind: int, fits: Callable[[Sequence[str]], bool], most: int = SPAN
) -> Iterator[str]:
    span = _span(sentence, kind, fits, range(1, most + 1))
    if not span:
        raise BadInput(what, wanted, f"one that the sentence says: {joined(sentence)[:120]!r}")
    return iter(tuple(map(marked, span)))


def _span(
    sentence: Sequence[str], kind: int, fits: Callable[[Sequence[str]], bool], sizes: range
) -> Sequence[str]:
    for size in sizes:
        for start in range(len(sentence) - size + 1):
            span = sentence[start : start + size]
            if all(pointable_as(token)[kind] for token in span) and fits(span):
                return span
    return ()
