"""Who answers a robot's questions: a person at the terminal, a file prepared before, or nobody."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from moravec.brain.memory.learn import SCOPES, Heard
from moravec.brain.memory.prior import LASTING, lasts
from moravec.commands.options import say
from moravec.core.errors import BadInput
from moravec.skills.contract import Ask

Answer: TypeAlias = Callable[[Ask], str]


def answerer(
    ask: str | None,
    quiet_terminal: Callable[[], AbstractContextManager[None]],
    heard: list[Heard] | None = None,
    pictures: Callable[[Ask], list[Path]] = lambda question: [],
) -> Answer:
    """The answers for `--ask`: "terminal", "never", or a file with one answer a line, in the order of the questions.

    Without `ask` a terminal is used where there is one. `quiet_terminal` keeps others from drawing meanwhile. What a person
    answered is added to `heard`, where that is given; then an answer may end in its scope, as "yes @site". `pictures` gives the
    files that show what a question is about. Raises BadInput for a file that cannot be read.
    """
    if ask is None:
        ask = "terminal" if sys.stdin.isatty() and sys.stderr.isatty() else "never"
    if ask == "never":
        return lambda question: question.default
    if ask == "terminal":
        return lambda question: _from_terminal(question, quiet_terminal, heard, pictures(question))
    return from_file(Path(ask), heard)


def from_file(path: Path, heard: list[Heard] | None = None) -> Answer:
    """Answers line by line; the default once they are used up. Raises BadInput."""
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        allowed = f"terminal, never, or a text file with one answer a line ({why})"
        raise BadInput("--ask", str(path), allowed) from error
    left = iter(lines)

    def answer(question: Ask) -> str:
        given = next(left, None)
        if given is None:
            return question.default
        chosen = _understood(given, question, heard)
        if chosen is None:
            say(f"{path}: {given!r} is no answer to {question.text!r}; {question.default!r} is taken")
        return chosen or question.default

    return answer


def chosen_option(text: str, question: Ask) -> str | None:
    """The option that `text` names, by its words or its number from 1; None where it names none."""
    by_words = {option.casefold(): option for option in question.options}
    if text.casefold() in by_words:
        return by_words[text.casefold()]
    if text.isdecimal() and 1 <= int(text) <= len(question.options):
        return question.options[int(text) - 1]
    return None


def _understood(text: str, question: Ask, heard: list[Heard] | None) -> str | None:
    """The option that a person named, noted with its scope where somebody remembers it; None where it is none."""
    if heard is None:
        return chosen_option(text, question)
    words, _, scope = text.rpartition(" @") if " @" in text else (text, "", "once")
    chosen = chosen_option(words.strip(), question)
    if chosen is None or scope not in SCOPES:
        return None
    if scope in LASTING and not lasts(question.text):
        say(f"{question.text!r} is about one item: the answer holds for this job")
        scope = "task"
    heard.append(Heard(question.text, question.options, chosen, question.why, scope))
    return chosen


def _from_terminal(
    question: Ask, quiet_terminal: Callable[[], AbstractContextManager[None]], heard: list[Heard] | None, shown: list[Path]
) -> str:
    with quiet_terminal():
        say(f"\n{question.text}\n  ({question.why})")
        for number, option in enumerate(question.options, start=1):
            score = question.scores[number - 1] if question.scores else 0.0
            likely = f"   {100 * score:.0f} %" if score else ""
            say(f"  {number}  {option}{likely}{'   <- when you just press Enter' if option == question.default else ''}")
        for path in shown:
            say(f"  It is about {path}")
        if heard is not None and question.scope != "this job":
            say("  An answer may end in how far it holds: @once, @task, @site or @always")
        if question.deadline is not None:
            say(f"  Without an answer in {question.deadline:.0f} s: {question.default}")
        return _typed(question, heard)


def _typed(question: Ask, heard: list[Heard] | None) -> str:
    """What a person types before the deadline; else the default."""
    end = None if question.deadline is None else time.monotonic() + question.deadline
    while True:
        sys.stderr.write("> ")
        sys.stderr.flush()
        left = None if end is None else max(0.0, end - time.monotonic())
        if not select.select([sys.stdin], [], [], left)[0]:
            say(f"\nno answer in {question.deadline:.0f} s; {question.default!r} is taken")
            return question.default
        text = sys.stdin.readline()
        if not text.strip():
            return question.default
        chosen = _understood(text.strip(), question, heard)
        if chosen is not None:
            return chosen
        say(f"please answer with 1 to {len(question.options)}, or the words")
