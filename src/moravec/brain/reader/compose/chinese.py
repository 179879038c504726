"""Chinese words for what is meant."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.reader.compose.book import literal
from moravec.brain.reader.compose.english import English
from moravec.brain.reader.compose.figures import coded_as, measured
from moravec.brain.reader.compose.voice import MIXED, Voice
from moravec.brain.wishes.wish import EVERYTHING, Size, Spot, Things

OF = "的"
FOREIGN = 0.006  # share of noun phrases and places in English
BEFORE_VERBS = ("都", "全", "全部", "全都")  # what only stands before a verb
VERBS = ("放", "移", "搬", "挪", "送", "拿", "摆", "装", "扔", "丢", "收", "归", "要", "应", "该", "得", "给", "去", "检", "查",
         "{to}", "(放", "(移", "(搬", "(要", "留", "别", "不")  # fmt: skip


class Chinese:
    """One speaker's words."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._english = English(Voice("english", voice.rng))

    def things(self, what: Things) -> str:
        """A noun phrase."""
        if self._voice.chance(FOREIGN):
            return f" {self._english.things(what)} "
        said = self._referring(what) if what.refers else self._described(what)
        if what.exceptions and not what.exceptions[0].definite:
            said = self._lacking(said, what.exceptions[0])
        elif what.exceptions:
            out = self._voice.join([self.things(exception) for exception in what.exceptions])
            said = self._voice.say("except", noun=said, what=out)
        self._voice.many = what.amount.kind != "exactly" or what.amount.n != 1
        return said

    def _lacking(self, said: str, out: Things) -> str:
        """With words that say what the things are not, or where they are not."""
        voice = self._voice
        if out.at is not None:
            return voice.say("not at", at=self.spot(out.at, "at"), noun=said)
        word = self._noun(out) if out.categories else voice.say(out.colours[0] if out.colours else "damaged")
        return voice.say("not so", word=word.removesuffix(OF), noun=said)

    def _referring(self, what: Things) -> str:
        voice = self._voice
        number = what.amount.n if what.amount.kind == "exactly" else 0
        if what.refers in ("former", "latter"):
            return voice.say(what.refers)
        if what.refers == "it" and what.definite:
            return voice.say("of them", noun=self.bare(replace(what, refers=""), False))
        if what.refers == "it" and not what.categories and (what.amount.kind not in ("all", "exactly") or number > 2):
            phrase = self._phrase("it n" if number else f"it {what.amount.kind}")
            return voice.fill(phrase, n=voice.number(what.amount.n))
        form = "one" if number == 1 else "two" if number else "all"
        noun = ""
        if what.categories:
            noun = "".join(self._attribute(voice.say(colour)) for colour in what.colours) + self._noun(what)
        phrase = self._phrase(f"{what.refers} {form}{' of' if noun else ''}")
        return voice.fill(phrase, noun=noun, n=voice.number(number))

    def _described(self, what: Things) -> str:
        voice = self._voice
        if replace(what, exceptions=()) == EVERYTHING:
            return self._phrase("everything")
        if what.codes and not what.categories:
            return voice.join([voice.say("code", code=self._code(code)) for code in what.codes])
        where = self._where(what.at) if what.at is not None else ""
        if what.at is not None and what == Things(at=what.at):
            if self._that(what.at):
                return voice.say(f"that {_kind(what.at)}", label=literal(what.at.name)) + voice.of(("东西", "东西", "货", ""))
            return voice.fill(self._phrase("all at"), at=self.spot(what.at, "at"))
        core = self.bare(replace(what, at=None), True)
        kind, n = what.amount.kind, what.amount.n
        best = what.size is not None and what.size.kind in ("smallest", "largest", "middle")
        if kind == "all":
            section = "the all" if what.definite else "all"
        elif kind == "exactly":
            section = f"{'the' if what.definite else 'any'} {n if n <= 2 else 'n'}"
            compared = what.size is not None and what.size.kind in ("smaller", "larger") and what.size.than is None
            if best or (compared and n == 1 and what.definite and not what.categories):
                section = f"best {1 if n == 1 else 'n'}"
            elif section == "the 1" and not (what.categories or what.unknown) and voice.chance(0.5):
                section = "the 1 alone"
        else:
            section = kind
        if best and n == 1 and what.size is not None and what.categories and not what.codes and voice.chance(0.12):
            several = self.bare(replace(what, at=None, size=None), True)
            return where + voice.say("of all that", word=voice.phrase(f"{what.size.kind} {what.size.axis}"), noun=several)
        phrase = self._phrase(section)
        if best and n > 1 and phrase.endswith("个") and core.count("最") == 1 and voice.chance(0.3):
            core = core.replace("最", "")  # "小的两个"
        if where.endswith(OF) and voice.chance(0.2):
            where, core = "", where + core
        return where + voice.fill(phrase, noun=core, n=voice.number(n))

    def _that(self, at: Spot) -> bool:
        """Whether to say what happened to the things, not where they are."""
        return f"that {_kind(at)}" in self._voice.book.sections and self._voice.chance(0.15)

    def _where(self, at: Spot) -> str:
        if self._that(at):
            return self._voice.say(f"that {_kind(at)}", label=literal(at.name))
        return f"{self.spot(at, 'at')}{OF if self._voice.chance(0.9) else ''}"

    def _phrase(self, section: str) -> str:
        """A phrase that suits what stands behind it."""
        before_verb = self._voice.behind.startswith(VERBS)
        return self._voice.suiting(section, lambda phrase: before_verb or not phrase.endswith(BEFORE_VERBS))

    def bare(self, what: Things, many: bool) -> str:
        """The words for what kind of things, without those for how many."""
        voice, before = self._voice, []
        voice.many = many
        if what.at is not None:
            before.append(self.spot(what.at, "at") + OF)
        if what.codes:
            before.append(voice.say("with code", code=voice.join([self._code(code) for code in what.codes])))
        if what.condition:
            before.append(voice.say(what.condition))
        if what.coded is not None:
            before.append(voice.say("coded" if what.coded else "uncoded"))
        if what.size is not None:
            before.append(self._size(what.size))
        if what.unknown and what.categories:
            before.append(literal(what.unknown[0]) + OF)
        if what.colours:
            words = [voice.foreign(c) if voice.chance(MIXED) else voice.say(c) for c in voice.mixed(what.colours)]
            before.append(self._attribute(voice.join(words)))
        if voice.chance(0.15):
            before = [before[int(k)] for k in voice.rng.permutation(len(before))]
        noun = self._noun(what) if what.categories else literal(what.unknown[0]) if what.unknown else voice.phrase("thing many")
        said = "".join(before) + noun
        return said if noun or said.endswith(OF) else said + voice.of((OF, "东西", "那种"))

    def _attribute(self, said: str) -> str:
        return said if said.endswith(OF) or self._voice.chance(0.4) else said + OF

    def _size(self, size: Size) -> str:
        voice = self._voice
        if size.kind in ("below", "above", "about"):
            name = f"{size.kind}{' or equal' if size.inclusive else ''} {size.axis}"
            return voice.say(name, measure=measured(voice, size))
        if size.than is not None:
            return voice.say(f"{size.kind} than {size.axis}", what=self.things(size.than))
        return voice.say(f"{size.kind} {size.axis}")

    def _noun(self, what: Things) -> str:
        voice = self._voice
        if voice.chance(MIXED):
            return voice.join([f" {voice.foreign(category)} " for category in voice.mixed(what.categories)])
        return voice.join([voice.phrase(category) for category in voice.mixed(what.categories)])

    def _code(self, code: str) -> str:
        return literal(coded_as(self._voice, code))

    def spot(self, spot: Spot, how: str) -> str:
        """A place; `how` is "at" (里), "from" (从 … 里), "to" (到 … 里) or "in" for its name alone."""
        voice = self._voice
        if spot.kind in ("bin", "place") and voice.chance(FOREIGN):
            return f"{'到' if how == 'to' else ''} {self._english.spot(spot, 'in')} {'里' if how in ('at', 'from') else ''}"
        if spot.kind == "bin":
            return voice.say(f"{how} bin", label=literal(spot.name))
        if spot.kind == "place":
            return voice.say(f"{how} {spot.name}")
        if spot.kind == "of":
            return voice.say(f"{how} of", what=self.things(replace(spot.things or EVERYTHING, definite=True)))
        return voice.say(f"{how} {spot.kind}", name=literal(spot.name))


def _kind(at: Spot) -> str:
    """Of a place: its name, or "bin"."""
    return at.name if at.kind == "place" else at.kind
