"""Noun phrases and places as they may be meant, drawn before there are words for them."""

from __future__ import annotations

import string
from dataclasses import replace

from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.grammar import CATEGORIES, COLOURS, PLACES
from moravec.brain.wishes.wish import EVERYTHING, Amount, Size, Spot, Things

ONE, MANY = Amount("exactly", 1), Amount()
VOLUMES = (
    10, 20, 25, 30, 40, 50, 60, 75, 80, 100, 120, 125, 150, 175, 180, 200, 220, 250, 300, 330, 350, 400, 450, 500, 600, 700,
    750, 800,
)  # fmt: skip
INCHES = (2, 3, 4, 5, 6, 7, 8, 9, 10, 12)
OPPOSITE = {
    "small": "large", "large": "small", "smallest": "largest", "largest": "smallest", "smaller": "larger", "larger": "smaller",
}
LENGTHS = (2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 25, 28, 30, 35, 40)


def things(voice: Voice, deep: bool = True) -> Things:
    """Anything that a noun phrase may mean. Not `deep`: without exceptions and without a place where other things are."""
    if voice.chance(0.19):
        spoken = referring(voice)
        if deep and spoken == Things("it") and voice.chance(0.1):
            spoken = replace(spoken, exceptions=(exception(voice, spoken),))
        return spoken
    found = counted(voice, described(voice))
    if deep and found.amount.kind == "all" and voice.chance(0.12):
        if voice.chance(0.4):
            return replace(found, exceptions=(lacking(voice, found),))
        found = replace(found, exceptions=tuple(exception(voice, found) for _ in range(1 if voice.chance(0.8) else 2)))
    return found


def counted(voice: Voice, found: Things) -> Things:
    """The same with a word for how many. "The things on the table" are what lies there, be it nothing."""
    made = formed(voice, replace(found, **amount(voice, found)))  # type: ignore[arg-type]
    return Things(at=made.at) if made == Things(at=made.at, definite=True) else made


def formed(voice: Voice, found: Things) -> Things:
    """Its unknown nouns in the form that fits how many there are."""
    return replace(found, unknown=tuple(voice.form(word, found.amount != ONE) for word in found.unknown))


def described(voice: Voice) -> Things:
    """What kind of things, without how many."""
    style, detail = voice.rng.random(), voice.detail
    if style < 0.085:
        return Things(codes=codes(voice))
    if style < 0.115:
        return Things(categories=category(voice), codes=codes(voice))
    if style < 0.16:
        return Things(unknown=unknown(voice, noun=True), colours=colours(voice) if voice.chance(0.2) else ())
    found = Things(categories=category(voice) if voice.chance(0.78) else ())
    if voice.chance(0.2 + 0.3 * detail):
        found = replace(found, colours=colours(voice))
    if found.categories and voice.chance(0.03):
        found = replace(found, unknown=unknown(voice, noun=False))
    if voice.chance(0.19 * detail):
        found = replace(found, condition="damaged" if voice.chance(0.65) else "intact")
    if voice.chance(0.06 * detail):
        found = replace(found, coded=voice.chance(0.5))
    if voice.chance(0.21 * detail):
        found = replace(found, size=size(voice))
    if voice.chance(0.15 * detail):
        found = replace(found, at=source(voice))
    return found if found != Things() else Things(categories=category(voice))


def singled_out(voice: Voice) -> Things:
    """One thing by what tells it from another, as in an answer."""
    kind = voice.of(("colour", "size", "at", "condition", "code", "category", "coded"), (34, 22, 14, 8, 6, 12, 4))
    found = {
        "colour": lambda: Things(colours=colours(voice)[:1]),
        "size": lambda: Things(size=Size(voice.of(("smaller", "larger", "smallest", "largest", "small", "large", "middle")))),
        "at": lambda: Things(at=source(voice)),
        "condition": lambda: Things(condition=voice.of(("damaged", "intact"))),
        "code": lambda: Things(codes=(code(voice),)), "category": lambda: Things(categories=category(voice)[:1]),
        "coded": lambda: Things(coded=voice.chance(0.6)),
    }[kind]()  # fmt: skip
    return replace(found, amount=ONE, definite=True)


