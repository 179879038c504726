"""The states of the stop machine, read back from verdicts.

A tape holds verdicts and set-points, no states; the machine's table leaves one reading of them. Power off is OFF; what is not
a stop ran; a stop whose set-points rest holds; one whose set-points move brakes, by its category on the way to HOLD or to OFF.
"""

from __future__ import annotations

from moravec.core.verdict import Approved
from moravec.guard.stop import StopState


def state_after(approved: Approved) -> StopState:
    """The guard's state after the tick it answered with `approved`."""
    if not approved.power:
        return StopState.OFF
    if approved.verdict.decision != "stop":
        return StopState.RUN
    if not approved.command.dq.any():
        return StopState.HOLD
    return StopState.BRAKING if approved.verdict.category == 2 else StopState.ENDING
