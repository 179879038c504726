"""Who answers a robot's questions: a person at the terminal, a file prepared before, or nobody."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

from moravec.commands.options import say
from moravec.core.errors import BadInput
from moravec.skills.contract import Ask

Answer: TypeAlias = Callable[[Ask], str]


def answerer(ask: str | None, quiet_terminal: Callable[[], AbstractContextManager[None]]) -> Answer:
    """The answers for `--ask`: "terminal", "never", or a file with one answer a line, in the order of the questions.

    Without `ask` a terminal is used where there is one. `quiet_terminal` keeps others from drawing meanwhile. Raises
    BadInput for a file that cannot be read.
    """
    if ask is None:
        ask = "terminal" if sys.stdin.isatty() and sys.stderr.isatty() else "never"
    if ask == "never":
        return lambda question: question.default
    if ask == "terminal":
        return lambda question: _from_terminal(question, quiet_terminal)
    return from_file(Path(ask))


def from_file(path: Path) -> Answer:
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
        chosen = chosen_option(given, question)
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


def _from_terminal(question: Ask, quiet_terminal: Callable[[], AbstractContextManager[None]]) -> str:
    with quiet_terminal():
        say(f"\n{question.text}\n  ({question.why})")
        for number, option in enumerate(question.options, start=1):
            say(f"  {number}  {option}{'   <- when you just press Enter' if option == question.default else ''}")
        while True:
            sys.stderr.write("> ")
            sys.stderr.flush()
            text = sys.stdin.readline()
            if not text.strip():
                return question.default
            chosen = chosen_option(text.strip(), question)
            if chosen is not None:
                return chosen
            say(f"please answer with 1 to {len(question.options)}, or the words")