def category(voice: Voice) -> tuple[str, ...]:
    """One, now and then two or three."""
    many = voice.of((1, 2, 3), (0.92, 0.07, 0.01))
    return some_of(voice, CATEGORIES, many)


def colours(voice: Voice) -> tuple[str, ...]:
    """One, now and then two."""
    many = voice.of((1, 2, 3), (0.93, 0.06, 0.01))
    return some_of(voice, COLOURS, many)


def some_of(voice: Voice, of: tuple[str, ...], many: int) -> tuple[str, ...]:
    """That many of them, in their own order."""
    return tuple(of[k] for k in sorted(int(k) for k in voice.rng.permutation(len(of))[:many]))


def codes(voice: Voice) -> tuple[str, ...]:
    """Printed codes."""
    many = voice.of((1, 2, 3), (0.85, 0.12, 0.03))
    return tuple(dict.fromkeys(code(voice) for _ in range(many)))


def code(voice: Voice) -> str:
    """One of them."""
    digits = "".join(str(d) for d in voice.rng.integers(0, 10, voice.of((2, 3, 4), (0.1, 0.8, 0.1))))
    if voice.chance(0.1):
        return digits
    head = "MV" if voice.chance(0.8) else "".join(voice.of(string.ascii_uppercase) for _ in range(voice.of((2, 3))))
    return f"{head}-{'0' + digits[1:] if voice.chance(0.6) else digits}"


def unknown(voice: Voice, noun: bool) -> tuple[str, ...]:
    """A word that no workplace word fits."""
    if voice.chance(0.12) and not voice.chinese:
        letters = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "sh", "tr", "gl", "pl")
        made = [voice.of(letters) + voice.of("aeiou") for _ in range(voice.of((2, 3)))]
        return ("".join(made) + voice.of(("", "n", "r", "x", "t")),)
    return (voice.phrase("strange noun" if noun else "strange adjective"),)


def size(voice: Voice, measured: bool = True) -> Size:
    """Of every kind."""
    axis = "length" if voice.chance(0.35) else "volume"
    kinds = ("smallest", "largest", "small", "large", "smaller", "larger", "middle", "below", "above", "about")
    weights = (0.16, 0.17, 0.09, 0.1, 0.06, 0.07, 0.05, 0.14, 0.14, 0.05)
    kind = voice.of(kinds[: None if measured else 7], weights[: None if measured else 7])
    if kind == "middle":
        axis = "volume"
    if kind in ("below", "above", "about"):
        return Size(kind, axis, measure(voice, axis), kind != "about" and voice.chance(0.4))
    if kind in ("smaller", "larger"):
        number = MANY if voice.chinese and voice.chance(0.6) else ONE  # Chinese mostly leaves the number open
        than = Things("", category(voice)[:1], colours(voice)[:1] if voice.chance(0.5) else (), amount=number, definite=True)
        return Size(kind, axis, than=voice.of((None, than, Things("it", amount=ONE)), (0.3, 0.6, 0.1)))
    return Size(kind, axis)


def measure(voice: Voice, axis: str) -> float:
    """A length [m] or volume [m³]."""
    if axis == "length":
        return round(voice.of(INCHES) * 0.0254, 6) if voice.chance(0.05) else round(voice.of(LENGTHS) * 0.01, 4)
    return round(voice.of(VOLUMES) * 1e-6, 9)


