"""One attempt at one task, and what it left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import ContractError
from moravec.models.card import STRAYED
from moravec.models.chunks import Stepper
from moravec.models.contract import Picture, PolicyInput
from moravec.trials.metaworld.causes import BROKEN, Track, cause_of
from moravec.trials.metaworld.suite import CAMERA, SIZES, Attempt, key_of
from moravec.worlds.metaworld.bent.conditions import Conditions
from moravec.worlds.metaworld.bent.scene import BentScene
from moravec.worlds.metaworld.pictures import Drawing
from moravec.worlds.metaworld.scene import HORIZON, RATE, Scene
from moravec.worlds.metaworld.swap import Swapped, scene_of

STRIP = 4  # pictures of a failed attempt: beginning, two between, and where it was decided
THUMB = 128  # [px] of each
KEPT = 4  # of so many pictures that were looked at one is kept for the strip
STILL = np.zeros(4, np.float32)  # what is carried out where the policy gives no action


@dataclass(frozen=True, slots=True)
class Record:
    """What became of an attempt. `decided` is the step that decided a failure; `held` counts steps without an action, `asked` the
    pictures that were looked at; `act_ms` is how long each answer to one took, the drawing of the picture included. `words`
    are an error's; `leaked` [bytes] is that of the executor's `Outcome`."""

    task: str
    index: int
    seed: int
    prompt: str
    success: bool
    steps: int
    cause: str = ""
    decided: int = -1
    held: int = 0
    asked: int = 0
    seconds: float = 0.0
    act_ms: list[float] = field(default_factory=list)
    words: str = ""
    leaked: int = 0
    variation: str = ""

    @property
    def key(self) -> str:
        """The attempt's name in a trial."""
        return key_of(self.task, self.index, self.variation)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class Glance(Mapping[str, Picture]):
    """The camera's picture at one step, drawn when somebody looks at it: between two chunks nobody does."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.picture: Picture | None = None

    def __getitem__(self, name: str) -> Picture:
        if name != CAMERA:
            raise KeyError(name)
        if self.picture is None:
            self.picture = scaled(self._scene.picture(), SIZES["plain"])
        return self.picture

    def __iter__(self) -> Iterator[str]:
        return iter((CAMERA,))

    def __len__(self) -> int:
        return 1


class Attempter:
    """Makes attempts at one task, in one process."""

    def __init__(
        self, task: str, open_stepper: Callable[[Scene], Stepper], drawing: Drawing, conditions: tuple[str, ...] = ()
    ) -> None:
        """`task` may be one of `swap.SWAPS` where there are no `conditions`. Raises BadInput for an unknown one, WorldError where
        it cannot be simulated, and what the policy raises."""
        self._drawing: Drawing = drawing
        size, bent = SIZES[drawing], Conditions.parse(conditions)
        self._scene = BentScene(task, bent, size, drawing) if conditions else scene_of(task, size, drawing)
        self._stepper = open_stepper(self._scene)

    def make(self, attempt: Attempt) -> tuple[Record, list[Picture]]:
        """The record, and of a failed attempt some pictures."""
        scene, start = self._scene, time.perf_counter()
        scene.reset(attempt.seed, settled=self._drawing == "plain")
        self._stepper.reset(attempt.seed)
        track, film, took = [], dict[int, Picture](), list[float]()
        held, asked, done, broken = 0, 0, False, ""
        while not done and scene.steps < HORIZON:
            glance, before = Glance(scene), time.perf_counter()
            try:
                step = self._stepper.next(PolicyInput(scene.steps / RATE, scene.state(), glance, attempt.prompt))
            except ContractError as error:
                broken = str(error)
                break
            if glance.picture is not None:
                took.append(round(1e3 * (time.perf_counter() - before), 2))
                if asked % KEPT == 0:
                    film[scene.steps] = scaled(glance.picture, THUMB)
                asked += 1
            held += step.action is None
            track.append(scene.points())
            done = scene.step(STILL if step.action is None else step.action)
        cause, decided = ("", -1) if done else (BROKEN, scene.steps) if broken else _why(scene, np.array(track), held)
        record = Record(
            attempt.task, attempt.index, attempt.seed, attempt.prompt, done, scene.steps, cause, decided, held, asked,
            round(time.perf_counter() - start, 3), took, broken, variation=attempt.variation,
        )  # fmt: skip
        return record, [] if done else _strip(film, decided)

    def close(self) -> None:
        """Gives the driver's memory back."""
        self._scene.close()


def scaled(picture: Picture, size: int) -> Picture:
    """A square picture at another size, by area."""
    if picture.shape[0] == size:
        return picture
    return np.asarray(cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _why(scene: Scene, track: NDArray[np.float64], held: int) -> tuple[str, int]:
    """The cause of a failure, and the step that decided it."""
    if isinstance(scene, Swapped) and scene.strayed is not None:
        return STRAYED, scene.strayed
    if 2 * held > len(track):
        return "trouble", 0
    return cause_of(scene.task, Track(track[:, 3], track[:, 0], track[:, 2]))


def _strip(film: dict[int, Picture], decided: int) -> list[Picture]:
    """STRIP pictures from the beginning to the one nearest to the deciding step; none where nothing was ever looked at."""
    if not film:
        return []
    until = min(film, key=lambda step: abs(step - decided))
    steps = [step for step in sorted(film) if step <= until]
    return [film[steps[round(k * (len(steps) - 1) / (STRIP - 1))]] for k in range(STRIP)]
