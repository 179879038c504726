"""How a reading can stay open, and how open points are settled."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.brain.goal import Destination, Selection
from moravec.brain.rules import Refusal


@dataclass(frozen=True, slots=True)
class Choice:
    """How open points are settled; None leaves a point open."""

    distribute: bool | None = None
    they: Selection | None = None
    where: Destination | None = None
    some: int | None = None  # what "some" means; 0 for all


class Unclear(Exception):
    """Two readings or more: the question, and for each answer the choice that settles it (None: do nothing)."""

    def __init__(self, text: str, options: tuple[tuple[str, Choice | None], ...], why: str) -> None:
        super().__init__(text)
        self.text, self.options, self.why = text, options, why


class Unreadable(Exception):
    """No reading; with the refusal to give."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.refusal = Refusal(rule, why)
