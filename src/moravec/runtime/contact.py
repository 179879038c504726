"""What the tool feels on its way: what was there at the start and goes away is no contact."""

from __future__ import annotations

import math
from typing import final

from moravec.core.frames import Matrix

CONTACT_FILTER = 0.3  # weight of the newest wrench in the running mean


@final
class Contact:
    """The running mean of the force besides what hung on the tool before."""

    def __init__(self, wrench: Matrix) -> None:
        """`wrench` (6,) [N, N m] is what the tool feels now."""
        self._felt, self._least = 0.0, wrench[:3]

    def felt(self, wrench: Matrix) -> float:
        """[N], with the newest `wrench`."""
        now = wrench[:3]
        self._least = self._least if _length(self._least) <= _length(now) else now
        self._felt += CONTACT_FILTER * (_length(now - self._least) - self._felt)
        return self._felt


def _length(vector: Matrix) -> float:
    return math.sqrt(vector.dot(vector))
