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
HOMOPHONES = dict(zip(
    "红瓶罐箱盒球工具零件放到在里把所有坏绿蓝黄紫白的那这它先再最大小拿进去出开停检查货台桌废品剩下其他都个两",
    "洪平灌相和求公俱另建方道再理吧锁又怀录兰皇子百地哪着他线在嘴打晓那近取处凯亭减察或抬卓费聘胜吓齐它多各俩",
    strict=True,
))  # fmt: skip
PARTICLES = "的了把吧啊呢"
MARKED = re.compile(f"({OPEN}[^{CLOSE}]*{CLOSE})")


def noisy(voice: Voice, text: str) -> str:
    """`text` with one or several kinds of noise."""
    without = _without_particles if voice.chinese else _without_articles
    kinds = (_without_marks, _typos, _fillers, _repeated, without, _run_together)
    for kind, share in zip(kinds, (0.5, 0.4, 0.1, 0.06, 0.06, 0.02), strict=True):
        if voice.chance(share):
            text = kind(voice, text)
    return text


def _outside(text: str, change: object) -> str:
    """`change` is applied to what no mark encloses."""
    return "".join(part if part.startswith(OPEN) else change(part) for part in MARKED.split(text))  # type: ignore[operator]


def _without_marks(voice: Voice, text: str) -> str:
    return _outside(text, lambda part: re.sub(r"[,.;:!?\"，。；：！？、“”…-]+", "" if voice.chinese else " ", part))


def _typos(voice: Voice, text: str) -> str:
    share = float(voice.of((0.04, 0.08, 0.15)))
    change = _wrong_characters if voice.chinese else _misspelt
    return _outside(text, lambda part: change(voice, part, share))


def _misspelt(voice: Voice, part: str, share: float) -> str:
    return re.sub(r"[A-Za-z]{3,}", lambda m: _slip(voice, m[0]) if voice.chance(share) else m[0], part)


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


def _wrong_characters(voice: Voice, part: str, share: float) -> str:
    return "".join(HOMOPHONES[c] if c in HOMOPHONES and voice.chance(share) else c for c in part)


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
    """As somebody speaks in whose language there are none."""
    return _outside(text, lambda part: re.sub(r"\b(the|a|an) (?!cans|boxes|bottles|balls|tools|parts)", "", part))


def _without_particles(voice: Voice, text: str) -> str:
    gone = voice.of(PARTICLES[:3])
    return _outside(text, lambda part: part.replace(gone, "", 1 if voice.chance(0.5) else -1))


def _run_together(voice: Voice, text: str) -> str:
    """A space that was missed."""
    return re.sub(r"(?<=[a-z]) (?=[a-z])", lambda m: "" if voice.chance(0.06) else " ", text)
