"""Policies for trials, to be opened by name in other processes."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import replace

import numpy as np

from moravec.core.errors import BadInput
from moravec.models.chunks import Executed, Step, Stepper, Why
from moravec.models.contract import PolicyChunk, PolicyInput, PolicySpec, check_input
from moravec.trials.metaworld.suite import robot_spec
from moravec.worlds.metaworld.scene import Scene

LONG = 100  # actions of a chunk


class Away:
    """Looks, and goes up and away from everything, LONG steps at a time."""

    def __init__(self) -> None:
        self.spec: PolicySpec = replace(robot_spec(), chunk=LONG)

    def reset(self, seed: int) -> None:
        """Nothing is remembered."""

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """The same for whatever fits the robot."""
        check_input(self.spec, seen)
        return PolicyChunk(np.tile(np.array([0.0, -0.2, 1.0, -1.0], np.float32), (LONG, 1)), math.nan)


class Silent(Away):
    """Never gives an action."""

    def next(self, seen: PolicyInput) -> Step:
        """Holds."""
        return Step(None, Why.WAITING)


class Refusing(Silent):
    """Does not take the words."""

    def next(self, seen: PolicyInput) -> Step:
        """Raises BadInput."""
        raise BadInput("the instruction", seen.prompt, ["one", "two"])


class Dying(Silent):
    """Takes its process with it."""

    def next(self, seen: PolicyInput) -> Step:
        """Does not return."""
        os.kill(os.getpid(), signal.SIGKILL)
        return Step(None, Why.WAITING)


def away(scene: Scene) -> Stepper:
    return Executed(Away(), LONG)


def silent(scene: Scene) -> Stepper:
    return Silent()


def refusing(scene: Scene) -> Stepper:
    return Refusing()


def dying(scene: Scene) -> Stepper:
    return Dying()
