"""Times of the robot's clock as MCAP and its viewers write them."""

from __future__ import annotations

import math

SECOND = 1_000_000_000  # [ns]
_LATEST = 2**63 - 1


def nanoseconds(t: float, otherwise: int = 0) -> int:
    """`t` [s] in whole nanoseconds, brought into 63 bits; `otherwise` for a time that is no finite number."""
    return min(max(int(t * 1e9 + 0.5), 0), _LATEST) if math.isfinite(t) else otherwise


def stamp(t: float) -> dict[str, int]:
    """`t` [s] as Foxglove's time."""
    seconds, rest = divmod(nanoseconds(t), SECOND)
    return {"sec": seconds, "nsec": rest}
