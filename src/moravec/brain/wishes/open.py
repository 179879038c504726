"""How the meaning of a wish can stay open: a question, a refusal, or something that has to be found out first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from moravec.brain.goal import Destination, Selection
from moravec.brain.rules import Refusal

About = Literal["which", "enough", "where", "clash", "half", "reading"]
Settled: TypeAlias = "tuple[str, ...] | Destination | int"  # items, a place, a number
NOTHING = "nothing"
WHICH_READING, READ_SO = "Which of these do you mean?", "the sentence can be read so"  # a question, and why it is asked


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question. `settles` is what it means, None for "do nothing"; `items` are what it speaks of; `score` in
    [0, 1] is how likely it is meant, as far as that is known."""

    label: str
    settles: Settled | None
    items: tuple[str, ...] = ()
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """What has to be asked. `key` names the open point, for when the wishes are gone through again."""

    key: str
    about: About
    text: str
    options: tuple[Option, ...]
    why: str

    @property
    def items(self) -> tuple[str, ...]:
        """All items that some option speaks of."""
        return tuple(dict.fromkeys(name for option in self.options for name in option.items))


class Open(Exception):
    """The wish can be meant in several ways."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


class Denied(Exception):
    """The wish is not done. `about`: what is not here, where that is why."""

    def __init__(self, rule: str, why: str, about: Selection | None = None) -> None:
        super().__init__(why)
        self.refusal = Refusal(rule, why)
        self.about = about


class Need(Exception):
    """It depends on what only a closer look can tell."""

    def __init__(self, what: Selection) -> None:
        super().__init__(what.describe())
        self.what = what


def evenly(options: list[Option]) -> tuple[Option, ...]:
    """`options` with equal scores, and "nothing" as the last."""
    share = round(1.0 / len(options), 4)
    return (*(Option(o.label, o.settles, o.items, share) for o in options), Option(NOTHING, None))
