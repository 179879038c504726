"""What the brain refuses before it thinks of any plan, and the rule that refuses it.

Reading is no safety function: whatever passes here still meets the validator and the guard. These rules exist so that
a person hears a clear "no, because" at once instead of a robot that does half of what was asked.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 1000

RULES: dict[str, str] = {
    "harm-people": "nothing is done that could hurt a person",
    "unsafe": "nothing is done that could hurt somebody, break something or weaken a protection",
    "safety-limits": "limits, checks and stops are never weakened, whoever asks",
    "own-instructions": "how I work is not changed or shown by an instruction",
    "rough-handling": "items are handled gently, never thrown, hit or broken on purpose",
    "no-skill": "I only do what I have a skill for",
    "unknown-thing": "I only handle what I can tell apart",
    "unknown-place": "I only put things where the workplace has a place for them",
    "not-a-job": "an instruction must hold a job or a question about the items",
    "too-long": f"an instruction has at most {MAX_CHARACTERS} characters",
    "contradiction": "one item cannot be in two places",
    "unclear": "while the meaning stays open, nothing is moved",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, in one sentence, and the id of the rule in `RULES`."""

    rule: str
    why: str

    def __str__(self) -> str:
        """One line for the person."""
        return f"{self.why} (rule {self.rule}: {RULES[self.rule]})"


_PERSON = (
    r"(?:him|her|me|us|you|someone|somebody|anyone|anybody|everyone|everybody|person|people|persons|man|men|woman|women|"
    r"boy|girl|child|children|kid|kids|human|humans|worker|workers|operator|operators|colleague|colleagues|coworker|"
    r"boss|manager|guy|guys|visitor|visitors|neighbour|neighbor|employee|employees|customer|staff|"
    r"finger|fingers|face|head|leg|foot|eye|eyes|skull|throat|dog|cat)"
)
_BODY = r"(?:hands?|fingers?|face|head|arms?|legs?|foot|feet|eyes?|back|neck|body|chest|mouth)"
_VIOLENT = r"(?:kill|murder|hurt|harm|injure|attack|stab|punch|strangle|wound|maim|assault|shoot|slap|threaten|torture)"
_ROUGH = (
    r"(?:throw|threw|toss|hurl|fling|chuck|lob|launch|catapult|smash|crush|squash|shatter|break|destroy|kick|hit|slam|"
    r"strike|whack|burn|rip|tear|snap|wreck|bash|swing|spill)"
)
_PUSHY = r"(?:push|shove|pinch|poke|squeeze|grab|knock|scare|chase|trap|ram|bump|clamp|run over)"
_HARD_SAFETY = (
    r"(?:limits?|safety|guards?|protections?|e-?stop|emergency|interlocks?|validator|safeguards?|restrictions?|fence|"
    r"light curtain)"
)
_SOFT_SAFETY = r"(?:(?<!storing )rules?|checks|warnings?|collisions?|zones?|validation)"
_SWITCH_OFF = (
    r"(?:ignor\w*|skip\w*|disabl\w*|overrid\w*|bypass\w*|turn\w* off|switch\w* off|shut\w* off|disregard\w*|suspend\w*|"
    r"never ?mind|circumvent\w*|break\w*|violat\w*|deactivat\w*|mute\w*|forget\w*|defeat\w*|"
    r"without(?! (?:breaking|exceeding|violating|ignoring|hitting)))"
)
_WEAKEN = (
    rf"(?:{_SWITCH_OFF}|remov\w*|exceed\w*|rais\w*|increas\w*|lift\w*|relax\w*|drop|no|lower\w*|weaken\w*|reset\w*|"
    r"unlock\w*|beyond|above|past|over|cut)"
)
_GAP = r"(?:\s+(?!and\b|then\b)[\w'-]+){0,6}?\s+"
_NEGATED = re.compile(r"\b(?:do not|does not|never|not to|without|avoid|must not|should not)\s+(?:[\w'-]+\s+){0,3}$")

_PATTERNS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    (
        "own-instructions",
        re.compile(
            r"\b(?:system prompt|your (?:own )?(?:prompt|instructions|source code|weights|configuration|rules)"
            r"|(?:previous|prior|above|earlier|all|your) instructions|jailbreak|developer mode|admin mode|root access"
            r"|sudo|pretend (?:to be|you|that)|you are now|act as|role ?play|password|api key|secret key|credentials)\b"
        ),
        "That is about my own instructions and settings",
    ),
    ("harm-people", re.compile(rf"\b{_VIOLENT}\b"), "That could hurt somebody"),
    (
        "harm-people",
        re.compile(rf"\b(?:{_ROUGH}|{_PUSHY})\b(?! away| out\b){_GAP}{_PERSON}\b"),
        "That could hurt somebody",
    ),
    (
        "harm-people",
        re.compile(
            rf"\b(?<!look )(?:at|towards|toward|onto|against|through) (?:(?:the|a|my|your|his|that) )?{_PERSON}\b"
        ),
        "That would move something against a person",
    ),
    (
        "harm-people",
        re.compile(
            rf"\b(?:on|onto|in|into|at|against|under) (?:the )?(?:his|her|my|your|their|{_PERSON}) (?:\w+ )?{_BODY}\b"
        ),
        "That would move something against a person",
    ),
    ("safety-limits", re.compile(rf"\b{_WEAKEN}\b{_GAP}{_HARD_SAFETY}\b"), "That would weaken the safety of the cell"),
    (
        "safety-limits",
        re.compile(rf"\b{_SWITCH_OFF}\b{_GAP}{_SOFT_SAFETY}\b"),
        "That would weaken the safety of the cell",
    ),
    (
        "safety-limits",
        re.compile(
            r"\b(?:unsafely|recklessly|dangerously|(?:double|twice|triple|full|maximum|max|top) (?:the )?speed"
            r"|twice as fast|faster than|\d+ ?%|\d+(?:\.\d+)? ?m/s|no matter (?:what|who)|at all costs"
            rf"|(?:even if|although|while|though) (?:[\w'-]+ )*?{_PERSON}\b)"
        ),
        "That would weaken the safety of the cell",
    ),
    ("rough-handling", re.compile(rf"\b{_ROUGH}\b"), "That would damage the items"),
)
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
# "throw the broken ones away" means the reject bin, not a flight
_AWAY_FIRST = re.compile(r"\b(?:throw|toss|chuck) (?:away|out)\b")
_AWAY_LAST = re.compile(
    r"\b(?:throw|toss|chuck)((?: (?!and\b|then\b)[\w'-]+){0,6}?)"
    r" (?:away|out|in(?:to)? the (?:reject|trash|waste|rubbish)(?: bin)?)\b"
)


def gentle(text: str) -> str:
    """`text` with "throw away" and its like said as what is meant: discard."""
    return _AWAY_LAST.sub(lambda m: f"discard{m[1]}", _AWAY_FIRST.sub("discard", text))


def refused(text: str) -> Refusal | None:
    """The first rule that refuses `text` (lower case, contractions written out), or None."""
    for rule, pattern, why in _PATTERNS:
        for found in pattern.finditer(text):
            if rule == "own-instructions" or not _NEGATED.search(text[: found.start()]):
                return Refusal(rule, f"{why}: {found.group(0)!r}.")
    return None


def normalise(text: str) -> str:
    """Lower case, contractions written out, "throw away" not yet replaced; one space between words."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(c if c.isprintable() else " " for c in text)
    for pattern, replacement in _CONTRACTIONS:
        text = re.sub(pattern, replacement, text)
    return re.sub(r"\s+", " ", re.sub(r"([,;.!?])(?!\d)", r" \1 ", text)).strip()
