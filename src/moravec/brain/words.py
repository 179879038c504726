"""From a person's text to tagged words: normalised, phrases joined, small typos mended."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from moravec.brain.lexicon import Entry

_CONTRACTIONS = (
    (r"[\u2018\u2019\u00b4`]", "'"),
    (r"\b(?:dont|don't)\b", "do not"),
    (r"\bcan't\b|\bcannot\b", "can not"),
    (r"\b(is|are|does|do|should|must|would|could|was|were)n'?t\b", r"\1 not"),
    (r"\b(what|where|that|it|there|here|which)'s\b", r"\1 is"),
    (r"\b(i|you|we|they)'(?:d|ll|m|re|ve)\b", r"\1"),
    (r"\blet's\b", "let"),
    (r"'s\b", ""),
    (r"\bdo not (?:forget|hesitate|fail) to\b", ""),
)
_SPOT = r"(?:bins?|places?|shelf|shelves|spots?|homes?)\b"
_PHRASES = (
    (r"\bhow many\b|\bhow much\b|\bnumber of\b", "howmany"),
    (r"\bwhat can you do\b|\bwhat are you able to do\b", "help"),
    (r"\b(?:who|what) are you\b|\bwhat is your (?:name|job)\b", "help"),
    (r"\b(?:do|can|did|have) you (?:see|seen|have|got|find)\b", "is there"),
    (r"\bfor (?:any )?(?:damages?|defects?|dents?|faults?)\b", ""),
    (r"\b(?:would|do) you mind\b|\bgo ahead and\b", ""),
    (r"\bcan (you|we|i)\b", r"\1"),
    (r"\b(you|we|i) can\b", r"\1"),
    (r"\ball but\b", "all except"),
    (r"\b(everything|anything|all|items|things|ones|delivery|parcel) but\b", r"\1 except"),
    (r"\b(?:with the exception of|apart from|other than|aside from|except for|except from|save for)\b", "except"),
    (r"\b(?:but not|and not|not including|but leave(?: out)?)\b", "except"),
    (r"\b(?:after|when) (?:that|this|you are done|you have done that|doing that|it)\b", "then"),
    (r"\b(?:in the end|at the end|at last|as the last)\b", "last"),
    (r"\b(?:first of all|to begin with|to start)\b", "first"),
    (r"\bthe rest of\b|\bthe remainder of\b", "rest"),
    (
        r"\b(?:everything|anything|all|whatever) (?:else|other|that (?:is|remains) left|left(?: over)?|remaining)\b",
        "rest",
    ),
    (r"\bwhat(?:ever)? is left(?: over)?\b|\bwhatever remains\b", "rest"),
    (r"\b(?:dispose of|get rid of)\b", "discard"),
    (r"\b(?:put|pack|sort|file|tidy|clear)(?:ting|ing)? away\b", "putaway"),
    (r"\b(?:put|file|pack)((?: (?!and\b|then\b|in\b|to\b|into\b)[\w'-]+){1,5}?) away\b", r"putaway\1"),
    (r"\btake ((?:(?!and\b|then\b)[\w'-]+ ){0,5}?)out\b(?! of)", r"take \1from the parcel"),
    (r"\bout of\b", "from"),
    (r"\b(?:reject|rejects|trash|waste|rubbish|garbage|scrap) (?:bin|box|container|can|pile)\b", "rejectbin"),
    (r"\b(in|into|to) (?:the )?(?:reject|trash|scrap)\b", r"\1 rejectbin"),
    (r"\b(after|once|when) (?:you |we )?(?:have |had )?(?:stored|sorted|classified)\b", r"\1 storing"),
    (r"\b(after|once|when) (?:you |we )?(?:have |had )?(?:placed|moved|put)\b", r"\1 putting"),
    (r"\binspection (?:station|plate|table|stand)\b", "station"),
    (r"\bwork ?(?:bench|table|top)\b", "table"),
    (r"\bwhere (?:it|they|each|everything) (?:belongs?|goes?|go|should (?:be|go))\b", "byrule"),
    (r"\b(?:according to|by|following|per|as in) (?:the |its |their )?(?:\w+ )?rules?\b", "byrule"),
    (r"\b(?:in|into|to|on) (?:its|their|the) (?:(?:own|right|proper|correct|matching|usual) )+" + _SPOT, "byrule"),
    (r"\b(?:in|into|to) (?:its|their) " + _SPOT, "byrule"),
    (r"\bby (?:category|kind|type)\b", "byrule"),
    (r"\bas well as\b|\btogether with\b|\balong with\b", "and"),
    (r"\b(?:in|into) pieces\b|\bat once\b|\bright away\b|\bas (?:fast|quickly|soon) as (?:you can|possible)\b", ""),
    (r"\bpick (?:up )?", "pick "),
    (r"\bgo home\b|\bgo to (?:your )?(?:home|rest)\b", "home"),
    (r"\bbar ?codes?\b|\bserial(?: number)?\b", "code"),
    (r"\ba (dozen|pair|couple|few)\b", r"\1"),
)
_CODE = re.compile(r"\b(mv[ -]?\d{2,6}|[a-z]{1,4}-\d{2,6}|[a-z]{2,4}\d{3,6})\b")
_TOKEN = re.compile(r"[a-z]{1,4}-\d{2,6}|[^\W\d_]+(?:['-][^\W\d_]+)*|\d+(?:\.\d+)?|[,;.!?&+]")
_MIN_TYPO = 4


@dataclass(frozen=True, slots=True)
class Word:
    """One word: what was written, its tag and its meaning; `doubt` holds the known word it may have meant."""

    text: str
    tag: str
    value: str
    doubt: str = ""


def normalise(text: str) -> str:
    """Lower case, contractions written out, "throw away" not yet replaced; one space between words."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(c if c.isprintable() else " " for c in text)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(pattern, replacement, text)
    return re.sub(r"\s+", " ", re.sub(r"([,;.!?])(?!\d)", r" \1 ", text)).strip()


