"""From the objects that reach the guard to plain floats. What does not have the contract's shape is not guessed at."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np

from moravec.core.command import Command
from moravec.core.observation import RobotState


class Asked(NamedTuple):
    """A command as plain numbers: (n,) [rad], (n,) [rad/s], [m], [N], [s]."""

    seq: int
    t: float
    q: list[float]
    dq: list[float]
    grip_width: float
    grip_force: float
    source: str


class Measured(NamedTuple):
    """A state as plain numbers: (n,) [rad], (n,) [rad/s], (n,) [N m], [m], [N]; `others` must only be finite."""

    q: list[float]
    dq: list[float]
    tau: list[float]
    grip_width: float
    grip_force: float
    others: list[float]


def floats(array: object, length: int) -> list[float] | None:
    """The values of a float64 array of shape (length,), or None for anything else."""
    if isinstance(array, np.ndarray) and array.shape == (length,) and array.dtype == np.float64:
        return cast("list[float]", array.tolist())
    return None


def is_number(value: object) -> bool:
    """A real number, possibly not finite; not a bool, not a string."""
    return isinstance(value, (float, int)) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """A whole number, Python's or numpy's; not a bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def read_command(command: object, joints: int) -> Asked | None:
    """The command's numbers, or None when a field has the wrong type or shape."""
    if not isinstance(command, Command):
        return None
    q, dq = floats(command.q, joints), floats(command.dq, joints)
    if q is None or dq is None or not is_whole(command.seq) or not isinstance(command.source, str):
        return None
    if not (is_number(command.t) and is_number(command.grip_width) and is_number(command.grip_force)):
        return None
    return Asked(int(command.seq), command.t, q, dq, command.grip_width, command.grip_force, command.source)


def read_state(state: object, joints: int) -> Measured | None:
    """The state's numbers, or None when a field has the wrong type or shape."""
    if not isinstance(state, RobotState):
        return None
    q, dq, tau = floats(state.q, joints), floats(state.dq, joints), floats(state.tau, joints)
    wrench = floats(state.wrench, 6)
    if q is None or dq is None or tau is None or wrench is None:
        return None
    if not (is_number(state.t) and is_number(state.grip_width) and is_number(state.grip_force)):
        return None
    return Measured(q, dq, tau, state.grip_width, state.grip_force, [*wrench, state.t])


def estop_pressed(state: object) -> bool:
    """The emergency stop's input. An input that is neither True nor False counts as pressed."""
    if not isinstance(state, RobotState):
        return False  # refused as a broken state, which stops too but does not latch
    return not isinstance(state.estop, (bool, np.bool_)) or bool(state.estop)
