"""Whole sentences as a shift leader speaks: clauses put together, and what stands around them."""

from __future__ import annotations

import re
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
from moravec.brain.reader.compose.turns import Turns
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.compose.whole import whole
from moravec.brain.wishes.wish import Condition, Spot, Things, Wish

CHINESE = 0.4  # share of sentences
NOISY = 0.5
WHOLE = 0.4  # share of sentences that were written whole
DEMANDING = re.compile(  # an order must follow
    r"(\b(you|to|don't|just|please|kindly|let's|only|could|would)|请|你|帮我|麻烦)\s*\{(\w+)\}"
)
ASKING = re.compile(  # how questions begin and end, and orders that are put as questions
    r"^([a-z ]+ , |and |so |oh |now |also |hey )*(can|could|would|will|may|might|do|does|did|is|are|have|has|what|what's|who|how|"
    r"how's|where|where's|when|which|why|whose|any idea|any chance)\b|\b(ok|okay|right|possible|(would|will|can) you)$|"
    r"(吗|呢|好不好|行不行|可以不|怎么样|没有)$|什么(?!都)|在哪|哪儿|哪里|放哪|哪些|哪个箱|有几个|多少|有没有|是不是|是否|为啥|怎么|能不能|可不可以|可否|能否"
)


class Talk:
    """One speaker."""

    def __init__(self, voice: Voice) -> None:
        self.voice = voice
        self.words = Chinese(voice) if voice.chinese else English(voice)
        self.clauses = Clauses(voice, self.words)
        self.asked = Asked(self.clauses)
        self.turns = Turns(self.clauses)
        self._verbs = tuple(voice.book.of("verbs"))
        self._kinds: tuple[tuple[float, Callable[[], Said]], ...] = (
            (45, self.clauses.order), (9.5, self._also), (5, self._then), (2, self._then_things), (5, self._but_leave),
            (4.5, self._if), (2.5, self._if_else), (1.5, self._unless), (1.2, self._and_if), (2.2, self._slip),
            (16, self._question), (12, self.clauses.answer), (10, self._refusal), (1.8, self._injected), (6, self.turns.any),
        )  # fmt: skip

    def sentence(self) -> Said:
        """Anything, with what stands around it."""
        kind = int(self.voice.of(range(len(self._kinds)), [weight for weight, _ in self._kinds]))
        text, wishes = self._kinds[kind][1]()
        said = self._around(text, wishes[0])
        if self.voice.chinese:
            said = re.sub("的{2,}(?!的*话)|的{3,}(?=话)", "的", said)
            said = re.sub("放(?=[和跟][^，。]*(放一|一起))", "", said)
        return self._ended(said), wishes

    def _is_order(self, text: str) -> bool:
        """Whether a clause begins as an order does: "put …", not "the can …"."""
        return text.startswith(self._verbs) if self.voice.chinese else text.partition(" ")[0] in self._verbs

    def _around(self, text: str, wish: Wish) -> str:
        voice = self.voice
        brief = wish.kind in ("agree", "decline", "name", "stop", "refuse")
        order = not brief and wish.kind != "ask"
        share = 0.1 if brief else 0.14 if voice.plain else 0.16 if wish.kind == "ask" else 0.3
        share = 0.05 if voice.clipped else share
        if voice.chance(share):
            asks = self._is_order(text) and not brief and voice.chance(0.7)
            text = f"{voice.phrase('before order' if asks else 'before')} {text}"
        if voice.chance(share * 0.6):
            text = f"{text} {voice.phrase('after order' if order and voice.chance(0.5) else 'after')}"
        if order and not voice.clipped and voice.chance(0.05):
            text = f"{voice.phrase('story before')} {text}"
        if order and not voice.clipped and voice.chance(0.03):
            text = f"{text} {voice.phrase('story after')}"
        return text

    def _ended(self, text: str) -> str:
        """With the mark at its end that its words call for, or with none."""
        asks = ASKING.search(text) is not None
        if self.voice.clipped or self.voice.chance(0.4 if asks else 0.62):
            return text
        marks = ("？", "。", "！") if self.voice.chinese else (" ?", " .", " !")
        return text + (marks[0] if asks else self.voice.of(marks[1:], (0.93, 0.07)))

    def _joined(self, section: str, **clauses: str) -> str:
        """Clauses in a phrase that suits them."""

        def suits(phrase: str) -> bool:
            if "{should}" in phrase and not clauses["should"]:
                return False
            return all(self._is_order(clauses.get(found[3], "put")) for found in DEMANDING.finditer(phrase))

        if "cond" in clauses:
            clauses["should"] = _inverted(clauses["cond"])
        return self.voice.fill(self.voice.suiting(section, suits), **clauses)

    def _question(self) -> Said:
        return self.asked.question()

    def _refusal(self) -> Said:
        text, wishes = self.clauses.refusal()
        if self.voice.chance(0.06) and wishes[0].why == "unsafe":
            more, _ = self.clauses.order("move", "store", "take")
            first, second = (text, more) if self.voice.chance(0.5) else (more, text)
            text = self._joined("also", first=first, second=second)
        return text, wishes

    def _part(self) -> Said:
        """An order that stands beside others."""
        return self.clauses.order(*(kind for kind in self.clauses.kinds if kind != "spread"))

    def _after(self, wishes: tuple[Wish, ...]) -> Said:
        """What comes after these: after a look mostly something with the same things."""
        first = wishes[-1]
        if first.kind == "inspect" and self.voice.chance(0.6):
            one = len(first.what) == 1 and first.what[0].amount == meant.ONE
            kind = self.voice.of(("move", "store", "discard", "back", "leave"), (50, 20, 15, 10, 5))
            return self.clauses.about(kind, (Things("it", amount=meant.ONE if one else meant.MANY),))
        return self._part()

    def _also(self) -> Said:
        self.voice.detail *= 0.7
        text, wishes = self._part()
        for _ in range(1 if self.voice.chance(0.87) else 2):
            more, others = self._after(wishes)
            text, wishes = self._joined("also", first=text, second=more), wishes + others
        return text, wishes

    def _then(self) -> Said:
        self.voice.detail *= 0.7
        first, before = self._part()
        second, after = self.clauses.order("home", "inspect") if self.voice.chance(0.08) else self._after(before)
        after = (replace(after[0], then=True), *after[1:])
        return self._joined("then", first=first, second=second), before + after

    def _then_things(self) -> Said:
        self.voice.detail *= 0.7
        one, two = meant.things(self.voice, False), meant.things(self.voice, False)
        to, said = meant.target(self.voice), self.words.things
        text = self.voice.say(
            "then things", one=lambda: said(one), two=lambda: said(two), to=lambda: self.words.spot(to, "to")
        )  # fmt: skip
        return text, (Wish("move", (one,), to), Wish("move", (two,), to, then=True))

    def _but_leave(self) -> Said:
        rest = self.voice.chance(0.3)
        if rest:
            wish, wishes = self.clauses.about(self.voice.of(("move", "store")), (Things("rest"),))
        else:
            wish, wishes = self.clauses.order("move", "store", "unpack", "tidy", "spread", "discard", "clear")
        leave, left = self.clauses.leave()
        text = self._joined("leave the rest" if rest else "but leave", wish=wish, leave=leave)
        return text, (wishes + left if text.find(wish) < text.find(leave) else left + wishes)

    def _inner(self, about: Condition, referring: float = 0.6) -> Said:
        """What is to be done under a condition, often with what the condition speaks of."""
        if about.at is None and about.holds != "none" and self.voice.chance(referring):
            one = about.what[0].amount == meant.ONE
            bad = about.holds == "any" and any(one.condition == "damaged" for one in about.what)
            kinds = ("move", "store", "discard", "inspect", "leave", "back")
            kind = self.voice.of(kinds, (52, 4, 34, 5, 2, 3) if bad else (74, 8, 5, 4, 3, 6))
            return self.clauses.about(kind, (Things("it", amount=meant.ONE if one else meant.MANY),))
        if about.holds == "empty" and self.voice.chance(0.4):
            return self.clauses.move((), Spot("same"))
        if self.voice.chance(0.12):
            return self.clauses.leave()
        return self.clauses.order("move", "store", "move", "unpack", "discard", "inspect", "stop", "home", "tidy", "spread")

    def _if(self) -> Said:
        self.voice.detail *= 0.8
        if self.voice.chance(0.13):
            return self._if_room()
        if self.voice.chance(0.2):
            return self._if_topic()
        said, condition = self.asked.condition()
        wish, wishes = self._inner(condition)
        section = "if or nothing" if self.voice.chance(0.12) else "if"
        return self._joined(section, cond=said, wish=wish), (Wish("if", condition=condition, wishes=wishes),)

    def _if_topic(self) -> Said:
        """What is spoken of first, then how it must be."""
        voice = self.voice
        state = voice.of(("damaged", "intact"), (0.65, 0.35))
        about = replace(meant.counted(voice, meant.described(voice)), condition=None, exceptions=())
        if not about.definite or about.amount.kind not in ("all", "exactly") or (about.at is not None and not about.categories):
            about = Things(categories=meant.category(voice)[:1], amount=meant.MANY if voice.chinese else meant.ONE, definite=True)
        condition = Condition("any", (replace(about, condition=state),))  # type: ignore[arg-type]
        wish, wishes = self._inner(condition, 1.0)
        other, otherwise = self._inner(replace(condition, what=(about,)), 1.0)
        more = voice.chance(0.6)
        text = voice.say(
            "if topic else" if more else "if topic", what=lambda: self.words.things(about), wish=wish, other=other,
            predicate=lambda: voice.phrase(f"predicate {state}"),
        )  # fmt: skip
        return text, (Wish("if", condition=condition, wishes=wishes, otherwise=otherwise if more else ()),)

    def _if_room(self) -> Said:
        said, at = self.asked.room()
        if self.voice.chance(0.45):
            wish, wishes = self.clauses.move((), Spot("same"))
        else:
            wish, wishes = self.clauses.order("move", "store", "unpack", "discard", "move")
        return self._joined("if", cond=said, wish=wish), (Wish("if", condition=Condition("full", at=at), otherwise=wishes),)

    def _if_else(self) -> Said:
        self.voice.detail *= 0.8
        said, condition = self.asked.condition()
        wish, wishes = self._inner(condition)
        if self.voice.chance(0.5) and wishes[0].kind == "move" and len(wishes) == 1:
            other, spot = self.clauses.place("to")
            otherwise: tuple[Wish, ...] = (replace(wishes[0], to=spot),)
        else:
            other, otherwise = self._inner(condition)
        text = self._joined("if else", cond=said, wish=wish, other=other)
        return text, (Wish("if", condition=condition, wishes=wishes, otherwise=otherwise),)

    def _unless(self) -> Said:
        self.voice.detail *= 0.8
        said, condition = self.asked.condition()
        wish, wishes = self.clauses.order("move", "store", "unpack", "discard", "move")
        return self._joined("unless", cond=said, wish=wish), (Wish("if", condition=condition, otherwise=wishes),)

    def _and_if(self) -> Said:
        """An order, and another for those among them that are not as they should be."""
        self.voice.detail *= 0.7
        look = self.voice.chance(0.4)
        first, wishes = self.clauses.order("inspect") if look else self.clauses.order("move", "store", "unpack")
        of_one = look and len(wishes[0].what) == 1 and wishes[0].what[0].amount == meant.ONE
        said, condition = self.asked.of_it(of_one) if look else self.asked.one_of_them()
        other, others = self._inner(condition, 0.9)
        text = self._joined("and if", wish=first, cond=said, other=other)
        return text, (*wishes, Wish("if", condition=condition, wishes=others))

    def _slip(self) -> Said:
        self.voice.detail *= 0.7
        wrong, _ = self._part() if self.voice.chance(0.9) else self._question()
        right, wishes = self._part()
        return self._joined("slip clause", wrong=wrong, right=right), wishes

    def _injected(self) -> Said:
        written = self.clauses.injection()
        if self.voice.chance(0.3):
            return written, (Wish("refuse", why="not-a-job"),)
        wish, wishes = self.clauses.order()
        return self._joined("injection then", injection=written, wish=wish), wishes


def _inverted(condition: str) -> str:
    """"bin A be full" of "bin A is full", nothing where that cannot be said."""
    verbs = [] if "n't" in condition or " not " in condition else re.findall(r" (?:is|are) ", condition)
    if re.match(r"(you|we) (?!don't)", condition) and not verbs:
        return condition
    return re.sub(r" (?:is|are) ", " be ", condition) if len(verbs) == 1 else ""


def draw(rng: np.random.Generator, clean: bool = False) -> Said:
    """A sentence and its wishes. `clean` leaves out slips of tongue and keyboard."""
    voice = Voice("chinese" if rng.random() < CHINESE else "english", rng)
    text, wishes = whole(voice) if voice.chance(WHOLE) else Talk(voice).sentence()
    if not clean and voice.chance(NOISY):
        text = noisy(voice, text)
    return plain(text), wishes
