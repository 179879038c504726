"""Policies for trials, to be opened by name in other processes."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Mapping
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


class BadAt(Silent):
    """Dies, hangs or crashes in the episodes of some seeds."""

    def __init__(self, kinds: Mapping[int, str]) -> None:
        super().__init__()
        self._kinds, self._kind = kinds, ""

    def reset(self, seed: int) -> None:
        """Which episode this is."""
        self._kind = self._kinds.get(seed, "")

    def next(self, seen: PolicyInput) -> Step:
        """Does not return, in the bad ones."""
        if self._kind == "died":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._kind == "hung":
            time.sleep(600.0)
        if self._kind == "crashed":
            raise ZeroDivisionError
        return super().next(seen)


class BrokenAt(Away):
    """Answers with no number, or in the wrong shape, in the episode of one seed."""

    def __init__(self, seed: int, kind: str) -> None:
        super().__init__()
        self._bad, self._kind = seed, kind
        self._seed = -1

    def reset(self, seed: int) -> None:
        """Which episode this is."""
        self._seed = seed

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """See Away."""
        chunk = super().act(seen)
        if self._seed != self._bad:
            return chunk
        return replace(chunk, actions=chunk.actions * np.float32(math.nan) if self._kind == "nan" else chunk.actions[:, :3])


def away(scene: Scene) -> Stepper:
    return Executed(Away(), LONG)


def silent(scene: Scene) -> Stepper:
    return Silent()


def refusing(scene: Scene) -> Stepper:
    return Refusing()


def bad_at(kinds: Mapping[int, str], scene: Scene) -> Stepper:
    return BadAt(kinds)


def broken_at(seed: int, kind: str, scene: Scene) -> Stepper:
    return Executed(BrokenAt(seed, kind), LONG)
