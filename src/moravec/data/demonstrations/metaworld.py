"""Meta-World's scripted experts as teachers: whole attempts, and glimpses of a few frames from many more beginnings.

What is carried out may be disturbed; what is written down as the action is always what the expert would do, clipped to what the
robot carries out. A learner then also sees what to do where the expert alone would never have come.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.episode import Episode, Features
from moravec.models.contract import CameraSpec, Channel
from moravec.worlds.metaworld.pictures import CAMERA
from moravec.worlds.metaworld.scene import ACTION, POINTS, RATE, STATE, Scene
from moravec.worlds.metaworld.sentences import sentences

CAMERA_NAME = "corner"
PIXELS, PLACES = "privileged.pixels", "privileged.points"  # the extras: only for losses in training, never seen by a policy
ABSENT = -1.0  # pixel and place of a point that a task has not
LONGEST = 300  # steps; an attempt that is not done by then is thrown away
ATTEMPTS = 6  # times as many attempts as episodes are wanted, at most
SEEDS_APART = 10_000  # between two values of a teaching's seed
FIRST_GLIMPSE = 500_000  # seeds of whole attempts are below
SEEDS_PER_TASK = 1_000_000  # training draws below, evaluation above: see `trials`
WHOLE, GLIMPSE = "episode", "glimpse"  # kinds, in an episode's notes


@dataclass(frozen=True, slots=True)
class Disturbance:
    """How the teacher is disturbed. A `share` of attempts is; in those every action gets Gaussian noise whose size is drawn up to
    `noise`, and at each step a push begins with probability `push`: for up to `push_steps` steps the hand is moved elsewhere."""

    share: float = 0.8
    noise: float = 0.3
    push: float = 0.02
    push_steps: int = 12


@dataclass(frozen=True, slots=True)
class Teaching:
    """What one task's demonstrations are made of: whole `episodes`, `glimpses`, pictures of `size` pixels a side.

    Raises BadInput for sizes that cannot be drawn and stored, and where seeds would reach those of evaluation.
    """

    episodes: int = 50
    glimpses: int = 0
    glimpse_frames: int = 3
    size: int = 256
    seed: int = 0
    disturbance: Disturbance = Disturbance()

    def __post_init__(self) -> None:
        if self.size % 2 or not 16 <= self.size <= 1024:
            raise BadInput("the pictures' size", self.size, "an even number from 16 to 1024 pixels a side")
        if min(self.episodes, self.glimpses, self.seed) < 0 or self.glimpse_frames < 1:
            found = f"{self.episodes} episodes, {self.glimpses} glimpses of {self.glimpse_frames} frames, seed {self.seed}"
            raise BadInput("demonstrations", found, "0 or more, of 1 or more frames")
        most = self.seed * SEEDS_APART + max(ATTEMPTS * self.episodes, self.glimpses)
        if most > FIRST_GLIMPSE:
            found = f"seed {self.seed}, {self.episodes} episodes, {self.glimpses} glimpses of each task"
            allowed = f"{SEEDS_APART:,} x seed, and {ATTEMPTS} x episodes or the glimpses, up to {FIRST_GLIMPSE:,} together"
            raise BadInput("demonstrations", found, f"{allowed}: evaluation draws above")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One attempt to be made: a task, the seed of everything in it, and whether it is a `whole` one or a glimpse."""

    task: str
    seed: int
    whole: bool


def lessons(task: str, teaching: Teaching, whole: bool) -> Iterator[Lesson]:
    """The lessons of a task in order; of whole ones more than are wanted, because some fail."""
    first, many = first_seed(teaching, whole), ATTEMPTS * teaching.episodes if whole else teaching.glimpses
    yield from (Lesson(task, first + number, whole) for number in range(many))


def first_seed(teaching: Teaching, whole: bool) -> int:
    """Of a task's lessons."""
    return teaching.seed * SEEDS_APART + (0 if whole else FIRST_GLIMPSE)


def features(size: int) -> Features:
    """What these episodes hold. The two extras are what only the simulator knows."""
    state = (*(Channel(name, "m", "world") for name in STATE[:3]), Channel(STATE[3], "1", "", 0.0, 1.0))
    action = (*(Channel(name, "0.01 m", "world", -1.0, 1.0) for name in ACTION[:3]), Channel(ACTION[3], "1", "", -1.0, 1.0))
    pixels = tuple(Channel(f"{point} {axis}", "px", CAMERA) for point in POINTS for axis in ("right", "down"))
    places = tuple(Channel(f"{point} {axis}", "m", "world") for point in POINTS for axis in "xyz")
    return Features(RATE, state, action, (CameraSpec(CAMERA_NAME, size, size),), {PIXELS: pixels, PLACES: places}, "sawyer")


