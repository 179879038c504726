"""Times of the robot's clock as MCAP and its viewers write them."""

from __future__ import annotations

SECOND = 1_000_000_000  # [ns]
_FARTHEST = 9e9  # [s]; more does not fit 63 bits of nanoseconds


def nanoseconds(t: float, otherwise: int = 0) -> int:
    """`t` [s] in whole nanoseconds, 0 for negative ones; `otherwise` for what is no time."""
    if not isinstance(t, float | int) or not -_FARTHEST <= t <= _FARTHEST:
        return otherwise
    return max(int(t * 1e9 + 0.5), 0)


def stamp(t: float) -> dict[str, int]:
    """`t` [s] as Foxglove's time."""
    seconds, rest = divmod(nanoseconds(t), SECOND)
    return {"sec": seconds, "nsec": rest}
