"""Noun phrases of wishes: which items are meant, by the talk so far and what is believed of the cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import final

from moravec.brain.goal import EVERYWHERE, RANKS, Destination, Measure, MeasureKind, Selection
from moravec.brain.lexicon import known_things
from moravec.brain.remember import Inventory, Item, natural
from moravec.brain.select import candidates, extent_of, prints
from moravec.brain.state import GONE
from moravec.brain.wishes import places
from moravec.brain.wishes.apart import told_apart
from moravec.brain.wishes.open import Denied, Need, Open, Option, Question, Settled, evenly
from moravec.brain.wishes.referring import believed, it, of_two, others, points_past, wanted
from moravec.brain.wishes.talk import EVERY, Group, Talk
from moravec.brain.wishes.wish import Amount, Size, Spot, Things
from moravec.core.workplace import Workplace

MOST_OPTIONS = 12  # of a question, "nothing" apart
_ONE = Amount("exactly", 1)
_TWINS = 0.05  # share by which the sizes of twins may differ
_NONE = ("nothing",)  # no item has this name; without names a selection would mean all
_SAME = 0.02  # share of its size by which the smaller of two has to be smaller
_RANKS: Mapping[str, MeasureKind] = {"smaller": "smallest", "larger": "largest"}
_KINDS: Mapping[str, MeasureKind] = {
    "smallest": "smallest", "middle": "middle", "largest": "largest", "small": "small", "large": "large",
    "below": "below", "above": "above", "about": "about",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a noun phrase means: as a selection, and the items that it is believed to be. `free`: others would do as well."""

    what: Selection
    items: tuple[str, ...]
    free: bool = False


