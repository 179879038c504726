"""The most probable lawful readings of a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from moravec.models.reader.lawful import MARK, Lawful, Stack
from moravec.models.reader.text import POINTED, Seen

WIDTH = 5  # readings that are followed at once
FALLEN = 9.0  # of -log p; what is so much less probable than the best is given up
LONGEST = 150  # tokens of a reading
Array = NDArray[np.float32]


class Writer(Protocol):
    """A network that has read a sentence and writes several readings of it side by side."""

    def write(self, previous: list[int], chosen: list[int] | None) -> Array:
        """Scores (readings, tokens + places) after `previous`; `chosen` says which reading of the last call each goes on from."""


@dataclass(frozen=True, slots=True)
class Written:
    """One reading: its tokens, those of the sentence marked, and log p."""

    tokens: tuple[str, ...]
    log_p: float


@dataclass(frozen=True, slots=True)
class _Beam:
    stack: Stack
    tokens: tuple[str, ...]
    log_p: float
    previous: int


class Search:
    """Beam search under a grammar."""

    def __init__(self, lawful: Lawful) -> None:
        self._lawful = lawful
        self._names = lawful.tokens
        self._tokens = {token: number for number, token in enumerate(self._names)}

    def readings(self, seen: Seen, writer: Writer, temperature: float = 1.0) -> tuple[Written, ...]:
        """Up to WIDTH, the most probable first; log p is of the scores divided by `temperature`, among all that is lawful."""
        beams = [_Beam((self._lawful.start,), (), 0.0, len(self._names))]
        done: list[Written] = []
        chosen: list[int] | None = None
        for _ in range(LONGEST):
            scores = writer.write([beam.previous for beam in beams], chosen).astype(np.float64) / temperature
            grown = [(new, k) for k, beam in enumerate(beams) for new in self._grow(beam, scores[k], seen)]
            grown.sort(key=lambda pair: -pair[0].log_p)
            done += [Written(new.tokens, new.log_p) for new, _ in grown[:WIDTH] if not new.stack]
            best = max((w.log_p for w in done), default=-np.inf)
            floor = max(best, grown[0][0].log_p) - FALLEN
            worst = sorted((w.log_p for w in done), reverse=True)[WIDTH - 1] if len(done) >= WIDTH else -np.inf
            kept = [(new, k) for new, k in grown[:WIDTH] if new.stack and new.log_p > max(floor, worst)]
            if not kept:
                break
            beams, chosen = [new for new, _ in kept], [k for _, k in kept]
        done.sort(key=lambda written: -written.log_p)
        return tuple(written for written in done[:WIDTH] if written.log_p > done[0].log_p - FALLEN)

    def _grow(self, beam: _Beam, scores: NDArray[np.float64], seen: Seen) -> list[_Beam]:
        """The lawful continuations. Places of the same token are one."""
        allowed = self._lawful.allowed(beam.stack)
        kinds = [number for number, name in enumerate(POINTED) if f"*{name}" in allowed]
        own = [(self._tokens[token], token, token) for token in sorted(allowed) if token in self._tokens]
        logits = [scores[number] for number, _, _ in own]
        if kinds:
            pointed = scores[len(self._names) :]
            last = beam.tokens[-1] if beam.tokens else ""
            places = np.flatnonzero(seen.places(kinds[0], last.removeprefix(MARK) if last.startswith(MARK) else None))
            for first in dict.fromkeys(int(seen.first[place]) for place in places):
                same = [place for place in places if seen.first[place] == first]
                own.append((len(self._names) + 1 + first, f"*{POINTED[kinds[0]]}", MARK + seen.tokens[first]))
                logits.append(float(np.logaddexp.reduce(pointed[same])))
        if not own:
            return []
        logs = np.array(logits)
        logs -= np.logaddexp.reduce(logs)
        best = np.argsort(-logs, kind="stable")[:WIDTH]
        return [
            _Beam(self._lawful.advance(beam.stack, own[k][1]), (*beam.tokens, own[k][2]), beam.log_p + float(logs[k]), own[k][0])
            for k in best
        ]