class Teacher:
    """One task's scene, and its expert as a teacher. Every lesson depends on its seed alone."""

    def __init__(self, task: str, teaching: Teaching) -> None:
        """Raises BadInput for an unknown task, WorldError where it cannot be simulated or drawn."""
        self._scene, self._teaching = Scene(task, teaching.size), teaching
        self._sentences = sentences()[task].train
        self.task = task

    def lesson(self, lesson: Lesson) -> Episode | None:
        """One whole attempt, None where it failed; or a glimpse."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # what the experts ask for is clipped
            return self._attempt(lesson.seed) if lesson.whole else self._glimpse(lesson.seed)

    def _attempt(self, seed: int) -> Episode | None:
        """First without a picture: drawing is most of the work, and attempts that fail are the longest."""
        book = _Book()
        return self._bound(book, seed, True, WHOLE) if self._succeeds(seed) and self._succeeds(seed, book) else None

    def _succeeds(self, seed: int, book: _Book | None = None) -> bool:
        rng = np.random.default_rng((seed, 1))
        disturb = _Disturber(self._teaching.disturbance, rng)
        self._scene.reset(seed)
        for _ in range(LONGEST):
            action = self._scene.expert()
            if book is not None:
                book.note(self._scene, action)
            if self._scene.step(disturb(action)):
                return True
        return False

    def _glimpse(self, seed: int) -> Episode:
        """A few frames, some steps apart, after an unseen and disturbed beginning of random length."""
        rng = np.random.default_rng((seed, 2))
        disturb = _Disturber(self._teaching.disturbance, rng)
        book = _Book()
        self._scene.reset(seed)
        for _ in range(int(rng.integers(0, 30))):
            self._scene.step(disturb(self._scene.expert()))
        for _ in range(self._teaching.glimpse_frames):
            action = self._scene.expert()
            book.note(self._scene, action)
            self._scene.step(disturb(action))
        return self._bound(book, seed, None, GLIMPSE)

    def _bound(self, book: _Book, seed: int, success: bool | None, kind: str) -> Episode:
        notes = {"task": self.task, "seed": seed, "kind": kind}
        extras = {PIXELS: _whole_numbers(book.pixels, 8), PLACES: _whole_numbers(book.points, 12)}
        return Episode(
            self._sentences, RATE, np.stack(book.state), np.stack(book.actions), {CAMERA_NAME: np.stack(book.pictures)}, extras,
            success, notes,
        )  # fmt: skip

    def close(self) -> None:
        """Gives the driver's memory back."""
        self._scene.close()


class _Book:
    """What was seen and what the teacher would do, frame by frame."""

    def __init__(self) -> None:
        self.state: list[NDArray[np.float32]] = []
        self.actions: list[NDArray[np.float32]] = []
        self.pictures: list[NDArray[np.uint8]] = []
        self.pixels: list[NDArray[np.float64]] = []
        self.points: list[NDArray[np.float64]] = []

    def note(self, scene: Scene, action: NDArray[np.float32]) -> None:
        self.state.append(scene.state())
        self.actions.append(action)
        self.pictures.append(scene.picture())
        self.pixels.append(scene.pixels())
        self.points.append(scene.points())


class _Disturber:
    """Disturbs actions as `Disturbance` says."""

    def __init__(self, how: Disturbance, rng: np.random.Generator) -> None:
        self._how, self._rng = how, rng
        self._noise = float(rng.uniform(0.0, how.noise)) if rng.random() < how.share else 0.0
        self._left, self._push = 0, np.zeros(3)

    def __call__(self, action: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._noise == 0.0:
            return action
        done = action.astype(np.float64)
        done[:3] += self._rng.normal(0.0, self._noise, 3)
        if self._left == 0 and self._rng.random() < self._how.push:
            self._left = int(self._rng.integers(3, self._how.push_steps + 1))
            self._push = self._rng.uniform(-1.0, 1.0, 3)
        if self._left > 0:
            self._left -= 1
            done[:3] = self._push
        return np.clip(done, -1.0, 1.0).astype(np.float32)


def _whole_numbers(rows: list[NDArray[np.float64]], width: int) -> NDArray[np.float32]:
    """(T, width), ABSENT where there is none."""
    return np.nan_to_num(np.stack(rows).reshape(len(rows), width), nan=ABSENT).astype(np.float32)
