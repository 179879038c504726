"""Turns of phrase in which the words of several clauses depend on each other: what comes first, the one with the other, what is
left out because it was spoken of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.clauses import PARCEL, RULE, Clauses, Said
from moravec.brain.reader.grammar import PLACES
from moravec.brain.wishes.wish import EVERYTHING, Size, Spot, Things, Wish

IT, THEM = Things("it", amount=meant.ONE), Things("it")


class Turns:
    """Such turns of one speaker."""

    def __init__(self, clauses: Clauses) -> None:
        self.clauses, self.voice, self.words = clauses, clauses.voice, clauses.words
        self._kinds: tuple[tuple[float, Callable[[], Said]], ...] = (
            (30, self._hint), (12, self._together), (10, self._right_after), (14, self._other_place), (8, self._too),
            (10, self._wrong_place), (5, self._as_many),
        )  # fmt: skip

    def any(self) -> Said:
        """Any of them."""
        kinds = self._kinds + (((22, self._left_out),) if self.voice.chinese else ())
        return kinds[int(self.voice.of(range(len(kinds)), [weight for weight, _ in kinds]))][1]()

    def _two(self) -> tuple[Things, Things]:
        """Two things that one word tells apart."""
        voice = self.voice
        one = Things(categories=meant.category(voice)[:1], colours=meant.colours(voice)[:1] if voice.chance(0.6) else ())
        if not one.colours and voice.chance(0.3):
            one = replace(one, size=Size(voice.of(("small", "large", "smallest", "largest"))))
        best = one.size is not None and one.size.kind in ("smallest", "largest")
        number = meant.ONE if best or voice.chance(0.2 if voice.chinese else 0.6) else meant.MANY
        one = replace(one, amount=number, definite=True)
        other = one
        while other == one or other.refers or len(other.colours) > 1 or len(other.categories) != 1 or other.codes:
            other = meant.beside(voice, one)
            other = replace(other, amount=number, definite=True, unknown=(), at=None, exceptions=())
        return one, other

    def _hint(self) -> Said:
        """Where both go, and which comes first, or last."""
        voice = self.voice
        one, two = self._two()
        to, there = meant.target(voice), meant.target(voice)
        first = voice.chance(0.5)  # which of them the hint names
        named, last = one if first else two, voice.chance(0.22)
        hint = replace(named, categories=()) if one.colours != two.colours and voice.chance(0.7) else replace(named, colours=())
        if hint == replace(hint, categories=(), colours=(), size=None) or one.categories == two.categories == hint.categories:
            hint = named
        apart = voice.chance(0.5)
        text = voice.say(
            f"hint {'two' if apart else 'one'} {'last' if last else 'first'}", one=lambda: self.words.things(one),
            two=lambda: self.words.things(two), to=lambda: self.words.spot(to, "to"),
            other=lambda: self.words.spot(there, "to"), word=lambda: self.words.things(hint),
        )  # fmt: skip
        moves = [Wish("move", (one,), to), Wish("move", (two,), there if apart else to)]
        if first == last:
            moves.reverse()
        return text, (moves[0], replace(moves[1], then=True))

    def _together(self) -> Said:
        """The one goes where the other is."""
        one, two = self._two()
        text = self.voice.say("together", one=lambda: self.words.things(one), two=lambda: self.words.things(two))
        return text, (Wish("move", (one,), Spot("of", things=two)),)

    def _right_after(self) -> Said:
        """A second thing to where the first one went."""
        voice = self.voice
        one, two = self._two()
        to, there = meant.target(voice), Spot("same")
        with_it = voice.chance(0.45)
        if with_it:
            there = Spot("of", things=IT if one.amount == meant.ONE else THEM)
        section = ("and with it" if one.amount == meant.ONE else "and with them") if with_it else "and right after"
        text = voice.say(
            section, one=lambda: self.words.things(one), two=lambda: self.words.things(two), to=lambda: self.words.spot(to, "to")
        )  # fmt: skip
        return text, (Wish("move", (one,), to), Wish("move", (two,), there, then=not with_it))

    def _other_place(self) -> Said:
        """Where things go, and where not."""
        voice = self.voice
        what, to, wrong = meant.things(voice, False), Spot("bin", meant.label(voice)), Spot("bin", meant.label(voice))
        text = voice.say(
            "other place", what=lambda: self.words.things(what), to=lambda: self.words.spot(to, "to"),
            wrong=lambda: self.words.spot(wrong, "to"),
        )  # fmt: skip
        return text, (Wish("move", (what,), to),)

    def _too(self) -> Said:
        """What lies at a place, by the name of the place: "and the station too" after "clear the table"."""
        at = Spot("place", self.voice.of(PLACES))
        return self.voice.say("name at too", **{"in": lambda: self.words.spot(at, "in")}), (Wish("name", (Things(at=at),)),)

    def _wrong_place(self) -> Said:
        """That things are not where they should be asks for no more than the rule."""
        every = self.voice.chance(0.5)
        what = EVERYTHING if every else meant.things(self.voice, False)
        text = self.voice.say(
            "wrong place all" if every else "wrong place", what=lambda: self.words.things(what),
            rule=lambda: self.words.spot(RULE, "to"),
        )  # fmt: skip
        return text, (Wish("move", (what,), RULE),)

    def _as_many(self) -> Said:
        """As many as there are: all."""
        voice, to = self.voice, meant.target(self.voice)
        what = replace(meant.described(voice), codes=(), unknown=(), at=None, size=None)
        what = replace(what, categories=what.categories or meant.category(voice))
        text = voice.say("as many", noun=lambda: self.words.bare(what, True), to=lambda: self.words.spot(to, "to"))
        return text, (Wish("move", (what,), to),)

    def _left_out(self) -> Said:
        """Chinese leaves out what was spoken of."""
        kind = self.voice.of(("move", "discard", "back", "inspect", "parcel", "store", "swap"), (20, 18, 22, 8, 12, 12, 8))
        if kind == "parcel":
            return self.voice.say("left out parcel"), (Wish("move", (IT,), PARCEL),)
        if kind == "swap":
            return self.voice.say("left out swap"), (Wish("swap", (THEM,), others=(THEM,)),)
        if kind == "move":
            to = meant.target(self.voice)
            return self.voice.say("left out bring", to=lambda: self.words.spot(to, "to")), (Wish("move", (IT,), to),)
        many = kind != "store" and self.voice.chance(0.3)
        text, wishes = self.clauses.left_out(kind, THEM if many else IT)
        return f"{self.voice.of(('都', '都', '全')) if many else ''}{text}", wishes
