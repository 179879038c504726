"""Who is listened to while a job runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final

from moravec.core.errors import BadInput

ALLOWED = 'TEXT@SECONDS, as "put the red cans in bin A@40": words, and a time of 0 s to 1e6 s on the robot\'s clock'


class Ear(Protocol):
    """Hears people. It never waits."""

    def heard(self, now: float) -> Sequence[str]:
        """What was said by `now` [s, the robot's time] and not told before, in the order in which it was said."""
        ...


@final
class Deaf:
    """Nobody says anything."""

    def heard(self, now: float) -> Sequence[str]:
        """Nothing."""
        return ()


@final
class Several:
    """Whoever of several ears hears something, the first one first."""

    def __init__(self, ears: Sequence[Ear]) -> None:
        self._ears = tuple(ears)

    def heard(self, now: float) -> Sequence[str]:
        """See `Ear`."""
        return [text for ear in self._ears for text in ear.heard(now)]


@dataclass(frozen=True, slots=True)
class Said:
    """Words, and when they are said [s, the robot's time]."""

    text: str
    at: float

    @staticmethod
    def parse(asked: str, text: str) -> Said:
        """Reads "TEXT@SECONDS", which was given as `asked`; the last @ counts. Raises BadInput."""
        words, at, seconds = text.rpartition("@")
        try:
            t = float(seconds)
        except ValueError:
            t = -1.0
        if not at or not words.strip() or not 0.0 <= t <= 1e6:
            raise BadInput(asked, text, ALLOWED)
        return Said(words.strip(), t)


@final
class Script:
    """Words that are said at set times, each once; of the same time in the order given."""

    def __init__(self, said: Sequence[Said]) -> None:
        self._left = sorted(said, key=lambda one: one.at)

    @property
    def left(self) -> tuple[Said, ...]:
        """What was not heard yet."""
        return tuple(self._left)

    def heard(self, now: float) -> Sequence[str]:
        """See `Ear`."""
        due = [one.text for one in self._left if one.at <= now]
        del self._left[: len(due)]
        return due
