"""From the objects that reach the guard to plain numbers. What does not have the contract's shape is not guessed at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from moravec.core.command import Command
from moravec.core.observation import RobotState
from moravec.guard.kernel.checks import HUGE
from moravec.guard.kernel.form import PEOPLE


class Form(Protocol):
    """One record of the kernel, in either form."""

    def put(self, name: str, value: float) -> None:
        """Sets one number."""
        ...

    def fill(self, name: str, values: NDArray[np.float64], at: int = 0) -> None:
        """Sets the first numbers of a vector, from position `at` on."""
        ...


def is_vector(array: object, length: int) -> bool:
    """A float64 array of shape (length,); no subclass, which could read otherwise the second time."""
    return type(array) is np.ndarray and array.shape == (length,) and array.dtype == np.float64


def is_number(value: object) -> bool:
    """A real number, possibly not finite; not a bool, not a string."""
    return isinstance(value, (float, int)) and not isinstance(value, bool)


def is_whole(value: object) -> bool:
    """A whole number, Python's or numpy's; not a bool."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def command_fits(command: object, joints: int) -> bool:
    """Whether the command's fields have the contract's types and shapes."""
    return (
        type(command) is Command
        and is_vector(command.q, joints)
        and is_vector(command.dq, joints)
        and is_whole(command.seq)
        and isinstance(command.source, str)
        and _all_numbers((command.t, command.grip_width, command.grip_force))
        and _all_numbers((command.made, command.expires, command.seen, command.novelty))
    )


def state_fits(state: object, joints: int) -> bool:
    """Whether the state's fields have the contract's types and shapes."""
    return (
        isinstance(state, RobotState)
        and is_vector(state.q, joints)
        and is_vector(state.dq, joints)
        and is_vector(state.tau, joints)
        and is_vector(state.wrench, 6)
        and _all_numbers((state.t, state.grip_width, state.grip_force, state.people_t))
    )


def _all_numbers(values: Sequence[object]) -> bool:
    return all(is_number(value) for value in values)


def as_float(value: Any) -> float:
    """A number as a float; one too large for that counts as infinite."""
    try:
        return float(value)
    except OverflowError:
        return float("inf")


def write_command(command: Command, form: Form) -> None:
    """A command that fits, into `form`."""
    form.fill("q", command.q)
    form.fill("dq", command.dq)
    form.put("seq", int(max(-2 * HUGE, min(2 * HUGE, command.seq))))
    for name in ("t", "grip_width", "grip_force", "made", "expires", "seen", "novelty"):
        form.put(name, as_float(getattr(command, name)))


def write_state(state: RobotState, form: Form) -> None:
    """A state that fits, into `form`."""
    form.fill("measured_q", state.q)
    form.fill("measured_dq", state.dq)
    form.fill("measured_tau", state.tau)
    form.fill("wrench", state.wrench)
    form.fill("measured_grip", np.array([as_float(state.grip_width), as_float(state.grip_force)]))
    form.put("state_t", as_float(state.t))
    write_people(state, form)


def write_people(state: RobotState, form: Form) -> None:
    """Who is near. A list that has another shape, or is longer than the kernel's, counts as one that cannot be used."""
    people = state.people
    fits = isinstance(people, np.ndarray) and people.dtype == np.float64 and people.ndim == 2 and people.shape[1] == 2
    if fits and len(people) <= PEOPLE:
        form.fill("person", people.reshape(-1))
    form.put("people", len(people) if fits else -1)
    form.put("people_t", as_float(state.people_t))


def estop_pressed(state: object) -> bool:
    """The emergency stop's input. An input that is neither True nor False counts as pressed."""
    if not isinstance(state, RobotState):
        return False  # refused as a broken state, which stops too
    return not isinstance(state.estop, (bool, np.bool_)) or bool(state.estop)
