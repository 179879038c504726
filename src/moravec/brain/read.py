"""Reads an instruction: a goal, a question back, or a refusal. Deterministic; no network, no weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from moravec.brain.goal import Goal
from moravec.brain.lexicon import lexicon
from moravec.brain.open_points import Choice, Unclear, Unreadable
from moravec.brain.parse import parse
from moravec.brain.rules import MAX_CHARACTERS, Refusal, gentle, refused, without_warnings
from moravec.brain.wishes.wish import Meant
from moravec.brain.words import Word, join_phrases, normalise, tag_words
from moravec.core.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Query:
    """A question back to the person. Each option carries the goal it stands for, None for "do nothing"."""

    text: str
    options: tuple[tuple[str, Goal | None], ...]
    default: str
    why: str

    def goal_for(self, answer: str) -> Goal | None:
        """The goal of the option labelled `answer`; None for an unknown answer."""
        return dict(self.options).get(answer)


@dataclass(frozen=True, slots=True)
class Reading:
    """Exactly one of `goal`, `query`, `refusal`, `meant` is set. `meant`: what it may mean word for word, the likeliest first."""

    goal: Goal | None = None
    query: Query | None = None
    refusal: Refusal | None = None
    meant: tuple[Meant, ...] = ()
    mended: tuple[tuple[str, str], ...] = ()  # slips of the pen: (written, read as)


def read(instruction: str, workplace: Workplace) -> Reading:
    """What `instruction` asks for in `workplace`. Never raises for any text."""
    if len(instruction) > MAX_CHARACTERS:
        return _refuse("too-long", f"The instruction has {len(instruction)} characters.")
    text = gentle(normalise(instruction))
    if not any(c.isalnum() for c in text):
        return _refuse("not-a-job", "The instruction is empty.")
    refusal = refused(text)
    if refusal is not None:
        return Reading(refusal=refusal)
    vocabulary = lexicon(workplace)
    words = tag_words(join_phrases(without_warnings(text)), vocabulary, workplace.labels)
    if _is_noise(words):
        return _refuse("not-a-job", "I understand too little of that to act on it.")
    mended = tuple((w.text, w.doubt or w.value) for w in words if _was_mended(w, vocabulary))
    return replace(_parsed(words, workplace), mended=mended)


def _parsed(words: tuple[Word, ...], workplace: Workplace) -> Reading:
    try:
        goal = parse(words, workplace)
    except Unreadable as problem:
        return Reading(refusal=problem.refusal)
    except Unclear as unclear:
        options = tuple((label, _settled(words, workplace, choice)) for label, choice in unclear.options)
        if all(goal is None for _, goal in options):
            return _refuse("unclear", f"{unclear.text} I found no reading that can be done.")
        return Reading(query=Query(unclear.text, options, options[-1][0], unclear.why))
    absurd = _too_many(goal)
    if absurd:
        return _refuse("not-a-job", absurd)
    doubts = [w for w in words if w.doubt]
    if doubts:
        asked = " and ".join(f"{w.doubt!r} by {w.text!r}" for w in doubts)
        options = (("yes", goal), ("no", None))
        return Reading(query=Query(f"Do you mean {asked}?", options, "no", "a word may be a slip or another word"))
    return Reading(goal=goal)


def _settled(words: tuple[Word, ...], workplace: Workplace, choice: Choice | None) -> Goal | None:
    """The goal under `choice`, or None where even that leaves something open."""
    if choice is None:
        return None
    try:
        return parse(words, workplace, choice)
    except (Unclear, Unreadable):
        return None


def _too_many(goal: Goal) -> str:
    """Why a goal with absurd numbers is none."""
    for clause in goal.clauses:
        if clause.what.count == 0:
            return "None of something is no job."
        if clause.what.count is not None and clause.what.count > 10_000:
            return f"{clause.what.count} items are more than any delivery holds."
    return ""


def _is_noise(words: tuple[Word, ...]) -> bool:
    """Whether most of the words mean nothing here, or none of them could be the heart of a job."""
    meaning = [w for w in words if w.tag not in ("FILL", "DET", "A", "AND", "COMMA", "END", "NOT", "PREP", "SEQ")]
    unknown = [w for w in meaning if w.tag == "UNK"]
    hearts = [w for w in meaning if w.tag in ("V", "Q", "LABEL", "RULE", "LEAVE", "PLACE", "BIN")]
    if not meaning:
        return True
    return (len(unknown) >= 3 and 2 * len(unknown) > len(meaning)) or (not hearts and len(unknown) == len(meaning) > 2)


def _was_mended(word: Word, vocabulary: dict[str, tuple[str, str]]) -> bool:
    return word.tag in ("CAT", "COL", "V", "Q", "GEN", "PLACE", "COND", "SIZE") and word.text not in vocabulary


def _refuse(rule: str, why: str) -> Reading:
    return Reading(refusal=Refusal(rule, why))
