"""Scenes in which two sentences are possible: what stands there is one task's, what is asked for and judged is another's.

Whoever goes by the picture alone does what the scene is usually for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.worlds.metaworld.pictures import Drawing
from moravec.worlds.metaworld.scene import Scene

TOLD = " told "  # between the scene's task and the one that is asked for
BEHIND = np.array([0.0, 0.22, 0.0])  # [m] from the mug's place in the coffee machine to the machine

# What the asked task places object and goal by, so that they are where the scene has them: (3,) or (6,) [m]. Pairs in which one
# cannot be done without the other are left out: who pulls the mug out of the coffee machine touches its button, and who pushes
# the puck to its goal has the hand there.
SWAPS: Mapping[str, Callable[[Scene], Matrix]] = {
    "faucet-open-v3 told faucet-close-v3": Scene.places,
    "faucet-close-v3 told faucet-open-v3": Scene.places,
    "coffee-push-v3 told coffee-button-v3": lambda scene: scene.places()[3:] + BEHIND,
    "pick-place-v3 told reach-v3": lambda scene: np.concatenate([scene.places()[:3], scene.target()]),
}


class Swapped(Scene):
    """The scene of one task under the measure of another. Places, marks and their colours are the scene's."""

    def __init__(self, name: str, size: int = 256, drawing: Drawing = "plain") -> None:
        """`name` is one of SWAPS. Raises BadInput for another, WorldError as `Scene` does."""
        if name not in SWAPS:
            raise BadInput("the swap of sentences", name, SWAPS)
        shown, told = name.split(TOLD)
        super().__init__(told, size, drawing)
        self._shown, self._placed = Scene(shown, size, drawing), SWAPS[name]
        self.strayed: int | None = None  # the step at which what the scene is usually for was done

    def reset(self, seed: int, settled: bool = True, drawn: Matrix | None = None) -> None:
        """See `Scene.reset`; the places are the scene's own."""
        self._shown.reset(seed, True, drawn)
        super().reset(seed, settled, self._placed(self._shown))
        self.be_as(self._shown, marks=True)
        self.strayed = None

    def step(self, action: NDArray[np.float32]) -> bool:
        """Whether what was asked for is done, and before what the scene is usually for; see `strayed`."""
        done = super().step(action)
        self._shown.be_as(self)
        if self.strayed is None and self._shown.judge(action):
            self.strayed = self.steps
        return done and self.strayed is None

    def close(self) -> None:
        """Gives the driver's memory back."""
        self._shown.close()
        super().close()


def scene_of(name: str, size: int = 256, drawing: Drawing = "plain") -> Scene:
    """A task's scene, or one of SWAPS. Raises BadInput for an unknown name."""
    return Swapped(name, size, drawing) if TOLD in name else Scene(name, size, drawing)


def told_of(name: str) -> str:
    """The task that is asked for."""
    return name.split(TOLD)[-1]
