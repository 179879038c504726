"""Single clauses: words and the wishes they say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.grammar import COLOURS
from moravec.brain.wishes.wish import EVERYTHING, Amount, Spot, Things, Wish

RULE, PARCEL, REJECT, BACK = Spot("rule"), Spot("place", "parcel"), Spot("place", "reject"), Spot("back")
Said = tuple[str, tuple[Wish, ...]]


class Words(Protocol):
    """A language's words for what is meant."""

    def things(self, what: Things) -> str: ...
    def bare(self, what: Things, many: bool) -> str: ...
    def spot(self, spot: Spot, how: str) -> str: ...


class Clauses:
    """One speaker's clauses."""

    def __init__(self, voice: Voice, words: Words) -> None:
        self.voice, self.words = voice, words
        self._orders: dict[str, tuple[float, Callable[[], Said]]] = {
            "clear": (2, self._clear), "move": (46, self.move), "spread": (8, self.spread),
            "store": (10, self._store), "unpack": (4, self._unpack),
            "tidy": (2.5, self._tidy), "discard": (5, self._discard),
            "take": (3, lambda: self._with("take", "move")), "inspect": (4, lambda: self._with("inspect", "inspect")),
            "open": (1.5, lambda: self._alone("open", Wish("open", to=PARCEL))),
            "home": (1.5, lambda: self._alone("home", Wish("home"))), "stop": (1.8, lambda: self._alone("stop", Wish("stop"))),
            "undo": (1.5, lambda: self._alone("undo", Wish("undo"))), "leave": (3, self.leave),
            "back": (2.5, lambda: self._with("back", "move", BACK)), "swap": (3.5, self._swap),
        }  # fmt: skip

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of orders."""
        return tuple(self._orders)

    def order(self, *kinds: str) -> Said:
        """Any order, or one of the kinds."""
        kinds = kinds or self.kinds
        return self._orders[self.voice.of(kinds, [self._orders[kind][0] for kind in kinds])][1]()

    def nouns(self, deep: bool = True) -> tuple[str, tuple[Things, ...]]:
        """One noun phrase, or two or three; now and then one that is taken back."""
        voice = self.voice
        first = meant.things(voice, deep)
        if voice.chance(0.1) and first.refers != "rest":
            more = [meant.beside(voice, first) for _ in range(1 if voice.chance(0.85) else 2)]
            all_of = (first, *more)
            return self._listed(all_of), all_of
        if not voice.chinese and voice.chance(0.02):
            return self._one_noun()
        if voice.chance(0.03):
            if first.colours and voice.chance(0.4):  # "the red, no, the green can"
                wrong = voice.say("just a colour", colour=voice.say(meant.colours(voice)[0]))
            else:
                wrong = self.words.things(meant.things(voice, False))
            return voice.say("slip thing", wrong=wrong, right=lambda: self.words.things(first)), (first,)
        return self.words.things(first), (first,)

    def _one_noun(self) -> tuple[str, tuple[Things, ...]]:
        """"The red and the blue can": one noun for two things."""
        voice, number = self.voice, meant.ONE if self.voice.chance(0.7) else Amount()
        both = meant.some_of(voice, COLOURS, 2)
        of = Things(categories=meant.category(voice)[:1], amount=number, definite=True)
        noun = self.words.bare(of, number != meant.ONE)
        voice.many = True
        said = f"the {voice.say(both[0])} and {voice.of(('the ', 'the ', ''))}{voice.say(both[1])} {noun}"
        return said, tuple(replace(of, colours=(colour,)) for colour in both)

    def _listed(self, what: Sequence[Things]) -> str:
        """Noun phrases as one."""
        voice = self.voice
        if len(what) == 1:
            return self.words.things(what[0])
        voice.behind = ""
        both = "both " if len(what) == 2 and not voice.chinese and voice.chance(0.06) else ""
        said = both + voice.join([self.words.things(one) for one in what])
        voice.many = True
        return said

    def _all_of(self, what: Sequence[Things]) -> str:
        """Words such as "all", where they change nothing."""
        if len(what) == 2 and self.voice.chance(0.6):
            return "都" if self.voice.chinese else "both"
        return self.voice.phrase("all of them") if all(one.amount == Amount() for one in what) else ""

    def place(self, how: str, spot: Spot | None = None) -> tuple[str, Spot]:
        """Where to; now and then after a slip."""
        voice, spot = self.voice, spot or meant.target(self.voice)
        if spot.kind == "bin" and voice.chance(0.03):
            wrong = self.words.spot(Spot("bin", meant.label(voice)), how)
            return voice.say("slip thing", wrong=wrong, right=self.words.spot(spot, how)), spot
        return self.words.spot(spot, how), spot

    def move(self, what: Sequence[Things] = (), to: Spot | None = None) -> Said:
        """Things go somewhere."""
        voice = self.voice
        if not what and not voice.clipped and voice.chance(0.07):
            return self._from(to) if voice.chance(0.6) else self._all_from(to)
        if not what and to is None and voice.chance(0.012):
            return self._at_most()
        phrase = voice.phrase("move clipped" if voice.clipped and voice.chance(0.8) else "move")
        given: dict[str, object] = {}
        if to is None:
            to = meant.target(voice)
            while "{in}" in phrase and to.kind not in ("bin", "place", "same"):
                to = meant.target(voice)

        def nouns() -> str:
            if what:
                given["what"] = what
                return self._listed(what)
            if voice.chance(0.03):
                given["what"] = (meant.everything(voice),)
                return self.words.things(given["what"][0])  # type: ignore[index]
            said, given["what"] = self.nouns()
            return said

        slots: dict[str, Callable[[], str]] = {
            "what": nouns, "to": lambda: self.place("to", to)[0], "in": lambda: self.place("in", to)[0],
            "all of them": lambda: self._all_of(given["what"]),  # type: ignore[arg-type]
        }  # fmt: skip
        text = voice.fill(phrase, **slots)
        return text, (Wish("move", tuple(given["what"]), to),)  # type: ignore[arg-type]

    def _at_most(self) -> Said:
        """How many of them a place gets."""
        to = Spot("bin", meant.label(self.voice))
        n = int(self.voice.of(range(1, 9)))
        found = replace(meant.described(self.voice), unknown=(), codes=(), at=None, size=None, amount=Amount("at most", n))
        text = self.voice.say(
            "move at most", n=self.voice.number(n), noun=lambda: self.words.bare(found, n > 1),
            **{"in": lambda: self.words.spot(to, "in")},
        )  # fmt: skip
        return text, (Wish("move", (found,), to),)

    def _all_from(self, to: Spot | None) -> Said:
        """Whatever lies at a place goes to another."""
        voice, at = self.voice, meant.source(self.voice)
        to = to or meant.target(voice)
        text = voice.say(
            "move all from", at=lambda: self.words.spot(at, "at"), to=lambda: self.words.spot(to, "to"),
            **{"in": lambda: self.words.spot(at, "in"), "from": lambda: self.words.spot(at, "from")},
        )  # fmt: skip
        return text, (Wish("move", (Things(at=at),), to),)

    def _from(self, to: Spot | None) -> Said:
        """Things that lie at a place go to another."""
        voice, at = self.voice, meant.source(self.voice)
        to = to or meant.target(voice)
        found = meant.counted(voice, replace(meant.described(voice), at=None))
        text = voice.say(
            "move from", what=lambda: self.words.things(found), to=lambda: self.words.spot(to, "to"),
            **{"from": lambda: self.words.spot(at, "from")},
        )  # fmt: skip
        return text, (Wish("move", (replace(found, at=at),), to),)

    def spread(self) -> Said:
        """Several kinds to several places, in short words."""
        whats: list[Things] = []
        tos: list[Spot] = []

        def what() -> str:
            found = meant.beside(self.voice, whats[-1]) if whats and self.voice.chance(0.5) else meant.things(self.voice, False)
            if whats and self.voice.chance(0.2):
                found = self.voice.of((Things("rest"), Things("other", definite=True)), (0.8, 0.2))
            whats.append(found)
            return self.words.things(found)

        def to() -> str:
            same = bool(tos) and self.voice.chance(0.07)
            said, spot = self.place("to", Spot("same") if same else None)
            tos.append(spot)
            return said

        text = self.voice.say("spread", what=what, to=to, **{"all of them": lambda: self._all_of(whats[-1:])})
        return text, tuple(Wish("move", (a,), b) for a, b in zip(whats, tos, strict=True))

    def leave(self) -> Said:
        """Not to be touched."""
        return self._with("leave", "leave")

    def about(self, kind: str, what: tuple[Things, ...]) -> Said:
        """What is to be done with these: "move", "store", "discard", "back", "inspect" or "leave"."""
        if self.voice.chinese and what in ((Things("it"),), (Things("it", amount=meant.ONE),)) and self.voice.chance(0.45):
            return self.left_out(kind, what[0])
        if kind == "move":
            return self.move(what)
        to = {"store": RULE, "discard": REJECT, "back": BACK}.get(kind)
        return self._with(kind, kind if to is None else "move", to, what)

    def left_out(self, kind: str, what: Things) -> Said:
        """What is to be done, without a word for the things, which were spoken of."""
        to = {"move": meant.target(self.voice), "store": RULE, "discard": REJECT, "back": BACK}.get(kind)
        said = self.voice.say(f"left out {kind}", to=lambda: self.words.spot(to or RULE, "to"))
        return said, (Wish(kind if to is None else "move", (what,), to),)  # type: ignore[arg-type]

    def _with(self, section: str, kind: str, to: Spot | None = None, given: tuple[Things, ...] = ()) -> Said:
        what: list[tuple[Things, ...]] = []

        def nouns() -> str:
            said, found = (self._listed(given), given) if given else self.nouns(kind == "move")
            what.append(found)
            return said

        slots = {"what": nouns, "rule": lambda: self.words.spot(RULE, "to"), "all of them": lambda: self._all_of(what[0])}
        text = self.voice.say(section, **slots)
        return text, (Wish(kind, what[0], to),)  # type: ignore[arg-type]

    def _alone(self, section: str, wish: Wish) -> Said:
        return self.voice.say(section), (wish,)

    def _store(self) -> Said:
        return self._with("store", "move", RULE, (EVERYTHING,) if self.voice.chance(0.12) else ())

    def _unpack(self) -> Said:
        if self.voice.chance(0.7):
            return self._sparing(self.voice.say("unpack"), Things(at=PARCEL))
        what = meant.counted(self.voice, replace(meant.described(self.voice), at=None))
        text = self.voice.say("unpack what", what=lambda: self.words.things(what))
        return text, (Wish("move", (replace(what, at=PARCEL),), RULE),)

    def _clear(self) -> Said:
        """What lies at a place goes where the rule wants it: all of it, or all of some kind."""
        at = meant.source(self.voice)
        if self.voice.chance(0.25):
            found = replace(meant.described(self.voice), at=None, codes=(), size=None)
            if not found.categories and not found.unknown:
                found = replace(found, categories=meant.category(self.voice))
            found = meant.formed(self.voice, found)
            text = self.voice.say(
                "clear of", at=lambda: self.words.spot(at, "at"), noun=lambda: self.words.bare(found, True),
                one=lambda: self.words.bare(meant.formed(self.voice, replace(found, amount=meant.ONE)), False),
                **{"in": lambda: self.words.spot(at, "in")},
            )  # fmt: skip
            return text, (Wish("move", (replace(found, at=at),), RULE),)
        text = self.voice.say("clear", at=lambda: self.words.spot(at, "at"), **{"in": lambda: self.words.spot(at, "in")})
        return self._sparing(text, Things(at=at))

    def _tidy(self) -> Said:
        return self._sparing(self.voice.say("tidy"), EVERYTHING)

    def _sparing(self, order: str, what: Things) -> Said:
        """An order by the rule; now and then some things are left out."""
        if self.voice.chance(0.12):
            out = meant.exception(self.voice, what)
            what = replace(what, exceptions=(out,))
            order = self.voice.say("except order", order=order, what=lambda: self.words.things(out))
        return order, (Wish("move", (what,), RULE),)

    def _discard(self) -> Said:
        if self.voice.chance(0.25):
            what = Things(condition="damaged", definite=self.voice.chance(0.5))
            return self._with("discard", "move", REJECT, (what,))
        if self.voice.chance(0.2):
            it = Things("it", amount=meant.ONE if self.voice.chance(0.7) else Amount())
            return self._with("discard", "move", REJECT, (it,))
        return self._with("discard", "move", REJECT)

    def _swap(self) -> Said:
        if self.voice.chance(0.15):
            bin_one, bin_two = Spot("bin", meant.label(self.voice)), Spot("bin", meant.label(self.voice))
            while bin_two == bin_one:
                bin_two = Spot("bin", meant.label(self.voice))
            text = self.voice.say("swap bins", **{"in": self.words.spot(bin_one, "in")}, other=self.words.spot(bin_two, "in"))
            return text, (Wish("swap", (Things(at=bin_one),), others=(Things(at=bin_two),)),)
        one = self._single()
        two = self._single() if self.voice.chance(0.5) else meant.beside(self.voice, one)
        if two.refers == "rest" or two.amount.kind in ("at most", "at least", "some", "half"):
            two = replace(two, amount=meant.ONE, definite=True)
        text = self.voice.say("swap", what=lambda: self.words.things(one), other=lambda: self.words.things(two))
        return text, (Wish("swap", (one,), others=(two,)),)

    def _single(self) -> Things:
        found = meant.things(self.voice, False)
        if found.refers in ("rest",) or found.amount.kind in ("at most", "at least"):
            return Things(categories=meant.category(self.voice)[:1], amount=meant.ONE, definite=True)
        if not found.refers and self.voice.chance(0.6) and not (found.size and found.amount.n > 1):
            found = meant.formed(self.voice, replace(found, amount=meant.ONE, definite=True))
        return found

    def refusal(self) -> Said:
        """What nobody is to do, and what is no job."""
        why = self.voice.of(("unsafe", "impossible", "not-a-job"), (0.4, 0.35, 0.25))
        slots: dict[str, Callable[[], str]] = {
            "what": lambda: self.words.things(meant.things(self.voice, False)), "to": lambda: self.place("to")[0],
            "other": lambda: self.words.things(self._single()),
        }  # fmt: skip
        said = self._twice(why) if why == "not-a-job" else self.voice.say(why, **slots)
        return said, (Wish("refuse", why=why),)  # type: ignore[arg-type]

    def _twice(self, section: str) -> str:
        """A phrase, now and then two that mean the same."""
        said = self.voice.say(section)
        if self.voice.chance(0.12):
            between = self.voice.of(("，", "，", "") if self.voice.chinese else (" , ", " , ", " "))
            said += between + self.voice.say(section)
        return said

    def answer(self) -> Said:
        """Words without a verb, yes, no."""
        kind = self.voice.of(("agree", "decline", "thing", "place"), (0.17, 0.13, 0.48, 0.22))
        self.voice.detail *= 0.6
        if kind in ("agree", "decline"):
            return self._twice(kind), (Wish(kind),)  # type: ignore[arg-type]
        if kind == "place":
            spot = meant.target(self.voice)
            while spot.kind not in ("bin", "place", "same", "rule"):
                spot = meant.target(self.voice)
            phrase = self.voice.phrase("name place")
            how = "to" if "{to}" in phrase or spot.kind == "rule" else "in"
            slots = {"to": lambda: self.words.spot(spot, "to"), "in": lambda: self.words.spot(spot, how)}
            return self.voice.fill(phrase, **slots), (Wish("name", to=spot),)
        if self.voice.chance(0.05):
            all_but = Things(exceptions=(meant.exception(self.voice, EVERYTHING),))
            return self._with("name thing", "name", given=(all_but,))
        return self._with("name thing", "name", given=(meant.singled_out(self.voice),) if self.voice.chance(0.45) else ())

    def injection(self) -> str:
        """A text that somebody wrote somewhere: data."""
        if self.voice.chance(0.2):
            return self.voice.say("injection you should", what=lambda: self.words.things(self._single()))
        order = self.voice.phrase("injected") if self.voice.chance(0.6) else self.order("move", "discard", "open", "store")[0]
        return self.voice.say("injection", order=order)
