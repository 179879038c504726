"""The noun phrases and destinations of one segment, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import final

from moravec.brain.goal import RULE, Destination
from moravec.brain.grammar import Group, destination, place_at
from moravec.brain.lexicon import known_places, known_things
from moravec.brain.open_points import Choice, Unclear, Unreadable
from moravec.brain.words import Word
from moravec.core.workplace import Workplace


@dataclass(slots=True)
class Statement:
    """Noun phrases up to a destination; a segment holds one or more."""

    groups: list[Group] = field(default_factory=list)
    spared: list[Group] = field(default_factory=list)
    dest: Destination | None = None


@final
class Scanner:
    """Reads the words of segments. `choice` settles which bin "a bin" is."""

    def __init__(self, workplace: Workplace, choice: Choice) -> None:
        self.workplace = workplace
        self.choice = choice

    def scan(self, words: list[Word], is_source: Callable[[str], bool], box_is_parcel: bool) -> list[Statement]:
        """The statements of a segment. `is_source` tells a place the items are in from one they go to."""
        scans, group, sparing, i = [Statement()], Group(), False, 0

        def close(joined: str = "") -> Group:
            if not group.empty():
                (scans[-1].spared if sparing else scans[-1].groups).append(group)
            return Group(joined=joined)

        while i < len(words):
            word = words[i]
            if word.tag in ("AND", "COMMA"):
                group = close(word.tag)
            elif word.tag == "EXCEPT":
                group = close()
                sparing = True
            elif word.tag in ("PREP", "FROM") or (
                word.tag in ("BIN", "LABEL") and (group.headed() or word.tag == "LABEL")
            ):
                ref = place_at(words, i + (word.tag in ("PREP", "FROM")), box_is_parcel or word.tag == "FROM")
                if ref is not None:
                    followed = _another_place(words, ref.end)
                    source = word.tag == "FROM" or is_source(ref.text) or followed
                    name = self._place(ref.text, ref.problem, source)
                    if source:
                        group.place = name
                        _spread(scans[-1].groups, name)
                    else:
                        group = close()
                        scans[-1].dest = destination(name)
                        scans, sparing = [*scans, Statement()], False
                    i = ref.end
                    continue
                self._no_place(word, words[i + 1 :])
            elif word.tag == "RULE":
                group = close()
                scans[-1].dest, sparing = RULE, False
                scans.append(Statement())
            else:
                i = self._noun(words, i, group, box_is_parcel)
                continue
            i += 1
        close()
        return _joined(scans)

    def _noun(self, words: list[Word], i: int, group: Group, box_is_parcel: bool) -> int:
        """Read one word of a noun phrase into `group`; the index of the next word."""
        word = words[i]
        if word.tag == "UNK":
            raise Unreadable("unknown-thing", f"I do not know {word.text!r}: {known_things(self.workplace)}.")
        target = group
        if word.tag == "NOT":
            following = next(
                (k for k in range(i + 1, len(words)) if words[k].tag in ("CAT", "COL", "SIZE", "COND", "CODE")), None
            )
            if following is None:
                return i + 1
            if words[following].tag == "COND":
                group.condition = "intact" if words[following].value == "damaged" else "damaged"
                return following + 1
            target, i = Group(), following
            group.negated.append(target)
            word = words[i]
        _attribute(target, word, words[i + 1 :], box_is_parcel)
        if word.tag in ("PLACE", "BIN", "SHELF"):
            ref = place_at(words, i, box_is_parcel)
            if ref is not None:
                target.place = self._place(ref.text, ref.problem, source=True)
                return ref.end
        return i + 1

    def _no_place(self, word: Word, rest: list[Word]) -> None:
        """An item after "into" is no place."""
        named = next((w for w in rest if w.tag not in ("DET", "A", "FILL")), None)
        if named is not None and named.tag == "CAT" and word.text in ("in", "into", "inside", "onto"):
            raise Unreadable("unknown-place", f"{named.text!r} is no place here: {known_places(self.workplace)}.")

    def _place(self, text: str, problem: str, source: bool) -> str:
        """The place's name, checked against the workplace."""
        if problem == "which bin" and (source or text == "bins"):
            return "bins"
        if problem == "which bin":
            if self.choice.where is not None:
                return "bin:" + self.choice.where.name if self.choice.where.kind == "bin" else "bins"
            labels = tuple(t for t in text.split(" and ") if t in self.workplace.labels) or self.workplace.labels
            options = tuple((f"bin {t}", Choice(where=Destination("bin", t))) for t in labels)
            raise Unclear("Which bin?", (*options, ("nothing", None)), "the instruction does not say which bin")
        label = text.removeprefix("bin:")
        kinds = {"reject": "reject", "bins": "bin"}.get(text, text)
        known = label in self.workplace.labels if text.startswith("bin:") else bool(self.workplace.of_kind(kinds))
        if problem == "unknown" or not known:
            said = f"bin {label}" if text.startswith("bin:") else text
            raise Unreadable("unknown-place", f"There is no place {said!r} here: {known_places(self.workplace)}.")
        return text