def amount(voice: Voice, found: Things) -> dict[str, object]:
    """How many of them, and whether the speaker takes it that they are there."""
    if found.size is not None and found.size.kind in ("smallest", "largest", "middle"):
        return {"amount": Amount("exactly", voice.of((1, 2, 3), (0.85, 0.1, 0.05))), "definite": True}
    if voice.chinese and found.size is not None and found == Things(size=Size(found.size.kind, found.size.axis)) and (
        found.size.kind in ("smaller", "larger")
    ):
        return {"amount": ONE, "definite": True}
    if len(found.codes) > 1:
        return {"amount": MANY, "definite": True}
    if found.codes:
        return {"amount": ONE, "definite": True}
    kind = voice.of(
        ("the", "thes", "all", "a", "n", "then", "at most", "at least", "some", "half"),
        (0.29, 0.27, 0.15, 0.07, 0.07, 0.04, 0.03, 0.01, 0.03, 0.02),
    )
    if voice.clipped and not voice.chinese and kind == "thes":
        kind = "all"
    if len(found.categories) > 1 or len(found.colours) > 1:
        kind = {"the": "thes", "a": "all"}.get(kind, kind)
    n = voice.of((2, 3, 4, 5, 6, 8, 10, 12), (0.45, 0.25, 0.1, 0.08, 0.05, 0.02, 0.02, 0.01))
    return {
        "the": {"amount": ONE, "definite": True}, "thes": {"amount": MANY, "definite": True},
        "all": {"amount": MANY, "definite": False},
        "a": {"amount": ONE, "definite": False}, "n": {"amount": Amount("exactly", n), "definite": False},
        "then": {"amount": Amount("exactly", n), "definite": True},
        "at most": {"amount": Amount("at most", n), "definite": False},
        "at least": {"amount": Amount("at least", n), "definite": False}, "some": {"amount": Amount("some"), "definite": False},
        "half": {"amount": Amount("half"), "definite": True},
    }[kind]  # fmt: skip


def referring(voice: Voice) -> Things:
    """What was spoken of, and what was not."""
    kind = voice.of(("it", "them", "that", "those", "of them", "share", "other", "others", "rest", "former", "latter"),
                    (5, 4, 1.5, 1.5, 1, 0.8, 2.5, 2, 3, 0.5, 0.5))  # fmt: skip
    narrowed = voice.chance(0.4)
    words = Things(categories=category(voice)[:1] if narrowed else ())
    if narrowed and voice.chance(0.3):
        words = replace(words, colours=colours(voice)[:1])
    if kind in ("that", "those") and not words.categories:
        words = replace(words, categories=category(voice)[:1])
    made = {
        "it": Things("it", amount=ONE), "them": Things("it", amount=voice.of((MANY, Amount("exactly", 2)), (0.85, 0.15))),
        "of them": _among(voice), "share": Things("it", amount=_share(voice)),
        "that": replace(words, refers="it", amount=ONE), "those": replace(words, refers="it"),
        "other": replace(words, refers="other", amount=ONE, definite=True),
        "others": replace(words, refers="other", amount=voice.of((MANY, Amount("exactly", 2)), (0.85, 0.15)), definite=True),
        "rest": replace(words, refers="rest"),
        "former": Things("former", amount=ONE), "latter": Things("latter", amount=ONE),
    }  # fmt: skip
    return made[kind]


def _share(voice: Voice) -> Amount:
    """How many of those that were spoken of; one of them cannot be told from it."""
    n = int(voice.of((2, 3, 4, 5), (0.3, 0.4, 0.2, 0.1)))
    return voice.of((Amount("half"), Amount("some"), Amount("at most", n), Amount("exactly", max(n, 3))), (4, 2, 2, 3))


def _among(voice: Voice) -> Things:
    """One of those that were spoken of."""
    found = Things("it", colours=colours(voice)[:1], amount=ONE, definite=True)
    if voice.chance(0.4):
        size = Size(voice.of(("smallest", "largest", "smaller", "larger")), voice.of(("volume", "length")))
        return replace(found, colours=(), size=size)
    return replace(found, colours=(), condition=voice.of(("damaged", "intact"))) if voice.chance(0.2) else found


