"""From a tape to its incidents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import final

from moravec.console.incident.cut import Cause, Cut, Cutter
from moravec.tape.reader import read


@final
class Incidents:
    """The incidents of the tape at `path`, one after the other, in a single pass; what it counts holds once that is over.

    Iterating raises TapeError for a tape that cannot be read, TapeTampered for one that was changed, GuardConfigError where
    its limit table cannot.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = path
        self._cutter = Cutter()

    def __iter__(self) -> Iterator[Cut]:
        for record in read(self._path):
            yield from self._cutter.take(record)
        yield from self._cutter.finish()

    @property
    def counts(self) -> dict[str, int]:
        """Verdicts by kind."""
        return self._cutter.counts

    @property
    def nearest(self) -> Cause | None:
        """The passed verdict with the least margin for its limit, of those whose limit is above zero."""
        return self._cutter.nearest

    @property
    def duration(self) -> float:
        """The tape's running time [s] at its last tick."""
        return self._cutter.t
