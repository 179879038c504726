"""English words for what is meant."""

from __future__ import annotations

import re
from dataclasses import replace

from moravec.brain.reader.compose.book import literal
from moravec.brain.reader.compose.figures import coded_as, measured
from moravec.brain.reader.compose.voice import MIXED, Voice
from moravec.brain.wishes.wish import EVERYTHING, Amount, Size, Spot, Things

ONE = Amount("exactly", 1)
SINGULAR = re.compile(
    r"(every|each|anything|what('s| is)|whatever('s| is| remains)|it all$|all of it$|the whole|"
    r"the (lot|rest|remainder|stuff)( of it| there)?$|all (this|the)? ?(stuff|else|rest))"
)

IS_AT = re.compile(r" (that|which) (is|are) (in|on|at) ")


class English:
    """One speaker's words."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def things(self, what: Things) -> str:
        """A noun phrase."""
        said = self._referring(what) if what.refers else self._described(what)
        if what.exceptions and not what.exceptions[0].definite:
            said = self._lacking(said, what)
        elif what.exceptions:
            out = self._voice.join([self.things(exception) for exception in what.exceptions], self._voice.of(("and", "or")))
            said += " " + self._voice.say("except", what=out)
        self._voice.many = (what.amount.kind != "exactly" or what.amount.n != 1) and not SINGULAR.match(said)
        return said

    def _lacking(self, said: str, what: Things) -> str:
        """With words that say what the things are not, or where they are not."""
        voice, out = self._voice, what.exceptions[0]
        many = (what.amount.kind != "exactly" or what.amount.n != 1) and not SINGULAR.match(said)
        if out.at is not None:
            section, slots = "not at", {"at": self.spot(out.at, "at")}
        elif out.categories:
            noun = self._noun(out, many)
            section, slots = "not a", {"noun": noun if many else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"}
        else:
            section, slots = "not so", {"word": voice.say(out.colours[0] if out.colours else "damaged")}
        voice.many = many
        more = voice.say(section, **slots)
        if IS_AT.search(said) and more.startswith("that ") and voice.chance(0.5):  # "that is in B but isn't a can"
            more = more.replace("that", "but", 1)
        return f"{said} {more}"

    def _referring(self, what: Things) -> str:
        voice, many = self._voice, what.amount.kind == "all"
        number = what.amount.n if what.amount.kind == "exactly" else 0
        noun = self._noun(what, number != 1) if what.categories else ""
        kind = what.refers
        if kind in ("former", "latter"):
            return voice.say(kind)
        if what.refers == "it" and what.definite:
            return voice.say("of them", noun=self.bare(replace(what, refers=""), False))
        if kind == "it" and not noun and (what.amount.kind not in ("all", "exactly") or number > 2):
            n = voice.number(what.amount.n)
            return voice.say("it n" if number else f"it {what.amount.kind}", n=n)
        form = "all" if many else "one" if number == 1 else "two"
        if noun:
            noun = " ".join([*what.colours, noun])
        return voice.say(f"{kind} {form}{' of' if noun else ''}", noun=noun, n=voice.number(number))

    def _described(self, what: Things) -> str:
        voice = self._voice
        if replace(what, exceptions=()) == EVERYTHING:
            return voice.say("everything")
        if what.codes and not what.categories:
            return voice.join([voice.say("code", code=self._code(code)) for code in what.codes])
        if what.at is not None and what == Things(at=what.at):
            if self._that(what.at):
                things = voice.of(("everything", "everything", "all the things", "the things", "anything"))
                voice.many = things.endswith("s")
                return f"{things} {voice.say(f'that {_kind(what.at)}', label=literal(what.at.name))}"
            return voice.say("all at", at=self.spot(what.at, "at"))
        if _tinted(what) and voice.chance(0.035):
            many = what.amount != ONE
            noun, tint = self._noun(what, many), voice.say(what.colours[0])
            voice.many = many
            return voice.say("added", noun=noun, colour=tint)
        of_all = what.amount.kind == "all" and not what.definite
        if of_all and not what.categories and not what.unknown and voice.chance(0.35):
            return self._whatever(what)
        if what.amount.kind == "exactly" and what.amount.n == 1 and not what.definite and not what.unknown and voice.chance(0.25):
            return voice.say("one of", noun=self.bare(what, True))
        many = what.amount.kind != "exactly" or what.amount.n != 1
        every = of_all and not what.unknown and len(what.categories) < 2 and voice.chance(0.3)
        return self._amount(what, self.bare(what, many and not every), every)

    def _whatever(self, what: Things) -> str:
        voice = self._voice
        voice.many = False
        before, after = self._modifiers(what)
        return " ".join((voice.phrase("whatever" if after else "whatever is"), *before, *after))

    def bare(self, what: Things, many: bool) -> str:
        """The words for what kind of things, without those for how many."""
        voice = self._voice
        voice.many = many
        before, after = self._modifiers(what)
        if what.categories:
            noun = self._noun(what, many)
        elif what.unknown:
            noun = literal(what.unknown[0])
        else:
            noun = voice.say("thing many" if many else "thing one")
        voice.many = many
        return " ".join(part for part in (*before, noun, *after) if part)

    def _adjective(self, what: Things) -> bool:
        return bool(what.unknown) and bool(what.categories)

    def _amount(self, what: Things, core: str, every: bool) -> str:
        voice, kind, n = self._voice, what.amount.kind, what.amount.n
        best = what.size is not None and what.size.kind in ("smallest", "largest", "middle")
        if voice.clipped and (kind == "all" or (what.definite and n == 1)) and voice.chance(0.75):
            return core
        if kind == "all":
            section = "the all" if what.definite else "every" if every else "all"
        elif kind == "exactly":
            section = f"{'the' if what.definite else 'any'} {n if n <= 2 else 'n'}"
            section = "the n" if best and n > 1 else section
        else:
            section = kind
        if kind == "exactly" and n == 1 and _of_several(what) and what.size is not None and voice.chance(0.14):
            several = self.bare(replace(what, size=None), True)
            of = "of the two" if what.size.kind in ("smaller", "larger") else "of all"
            return voice.say(f"{of} that", word=voice.phrase(f"{what.size.kind} {what.size.axis}"), noun=several)
        if best and n == 1 and what.size is not None and core.count(" ") == 1 and voice.chance(0.14):
            word, noun = core.split()
            return voice.of((f"whichever {noun} is {word}", f"the {noun} that is {word}", f"the {noun} that is the {word}"))
        if best and n == 1:
            return f"{voice.of(('the',) * 12 + ('your', 'that'))} {core}" if core[0].isalpha() else core
        if _compared(what) and what.size is not None and voice.chance(0.4):
            return voice.say("of the two", word=voice.phrase(f"{what.size.kind} {what.size.axis}"))
        return voice.say(section, noun=core, n=voice.number(n))

    def _modifiers(self, what: Things) -> tuple[list[str], list[str]]:
        """What stands before and after the noun."""
        voice, before, after = self._voice, [], []
        if what.condition:
            self._put(what.condition, before, after, 0.65 if what.condition == "damaged" else 0.5)
        if what.colours:
            each = [voice.foreign(c) if voice.chance(MIXED) else voice.say(c) for c in voice.mixed(what.colours)]
            words = voice.join(each, voice.of(("and", "and", "or")))
            if voice.chance(0.04):
                after.append(voice.say("coloured", colour=words))
            elif voice.chance(0.015):  # as those say it whose language has it so
                after.append(words)
            else:
                before.append(words)
        if self._adjective(what):
            before.append(literal(what.unknown[0]))
        if what.size is not None:
            self._size(what.size, before, after)
        if what.coded is not None:
            after.append(voice.say("coded" if what.coded else "uncoded"))
        if what.codes:
            after.append(voice.say("with code", code=voice.join([self._code(code) for code in what.codes])))
        if what.at is not None:
            if self._that(what.at):
                after.append(voice.say(f"that {_kind(what.at)}", label=literal(what.at.name)))
            else:
                after.append(voice.say("lying", at=self.spot(what.at, "at")))
        return before, after

    def _that(self, at: Spot) -> bool:
        """Whether to say what happened to the things, not where they are."""
        return f"that {_kind(at)}" in self._voice.book.sections and self._voice.chance(0.15)

    def _put(self, name: str, before: list[str], after: list[str], share: float) -> None:
        if self._voice.chance(share):
            before.append(self._voice.say(name))
        else:
            after.append(self._voice.say(f"{name} after"))

    def _size(self, size: Size, before: list[str], after: list[str]) -> None:
        voice = self._voice
        if size.kind in ("below", "above", "about"):
            name = f"{size.kind}{' or equal' if size.inclusive else ''} {size.axis}"
            said = voice.say(name, measure=measured(voice, size))
            after.append(said)
        elif size.than is not None:
            many = voice.many
            said = voice.say(f"{size.kind} {size.axis}")
            than = self.things(size.than)
            voice.many = many
            after.append(voice.fill(voice.of(("", "that <is/are> ", "which <is/are> ")) + f"{said} than {than}"))
        else:
            before.insert(0 if voice.chance(0.9) else len(before), voice.say(f"{size.kind} {size.axis}"))

    def _noun(self, what: Things, many: bool) -> str:
        voice = self._voice
        if voice.chance(MIXED):
            return voice.join([voice.foreign(category) for category in voice.mixed(what.categories)])
        forms = [voice.form(voice.phrase(category), many) for category in voice.mixed(what.categories)]
        return voice.join(forms, voice.of(("and", "and", "or")) if many else "or")

    def _code(self, code: str) -> str:
        return literal(coded_as(self._voice, code))

    def spot(self, spot: Spot, how: str) -> str:
        """A place with its preposition; `how` is "at", "from", "to" or "in" for a place without one."""
        voice = self._voice
        if spot.kind == "bin":
            return voice.say(f"{how} bin", label=literal(spot.name))
        if spot.kind == "place":
            return voice.say(f"{how} {spot.name}")
        if spot.kind == "of":
            many = voice.many
            said = voice.say(f"{how} of", what=self.things(replace(spot.things or EVERYTHING, definite=True)))
            voice.many = many
            return said
        return voice.say(f"{how} {spot.kind}", name=literal(spot.name))


def _compared(what: Things) -> bool:
    """Whether nothing is said of one thing but that it is the smaller or the larger."""
    size = what.size
    alone = what == Things(size=size, amount=what.amount, definite=True) and what.amount.n == 1
    return alone and size is not None and size.kind in ("smaller", "larger") and size.than is None


def _tinted(what: Things) -> bool:
    """Whether nothing is said but what it is and its one colour."""
    alone = what == Things(categories=what.categories, colours=what.colours, amount=what.amount, definite=True)
    return alone and bool(what.categories) and len(what.colours) == 1 and what.amount in (ONE, Amount())


def _of_several(what: Things) -> bool:
    """Whether it is the one of its kind that has some size."""
    return what.definite and bool(what.categories) and not what.codes and what.size is not None and what.size.than is None and (
        what.size.kind in ("smallest", "largest", "smaller", "larger")
    )


def _kind(at: Spot) -> str:
    """Of a place: its name, or "bin"."""
    return at.name if at.kind == "place" else at.kind
