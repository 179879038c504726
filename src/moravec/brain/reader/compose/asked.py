"""Questions and conditions: words and what they ask."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.clauses import Clauses, Said
from moravec.brain.wishes.wish import EVERYTHING, Amount, Condition, Size, Spot, Things, Wish

ALL = Amount()
PLACES = ("cond full", "cond empty", "cond room")  # sections that are about a place alone


class Asked:
    """Questions and conditions of one speaker. A phrase's slots give the parts, and what was said of each is put together."""

    def __init__(self, clauses: Clauses) -> None:
        self.clauses, self.voice, self.words = clauses, clauses.voice, clauses.words

    def question(self) -> Said:
        """Any question."""
        kind = self.voice.of(
            ("what", "which", "how many", "where", "any", "all", "which place", "in place", "help", "why", "doing"),
            (0.14, 0.08, 0.2, 0.17, 0.12, 0.06, 0.07, 0.02, 0.05, 0.04, 0.05),
        )
        if kind == "which" and self.voice.chance(0.2):
            best = replace(meant.described(self.voice), codes=(), unknown=(), coded=None, amount=meant.ONE, definite=True)
            best = replace(best, size=Size(self.voice.of(("smallest", "largest")), self.voice.of(("volume", "length"))))
            return self.voice.say("ask best", what=lambda: self.words.things(best)), (Wish("ask", (best,), query="what"),)
        text, what, spot = self._say(f"ask {kind}")
        if kind in ("help", "doing"):
            return text, (Wish("ask", query=kind),)  # type: ignore[arg-type]
        if kind == "why":
            return text, (Wish("ask", (what,) if what else (), query="why"),)
        if kind == "in place":
            return text, (Wish("ask", to=spot, query="which place"),)
        if kind == "which place":
            return text, (Wish("ask", (what or EVERYTHING,), Spot("rule"), query="which place"),)
        query = "what" if kind == "which" else kind
        return text, (Wish("ask", (what or EVERYTHING,), query=query),)  # type: ignore[arg-type]

    def condition(self) -> tuple[str, Condition]:
        """Any condition."""
        holds = self.voice.of(("any", "none", "all", "more", "fewer", "exactly", "full", "empty"), (40, 14, 9, 9, 5, 4, 14, 5))
        n = int(self.voice.of(range(2 if holds == "fewer" else 1, 9)))
        text, what, spot = self._say(f"cond {holds}", n=self.voice.number(n))
        if holds in ("full", "empty"):
            return text, Condition(holds, at=spot)  # type: ignore[arg-type]
        n = n if holds in ("more", "fewer", "exactly") else 0
        return text, Condition(holds, (what or EVERYTHING,), n)  # type: ignore[arg-type]

    def room(self) -> tuple[str, Spot]:
        """Words that a place is not full yet."""
        text, _, spot = self._say("cond room")
        return text, spot

    def one_of_them(self) -> tuple[str, Condition]:
        """Words that one among those that were spoken of is damaged, or is not."""
        state = self.voice.of(("damaged", "intact"), (0.85, 0.15))
        one = self.voice.chance(0.6)
        section = "cond one of them" if one else "cond some of them"
        text = self.voice.say(section, predicate=lambda: self.voice.phrase(f"predicate {state}"))
        return text, Condition("any", (Things(condition=state, amount=meant.ONE if one else ALL),))  # type: ignore[arg-type]

    def _say(self, section: str, n: str = "") -> tuple[str, Things | None, Spot]:
        """A phrase of a section; what it is about, and the place it names."""
        voice, phrase = self.voice, self.voice.phrase(section)
        spot = meant.source(voice)
        state = voice.of(("damaged", "intact"), (0.7, 0.3))
        about = self._about(phrase)
        said = about or EVERYTHING
        slots = {
            "what": lambda: self.words.things(said), "one": lambda: self.words.things(said),
            "plain": lambda: self.words.bare(said, True),
            "noun": lambda: self.words.bare(said, "every" not in phrase and "each" not in phrase),
            "predicate": lambda: voice.phrase(f"predicate {state}"), "at": lambda: self.words.spot(spot, "at"),
            "in": lambda: self.words.spot(spot, "in"), "to": lambda: self.words.spot(spot, "to"), "n": n,
        }  # fmt: skip
        text = voice.fill(phrase, **slots)
        if "{predicate}" in phrase:
            about = replace(about or Things(), condition=state)  # type: ignore[arg-type]
        if "{at}" in phrase or ("{in}" in phrase and section not in PLACES):
            about = replace(about or Things(), at=spot)
        return text, about, spot

    def _about(self, phrase: str) -> Things | None:
        """What the slots of a phrase may hold, so that what the phrase says of it comes once."""
        voice = self.voice
        if "{plain}" in phrase or "{noun}" in phrase or "{one}" in phrase:
            about = replace(meant.described(voice), amount=meant.ONE if "{one}" in phrase else ALL, unknown=())
            if about.codes and not about.categories:
                about = Things(categories=meant.category(voice), amount=about.amount)
        elif "{what}" in phrase:
            about = meant.things(voice, False)
            if about.amount.kind not in ("all", "exactly"):
                about = replace(about, amount=ALL, definite=True)
        else:
            return None
        if "{predicate}" in phrase or "{at}" in phrase or "{in}" in phrase:
            about = replace(about, condition=None, at=None)
        if "{noun}" in phrase:
            about = replace(about, codes=(), size=None, coded=None, at=None)
        if "{noun}" in phrase or about == Things(amount=about.amount, definite=about.definite):
            about = replace(about, categories=about.categories or meant.category(voice))
        return about