def exception(voice: Voice, outer: Things) -> Things:
    """What is left out of `outer`: mostly by words that it does not have."""
    found = Things()
    if not outer.categories and voice.chance(0.6):
        found = replace(found, categories=category(voice)[:1])
    if not outer.colours and voice.chance(0.6):
        found = replace(found, colours=colours(voice)[:1])
    if not outer.condition and voice.chance(0.25):
        found = replace(found, condition="damaged")
    if voice.chance(0.08):
        return Things(codes=(code(voice),), amount=ONE, definite=True)
    if found == Things():
        found = Things(colours=colours(voice)[:1])
    if voice.chance(0.1) and outer.size is None:
        found = replace(found, size=Size(voice.of(("smallest", "largest"))))
        return replace(found, amount=ONE, definite=True)
    return replace(found, amount=voice.of((MANY, ONE), (0.75, 0.25)), definite=True)


def lacking(voice: Voice, outer: Things) -> Things:
    """What `outer` is not, as in "the cans that aren't in B"; other than an exception, nobody takes it that there are such."""
    found = []
    if outer.at is None:
        found += [Things(at=source(voice))] * 2
    if not outer.colours:
        found.append(Things(colours=colours(voice)[:1]))
    if not outer.categories:
        found.append(Things(categories=category(voice)[:1]))
    return voice.of(found) if found else Things(condition="damaged", amount=MANY)


def everything(voice: Voice) -> Things:
    """All that there is, now and then but for something."""
    if voice.chance(0.5):
        return EVERYTHING
    if voice.chance(0.3):
        return Things(exceptions=(lacking(voice, EVERYTHING),))
    return Things(exceptions=tuple(exception(voice, EVERYTHING) for _ in range(1 if voice.chance(0.75) else 2)))


def beside(voice: Voice, one: Things) -> Things:
    """Another than `one`, mostly told from it by one word."""
    if one.refers or one.codes or one.unknown or one == EVERYTHING or voice.chance(0.3):
        return counted(voice, described(voice))
    other: Things | None = None
    if one.colours:
        other = replace(one, colours=_but(voice, COLOURS, one.colours))
    elif one.condition:
        other = replace(one, condition="intact" if one.condition == "damaged" else "damaged")
    elif one.size is not None and one.size.kind in OPPOSITE and one.size.than is None:
        other = replace(one, size=replace(one.size, kind=OPPOSITE[one.size.kind]))  # type: ignore[arg-type]
    elif one.coded is not None:
        other = replace(one, coded=not one.coded)
    if other is None or (one.colours and one.categories and voice.chance(0.35)):
        return replace(other or one, categories=_but(voice, CATEGORIES, one.categories))
    return replace(other, categories=()) if voice.chance(0.4) else other


def _but(voice: Voice, of: tuple[str, ...], those: tuple[str, ...]) -> tuple[str, ...]:
    return (voice.of([one for one in of if one not in those]),)


def source(voice: Voice) -> Spot:
    """Where things lie."""
    return voice.of((Spot("place", voice.of(PLACES)), Spot("place", "parcel"), Spot("bin", label(voice))), (0.45, 0.2, 0.35))


def label(voice: Voice) -> str:
    """A bin's label, mostly one of A to F."""
    kind = voice.rng.random()
    if kind < 0.86:
        return voice.of("ABCDEF")
    return voice.of(string.ascii_uppercase) if kind < 0.95 else str(voice.of(range(1, 13)))


def target(voice: Voice) -> Spot:
    """Where things go."""
    kind = voice.of(
        ("bin", "place", "bins", "rule", "same", "of", "other", "unknown"), (0.65, 0.17, 0.01, 0.05, 0.04, 0.04, 0.01, 0.03)
    )
    if kind == "bin":
        return Spot("bin", label(voice))
    if kind == "place":
        return Spot("place", voice.of(PLACES))
    if kind == "of":
        tinted = colours(voice)[:1] if voice.chance(0.5) else ()
        share = voice.rng.random()
        if share < 0.25:
            return Spot("of", things=Things("other", category(voice)[:1], tinted if voice.chance(0.3) else (), definite=True))
        if share < 0.45:
            return Spot("of", things=Things("it", amount=voice.of((ONE, MANY), (0.7, 0.3))))
        return Spot("of", things=Things("", category(voice)[:1], tinted, amount=voice.of((ONE, MANY)), definite=True))
    return Spot(kind, voice.phrase("strange place") if kind == "unknown" else "")