def _attribute(group: Group, word: Word, rest: list[Word], box_is_parcel: bool) -> None:
    """Add one word to a noun phrase."""
    follows = next((w for w in rest if w.tag not in ("FILL", "DET")), None)
    if (
        word.tag == "CAT"
        and word.value == "box"
        and box_is_parcel
        and not group.modifiers()
        and not word.text.endswith("s")
    ):
        group.place = "parcel"
    elif word.tag == "CAT":
        group.categories.append(word.value)
        group.single = not word.text.endswith("s")
    elif word.tag == "COL":
        group.colours.append(word.value)
    elif word.tag == "SIZE":
        group.sizes.append(word.value)
    elif word.tag == "COND":
        group.condition = "damaged" if word.value == "damaged" else "intact"
    elif word.tag == "CODE":
        group.codes.append(word.value)
    elif word.tag == "ALL":
        group.every = True
    elif word.tag == "REST":
        group.rest = word.value
    elif word.tag == "DET":
        group.definite = True
    elif word.tag == "NUM":
        group.count, group.definite = int(word.value), group.definite or word.text == "both"
    elif word.tag == "VAGUE":
        group.vague = word.text
    elif word.tag == "PRON":
        group.pronoun = True
    elif word.tag == "A":
        group.single = True
    elif (
        word.tag == "GEN"
        and word.text == "one"
        and follows is not None
        and follows.tag in ("COL", "SIZE", "CAT", "COND")
    ):
        group.count = 1
    elif word.tag == "GEN":
        group.generic = True
        group.single = group.single or word.text in ("one", "item", "thing", "object", "product", "piece", "article")


def _another_place(words: list[Word], i: int) -> bool:
    """Whether a second place follows at once: then the first is where the items are."""
    while i < len(words) and words[i].tag == "FILL":
        i += 1
    if i >= len(words) or words[i].tag == "RULE":
        return i < len(words)
    return words[i].tag == "PREP" and place_at(words, i + 1, False) is not None


def _spread(groups: list[Group], place: str) -> None:
    for group in groups:
        group.place = group.place or place


def _joined(scans: list[Statement]) -> list[Statement]:
    """Drop empty statements; a destination that comes first belongs to what follows it."""
    kept = [s for s in scans if s.groups or s.spared or s.dest]
    if len(kept) == 2 and kept[0].dest and not kept[0].groups and not kept[0].spared and kept[1].dest is None:
        return [replace(kept[1], dest=kept[0].dest)]
    if len(kept) == 2 and kept[0].dest and kept[1].spared and not kept[1].groups and kept[1].dest is None:
        return [replace(kept[0], spared=kept[0].spared + kept[1].spared)]  # "all in bin A except the tools"
    return kept or [Statement()]
