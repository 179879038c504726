"""What a policy is compared with: the scripted expert, which knows every place, and chance."""

from __future__ import annotations

import numpy as np

from moravec.models.chunks import Step, Stepper, Why
from moravec.models.contract import PolicyInput, PolicySpec
from moravec.trials.metaworld.suite import robot_spec
from moravec.worlds.metaworld.scene import Scene

BASELINES = ("expert", "random")


class Expert:
    """The task's own scripted expert. It sees what no policy does: the places of everything."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.spec: PolicySpec = robot_spec()

    def reset(self, seed: int) -> None:
        """It remembers nothing; its scene was reset."""

    def next(self, seen: PolicyInput) -> Step:
        """What it does now."""
        return Step(self._scene.expert(), Why.ACT)


class Random:
    """Actions by chance, new ones every few steps: the floor."""

    HELD = 10  # steps

    def __init__(self, scene: Scene) -> None:
        self.spec: PolicySpec = robot_spec()
        self._rng, self._step, self._action = np.random.default_rng(0), 0, np.zeros(4, np.float32)

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._rng, self._step = np.random.default_rng(seed), 0

    def next(self, seen: PolicyInput) -> Step:
        """What it does now."""
        if self._step % self.HELD == 0:
            self._action = self._rng.uniform(-1.0, 1.0, 4).astype(np.float32)
        self._step += 1
        return Step(self._action, Why.ACT)


def open_baseline(name: str, scene: Scene) -> Stepper:
    """The one called `name` (see BASELINES) at `scene`."""
    return Expert(scene) if name == "expert" else Random(scene)
