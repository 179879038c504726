"""From tagged words to segments (one wish each) and to the noun phrases and places inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from moravec.brain.goal import RULE, Destination, Selection
from moravec.brain.words import Word

_STARTS = ("V", "Q", "LEAVE")
_JOINS = ("AND", "COMMA", "FILL", "DET")
_CONTENT = (
    "CAT",
    "COL",
    "SIZE",
    "COND",
    "ALL",
    "REST",
    "GEN",
    "PRON",
    "CODE",
    "PLACE",
    "BIN",
    "SHELF",
    "LABEL",
    "RULE",
    "UNK",
)


@dataclass(slots=True)
class Segment:
    """The words of one wish. `then`: after what came before it; `shift`: moved to the front or the end."""

    words: list[Word] = field(default_factory=list)
    then: bool = False
    shift: Literal["", "front", "end"] = ""
    opener: str = ""  # "before" or "after", when the wish began with it

    def verbs(self) -> list[Word]:
        """Its verbs and question words."""
        return [w for w in self.words if w.tag in _STARTS]

    def has_content(self) -> bool:
        """Whether it names anything."""
        return any(w.tag in _CONTENT for w in self.words)


def segments(words: Sequence[Word]) -> list[Segment]:
    """`words` cut into wishes, in the order in which they are to be done."""
    found: list[Segment] = [Segment()]
    for i, word in enumerate(words):
        current = found[-1]
        if word.tag == "END":
            found.append(Segment())
        elif word.tag == "SEQ":
            _sequence(word, words[i + 1 :], found)
        elif _begins(word, i, words, current):
            found.append(Segment([word]))
        else:
            current.words.append(word)
    return _ordered([s for s in found if s.verbs() or s.has_content()])


def _begins(word: Word, i: int, words: Sequence[Word], current: Segment) -> bool:
    """Whether `word` opens a new wish: a verb after a joint, or a second verb once something was named."""
    negated = word.tag == "NOT" and _next_verb(words, i)
    if word.tag not in _STARTS and not negated:
        return False
    before = next((w for w in reversed(words[:i]) if w.tag not in ("FILL",)), None)
    if before is not None and before.tag == "NOT":
        return False  # "do not touch": the negation opened it
    if not (current.has_content() or any(w.tag == "NOT" for w in current.words)):
        return False
    joint = before is not None and before.tag in ("AND", "COMMA")
    if word.tag == "Q" and (word.value == "any" or not joint):
        return False  # "items that are red", "put away what is broken"
    if negated:
        return joint
    third = before is not None and before.tag in ("DET", "PREP", "A", "EXCEPT", "BIN")
    return joint or (any(w.tag == "V" for w in current.words) and not third and word.tag == "V")


def _next_verb(words: Sequence[Word], i: int) -> bool:
    """Whether a verb, or "touch", follows the negation at `i`."""
    after = next((w for w in words[i + 1 :] if w.tag != "FILL" or w.text == "touch"), None)
    return after is not None and (after.tag in _STARTS or after.text == "touch")


def _sequence(word: Word, rest: Sequence[Word], found: list[Segment]) -> None:
    """Apply "first", "then", "last", "before" or "after" to the segments so far."""
    current = found[-1]
    filled = bool(current.verbs()) or current.has_content()
    follows = next((w for w in rest if w.tag not in ("FILL", "DET")), None)
    trailing = filled and (follows is None or follows.tag in ("END", "COMMA", "AND", "SEQ"))
    if word.value in ("first", "last") and trailing:
        current = _tail(found)
        current.shift = "front" if word.value == "first" else "end"
    elif word.value in ("first", "last"):
        joined = Segment(then=word.value == "last")
        found.append(joined) if filled else setattr(current, "then", joined.then)
    elif word.value == "then":
        found.append(Segment(then=True)) if filled else setattr(current, "then", len(found) > 1)
    elif filled:
        found.append(Segment(then=True, opener="" if word.value == "before" else "swap"))
    else:
        current.opener = word.value


def _tail(found: list[Segment]) -> Segment:
    """The part of the last segment after its last comma, as its own: "store everything, the tools last"."""
    words = found[-1].words
    commas = [i for i, w in enumerate(words) if w.tag == "COMMA"]
    if commas:
        tail = Segment(words[commas[-1] + 1 :])
        if tail.has_content() and Segment(words[: commas[-1]]).has_content():
            found[-1].words = words[: commas[-1]]
            found.append(tail)
    return found[-1]


def _ordered(found: list[Segment]) -> list[Segment]:
    """Undo "before X, Y", "Y after X", "X first" and "X last"."""
    done: list[Segment] = []
    held: Segment | None = None
    for segment in found:
        if segment.opener == "before":
            held = segment
            held.then = True
            continue
        if segment.opener == "swap" and done:
            earlier = done.pop()
            segment.then, earlier.then = False, True
            done += [segment, earlier]
        else:
            segment.then = segment.then or (bool(done) and done[-1].opener == "after")
            done.append(segment)
        if held is not None:
            done.append(held)
            held = None
    done += [held] if held is not None else []
    front = [s for s in done if s.shift == "front"]
    middle = [s for s in done if not s.shift]
    end = [s for s in done if s.shift == "end"]
    if front and middle:
        middle[0].then = True
    if end and (front or middle):
        end[0].then = True
    return front + middle + end


@dataclass(slots=True)
class Group:
    """One noun phrase while it is read."""

    categories: list[str] = field(default_factory=list)
    colours: list[str] = field(default_factory=list)
    sizes: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    condition: Literal["damaged", "intact"] | None = None
    place: str | None = None
    count: int | None = None
    definite: bool = False
    single: bool = False  # a singular noun or "a"
    every: bool = False
    rest: str = ""
    generic: bool = False
    pronoun: bool = False
    vague: str = ""
    negated: list[Group] = field(default_factory=list)
    joined: str = ""  # what stood before it: "", "AND" or "COMMA"

    def modifiers(self) -> bool:
        """Whether an adjective restricts it."""
        return bool(self.colours or self.sizes or self.condition)

    def headed(self) -> bool:
        """Whether it has a noun."""
        return bool(self.categories or self.codes or self.generic or self.pronoun or self.rest or self.place)

    def empty(self) -> bool:
        """Whether nothing was read into it."""
        return not (
            self.headed() or self.modifiers() or self.every or self.negated or self.count is not None or self.vague
        )

    def refers_back(self) -> bool:
        """Whether it is a pronoun or "the items", which mean what was named before."""
        bare = not (
            self.categories or self.codes or self.modifiers() or self.every or self.rest or self.place or self.negated
        )
        return bare and self.count is None and (self.pronoun or (self.generic and self.definite and not self.single))


def selection(group: Group, question: bool = False) -> Selection:
    """The selection a noun phrase means. In questions a singular noun does not limit the count."""
    superlative = any(s in ("smallest", "largest") for s in group.sizes)
    count = group.count
    if count is None and group.single and not group.every and not question:
        count = 1
    sizes = tuple(group.sizes)
    if superlative and count is None:
        count = 1 if group.single or group.generic is False else None
    definite = group.definite and not group.every and group.condition is None and group.rest == ""
    restricted = bool(group.categories or group.colours or sizes or group.codes or count is not None)
    return Selection(
        categories=tuple(dict.fromkeys(group.categories)),
        colours=tuple(dict.fromkeys(group.colours)),
        sizes=sizes,
        codes=tuple(dict.fromkeys(group.codes)),
        condition=group.condition,
        place=group.place,
        count=None if group.codes else count,
        definite=(definite and restricted and not question) or bool(group.codes),
        rest=bool(group.rest),
        exceptions=tuple(selection(g, True) for g in group.negated),
    )


def merged(groups: Sequence[Group], distribute: bool | None) -> tuple[list[Group], bool]:
    """Noun phrases joined by "and": adjectives that wait for their noun, and plain nouns, are drawn together.

    Returns the groups and whether an adjective may or may not reach over the "and" ("red cans and bottles").
    """
    out: list[Group] = []
    doubtful = False
    for group in groups:
        last = out[-1] if out else None
        if last is None or not group.joined:
            out.append(group)
        elif not last.headed() and last.modifiers() and group.headed() and last.count is None and not group.pronoun:
            out[-1] = _absorb(last, group)
        elif _plain_nouns(last, group):
            last.categories += group.categories
            last.codes += group.codes
        elif _may_distribute(last, group):
            doubtful = True
            if distribute:
                group = replace(group, colours=list(last.colours), sizes=list(last.sizes), condition=last.condition)
            out.append(group)
        else:
            out.append(group)
    return out, doubtful and distribute is None


def _absorb(adjectives: Group, noun: Group) -> Group:
    return replace(
        noun,
        colours=adjectives.colours + noun.colours,
        sizes=adjectives.sizes + noun.sizes,
        condition=noun.condition or adjectives.condition,
        definite=adjectives.definite or noun.definite,
        every=adjectives.every or noun.every,
        joined=adjectives.joined,
    )


def _plain_nouns(a: Group, b: Group) -> bool:
    both_codes = bool(a.codes and b.codes)
    both_kinds = bool(a.categories and b.categories) and not (a.codes or b.codes)
    same = a.single == b.single and a.count is None and b.count is None and not (a.place or b.place)
    bare = not (a.modifiers() or b.modifiers() or a.negated or b.negated or a.rest or b.rest)
    return bare and same and (both_codes or (both_kinds and not a.single))


def _may_distribute(a: Group, b: Group) -> bool:
    bare = not (b.modifiers() or b.definite or b.every or b.rest or b.single) and b.count is None
    return bool(a.modifiers() and a.categories and b.categories and bare)


@dataclass(frozen=True, slots=True)
class PlaceRef:
    """A place in the words: a destination as text, "bins" for any bin, or why it is none. `end` is the next word."""

    text: str
    end: int
    problem: Literal["", "unknown", "which bin"] = ""


def place_at(words: Sequence[Word], i: int, box_is_parcel: bool) -> PlaceRef | None:
    """The place named from word `i` on, or None where no place is named."""
    start = i
    while i < len(words) and words[i].tag in ("DET", "A", "FILL", "ALL", "NUM"):
        i += 1
    if i >= len(words):
        return None
    word = words[i]
    nearby = [w.tag for w in words[i : i + 3]]
    if word.tag in ("COL", "SIZE", "CAT", "UNK", "COND") and "BIN" in nearby[1:] and "AND" not in nearby:
        stop = i + nearby.index("BIN")
        return PlaceRef(" ".join(w.text for w in words[i : stop + 1]), stop + 1, "unknown")
    if word.tag == "PLACE":
        return PlaceRef(word.value, i + 1)
    if word.tag == "LABEL":
        return PlaceRef(f"bin:{word.value}", i + 1)
    if word.tag in ("BIN", "SHELF"):
        return _bin_at(words, i)
    if word.tag == "CAT" and word.value == "box" and box_is_parcel:
        return PlaceRef("parcel", i + 1)
    if word.tag == "UNK" and i - start <= 2:
        return PlaceRef(word.text, i + 1, "unknown")
    return None


def _bin_at(words: Sequence[Word], i: int) -> PlaceRef:
    j = i + 1
    while j < len(words) and words[j].tag in ("FILL", "BIN"):
        j += 1
    if j < len(words) and words[j].tag == "LABEL":
        k = j + 2 + (j + 2 < len(words) and words[j + 2].tag == "BIN")
        if k < len(words) and words[j + 1].tag == "AND" and words[k].tag == "LABEL":
            return PlaceRef(f"{words[j].value} and {words[k].value}", k + 1, "which bin")
        return PlaceRef(f"bin:{words[j].value}", j + 1)
    if words[i].tag == "SHELF":
        return PlaceRef("bins", i + 1)
    return PlaceRef("bins" if words[i].text.endswith("s") else "bin", i + 1, "which bin")


def destination(text: str) -> Destination:
    """The destination a place's text means: the bins together mean each item's own."""
    if text == "bins":
        return RULE
    return Destination.parse(text if text.startswith("bin:") else f"place:{text}")
