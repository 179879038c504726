"""Slips of tongue and keyboard, missing marks, fillers. What the wishes hold as it stands is left alone."""

from __future__ import annotations

import re

from moravec.brain.reader.compose.book import CLOSE, OPEN
from moravec.brain.reader.compose.voice import Voice

KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEAR = {
    char: (row[max(0, k - 1) : k] + row[k + 1 : k + 2]) or char for row in KEYS for k, char in enumerate(row)
}  # fmt: skip
SPELT = {
    "ie": "ei", "ei": "ie", "ll": "l", "tt": "t", "ee": "ea", "ea": "ee", "ph": "f", "ou": "u", "ck": "k", "gh": "g", "th": "t",
    "ow": "ou",
}  # fmt: skip
SHORTENED = {
    "please": ("pls", "plz"), "you": ("u",), "thanks": ("thx", "ta"), "are": ("r",), "and": ("n", "&"),
    "don't": ("dont",), "isn't": ("isnt",), "what's": ("whats",), "where's": ("wheres",), "that's": ("thats",), "it's": ("its",),
    "okay": ("k", "ok"), "your": ("ur",), "because": ("cos", "cuz"), "want to": ("wanna",), "let's": ("lets",),
}  # fmt: skip
PLACES = "table|parcel|station|bench|bin|reject|delivery|package|lid|arm|same|rest|other|left|right|floor|scrap|trash"
PARTICLES = "的了把吧啊呢"
MARKED = re.compile(f"({OPEN}[^{CLOSE}]*{CLOSE})")


def noisy(voice: Voice, text: str) -> str:
    """`text` with one or several kinds of noise."""
    without = _without_particles if voice.chinese else _without_articles
    kinds = (_without_marks, _shortened, _typos, _fillers, _repeated, without, _run_together)
    for kind, share in zip(kinds, (0.5, 0.06, 0.3, 0.1, 0.05, 0.07, 0.012), strict=True):
        if voice.chance(share):
            text = kind(voice, text)
    return text


def _outside(text: str, change: object) -> str:
    """`change` is applied to what no mark encloses."""
    return "".join(part if part.startswith(OPEN) else change(part) for part in MARKED.split(text))  # type: ignore[operator]


def _without_marks(voice: Voice, text: str) -> str:
    marks = r"[,.;:!?\"，。；：！？、“”…-]+" if voice.chance(0.3) else r"[,.;:!?，。；：！？、…-]+"  # who quotes mostly shows it
    return _outside(text, lambda part: re.sub(marks, "" if voice.chinese else " ", part))


def _typos(voice: Voice, text: str) -> str:
    """One slip, two or three; a longer sentence has more."""
    like = {line[0]: line[1:] for line in voice.book.of("homophones")} if voice.chinese else {}
    pattern = f"[{''.join(like)}]" if voice.chinese else "[A-Za-z]{3,}"
    found = [m for m in re.finditer(pattern, text) if text.count(OPEN, 0, m.start()) == text.count(CLOSE, 0, m.start())]
    if len(found) < 3 and voice.chance(0.75):
        return text
    most = min(len(found), voice.of((1, 2, 3), (0.6, 0.28, 0.12)) + len(found) // 15)
    for k in sorted((int(k) for k in voice.rng.permutation(len(found))[:most]), reverse=True):
        one = found[k]
        wrong = voice.of(like[one[0]]) if voice.chinese else _slip(voice, one[0])
        text = f"{text[: one.start()]}{wrong}{text[one.end() :]}"
    return text


def _shortened(voice: Voice, text: str) -> str:
    """As people type on a telephone."""
    if voice.chinese:
        return text
    for word, short in SHORTENED.items():
        if voice.chance(0.6):
            text = _outside(text, lambda part, word=word, short=short: re.sub(rf"\b{word}\b", voice.of(short), part))
    return text


def _slip(voice: Voice, word: str) -> str:
    """One or two slips of the keyboard, or a sound that is spelt in another way."""
    kind, k = voice.of(("swap", "drop", "double", "near", "more", "spelt")), int(voice.rng.integers(len(word) - 1))
    if kind == "swap":
        return word[:k] + word[k + 1] + word[k] + word[k + 2 :]
    if kind == "drop":
        return word[:k] + word[k + 1 :] if k else word[:1] + word[2:]
    if kind == "double":
        return word[:k] + word[k] + word[k:]
    if kind == "near":
        return word[:k] + voice.of(NEAR.get(word[k].lower(), word[k])) + word[k + 1 :]
    if kind == "more":
        return word[:k] + voice.of(NEAR.get(word[k].lower(), word[k])) + word[k:]
    found = voice.of([pair for pair in SPELT if pair in word] or [word[-1]])
    return word.replace(found, SPELT.get(found, ""), 1)


def _fillers(voice: Voice, text: str) -> str:
    for _ in range(voice.of((1, 1, 2, 3))):
        text = _insert(voice, text, voice.phrase("filler"))
    return text


def _insert(voice: Voice, text: str, more: str) -> str:
    """`more` between two words, never inside a mark."""
    if voice.chinese:
        places = [m.start() for m in re.finditer(f"[，,]|{OPEN}|把|放|到|和", text)]
    else:
        places = [m.start() for m in re.finditer(" ", text) if text.count(OPEN, 0, m.start()) == text.count(CLOSE, 0, m.start())]
    at = voice.of([0, *places])
    return f"{text[:at]}{more}{text[at:]}" if voice.chinese else f"{text[:at]} {more} {text[at:]}"


def _repeated(voice: Voice, text: str) -> str:
    """A word is said twice."""
    words = [word for word in re.findall(r"(?<= )[a-z]{2,6}(?= )", text) if word not in ("and", "no", "not", "one", "two")]
    if voice.chinese:
        return re.sub("把", "把把" if voice.chance(0.5) else "那个把", text, count=1)
    word = voice.of(words) if words else ""
    return text.replace(f" {word} ", f" {word} {word} ", 1) if word else text


def _without_articles(voice: Voice, text: str) -> str:
    """As somebody speaks in whose language there are none. Before things an article says how many, and stays."""
    return _outside(text, lambda part: re.sub(rf"\b(the|a|an) (?=({PLACES})\b)", "", part))


def _without_particles(voice: Voice, text: str) -> str:
    gone = voice.of(PARTICLES[:3])
    return _outside(text, lambda part: part.replace(gone, "", 1 if voice.chance(0.5) else -1))


def _run_together(voice: Voice, text: str) -> str:
    """A space that was missed."""
    return re.sub(r"(?<=[a-z]) (?=[a-z])", lambda m: "" if voice.chance(0.04) else " ", text)
