"""Whole sentences as people say them, each with its reading; drawn with other colours, things, bins and codes in them.

`phrases/whole_LANGUAGE.txt`: a line `sentence => tokens`, the tokens of the grammar with `_` for a space inside one; lines that
begin with `#` say something about the file. A word is exchanged only where it is plain what it stands for: "can" behind "the" is
a can, in "can you" it is none; what the sentence calls by another name ("carton") stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from moravec.brain.reader.compose import meant
from moravec.brain.reader.compose.book import FOLDER, literal
from moravec.brain.reader.compose.voice import Voice
from moravec.brain.reader.grammar import CATEGORIES, COLOURS
from moravec.brain.reader.written import line_of, read, tokens_in, write
from moravec.brain.wishes.wish import Spot, Things, Wish
from moravec.core.errors import BadInput
from moravec.models.reader.text import split

LABELS = ("A", "B", "C", "D", "E", "F")
PLAIN = 0.75  # share of nouns and colours that keep their plain word
HAN = {
    "box": "盒子", "can": "罐子", "bottle": "瓶子", "ball": "球", "tool": "工具", "part": "零件",
    "red": "红", "blue": "蓝", "green": "绿", "yellow": "黄", "white": "白", "purple": "紫",
}  # fmt: skip
COUNTED = re.compile("[一二两三四五六七八九十几半这那每整][把瓶罐盒颗枚件支根听]")  # a measure word that suits one kind only
ELSEWHERE = re.compile("明白|白[天班跑搭费]|空白|[红绿黄]灯|黄昏|球场|工具[箱房]|零件[箱号]")
BEFORE_CAN = re.compile(
    r"\b(the|a|an|this|each|every|any|one|another|other|second|first|last|no|which|whichever|same|single|small|smaller|big|bigger|"
    r"large|larger|tall|short|long|little|tiny|smallest|biggest|largest|tallest|longest|shortest|damaged|dented|broken|bent|intact|"
    r"undamaged|crushed|leaking|coded|uncoded|red|blue|green|yellow|white|purple)\s*$", re.IGNORECASE,
)  # fmt: skip
ARTICLE = re.compile(r"(^|[.!?] )A [a-z]")
BEHIND_CAN = re.compile(r"\s*(be|go|stay|wait|have|remain|come|sit|live|just|stand|not|also|still|only)\b|'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Whole:
    """A sentence, and what it wishes."""

    text: str
    wishes: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """What stands for what: colours and categories, labels, codes."""

    names: Mapping[str, str]
    labels: Mapping[str, str]
    codes: Mapping[str, str]


@cache
def wholes(language: str) -> tuple[Whole, ...]:
    """All of a language, in the file's order. Raises BadInput for a line whose tokens its sentence cannot say."""
    found = []
    path = FOLDER / f"whole_{language}.txt"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        text, _, tokens = line.partition(" => ")
        said = tokens_in(tokens)
        try:
            wishes = read(said)
            if write(wishes, split(text)) != said:
                raise BadInput("the tokens", tokens, line_of(write(wishes, split(text))))
        except BadInput as error:
            raise BadInput(f"{path.name}, line {number}", line, f"`sentence => tokens` ({error})") from error
        found.append(Whole(text, wishes))
    return tuple(found)


def whole(voice: Voice) -> tuple[str, tuple[Wish, ...]]:
    """One of them, exchanged."""
    return exchanged(voice, voice.of(wholes(voice.language)))


def exchanged(voice: Voice, given: Whole) -> tuple[str, tuple[Wish, ...]]:
    """The same with other colours, categories, labels and codes, and what is pointed at marked."""
    things = tuple(_all_things(given.wishes))
    spots = [spot for wish in _all_wishes(given.wishes) for spot in _own_spots(wish)]
    spots += [each.at for each in things if each.at is not None]
    nouns = _Nouns(voice.chinese, given.text)
    names = dict[str, str]()
    if not any(wish.why == "impossible" for wish in _all_wishes(given.wishes)):
        names |= _shuffled(voice, CATEGORIES, nouns.said(CATEGORIES), {name for each in things for name in each.categories})
    names |= _shuffled(voice, COLOURS, nouns.said(COLOURS), {name for each in things for name in each.colours})
    labels = _labels(voice, given.text, {spot.name for spot in spots if spot.kind == "bin"})
    codes = {code: meant.code(voice) for each in things for code in each.codes if code in given.text}
    by = Exchange(names, labels, codes)
    words = [word for each in things for word in each.unknown] + [spot.name for spot in spots if spot.kind == "unknown"]
    return _said(voice, given.text, nouns, by, words), tuple(_wish(wish, by) for wish in given.wishes)


def _shuffled(voice: Voice, of: tuple[str, ...], said: set[str], wished: set[str]) -> dict[str, str]:
    """Those that are said by their plain word, or not at all, in another order."""
    free = [name for name in of if name in said or name not in wished]
    return dict(zip(free, voice.mixed(free), strict=True))


def _labels(voice: Voice, text: str, wished: set[str]) -> dict[str, str]:
    """Labels that stand in the sentence as capitals, in another order; none where all is in capitals."""
    if text == text.upper() and not voice.chinese:
        return {}
    free = [label for label in LABELS if (label in wished) == (_label_at(label).search(text) is not None)]
    if ARTICLE.search(text) and "A" in free:
        free.remove("A")
    return dict(zip(free, voice.mixed(free), strict=True))


