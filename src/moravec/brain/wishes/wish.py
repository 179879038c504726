"""What an instruction says, word for word as far as meaning goes, and nothing of what the cell holds.

A reader makes wishes of a sentence; what comes after it makes goals of the wishes, with the talk so far and the inventory. So
"the other one" stays "the other one" here, a bin that does not exist keeps its label, and a thing nobody knows keeps its
word.

Words of the workplace (categories, colours) stand in the workplace's own form, whatever language the sentence was in. Lengths
are in metres, volumes in cubic metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Refers = Literal["", "it", "other", "rest", "former", "latter"]
AmountKind = Literal["all", "exactly", "at most", "at least", "some", "half"]
SizeKind = Literal["smallest", "middle", "largest", "smaller", "small", "large", "larger", "below", "above", "about"]
Axis = Literal["volume", "length"]
SpotKind = Literal["bin", "place", "bins", "rule", "same", "back", "of", "other", "unknown"]
WishKind = Literal[
    "move", "swap", "inspect", "open", "home", "stop", "leave", "undo", "ask", "name", "agree", "decline", "refuse", "if"
]
Query = Literal["what", "how many", "where", "any", "all", "which place", "help", "why", "doing"]
Why = Literal["unsafe", "impossible", "not-a-job"]


@dataclass(frozen=True, slots=True)
class Amount:
    """How many. `n` counts for "exactly", "at most" and "at least"; "some" leaves it open, "all" is every one that fits."""

    kind: AmountKind = "all"
    n: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """How large: by volume, or by the longest side. `value` [m³ or m] belongs to "below", "above" and "about"; "smaller" and
    "larger" compare with `than`, or with what was spoken of last where that is None. `inclusive`: "at most", "at least"."""

    kind: SizeKind
    axis: Axis = "volume"
    value: float = 0.0
    inclusive: bool = False
    than: Things | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a sentence.

    bin: that with label `name`. place: one of the workplace's kinds ("parcel", "station", "table", "reject"). bins: all bins
    together. rule: wherever the storing rule wants each thing. same: the place that was spoken of last. back: where each came
    from. of: where `things` lie. other: another place than the one spoken of last. unknown: `name` is the sentence's own word
    for it.
    """

    kind: SpotKind
    name: str = ""
    things: Things | None = None


@dataclass(frozen=True, slots=True)
class Things:
    """A noun phrase. Empty fields do not restrict; the words inside one field are alternatives.

    refers: "it" what was spoken of last (also them, those, this one); "other" those that fit the words and were not spoken of
    last; "rest" what no wish of the sentence names; "former" and "latter" of two that were spoken of. The other fields narrow
    it down ("the red one of them"). `definite`: the speaker takes it that such things exist ("the two red cans", not "any red
    cans"). `unknown`: nouns or adjectives that no workplace word fits, as they stand in the sentence. `coded`: with a printed
    code, or without one.

    "the can": exactly 1, definite; "the cans": all, definite; "both cans", "the two cans": exactly 2, definite; "a can", "one of
    the cans": exactly 1; "a couple of cans": exactly 2; "all cans", "any cans", "whatever cans there are": all; "it": refers,
    exactly 1; "them": refers, all; "the smallest can": size, exactly 1, definite; "the two smallest": exactly 2.
    """

    refers: Refers = ""
    categories: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    condition: Literal["damaged", "intact"] | None = None
    coded: bool | None = None
    size: Size | None = None
    at: Spot | None = None
    amount: Amount = Amount()
    definite: bool = False
    exceptions: tuple[Things, ...] = ()


EVERYTHING = Things()


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold, by what is believed when its turn comes: of `what`, at least one (there are any), none, all of what fits
    `what` without its condition, or more, fewer or exactly `n`. With `full` or `empty`: of the place `at` instead."""

    holds: Literal["any", "none", "all", "more", "fewer", "exactly", "full", "empty"]
    what: tuple[Things, ...] = (EVERYTHING,)
    n: int = 0
    at: Spot | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that is wanted; what it takes depends on its kind.

    move: `what` goes to `to`; without `to` the sentence names no place ("take the can"; as an answer also "put the red one").
    swap: what lies at the places of `what` and `others` trades places. inspect: a close look at `what`. open: the lid of `to`.
    leave: `what` is not to be touched. undo: what the talk's last turn did is reversed. ask: `query` about `what`; "all" ("are
    all cans damaged?"): whether all that fit `what` without its condition, or without its `at` where it has none, fit it; "which
    place": of the place `to`, for `what` ("where do the balls belong?": `to` is rule). name: words without a verb, as in an
    answer ("the smaller one", "bin B" as `to`). agree, decline: yes and no. refuse: what nobody is to do (`why`). if:
    `condition`, then `wishes`, else `otherwise`. home, stop: nothing more.

    `then`: only after all before it is done.
    """

    kind: WishKind
    what: tuple[Things, ...] = ()
    to: Spot | None = None
    others: tuple[Things, ...] = ()
    query: Query | None = None
    why: Why | None = None
    condition: Condition | None = None
    wishes: tuple[Wish, ...] = ()
    otherwise: tuple[Wish, ...] = ()
    then: bool = False


SURE = 0.5  # of what is less likely meant, all readings together, a person is asked even where it comes to one end


@dataclass(frozen=True, slots=True)
class Meant:
    """One way to read a sentence, and how likely it is meant, in [0, 1]."""

    wishes: tuple[Wish, ...]
    p: float = 1.0


def outweighs(meant: Sequence[Meant], refused: Sequence[bool]) -> bool:
    """Whether the likeliest of `meant` is `refused`, and as likely as all together that are not: then it is what was said."""
    return refused[0] and meant[0].p >= sum(way.p for way, no in zip(meant, refused, strict=True) if not no)
