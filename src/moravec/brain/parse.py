"""From segments to clauses: who goes where, what is asked, what is left alone.

Nothing is guessed. What can be read in two ways raises `Unclear` with its readings; what cannot be read raises
`Unreadable` with the rule that refuses it.
"""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.clauses import tidy
from moravec.brain.goal import REJECT, RULE, Clause, Goal, Selection
from moravec.brain.grammar import Group, Segment, merged, segments, selection
from moravec.brain.open_points import Choice, Unclear, Unreadable
from moravec.brain.scan import Scanner, Statement
from moravec.brain.words import Word
from moravec.core.workplace import Workplace

EVERYTHING = Selection()
OPEN = Choice()


def parse(words: tuple[Word, ...], workplace: Workplace, choice: Choice = OPEN) -> Goal:
    """The goal that `words` state. Raises Unclear or Unreadable."""
    reader = _Reader(workplace, choice)
    wishes = segments(words)
    if wishes and wishes[0].shift == "front":  # "store everything, tools first": the verb comes later
        reader.verb = next((w.value for w in words if w.tag == "V"), "")
    for segment in wishes:
        reader.read(segment)
    return reader.goal()


class _Reader:
    """Reads segment after segment; keeps what pronouns refer to and the verb that an elliptical phrase inherits."""

    def __init__(self, workplace: Workplace, choice: Choice) -> None:
        self.choice = choice
        self.scanner = Scanner(workplace, choice)
        self.clauses: list[Clause] = []
        self.spared: list[Selection] = []
        self.before: list[Selection] = []
        self.waiting: list[Clause] = []
        self.verb = ""

    # ── one segment ──────────────────────────────────────────────────────────────────────────────────────────────
    def read(self, segment: Segment) -> None:
        """Add the segment's clauses."""
        words = segment.words
        verbs = segment.verbs()
        first = next((w for w in words if w.tag not in ("FILL", "DET", "AND", "COMMA")), None)
        if first is None:
            return
        if first.tag == "UNK" and not verbs and not any(w.tag in ("LABEL", "RULE") for w in words):
            raise Unreadable("no-skill", f"I do not know how to {first.text!r}.")
        if first.tag == "UNK" and len(words) > 1 and words[words.index(first) + 1].tag in ("DET", "PRON", "ALL"):
            raise Unreadable("no-skill", f"I do not know how to {first.text!r}.")
        if first.tag == "LEAVE" or (first.tag == "NOT" and not (verbs and verbs[0].tag == "Q")):
            self._leave(words)
        elif first.tag == "Q":
            self._question(first, words)
        else:
            self._command(verbs, words, segment.then)

    def _leave(self, words: list[Word]) -> None:
        named = [w for w in words if w.tag != "NOT"]
        for scan in self.scanner.scan(named, lambda text: False, box_is_parcel=False):
            for group in self._merged(scan.groups):
                if group.rest:
                    continue  # "leave the rest": what nobody names stays anyway
                self.spared.append(replace(selection(group, True), place=None))

    def _question(self, first: Word, words: list[Word]) -> None:
        scans = self.scanner.scan(words, lambda text: True, box_is_parcel=True)
        groups = [g for scan in scans for g in scan.groups]
        asks_place = first.value == "what" and any(
            w.tag in ("BIN", "SHELF", "PLACE") for w in words[words.index(first) :][:3]
        )
        query = "where" if asks_place and any(g.codes or g.categories for g in groups) else first.value
        query = (
            "where"
            if query == "any" and any(g.every and not g.empty() and _universal(words) for g in groups)
            else query
        )
        if query == "where":
            groups = [
                replace(g, place=None)
                for g in groups
                if g.categories or g.codes or g.modifiers() or g.pronoun or g.generic
            ]
        chosen = self._selections(groups, question=True) or [EVERYTHING]
        for what in chosen:
            self.clauses.append(Clause("question", what, query=query))  # type: ignore[arg-type]
        self.before = chosen

    def _command(self, verbs: list[Word], words: list[Word], then: bool) -> None:
        values = [v.value for v in verbs if v.tag == "V"]
        if any(v in ("stop", "home") for v in values) and not any(w.tag in ("CAT", "COL", "CODE") for w in words):
            self.clauses.append(Clause("stop" if "stop" in values else "home", then=then))
            return
        if not values:
            values = [self.verb] if self.verb else ["put"]
        opens = any(v in ("open", "unpack") for v in values)
        gathers = any(v in ("rule", "unpack", "inspect", "discard") for v in values)
        scans = self.scanner.scan(words, lambda text: gathers and not text.startswith("bin"), box_is_parcel=opens)
        self.verb = next(
            (v for v in ("discard", "rule", "unpack", "put", "pick", "inspect", "open") if v in values), "put"
        )
        for scan in scans:
            self._state(scan, values, then)
            then = False

    def _state(self, scan: Statement, values: list[str], then: bool) -> None:
        """One statement: noun phrases with their destination."""
        default = {"discard": REJECT, "rule": RULE, "unpack": RULE}
        dest = scan.dest or next((default[v] for v in ("discard", "rule", "unpack") if v in values), None)
        chosen = self._selections(scan.groups, question=False)
        if not chosen:
            bare = [v for v in values if v in ("rule", "unpack", "inspect", "open")]
            chosen = (self.before or [EVERYTHING]) if bare or scan.spared else self._referred()
        chosen = [replace(what, exceptions=what.exceptions + self._spared(scan)) for what in chosen]
        if values == ["open"] and dest is None:
            place = next((what.place for what in chosen if what.place), "parcel")
            self.clauses.append(Clause("open", Selection(place=place), then=then))
            self.before = [Selection(place=place)]
            return
        kind = "inspect" if dest is None and "inspect" in values else "move"
        made = [Clause(kind, what, dest, then=then and i == 0) for i, what in enumerate(chosen)]  # type: ignore[arg-type]
        if kind == "move" and dest is None:
            self.waiting += made
        else:
            if scan.groups and all(g.refers_back() for g in scan.groups):
                self.waiting = []  # "take the cans and put them in bin B": the first half is part of the second
            self.clauses += made
        self.before = [c.what for c in made]

    def _spared(self, scan: Statement) -> tuple[Selection, ...]:
        return tuple(selection(group, True) for group in self._merged(scan.spared) if not group.rest)

    # ── noun phrases ─────────────────────────────────────────────────────────────────────────────────────────────
    def _selections(self, groups: list[Group], question: bool) -> list[Selection]:
        chosen: list[Selection] = []
        for group in self._merged(groups):
            if group.vague:
                group = self._counted(group)
            if group.refers_back() and (group.pronoun or self.before):
                chosen += self._referred()
                continue
            if group.rest == "other":
                group = self._others(group)
            chosen.append(selection(group, question))
        return chosen

    def _merged(self, groups: list[Group]) -> list[Group]:
        out, doubtful = merged(groups, self.choice.distribute)
        if doubtful:
            words = next(" or ".join(g.colours + g.sizes) or str(g.condition) for g in groups if g.modifiers())
            raise Unclear(
                f"Does {words!r} go with all of the things you named, or only with the first?",
                (
                    ("all of them", Choice(distribute=True)),
                    ("only the first", Choice(distribute=False)),
                    ("nothing", None),
                ),
                "an adjective before two nouns can belong to one or to both",
            )
        return out

    def _referred(self) -> list[Selection]:
        if self.before:
            return self.before
        if self.choice.they is not None:
            return [self.choice.they]
        raise Unclear(
            "Which items do you mean?",
            (("everything in the delivery", Choice(they=EVERYTHING)), ("nothing", None)),
            "nothing was named that the instruction could refer to",
        )

    def _counted(self, group: Group) -> Group:
        if self.choice.some is not None:
            return replace(group, vague="", count=self.choice.some or None, every=self.choice.some == 0)
        raise Unclear(
            f"How many do you mean by {group.vague!r}?",
            (
                ("1", Choice(some=1)),
                ("2", Choice(some=2)),
                ("3", Choice(some=3)),
                ("all", Choice(some=0)),
                ("nothing", None),
            ),
            "the instruction gives no number",
        )

    def _others(self, group: Group) -> Group:
        """ "the others" after "the red cans" are the other cans; after "the red ones", all others."""
        last = self.before[-1] if self.before else None
        if last is not None and last.categories and not group.categories and (last.colours or last.sizes or last.count):
            return replace(group, categories=list(last.categories))
        return group

    # ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────
    def goal(self) -> Goal:
        """The goal, once all segments are read. Raises Unclear or Unreadable."""
        if self.waiting:
            named = " and ".join(c.what.describe() for c in self.waiting)
            if self.choice.where is None:
                raise Unclear(
                    f"Where should {named} go?",
                    (
                        ("where the storing rule wants them", Choice(where=RULE)),
                        ("the reject bin", Choice(where=REJECT)),
                        ("nowhere", None),
                    ),
                    "the instruction names no place",
                )
            self.clauses += [replace(c, to=self.choice.where) for c in self.waiting]
        if any(s == EVERYTHING for s in self.spared) and not self.clauses:
            return Goal((Clause("stop"),))  # "leave everything alone"
        if self.spared and not self.clauses and self.choice.they is not None and self.choice.where is not None:
            self.clauses.append(Clause("move", self.choice.they, self.choice.where))
        clauses = tidy(self.clauses)
        if self.spared:
            moves = [c for c in clauses if c.kind in ("move", "inspect")]
            if not moves:
                raise Unclear(
                    "What should happen with the rest?",
                    (("store it by the storing rule", Choice(they=EVERYTHING, where=RULE)), ("nothing", None)),
                    "the instruction only says what is to be left alone",
                )
            extra = tuple(self.spared)
            clauses = [
                replace(c, what=replace(c.what, exceptions=c.what.exceptions + extra)) if c in moves else c
                for c in clauses
            ]
        if len(clauses) > 1 and any(c.kind == "stop" for c in clauses):
            raise Unreadable("unclear", "I cannot stop and go on in one job.")
        if not clauses:
            raise Unreadable("not-a-job", "I found neither a job nor a question in that.")
        return Goal(tuple(clauses))


def _universal(words: list[Word]) -> bool:
    """Whether a yes-or-no question is about all of something: then the answer is where each of them is."""
    return any(w.text in ("all", "every", "each", "everything") for w in words)
