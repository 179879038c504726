"""Text as it is searched: words in small letters, plurals as singulars, each Chinese character a word."""

from __future__ import annotations

import re

_WORD = re.compile(r"[㐀-鿿]|[^\W_㐀-鿿]+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of `text`, in order; never raises. "Two red cans in bin_2" -> two red can in bin 2."""
    return tuple(_singular(word) for word in _WORD.findall(text.casefold()))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith(("xes", "ches", "shes", "sses")):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
