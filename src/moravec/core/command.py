"""What a robot is told: one set-point per tick, or a chunk of them ahead."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from moravec.core.errors import ContractError
from moravec.core.frames import Matrix, frozen


@dataclass(frozen=True, slots=True)
class Command:
    """One set-point for one control tick."""

    seq: int
    t: float  # [s], when it was computed
    q: Matrix  # (n,) wanted joint positions [rad]
    dq: Matrix  # (n,) wanted joint velocities [rad/s]
    grip_width: float  # wanted opening [m]
    grip_force: float  # largest force of one finger [N]
    source: str  # the skill or policy that asks
    made: float = math.nan  # [s], when the chunk was made that this is from; what moves must say so
    expires: float = math.nan  # [s], when that chunk ends
    seen: float = math.nan  # [s], when the newest observation was taken that it rests on
    novelty: float = math.nan  # the policy's own score of how strange this is to it; 0 for a program


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a policy's motion comes from: when it was `made` and until when it holds, when what it was made from was `seen` [s],
    and how strange that was to the policy (`novelty`; NaN: it does not say)."""

    made: float
    expires: float
    seen: float
    novelty: float


@dataclass(frozen=True, slots=True)
class ActionChunk:
    """Set-points ahead in time, joined by cubic Hermite splines.

    `times` (m,) [s] start at 0 and increase; `q` and `dq` are (m, n) [rad], [rad/s]. A program's own motion has no `provenance`:
    it was made when it is asked for.
    """

    times: Matrix
    q: Matrix
    dq: Matrix
    source: str
    provenance: Provenance | None = None

    @staticmethod
    def of(times: Matrix, q: Matrix, dq: Matrix, source: str, provenance: Provenance | None = None) -> ActionChunk:
        """Checks shapes and order, and freezes. Raises ContractError."""
        times, q, dq = frozen(times), frozen(q), frozen(dq)
        if times.ndim != 1 or q.ndim != 2 or q.shape != dq.shape or len(q) != len(times) or len(times) < 1:
            raise ContractError(
                f"action chunk of {source!r}: found times {times.shape}, q {q.shape}, dq {dq.shape}; "
                "allowed: (m,), (m, n), (m, n) with m of 1 or more"
            )
        if times[0] != 0.0 or not np.all(np.diff(times) > 0.0) or not np.isfinite(times[-1]):
            raise ContractError(f"action chunk of {source!r}: times must start at 0 and increase; found {times[:4]}...")
        return ActionChunk(times, q, dq, source, provenance)

    @property
    def duration(self) -> float:
        """[s]"""
        return float(self.times[-1])

    def sample(self, t: float) -> tuple[Matrix, Matrix]:
        """Position (n,) [rad] and velocity (n,) [rad/s] at `t` [s]; held at both ends."""
        times = self.times
        if t <= 0.0:
            return self.q[0], self.dq[0]
        if t >= times[-1]:
            return self.q[-1], self.dq[-1]
        i = int(np.searchsorted(times, t, side="right")) - 1
        h = float(times[i + 1] - times[i])
        s = (t - float(times[i])) / h
        s2, s3 = s * s, s * s * s
        q0, q1, v0, v1 = self.q[i], self.q[i + 1], self.dq[i], self.dq[i + 1]
        q = (2 * s3 - 3 * s2 + 1) * q0 + (s3 - 2 * s2 + s) * h * v0 + (3 * s2 - 2 * s3) * q1 + (s3 - s2) * h * v1
        dq = ((6 * s2 - 6 * s) * (q0 - q1)) / h + (3 * s2 - 4 * s + 1) * v0 + (3 * s2 - 2 * s) * v1
        return q, dq
