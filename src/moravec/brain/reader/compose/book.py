"""The phrases as they stand in files, and a draw of one of them.

A file of `phrases` holds sections: `[name]`, then a phrase a line; lines that begin with `#` say something about the file.
`12x phrase` is drawn as often as twelve others. `(a|b|)` is one of the three, `<one/many>` follows the number of what was spoken
of last, or of what the slot right behind it is filled with; `{slot}` is filled by who draws, or with a phrase of the section that
has its name.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from moravec.core.errors import BadInput

FOLDER = Path(__file__).parents[1] / "phrases"
OPEN, CLOSE = "\u2045", "\u2046"  # around what stands in the wishes as it stands in the sentence
_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{([a-z ]+)\}|<([^<>/]*)/([^<>/]*)>")
_WEIGHT = re.compile(r"(\d+)x (.+)")
Fill = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Book:
    """All phrases of a language by section, each as often as it weighs."""

    language: str
    sections: Mapping[str, tuple[str, ...]]
    often: Mapping[str, Mapping[str, int]]  # by section, how much each phrase weighs

    def of(self, section: str) -> tuple[str, ...]:
        """The phrases of a section. Raises BadInput."""
        if section not in self.sections:
            raise BadInput(f"a section of the {self.language} phrases", section, self.sections)
        return self.sections[section]


@cache
def book(language: str) -> Book:
    """The phrases of "english" or "chinese". Raises BadInput for a file that is none."""
    sections: dict[str, list[str]] = {}
    for path in sorted(FOLDER.glob(f"{language}_*.txt")):
        section = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("[") and line.endswith("]"):
                section = line[1:-1]
                sections.setdefault(section, [])
            elif line and not line.startswith("#"):
                if not section:
                    raise BadInput(f"the phrases {path.name}", line, "a section first")
                weighed = _WEIGHT.fullmatch(line)
                sections[section] += [weighed[2]] * int(weighed[1]) if weighed else [line]
    often = {name: Counter(lines) for name, lines in sections.items()}
    return Book(language, {name: tuple(lines) for name, lines in sections.items()}, often)


def pick(rng: np.random.Generator, among: tuple[str, ...] | list[str]) -> str:
    """One of them."""
    return among[int(rng.integers(len(among)))]


def varied(rng: np.random.Generator, phrase: str) -> str:
    """Its choices made."""
    while "(" in phrase:
        made = _CHOICE.sub(lambda found: pick(rng, found[1].split("|")), phrase)
        if made == phrase:
            break
        phrase = made
    return phrase


def filled(phrase: str, fill: Fill, many: Callable[[], bool]) -> str:
    """Its slots filled from the left by `fill`, which is given the slot's name and what stands behind it; `many` says whether
    what was filled last was plural."""
    said: list[str] = []
    waiting: tuple[int, str, str] | None = None  # words that follow the number of the next slot
    end = 0
    for found in _SLOT.finditer(phrase):
        said.append(phrase[end : found.start()])
        end = found.end()
        if found[1]:
            said.append(fill(found[1], phrase[end:]))
            if waiting is not None:
                said[waiting[0]] = waiting[2 if many() else 1]
                waiting = None
        elif phrase.startswith(" {what}", end):
            waiting = len(said), found[2], found[3]
            said.append("")
        else:
            said.append(found[3 if many() else 2])
    return "".join((*said, phrase[end:]))


def literal(text: str) -> str:
    """Marked, so that noise leaves it alone."""
    return f"{OPEN}{text}{CLOSE}"


def plain(text: str) -> str:
    """Without marks, one space between words, and one where two Latin words would run into each other."""
    text = re.sub(f"(?<=[A-Za-z0-9]){OPEN}(?=[A-Za-z0-9])|(?<=[A-Za-z0-9]){CLOSE}{OPEN}", " ", text)
    return " ".join(text.replace(OPEN, "").replace(CLOSE, "").split())
