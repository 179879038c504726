"""What a tape holds, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from numpy.typing import NDArray

from moravec.core.command import Command
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved
from moravec.tape.pictures import decode_color, decode_depth


@dataclass(frozen=True, slots=True)
class Tick:
    """One control tick: everything that is needed to recompute the guard's verdict bit for bit."""

    now: float  # [s], the guard's clock at the check
    state: RobotState
    asked: Command
    approved: Approved


@dataclass(frozen=True, slots=True)
class Joints:
    """The joints at one instant, as viewers want them."""

    t: float  # [s], to the nanosecond
    names: tuple[str, ...]
    q: Matrix  # (n,) [rad]
    dq: Matrix  # (n,) [rad/s]
    tau: Matrix  # (n,) [N m]


@dataclass(frozen=True, slots=True)
class Picture:
    """One compressed picture."""

    camera: str
    kind: Literal["color", "depth"]
    t: float  # [s], to the nanosecond
    format: str  # "jpeg" or "png"
    data: bytes

    def decode(self) -> NDArray[Any]:
        """Colour as (h, w, 3) uint8 RGB; depth as (h, w) float32 [m], NaN where there is none. Raises TapeError."""
        return decode_color(self.data) if self.kind == "color" else decode_depth(self.data)


@dataclass(frozen=True, slots=True)
class Entry:
    """One JSON record. `t` is the exact time [s] it was given; `payload` is plain JSON data."""

    t: float
    payload: dict[str, Any]


Value: TypeAlias = Tick | Joints | Picture | Entry


@dataclass(frozen=True, slots=True)
class Recorded:
    """One record of a tape. `sequence` counts all records of the tape from 0, modulo 2**32."""

    topic: str
    log_time: int  # [ns] of the robot's clock
    sequence: int
    value: Value
