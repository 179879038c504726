"""Whole sentences as a shift leader speaks: clauses put together, and what stands around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.asked import Asked
from moravec.brain.reader.compose.book import plain
from moravec.brain.reader.compose.chinese import Chinese
from moravec.brain.reader.compose.clauses import Clauses, Said
from moravec.brain.reader.compose.english import English
from moravec.brain.reader.compose.noise import noisy
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.wishes.wish import Condition, Things, Wish

CHINESE = 0.4  # share of sentences
NOISY = 0.55


class Talk:
    """One speaker."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.words = Chinese(voice) if voice.chinese else English(voice)
        self.clauses = Clauses(voice, self.words)
        self.asked = Asked(self.clauses)
        self._kinds: tuple[tuple[float, Callable[[], Said]], ...] = (
            (40, self.clauses.order), (12, self._also), (7, self._then), (3, self._then_things), (5, self._but_leave),
            (6, self._if), (4, self._if_else), (2, self._unless), (2.5, self._slip), (11, self._question),
            (8, self.clauses.answer), (7.5, self._refusal), (2, self._injected),
        )  # fmt: skip

    def sentence(self) -> Said:
        """Anything, with what stands around it."""
        kind = int(self.voice.of(range(len(self._kinds)), [weight for weight, _ in self._kinds]))
        text, wishes = self._kinds[kind][1]()
        return self._around(text, brief=wishes[0].kind in ("agree", "decline", "name", "stop", "refuse")), wishes

    def _around(self, text: str, brief: bool) -> str:
        voice = self.voice
        if voice.chance(0.1 if brief else 0.3):
            text = f"{voice.phrase('before')} {text}"
        if voice.chance(0.08 if brief else 0.2):
            text = f"{text} {voice.phrase('after')}"
        if not brief and voice.chance(0.05):
            text = f"{voice.phrase('story before')} {text}"
        if not brief and voice.chance(0.03):
            text = f"{text} {voice.phrase('story after')}"
        return text

    def _question(self) -> Said:
        text, wishes = self.asked.question()
        return (f"{text} ?" if self.voice.chance(0.6) else text), wishes

    def _refusal(self) -> Said:
        text, wishes = self.clauses.refusal()
        if self.voice.chance(0.1) and wishes[0].why == "unsafe":
            more, _ = self.clauses.order("move", "store", "take")
            first, second = (text, more) if self.voice.chance(0.5) else (more, text)
            text = self.voice.say("also", first=first, second=second)
        return text, wishes

    def _also(self) -> Said:
        parts = [self.clauses.order() for _ in range(2 if self.voice.chance(0.8) else 3)]
        text, wishes = parts[0]
        for more, others in parts[1:]:
            text, wishes = self.voice.say("also", first=text, second=more), wishes + others
        return text, wishes

    def _then(self) -> Said:
        first, before = self.clauses.order()
        second, after = self.clauses.order()
        after = (replace(after[0], then=True), *after[1:])
        return self.voice.say("then", first=first, second=second), before + after

    def _then_things(self) -> Said:
        one, two = meant.things(self.voice, False), meant.things(self.voice, False)
        to, said = meant.target(self.voice), self.words.things
        text = self.voice.say(
            "then things", one=lambda: said(one), two=lambda: said(two), to=lambda: self.words.spot(to, "to")
        )  # fmt: skip
        return text, (Wish("move", (one,), to), Wish("move", (two,), to, then=True))

    def _but_leave(self) -> Said:
        wish, wishes = self.clauses.order("move", "store", "unpack", "tidy", "spread", "discard")
        leave, left = self.clauses.leave()
        text = self.voice.say("but leave", wish=wish, leave=leave)
        return text, (wishes + left if text.find(wish) < text.find(leave) else left + wishes)

    def _inner(self, about: Condition) -> Said:
        """What is to be done under a condition, often with what the condition speaks of."""
        if about.at is None and about.holds != "none" and self.voice.chance(0.6):
            one = about.what[0].amount == meant.ONE
            return self.clauses.move((Things("it", amount=meant.ONE if one else meant.MANY),))
        if self.voice.chance(0.12):
            return self.clauses.leave()
        return self.clauses.order("move", "store", "move", "unpack", "discard", "inspect", "stop", "home", "tidy", "spread")

    def _if(self) -> Said:
        if self.voice.chance(0.1):
            return self._if_room()
        said, condition = self.asked.condition()
        wish, wishes = self._inner(condition)
        return self.voice.say("if", cond=said, wish=wish), (Wish("if", condition=condition, wishes=wishes),)

    def _if_room(self) -> Said:
        said, at = self.asked.room()
        wish, wishes = self.clauses.order("move", "store", "unpack", "discard", "move")
        return self.voice.say("if", cond=said, wish=wish), (Wish("if", condition=Condition("full", at=at), otherwise=wishes),)

    def _if_else(self) -> Said:
        said, condition = self.asked.condition()
        wish, wishes = self._inner(condition)
        if self.voice.chance(0.5) and wishes[0].kind == "move" and len(wishes) == 1:
            other, spot = self.clauses.place("to")
            otherwise: tuple[Wish, ...] = (replace(wishes[0], to=spot),)
        else:
            other, otherwise = self._inner(condition)
        text = self.voice.say("if else", cond=said, wish=wish, other=other)
        return text, (Wish("if", condition=condition, wishes=wishes, otherwise=otherwise),)

    def _unless(self) -> Said:
        said, condition = self.asked.condition()
        wish, wishes = self.clauses.order("move", "store", "unpack", "discard", "move")
        return self.voice.say("unless", cond=said, wish=wish), (Wish("if", condition=condition, otherwise=wishes),)

    def _slip(self) -> Said:
        wrong, _ = self.clauses.order()
        right, wishes = self.clauses.order()
        return self.voice.say("slip clause", wrong=wrong, right=right), wishes

    def _injected(self) -> Said:
        written = self.clauses.injection()
        if self.voice.chance(0.15):
            return written, (Wish("refuse", why="not-a-job"),)
        wish, wishes = self.clauses.order()
        return self.voice.say("injection then", injection=written, wish=wish), wishes


def draw(rng: np.random.Generator, clean: bool = False) -> Said:
    """A sentence and its wishes. `clean` leaves out slips of tongue and keyboard."""
    voice = Voice("chinese" if rng.random() < CHINESE else "english", rng)
    text, wishes = Talk(voice).sentence()
    if not clean and voice.chance(NOISY):
        text = noisy(voice, text)
    return plain(text), wishes