@final
@dataclass(slots=True)
class Sense:
    """Where a sentence is understood from. It changes as the sentence goes on: what is spoken of, what was named.

    `settled` are the answers to open points by their keys; `learnt`: what was looked at closely already, as far as that goes;
    `within`: items that were asked about, which are meant first.
    """

    inventory: Inventory
    talk: Talk
    settled: Mapping[str, Settled] = field(default_factory=dict)
    learnt: frozenset[Selection] = frozenset()
    within: tuple[str, ...] = ()
    named: set[str] = field(default_factory=set)

    # ── what was spoken of ───────────────────────────────────────────────────────────────────────────────────────
    def speak_of(
        self, items: tuple[str, ...], what: Selection = EVERY, loose: bool = False, spared: bool = False
    ) -> None:
        """`items` are now what was spoken of last."""
        if items:
            self.named |= set() if spared else set(items)
            group = Group(items, self.talk.turn, what, loose, spared)
            self.talk = replace(self.talk, groups=(*self.talk.groups, group)).bounded()

    def speak_of_place(self, place: Destination | None) -> None:
        """`place` is now the place that was spoken of last."""
        if place is not None:
            self.talk = replace(self.talk, places=(*self.talk.places, place)).bounded()

    def believed(self, names: tuple[str, ...]) -> list[Item]:
        """Those of `names` that are known and not lost."""
        return believed(names, self.inventory)

    def _groups(self) -> list[Group]:
        return [group for group in self.talk.groups if self.believed(group.items)]

    # ── choosing ─────────────────────────────────────────────────────────────────────────────────────────────────
    def choose(self, things: Things, key: str, close: bool = False, pool: list[Item] | None = None) -> Chosen:
        """The items that `things` means. Raises Open, Denied or Need. `close`: it must be known for sure.

        `pool`: only of these.
        """
        if things.refers == "it" and things.amount == _ONE and self.talk.groups and self.talk.groups[-1].loose:
            things = replace(things, amount=Amount())
        what, pool = self._narrowed(things, key, pool)
        base = [i for i in (self.inventory.items.values() if pool is None else pool) if i.location != GONE]
        matched, maybe = candidates(replace(what, definite=False), self.inventory, base)
        what = self._without(things, what, matched, key)
        matched, maybe = candidates(what, self.inventory, base)
        close = close or bool(what.codes) or what.coded is not None
        short = len(matched) < wanted(things)
        if maybe and (close or short) and what not in self.learnt:
            raise Need(what)
        settled = self.settled.get(key)
        if isinstance(settled, tuple):
            fits = set(settled) <= {item.id for item in matched}
            told = replace(what, items=settled, count=None, measure=None, exceptions=())
            return Chosen(told if fits else _exactly(settled), settled)
        if things.size is not None and what.measure is not None and not matched:
            matched, _ = candidates(replace(what, measure=None), self.inventory, base)
            if len(matched) > 1 and things.definite and not what.measure.value:
                raise self._which(key, matched, things.amount.n or 1, "they are about the same size")
        return self._counted(things, what, matched, bool(maybe) and what not in self.learnt, key)

    def _counted(self, things: Things, what: Selection, matched: list[Item], unsure: bool, key: str) -> Chosen:
        """How many of `matched` are meant."""
        n, amount = len(matched), things.amount
        names = tuple(item.id for item in sorted(matched, key=lambda i: natural(i.id)))
        if what.codes:
            self._all_codes(what, matched, unsure)
        if n == 0 and wanted(things) and not unsure:
            why = f"There is nothing here that fits {replace(what, definite=False).describe()!r}."
            raise Denied("unknown-thing", why, what)
        if amount.kind in ("exactly", "at least") and n < amount.n:
            return self._too_few(things, what, names, unsure, key)
        if amount.kind == "exactly" and n > amount.n and things.definite and not _alike(matched):
            raise self._which(key, matched, amount.n, "more fit than were named")
        if amount.kind == "half":
            return self._half(what, names, key)
        if amount.kind == "all" or n == 0:
            return Chosen(what, names)
        count = {"some": min(2, n), "at most": min(n, amount.n)}.get(amount.kind, amount.n)
        upto = amount.kind in ("at most", "some")
        return Chosen(replace(what, count=count, upto=upto, definite=what.definite), names[:count], free=n > count)

    def _all_codes(self, what: Selection, matched: list[Item], unsure: bool) -> None:
        absent = [said for said in what.codes if not any(prints(item.code, said) for item in matched)]
        if absent and not unsure:
            raise Denied("unknown-thing", f"No item with the code {' or '.join(absent)} is here.", what)

    def _too_few(self, things: Things, what: Selection, names: tuple[str, ...], unsure: bool, key: str) -> Chosen:
        """More were named than there are: will those do?"""
        n = things.amount.n
        if unsure:
            return Chosen(replace(what, count=n), names)
        they = "it" if len(names) == 1 else f"these {len(names)}"
        text = f"There {'is' if len(names) == 1 else 'are'} only {len(names)} of {what.describe()!r}, not {n}. Will {they} do?"
        raise Open(Question(key, "enough", text, evenly([Option("yes", names, names)]), "more were named than there are"))

    def _half(self, what: Selection, names: tuple[str, ...], key: str) -> Chosen:
        n, settled = len(names), self.settled.get(key)
        count = settled if isinstance(settled, int) else n // 2
        if n % 2 and not isinstance(settled, int) and n > 1:
            options = evenly([Option(str(m), m, names[:m]) for m in (n // 2, n // 2 + 1)])
            raise Open(Question(key, "half", f"Half of {n}: how many?", options, "the number is odd"))
        count = max(1, count)
        return Chosen(replace(what, count=count, definite=False), names[:count], free=True)

    def _which(self, key: str, matched: list[Item], n: int, why: str) -> Open:
        """The question which `n` of `matched` are meant."""
        ranked = sorted(matched, key=lambda i: natural(i.id))
        words = dict(zip((i.id for i in ranked), told_apart(ranked, self.inventory), strict=True))
        groups = list(combinations([i.id for i in ranked], n))
        if len(groups) > MOST_OPTIONS:
            groups = [tuple(i.id for i in ranked[:n])]
            labels = [f"any {n} of the {len(ranked)}"]
        else:
            labels = [" and ".join(words[name] for name in group) for group in groups]
        options = [Option(label, group, group) for label, group in zip(labels, groups, strict=True)]
        text = f"There are {len(ranked)} that fit; which {'one' if n == 1 else str(n)} do you mean?"
        return Open(Question(key, "which", text, evenly(options), why))

    # ── restricting ──────────────────────────────────────────────────────────────────────────────────────────────
    def _narrowed(self, things: Things, key: str, pool: list[Item] | None) -> tuple[Selection, list[Item] | None]:
        """The words as a selection, without exceptions, and the items that are looked through (None: all)."""
        problem = stranger(things, self.inventory.workplace)
        if problem is not None:
            raise problem
        if points_past(things, _in_words(things), self._groups(), self.inventory):
            things = replace(things, refers="", definite=True)
        things = self.with_head(things, pool)
        what = _in_words(things)
        one = things.definite and things.amount.kind == "exactly"
        if one and self.within and pool is None and not (things.codes or things.refers or things.at):
            inner = self.believed(self.within)
            if candidates(what, self.inventory, inner)[0]:
                what, pool = replace(what, items=tuple(item.id for item in inner)), inner
        if things.refers:
            pool = self._referred(things, what, key)
            if things.refers == "rest":
                elsewhere = tuple(sorted(self.named, key=natural))
                what = replace(what, rest=True, exceptions=(_exactly(elsewhere),) if elsewhere else ())
            else:
                what = replace(what, items=tuple(item.id for item in pool) or _NONE)
        if things.at is not None:
            what = self._placed(what, things.at, key)
        superlative = things.size is not None and things.size.kind in (*RANKS, *_RANKS) and things.amount.kind == "exactly"
        if (one or superlative) and pool is None and not (things.codes or things.refers):
            what, pool = self._spoken_first(things, what)
        if things.size is not None:
            what, pool = self._sized(what, things, things.size, key, pool)
        return what, pool

    def with_head(self, things: Things, pool: list[Item] | None = None) -> Things:
        """"The red ones" after cans were spoken of: red cans, if there are any."""
        words = things.colours or things.condition or things.coded is not None or things.size is not None
        complete = things.categories or things.codes or things.refers or things.at or things.unknown
        superlative = things.size is not None and things.size.kind in (*RANKS, *_RANKS)  # definite by itself
        if complete or not (things.amount.kind != "all" or superlative or (things.definite and words)):
            return things
        for group in self.talk.recent():
            kinds = group.what.categories or tuple({i.category for i in self.believed(group.items)})
            if len(kinds) == 1 or group.what.categories:
                full = replace(things, categories=kinds)
                everything = self.inventory.items.values() if pool is None else pool
                fits, maybe = candidates(_in_words(full), self.inventory, everything)
                return full if len(fits) + len(maybe) >= max(1, wanted(things)) else things
        return things

    def _spoken_first(self, things: Things, what: Selection) -> tuple[Selection, list[Item] | None]:
        """"The can" where several fit, but one of them was spoken of: that one. By size it has to be one of more."""
        n, everything = things.amount.n, [i for i in self.inventory.items.values() if i.location != GONE]
        if len(candidates(what, self.inventory, everything)[0]) <= n or (things.size is not None and things.size.value):
            return what, None
        for group in self.talk.recent():
            inner = candidates(what, self.inventory, self.believed(group.items))[0]
            told_now = group.turn == self.talk.turn and not group.loose and len(group.items) <= n  # "the red can and the can"
            if len(inner) > n if things.size is not None else len(inner) == n and not told_now:
                return replace(what, items=tuple(item.id for item in inner)), inner
        return what, None

    def _without(self, things: Things, what: Selection, matched: list[Item], key: str) -> Selection:
        """`what` less its exceptions."""
        spared = list(what.exceptions)
        for number, things_spared in enumerate(things.exceptions):
            plain = replace(things_spared, definite=False)
            if plain.amount.kind != "all" or plain.size is not None or plain.refers:
                try:
                    fits = self.choose(replace(plain, definite=things_spared.definite), f"{key}.except{number}", pool=matched)
                except Denied:
                    continue  # what is not there needs no sparing
                spared.append(_exactly(fits.items))
            else:
                spared.append(self._narrowed(plain, f"{key}.except{number}", None)[0])
        return replace(what, exceptions=tuple(e for e in spared if e != _exactly(())))

    def _placed(self, what: Selection, at: Spot, key: str) -> Selection:
        problem = places.objection(at, self.inventory.workplace)
        if problem is not None:
            raise problem
        if at.kind == "bin" and not places.carried(at.name, self.inventory):
            raise Denied("unknown-place", f"No bin carries the label {at.name!r}.")
        if at.kind in ("bin", "place"):
            self.speak_of_place(Destination("bin" if at.kind == "bin" else "place", at.name))
        if at.kind in ("bin", "place", "bins"):
            return replace(what, place={"bin": f"bin:{at.name}", "bins": "bins"}.get(at.kind, at.name))
        if at.kind == "of" and at.things is not None:
            near = {item.location for item in self.believed(self.choose(at.things, f"{key}.at").items)}
        elif at.kind in ("same", "other") and self.talk.places:
            last = self.talk.places[-1]
            if at.kind == "same":
                return replace(what, place=places.selected(last)) if last.kind != "rule" else what
            other = next((p for p in reversed(self.talk.places) if p != last and p.kind != "rule"), None)
            return what if other is None else replace(what, place=places.selected(other))
        else:
            return what
        inside = tuple(i.id for i in self.inventory.items.values() if i.location in near)
        return replace(what, items=tuple(name for name in inside if not what.items or name in what.items) or _NONE)

    def _sized(
        self, what: Selection, things: Things, size: Size, key: str, pool: list[Item] | None
    ) -> tuple[Selection, list[Item] | None]:
        if pool is not None and things.definite and things.amount.kind == "exactly" and size.kind in ("small", "large"):
            size = replace(size, kind="smallest" if size.kind == "small" else "largest")  # "the big one" of those
        if size.kind in _KINDS:
            rank = size.kind in RANKS
            count = (things.amount.n or 1) if rank and things.amount.kind in ("exactly", "at most", "at least") else None
            if size.kind == "middle":
                self._one_middle(what, size, key, pool)
            measure = Measure(_KINDS[size.kind], size.axis, size.value, size.inclusive)
            return replace(what, measure=measure, count=count or (1 if rank else None)), pool
        bound: MeasureKind = "below" if size.kind == "smaller" else "above"
        if size.than is not None:
            than = size.than if size.than.categories or size.than.codes else replace(size.than, categories=things.categories)
            other = next(iter(self.believed(self.choose(than, f"{key}.than").items)), None)
        else:
            last = self.talk.groups[-1].items if self.talk.groups and not self.within and not things.refers else ()
            other = next(iter(self.believed(last)), None) if len(last) == 1 else None
        if other is not None:
            measure = Measure(bound, size.axis, extent_of(other, size.axis) * (1.0 - _SAME if bound == "below" else 1.0 + _SAME))
            narrowed = replace(what, measure=measure)
            fits = candidates(narrowed, self.inventory, pool or self.inventory.items.values())[0]
            several = things.amount.kind == "exactly" and len(fits) > things.amount.n  # then the smallest, the largest
            if size.than is not None or (fits and not several):
                return narrowed, pool
        n = things.amount.n if things.amount.kind == "exactly" else 1
        return replace(what, measure=Measure(_RANKS[size.kind], size.axis), count=n), pool

    def _one_middle(self, what: Selection, size: Size, key: str, pool: list[Item] | None) -> None:
        """Of an even number none is in the middle: which of the two?"""
        fits = candidates(what, self.inventory, self.inventory.items.values() if pool is None else pool)[0]
        ranked = sorted(fits, key=lambda i: extent_of(i, size.axis))
        half = len(ranked) // 2
        if len(ranked) > 1 and len(ranked) % 2 == 0 and not isinstance(self.settled.get(key), tuple):
            raise self._which(key, ranked[half - 1 : half + 1], 1, "of an even number none is in the middle")

    # ── referring ────────────────────────────────────────────────────────────────────────────────────────────────
    def _referred(self, things: Things, what: Selection, key: str) -> list[Item]:
        groups = self._groups()
        if things.refers == "rest" or (things.refers == "other" and not groups and things.amount.kind == "all"):
            return self._rest(groups)
        if not groups:
            if isinstance(self.settled.get(key), tuple):
                return list(self.inventory.items.values())
            everything = [i for i in self.inventory.items.values() if i.location != GONE]
            fits = candidates(what, self.inventory, everything)[0]
            if len(fits) == 1 or not fits:
                return fits
            raise self._which(key, fits, 1, "nothing was spoken of that this could mean")
        if things.refers == "it":
            return it(things, what, groups, self.inventory)
        if things.refers in ("former", "latter"):
            return of_two(groups, self.talk.turn, things.refers == "former", self.inventory)
        return others(things, what, groups, self.inventory)

    def _rest(self, groups: list[Group]) -> list[Item]:
        """What no wish of the sentence names; where it names nothing else, what this talk has not spoken of."""
        everything = [i for i in self.inventory.items.values() if i.location != GONE]
        if self.named:
            scopes = {g.what.place for g in groups if g.turn == self.talk.turn}
            scope = replace(EVERY, place=scopes.pop()) if len(scopes) == 1 else EVERY
            return [i for i in candidates(scope, self.inventory, everything)[0] if i.id not in self.named]
        spoken = {name for g in groups if not g.spared for name in g.items} | {name for d in self.talk.done for name in d.moved}
        self.named |= spoken
        return [i for i in everything if i.id not in spoken]


def stranger(things: Things, workplace: Workplace) -> Denied | None:
    """Why there is no such thing, by the workplace's words alone."""
    if things.unknown:
        return Denied("unknown-thing", f"I do not know {' '.join(things.unknown)!r}: {known_things(workplace)}.")
    inner = (*things.exceptions, *((things.size.than,) if things.size is not None and things.size.than is not None else ()))
    return next((problem for other in inner if (problem := stranger(other, workplace)) is not None), None)


def _in_words(things: Things) -> Selection:
    """What the words say by themselves, wherever it lies."""
    return Selection(
        things.categories, things.colours, (), things.codes, things.condition, EVERYWHERE, None, things.definite,
        coded=things.coded,
    )  # fmt: skip


def _alike(items: list[Item]) -> bool:
    """Whether no words tell them apart."""
    looks = {(i.category, i.colour, i.damaged, i.code, i.location) for i in items}
    sizes = sorted(i.volume for i in items)
    return len(looks) == 1 and sizes[-1] <= sizes[0] * (1.0 + _TWINS)


def _exactly(names: tuple[str, ...]) -> Selection:
    return Selection(items=names, place=EVERYWHERE, definite=True)
