"""What one attempt at a task left behind, and the names, units and bounds of everything in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.models.contract import CameraSpec, Channel, Floats, Picture, PolicySpec, check_prompt

Note = str | int | float | bool

# Columns that every dataset has of its own, and keys that `state` and `actions` are stored under.
RESERVED = ("timestamp", "frame_index", "episode_index", "index", "task_index", "task", "observation.state", "action")
CAMERA_KEY = "observation.images."
# An extra: of each frame the whole chunk of actions that its teacher would give there, row by row, each as `action` is. Where it
# is there, training takes it instead of the actions of the frames that follow.
AHEAD = "action.ahead"


@dataclass(frozen=True, slots=True)
class Features:
    """What every episode of a dataset holds: frames a second, and the channels of state, actions and extras, in order.

    `extras` are further numbers of a frame, by the name of their column, `next.reward` or `privileged.points` for
    example. `robot` is the robot's name. Raises BadInput for names that cannot be stored or are not unique.
    """

    fps: float
    state: tuple[Channel, ...]
    action: tuple[Channel, ...]
    cameras: tuple[CameraSpec, ...] = ()
    extras: Mapping[str, tuple[Channel, ...]] = field(default_factory=dict)
    robot: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.fps < math.inf:
            raise BadInput("frames a second", self.fps, "more than 0")
        for what, channels in (("state", self.state), ("action", self.action), *self.extras.items()):
            _unique(f"the channels of {what}", (channel.name for channel in channels))
        _unique("the cameras", (camera.name for camera in self.cameras))
        for camera in self.cameras:
            if not camera.name or "/" in camera.name:
                raise BadInput("a camera's name", camera.name, "letters, without '/'")
            if camera.height < 1 or camera.width < 1:
                raise BadInput(f"camera {camera.name}", f"{camera.height}x{camera.width}", "at least one pixel")
        for name, channels in self.extras.items():
            if not name or "/" in name or name in RESERVED or name.startswith(CAMERA_KEY):
                taken = f"; taken: {', '.join(RESERVED)}"
                raise BadInput("the name of an extra", name, f"letters, without '/', not taken by another column{taken}")
            if not channels:
                raise BadInput(f"the extra {name}", "no channel", "at least one")

    def spec(self) -> PolicySpec:
        """What a robot offers and takes that records such episodes."""
        return PolicySpec(self.state, self.cameras, self.action, self.fps)


@dataclass(frozen=True, slots=True)
class Episode:
    """One attempt, T frames long, `fps` frames a second.

    `tasks` are sentences that all say what was to be done; the first is the one of every frame. `state` (T, s) and
    `actions` (T, a) follow the channels of the dataset's `Features`, `pictures` (T, h, w, 3) are RGB by camera, `extras`
    (T, k) are by name. `success` is None where nobody knows. `notes` are short facts: seed, policy, what failed.
    """

    tasks: tuple[str, ...]
    fps: float
    state: Floats
    actions: Floats
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    extras: Mapping[str, Floats] = field(default_factory=dict)
    success: bool | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.state)


def check_episode(features: Features, episode: Episode) -> None:
    """Whether `episode` is what `features` declares: shapes, types, finite, actions within bounds, words. Raises BadInput."""
    if not math.isclose(episode.fps, features.fps, rel_tol=1e-9):
        raise BadInput("the episode's frames a second", episode.fps, f"{features.fps:g}, as the dataset has")
    if not episode.tasks:
        raise BadInput("the episode's tasks", "none", "at least one sentence")
    for task in episode.tasks:
        check_prompt(task)
    _unique("the episode's tasks", episode.tasks)
    frames = len(episode.state)
    if not frames:
        raise BadInput("the episode", "no frame", "at least one")
    check_numbers("state", episode.state, features.state, frames)
    check_numbers("action", episode.actions, features.action, frames)
    _bounds(episode.actions, features.action)
    _same_names("extra", episode.extras, features.extras)
    for name, channels in features.extras.items():
        check_numbers(name, episode.extras[name], channels, frames)
    _same_names("camera", episode.pictures, [camera.name for camera in features.cameras])
    for camera in features.cameras:
        pictures, wanted = episode.pictures[camera.name], (frames, camera.height, camera.width, 3)
        if pictures.shape != wanted or pictures.dtype != np.uint8:
            raise BadInput(f"the pictures of {camera.name}", f"{pictures.shape} {pictures.dtype}", f"{wanted} uint8")
    for name, note in episode.notes.items():
        if not isinstance(note, Note) or (isinstance(note, float) and not math.isfinite(note)):
            raise BadInput(f"the episode's note {name!r}", note, "a text, a finite number, true or false")


def check_numbers(name: str, values: NDArray[Any], channels: tuple[Channel, ...], frames: int) -> None:
    """Whether `values` are (frames, channels), float32 and finite. Raises BadInput that names frame and channel."""
    wanted = (frames, len(channels))
    if values.shape != wanted or values.dtype != np.float32:
        raise BadInput(f"the episode's {name}", f"{values.shape} {values.dtype}", f"{wanted} float32")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        frame, place = (int(k) for k in bad[0])
        raise BadInput(f"the episode's {name}, frame {frame}, {channels[place].name}", float(values[frame, place]), "finite")


def _bounds(actions: Floats, channels: tuple[Channel, ...]) -> None:
    """Whether every action lies within the bounds of its channel."""
    for place, channel in enumerate(channels):
        outside = np.flatnonzero((actions[:, place] < channel.low) | (actions[:, place] > channel.high))
        if len(outside):
            frame = int(outside[0])
            raise BadInput(
                f"the episode's action, frame {frame}, {channel.name}", float(actions[frame, place]),
                f"{channel.low:g} to {channel.high:g} {channel.unit}",
            )  # fmt: skip


def _unique(what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise BadInput(what, f"{name!r} twice", "every name once")
        seen.add(name)


def _same_names(what: str, has: Mapping[str, object], wanted: Iterable[str]) -> None:
    wanted = list(wanted)
    for name in has:
        if name not in wanted:
            raise BadInput(f"an {what} of the episode" if what[0] in "aeiou" else f"a {what} of the episode", name, wanted)
    for name in wanted:
        if name not in has:
            raise BadInput(f"the episode's {what} {name}", ", ".join(has) or "none", f"{name} as well, as the dataset has")
