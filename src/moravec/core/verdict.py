"""What the guard answers to a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from moravec.core.command import Command

Decision = Literal["pass", "limit", "stop"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision with its reason. `margin` is positive on the safe side, in the unit of `limit`.

    `check` names the deciding check: the one that was violated, or for a pass the one with the least
    margin relative to its limit.
    """

    decision: Decision
    check: str
    joint: int  # index of the deciding joint, part or zone, -1 where there is none
    value: float
    limit: float
    margin: float
    reason: str
    category: int = -1  # of a stop, after IEC 60204-1: 0, 1 or 2; -1 for none


@dataclass(frozen=True, slots=True)
class Approved:
    """The only thing a robot's `apply` takes: a command the guard lets through, with its verdict.

    For `pass` the command is the one asked for; for `limit` it is the nearest one inside the limits; for
    `stop` it is the next point of the guard's own braking.
    """

    command: Command
    verdict: Verdict
    power: bool = True  # False: the driver is to remove power from the motors, brakes applied