def join_phrases(text: str) -> str:
    """Normalised `text` with phrases that mean one thing written as one word."""
    for pattern, replacement in _PHRASES:
        text = re.sub(pattern, replacement, text)
    return re.sub(r"\s+", " ", text).strip()


def tag_words(text: str, words: Mapping[str, Entry], labels: tuple[str, ...]) -> tuple[Word, ...]:
    """The words of joined `text`, in order. Unknown ones carry the tag UNK."""
    tagged = []
    for token in _TOKEN.findall(_CODE.sub(lambda m: _hyphenated(m[1]), text)):
        tagged.append(_tag(token, words))
    return tuple(_relabel(tagged, labels))


def _hyphenated(code: str) -> str:
    letters = re.match(r"[a-z]+", code)
    assert letters is not None  # the pattern of codes starts with letters
    return f"{letters[0]}-{code[letters.end() :].strip(' -')}"


def _tag(token: str, words: Mapping[str, Entry]) -> Word:
    if token in words:
        return Word(token, *words[token])
    if token in ";.!?":
        return Word(token, "END", token)
    if token == ",":
        return Word(token, "COMMA", "")
    if token in "&+":
        return Word(token, "AND", "")
    if token.isdigit():
        return Word(token, "NUM", token)
    if re.fullmatch(r"[a-z]{1,4}-\d{2,6}", token):
        return Word(token, "CODE", token.upper())
    if "-" in token and all(part in words for part in token.split("-")):
        return Word(token, *words[token.split("-")[-1]])
    return _mended(token, words)


def _relabel(words: list[Word], labels: tuple[str, ...]) -> list[Word]:
    """A lone letter or number after "bin" is the bin's label, also in "bins A and B" and in "into B"."""
    after_bin = False
    for i, word in enumerate(words):
        before = next((w.tag for w in reversed(words[:i]) if w.tag != "FILL"), "")
        letter = len(word.text) == 1 and word.text.isalpha()
        ends = i + 1 == len(words) or words[i + 1].tag in ("END", "COMMA", "AND", "SEQ")
        lone = letter and word.text.upper() in labels and before == "PREP" and (word.tag != "A" or ends)
        adjacent = i > 0 and words[i - 1].tag == "BIN"
        named = before == "BIN" and (letter or word.tag == "NUM" or (adjacent and word.tag == "UNK"))
        also = after_bin and before == "AND" and letter
        if lone or named or also:
            words[i] = Word(word.text, "LABEL", word.text.upper())
        after_bin = words[i].tag == "LABEL" or (after_bin and word.tag == "AND")
    return words


def _mended(token: str, words: Mapping[str, Entry]) -> Word:
    """The known word that `token` is a slip of, certain or in doubt, or an unknown word."""
    if not token.isalpha() or len(token) < _MIN_TYPO:
        colour = next((w for w, (tag, _) in words.items() if tag == "COL" and len(token) == 3 and w[:3] == token), None)
        return Word(token, *words[colour]) if colour and len(colour) == 4 else Word(token, "UNK", token)
    for near in difflib.get_close_matches(token, words, n=4, cutoff=0.72):
        if len(near) < 3 or abs(len(near) - len(token)) > 2:
            continue
        edits, swapped_letter = _edits(token, near)
        if edits == 1 and not (swapped_letter and len(near) < 7):
            return Word(token, *words[near])
        if edits == 2 and len(near) >= 8 and token[0] == near[0]:
            return Word(token, *words[near])
        if edits == 1 and words[near][0] in ("CAT", "COL", "GEN", "COND", "V"):
            return Word(token, *words[near], doubt=near)
    return Word(token, "UNK", token)


def _edits(a: str, b: str) -> tuple[int, bool]:
    """Edit distance with neighbour swaps (optimal string alignment), and whether a single edit replaces one letter by
    another: between short words that is as often another word as it is a slip."""
    rows = [[max(i, j) if i * j == 0 else 0 for j in range(len(b) + 1)] for i in range(len(a) + 1)]
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            cost = int(a[i - 1] != b[j - 1])
            rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
    replaced = len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) == 1
    return rows[-1][-1], replaced
