"""What is kept of a talk from turn to turn: what was spoken of, what was done, what is to be left alone, what was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from moravec.brain.goal import EVERYWHERE, Destination, Selection
from moravec.brain.wishes.open import Question, Settled
from moravec.brain.wishes.wish import Wish

TURNS = 12  # that are remembered
GROUPS = 16  # of items that were spoken of


EVERY = Selection(place=EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that were spoken of together, in which turn, and by which words. `loose`: "it" means all of them, as in "if
    anything is damaged, reject it". `spared`: they were spoken of as what is left out."""

    items: tuple[str, ...]
    turn: int = 0
    what: Selection = EVERY
    loose: bool = False
    spared: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """What one turn did: item -> (place before, place after), and where the person wanted things."""

    turn: int
    text: str
    moved: Mapping[str, tuple[str, str]]
    to: Destination | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that nobody has answered yet, with the wishes it is about and what was settled before."""

    wishes: tuple[Wish, ...]
    settled: Mapping[str, Settled]
    question: Question


@dataclass(frozen=True, slots=True)
class Talk:
    """The talk so far. Lists are oldest first and bounded."""

    turn: int = 0
    groups: tuple[Group, ...] = ()
    places: tuple[Destination, ...] = ()
    done: tuple[Done, ...] = ()
    left: tuple[Selection, ...] = ()
    pending: Pending | None = None
    said: str = ""  # the last answer
    asked: tuple[int, Wish] | None = None  # in which turn the person asked last, and what

    def joined(self, newer: Talk) -> Talk:
        """This turn's talk, with what was said in turns that came in while it ran; `newer` went on from it, or is its own."""
        if newer.turn <= self.turn:
            return self
        return replace(
            self,
            turn=newer.turn,
            groups=(*self.groups, *(group for group in newer.groups if group.turn > self.turn)),
            places=(*self.places, *newer.places[-1:]),
            done=(*self.done, *(done for done in newer.done if done.turn > self.turn)),
            left=tuple(dict.fromkeys((*self.left, *newer.left))),
            pending=newer.pending,
            asked=newer.asked,
        ).bounded()

    def next(self) -> Talk:
        """The same, one turn later."""
        return replace(self, turn=self.turn + 1)

    def bounded(self) -> Talk:
        """The same without what is too long ago."""
        return replace(
            self, groups=self.groups[-GROUPS:], places=self.places[-GROUPS:], done=self.done[-TURNS:], left=self.left[-TURNS:]
        )

    def recent(self) -> list[Group]:
        """What this turn spoke of, and the last turn before it that spoke of anything; the latest first."""
        before = max((group.turn for group in self.groups if group.turn < self.turn), default=self.turn)
        return [group for group in reversed(self.groups) if group.turn in (before, self.turn)]

    def came_from(self, item: str) -> str | None:
        """Where `item` lay before it was moved last in this talk."""
        return next((d.moved[item][0] for d in reversed(self.done) if item in d.moved), None)

    def last_done(self) -> Done | None:
        """The last turn that moved something."""
        return next((d for d in reversed(self.done) if d.moved), None)
