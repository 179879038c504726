"""Questions and conditions: words and what they ask."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.clauses import Clauses, Said
from moravec.brain.wishes.wish import EVERYTHING, Amount, Condition, Size, Spot, Things, Wish

ALL = Amount()
NOT = re.compile(r"\b(is|are) \{predicate\}")
PLACES = ("cond full", "cond empty", "cond room")  # sections that are about a place alone


class Asked:
    """Questions and conditions of one speaker. A phrase's slots give the parts, and what was said of each is put together."""

    def __init__(self, clauses: Clauses) -> None:
        self.clauses, self.voice, self.words = clauses, clauses.voice, clauses.words

    def question(self) -> Said:
        """Any question."""
        if self.voice.chance(0.24):
            return self._turn()
        kind = self.voice.of(
            ("what", "which", "how many", "where", "any", "all", "which place", "in place", "help", "why", "doing"),
            (0.14, 0.09, 0.2, 0.17, 0.12, 0.06, 0.08, 0.02, 0.05, 0.04, 0.05),
        )
        if kind == "which" and self.voice.chance(0.35):
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

    def _turn(self) -> Said:
        """A question whose words say more than that things are asked for."""
        voice = self.voice
        kind = voice.of(("not at", "one", "have", "whether", "best of", "of them", "left"), (22, 18, 12, 14, 10, 14, 10))
        if kind in ("of them", "left"):
            what = Things("it" if kind == "of them" else "rest")
            query = voice.of(("how many", "what"), (0.85, 0.15) if kind == "of them" else (0.5, 0.5))
            return voice.say(f"ask {query} {kind}"), (Wish("ask", (what,), query=query),)  # type: ignore[arg-type]
        if kind == "best of":
            size = Size(voice.of(("smallest", "largest", "smaller", "larger")), voice.of(("volume", "length"), (0.7, 0.3)))
            among = Things("it", size=size, amount=meant.ONE, definite=True)
            return voice.say("ask best of", word=voice.phrase(f"{size.kind} {size.axis}")), (Wish("ask", (among,), query="what"),)
        if kind == "one":
            return self._which_one()
        if kind == "not at":
            return self._not_at()
        if kind == "have":
            return self._have()
        about = replace(meant.described(voice), condition=None, coded=None, unknown=())
        about = meant.formed(voice, replace(about, **meant.amount(voice, about)))  # type: ignore[arg-type]
        if voice.chance(0.3):
            about = Things("it", amount=voice.of((meant.ONE, ALL), (0.75, 0.25)))
        elif about.amount.kind not in ("all", "exactly") or not about.definite:
            about = replace(about, amount=ALL, definite=True)
        said = voice.say("ask whether damaged", what=lambda: self.words.things(about))
        return said, (Wish("ask", (replace(about, condition="damaged"),), query="any"),)

    def _which_one(self) -> Said:
        """Which one among several is so."""
        voice = self.voice
        state = voice.of(("damaged", "intact", "coded", "uncoded"), (0.5, 0.2, 0.12, 0.18))
        what = Things(amount=meant.ONE, definite=True)
        noun = ""
        if voice.chance(0.35):
            tint = meant.colours(voice)[:1] if voice.chance(0.2) else ()
            what = replace(what, categories=meant.category(voice)[:1], colours=tint)
            noun = self.words.bare(what, False)
        if state in ("coded", "uncoded"):
            what = replace(what, coded=state == "coded")
            return self._of_one(f"ask one {state}", noun), (Wish("ask", (what,), query="what"),)
        if not noun and voice.chance(0.3):  # of those that were asked about
            isnt = replace(what, refers="it", condition="damaged")
            return voice.say("ask one isn't"), (Wish("ask", (isnt,), query="what"),)
        what = replace(what, condition=state)  # type: ignore[arg-type]
        said = voice.fill(self._of_one(f"ask one {state}", noun), predicate=lambda: voice.phrase(f"predicate {state}"))
        return said, (Wish("ask", (what,), query="what"),)

    def _of_one(self, section: str, noun: str) -> str:
        """A phrase about one among several; "which can" instead of "which one" where there is a noun."""
        one = "哪个" if self.voice.chinese else "which one "
        phrase = self.voice.suiting(section, lambda said: not noun or (one in f" {said}" and "of them" not in said))
        return phrase.replace(one, f"哪个{noun}" if self.voice.chinese else f"which {noun} ", 1) if noun else phrase

    def _not_at(self) -> Said:
        """What is not at a place."""
        voice, at = self.voice, meant.source(self.voice)
        what = Things(exceptions=(Things(at=at),))
        section = "ask what not at"
        if voice.chance(0.75):
            section = "ask which not at"
            what = replace(what, categories=meant.category(voice), colours=meant.colours(voice) if voice.chance(0.2) else ())
        noun = replace(what, exceptions=())
        said = voice.say(section, noun=lambda: self.words.bare(noun, True), at=lambda: self.words.spot(at, "at"))
        return said, (Wish("ask", (what,), query="what"),)

    def _have(self) -> Said:
        """Which have a code, and whether something has."""
        voice, coded = self.voice, self.voice.chance(0.45)
        kind = voice.of(("which", "how many", "any"), (0.55, 0.2, 0.25))
        what = replace(meant.described(voice), unknown=(), codes=(), coded=coded, condition=None, size=None, at=None)
        if kind == "any":
            what = meant.singled_out(voice)
            what = replace(what, coded=True, categories=what.categories or meant.category(voice)[:1] if not what.codes else ())
            if voice.chance(0.3):
                what = Things("it", coded=True, amount=meant.ONE)
            said = voice.say("ask whether coded", what=lambda: self.words.things(replace(what, coded=None)))
            return said, (Wish("ask", (what,), query="any"),)
        what = replace(what, categories=what.categories or meant.category(voice))
        noun = replace(what, coded=None)
        said = voice.say(f"ask {kind} {'coded' if coded else 'uncoded'}", noun=lambda: self.words.bare(noun, True))
        return said, (Wish("ask", (what,), query="what" if kind == "which" else "how many"),)

    def of_it(self, one: bool) -> tuple[str, Condition]:
        """Words that what was spoken of, `one` thing or several, is damaged, or is not."""
        voice, state = self.voice, self.voice.of(("damaged", "intact"), (0.7, 0.3))
        predicate = voice.suiting(f"predicate {state}", lambda phrase: phrase[0] not in "有不")  # "有 …" is that there are such
        said = voice.say("cond it" if one else "cond them", predicate=predicate)
        return said, Condition("any", (Things("it", condition=state, amount=meant.ONE if one else ALL),))  # type: ignore[arg-type]

    def condition(self) -> tuple[str, Condition]:
        """Any condition."""
        if self.voice.chance(0.1):
            return self.of_it(self.voice.chance(0.75))
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
        state = voice.of(("damaged", "intact"), (0.66, 0.34))
        about = self._about(phrase)
        said = about or EVERYTHING
        slots: dict[str, Callable[[], str] | str] = {
            "what": lambda: self.words.things(said), "one": lambda: self.words.things(said),
            "plain": lambda: self.words.bare(said, True),
            "noun": lambda: self.words.bare(said, "every" not in phrase and "each" not in phrase),
            "predicate": lambda: voice.phrase(f"predicate {state}"), "at": lambda: self.words.spot(spot, "at"),
            "in": lambda: self.words.spot(spot, "in"), "to": lambda: self.words.spot(spot, "to"), "n": n,
        }  # fmt: skip
        if state == "intact" and section.startswith("ask") and not voice.chinese and voice.chance(0.4):
            slots["predicate"] = lambda: voice.phrase("predicate damaged")
            phrase = NOT.sub(r"\1n't {predicate}", phrase) if NOT.search(phrase) else phrase.replace("{pred", "not {pred")
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