def _label_at(label: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z]){label}(?![A-Za-z'-])")


class _Nouns:
    """Where plain words for colours and categories stand in a sentence."""

    def __init__(self, chinese: bool, text: str) -> None:
        self.chinese, self.text = chinese, text
        self.found: dict[tuple[int, int], str] = {}
        for name in (*CATEGORIES, *COLOURS):
            pattern = HAN[name] if chinese else rf"\b{name}(?:{'es' if name == 'box' else 's'})?\b"
            places = [found.span() for found in re.finditer(pattern, text, re.IGNORECASE)]
            if not self._odd(name):
                self.found |= {span: name for span in places if name != "can" or chinese or self._is_can(*span)}

    def said(self, names: tuple[str, ...]) -> set[str]:
        """Those of `names` that are."""
        return {name for name in self.found.values() if name in names}

    def _odd(self, name: str) -> bool:
        """Whether its word may stand for something else here."""
        if self.chinese:
            return ELSEWHERE.search(self.text) is not None or (name in CATEGORIES and COUNTED.search(self.text) is not None)
        return name == "box" and re.search(r"\bbox(es)? ([A-F]|[a-f]|\d)\b", self.text, re.IGNORECASE) is not None

    def _is_can(self, start: int, end: int) -> bool:
        if self.text[start:end].lower() == "cans":
            return True
        return BEFORE_CAN.search(self.text[:start]) is not None and BEHIND_CAN.match(self.text, end) is None


def _said(voice: Voice, text: str, nouns: _Nouns, by: Exchange, words: list[str]) -> str:
    """The sentence with everything exchanged."""
    parts: dict[tuple[int, int], str] = {}
    for (start, end), name in nouns.found.items():
        if name in by.names:
            parts[start, end] = _cased(text[start:end], _word(voice, by.names[name], text[start:end], name))
    for label, other in by.labels.items():
        parts |= {found.span(): literal(other) for found in _label_at(label).finditer(text)}
    for code, other in by.codes.items():
        parts |= {found.span(): literal(other) for found in re.finditer(re.escape(code), text)}
    for word in words:
        if found := re.search(re.escape(word), text, re.IGNORECASE):
            parts[found.span()] = literal(found[0])
    out, end = "", 0
    for (start, stop), part in sorted(parts.items()):
        if start >= end:
            out, end = out + text[end:start] + part, stop
    return out + text[end:]


def _word(voice: Voice, name: str, was: str, instead_of: str) -> str:
    """A word for `name`, as plural as the one that `was` there."""
    if voice.chinese:
        return HAN[name]
    plural = was.lower() != instead_of
    if name in COLOURS and plural:
        return f"{name}s"  # a noun, as in "the reds"
    if voice.chance(PLAIN):
        return f"{name}{'es' if name == 'box' else 's'}" if plural else name
    return voice.form(voice.phrase(name), plural)


def _cased(was: str, word: str) -> str:
    """`word` in the case of what `was` there."""
    if was.isupper() and len(was) > 1:
        return word.upper()
    return word[:1].upper() + word[1:] if was[:1].isupper() else word


def _wish(wish: Wish, by: Exchange) -> Wish:
    about = wish.condition
    return replace(
        wish, what=_all(wish.what, by), others=_all(wish.others, by), to=_spot(wish.to, by),
        condition=about and replace(about, what=_all(about.what, by), at=_spot(about.at, by)),
        wishes=tuple(_wish(each, by) for each in wish.wishes), otherwise=tuple(_wish(each, by) for each in wish.otherwise),
    )  # fmt: skip


def _all(what: tuple[Things, ...], by: Exchange) -> tuple[Things, ...]:
    return tuple(_thing(each, by) for each in what)


def _thing(one: Things, by: Exchange) -> Things:
    def ordered(names: tuple[str, ...], of: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted((by.names.get(name, name) for name in names), key=of.index))

    size = one.size
    if size is not None and size.than is not None:
        size = replace(size, than=_thing(size.than, by))
    return replace(
        one, categories=ordered(one.categories, CATEGORIES), colours=ordered(one.colours, COLOURS), size=size,
        codes=tuple(by.codes.get(code, code) for code in one.codes), at=_spot(one.at, by), exceptions=_all(one.exceptions, by),
    )  # fmt: skip


def _spot(spot: Spot | None, by: Exchange) -> Spot | None:
    if spot is None or spot.kind not in ("bin", "of"):
        return spot
    if spot.kind == "bin":
        return replace(spot, name=by.labels.get(spot.name, spot.name))
    return replace(spot, things=spot.things and _thing(spot.things, by))


def _all_wishes(wishes: Sequence[Wish]) -> Iterator[Wish]:
    """These and the inner ones."""
    for wish in wishes:
        yield wish
        yield from _all_wishes((*wish.wishes, *wish.otherwise))


def _own_spots(wish: Wish) -> Iterator[Spot]:
    yield from (spot for spot in (wish.to, wish.condition.at if wish.condition else None) if spot is not None)


def _all_things(wishes: Sequence[Wish]) -> Iterator[Things]:
    """All noun phrases, inner ones too."""
    for wish in _all_wishes(wishes):
        outer = (*wish.what, *wish.others, *(wish.condition.what if wish.condition else ()))
        for each in (*outer, *(spot.things for spot in _own_spots(wish) if spot.things is not None)):
            yield from _within(each)


def _within(one: Things) -> Iterator[Things]:
    yield one
    inner = (one.size.than if one.size else None, one.at.things if one.at else None, *one.exceptions)
    for each in inner:
        if each is not None:
            yield from _within(each)
