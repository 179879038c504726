"""Who speaks: a language, its phrases, chance, and what was spoken of last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from moravec.brain.reader.compose.book import Book, book, filled, literal, pick, varied

T = TypeVar("T")
CLIPPED = 0.08  # share of speakers who leave out every word that they can
PLAIN = 0.5  # share of speakers who mostly say what most people say
TRIES = 12  # draws of a phrase that suits what it is to hold
MIXED = 0.012  # share of nouns and colours in the other language
NUMBERS = {
    "english": (
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ),
    "chinese": (
        "零", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五", "十六",
        "十七", "十八", "十九", "二十",
    ),
}  # fmt: skip


class Voice:
    """Draws in one language."""

    def __init__(self, language: str, rng: np.random.Generator) -> None:
        self.language, self.rng = language, rng
        self.book: Book = book(language)
        self.many = False  # whether what was spoken of last is plural
        self.behind = ""  # what stands in the phrase behind the slot that is being filled
        self.clipped, self.plain = self.chance(CLIPPED), self.chance(PLAIN)
        self.detail = self.of((0.3, 0.75, 1.25), (0.5, 0.38, 0.12))  # how much is said of each thing, 1 being a lot

    @property
    def chinese(self) -> bool:
        """Whether it speaks Chinese."""
        return self.language == "chinese"

    def chance(self, share: float) -> bool:
        """True in this share of draws."""
        return bool(self.rng.random() < share)

    def of(self, among: Sequence[T], weights: Sequence[float] | None = None) -> T:
        """One of them."""
        if weights is None:
            return among[int(self.rng.integers(len(among)))]
        left = float(self.rng.random()) * float(sum(weights))
        for one, weight in zip(among, weights, strict=False):
            left -= weight
            if left < 0.0:
                return one
        return among[-1]

    def phrase(self, section: str) -> str:
        """A phrase of the section, choices made, slots open."""
        said = pick(self.rng, self.book.of(section))
        if self.plain:
            often = self.book.often[section]
            said = max(said, *(pick(self.rng, self.book.of(section)) for _ in range(2)), key=lambda phrase: often[phrase])
        return varied(self.rng, said)

    def say(self, section: str, **slots: Callable[[], str] | str) -> str:
        """A phrase with its slots filled."""
        return self.fill(self.phrase(section), **slots)

    def fill(self, phrase: str, **slots: Callable[[], str] | str) -> str:
        """`phrase` with its slots filled, from the left."""

        def one(name: str, behind: str) -> str:
            value = slots.get(name)
            if value is None:
                return self.say(name, **slots)
            if isinstance(value, str):
                return value
            outer, self.behind = self.behind, behind
            said = value()
            self.behind = outer
            return said

        return filled(phrase, one, lambda: self.many)

    def suiting(self, section: str, suits: Callable[[str], bool]) -> str:
        """A phrase of the section that suits, if there is one."""
        phrase = self.phrase(section)
        for _ in range(TRIES):
            if suits(phrase):
                break
            phrase = self.phrase(section)
        return phrase

    def mixed(self, of: Sequence[T]) -> list[T]:
        """All of them in any order."""
        return [of[int(k)] for k in self.rng.permutation(len(of))]

    def foreign(self, section: str) -> str:
        """A word of the other language."""
        other = book("english" if self.chinese else "chinese")
        return self.form(varied(self.rng, pick(self.rng, other.of(section))), False)

    def form(self, word: str, many: bool) -> str:
        """Of "mug/mugs" the one that fits."""
        one, _, more = word.partition("/")
        return more if many and more else one

    def number(self, n: int, digits: float = 0.3) -> str:
        """A number as digits or as a word."""
        words = NUMBERS[self.language]
        if n >= len(words) or self.chance(digits):
            return literal(str(n))
        return words[n]

    def join(self, parts: Sequence[str], last: str = "and") -> str:
        """"a, b and c"."""
        if self.chinese:
            return self.of(("和", "跟", "、", "以及", "还有")).join(parts)
        if len(parts) == 1:
            return parts[0]
        between = self.of((f" {last} ", f" {last} ", f", {last} ", " & " if last == "and" else " or "))
        return self.of((", ", ", ", " and ")).join(parts[:-1]) + between + parts[-1]
