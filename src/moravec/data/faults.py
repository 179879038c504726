"""What can be wrong with recorded data, told from arrays alone. `check` brings the arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.models.contract import Channel, Floats, Picture

# Every fault that can be found, and what it means.
CODES = {
    "info": "meta/info.json is missing or cannot be used",
    "file_missing": "a file that the catalogue names is not there",
    "file_broken": "a file is there and cannot be read",
    "column": "a column is missing, or nothing declares it",
    "count": "numbers of episodes, frames or tasks that disagree",
    "episode_gap": "an episode's number is missing",
    "episode_twice": "an episode's number stands twice",
    "episode_order": "episodes are not in the order of their numbers",
    "episode_copy": "an episode holds the same numbers as another one",
    "frame_gap": "a frame's number is missing",
    "frame_twice": "a frame's number stands twice",
    "frame_order": "frames are not in the order of their numbers",
    "index": "the number of a frame in the whole dataset is wrong",
    "time_drift": "times run faster or slower than frames a second say, or from another start",
    "time_irregular": "a time stamp is not where its frame is",
    "row": "a row does not hold as many numbers as are declared",
    "not_finite": "a number is NaN or infinite",
    "action_range": "an action is outside the bounds of its channel",
    "jump": "the state leaps between two frames",
    "task_missing": "a frame names a task that is not in meta/tasks.parquet",
    "task_text": "a task has no words",
    "stats": "meta/stats.json is missing or does not describe the data",
    "video_broken": "a video cannot be decoded",
    "video_frame": "a video has no frame at the time of a row",
    "video_shared": "two episodes have the same stretch of a video",
    "picture_size": "a picture is not of the declared size",
    "picture_missing": "a row has no picture that can be read",
    "picture_blank": "a picture has one colour only",
    "picture_frozen": "pictures stand still while the state moves",
}

_FEW = 8  # frames


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: its code (one of `CODES`), the file or column it is in, episode and frame if it has them."""

    code: str
    where: str
    episode: int | None
    frame: int | None
    found: str
    allowed: str

    def line(self) -> str:
        """The fault in one line, for people."""
        places = [] if self.episode is None else [f"episode {self.episode}"]
        places += [] if self.frame is None else [f"frame {self.frame}"]
        return f"{self.code}: {', '.join([*places, self.where])}: found {self.found}; allowed: {self.allowed}"


class Findings:
    """Faults as they are found."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(
        self, code: str, where: str, found: object, allowed: str, episode: int | None = None, frame: int | None = None
    ) -> None:
        """Note a fault."""
        self.faults.append(Fault(code, where, episode, frame, str(found), allowed))

    def broken(self, code: str, where: str, error: BadInput, episode: int | None = None) -> None:
        """Note that something could not be read."""
        self.faults.append(Fault(code, where, episode, None, f"{error.asked}: {error.found}", error.allowed))


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something counts as a fault.

    `time` [s] is how far a time stamp may be from its frame; 1e-4 is what lerobot takes. A step of the state is a leap if
    it is `leap` times what nine in ten steps of its channel stay below, and more than `reach` of the channel's range in
    the episode. Pictures are frozen if `still` of them in a row differ by less than `grey` levels in every patch of
    8 x 8 pixels while a channel of the state moves by more than `travel` of its range.
    """

    time: float = 1e-4
    leap: float = 10.0
    reach: float = 0.2
    still: int = 10
    grey: float = 1.5
    travel: float = 0.05


def numbering(numbers: NDArray[np.int64], count: int) -> list[tuple[str, int, int]]:
    """What keeps `numbers` from being 0 to `count` - 1 in order: ("gap", number, -1) for one that is missing,
    ("twice", number, place) for one that comes again, ("order", number, place) for the first out of order."""
    found: list[tuple[str, int, int]] = []
    order = np.argsort(numbers, kind="stable")
    again = np.flatnonzero(np.diff(numbers[order]) == 0) + 1
    found += [("twice", int(numbers[place]), int(place)) for place in sorted(order[again].tolist())]
    found += [("gap", int(number), -1) for number in np.setdiff1d(np.arange(count), numbers)]
    back = np.flatnonzero(np.diff(numbers) < 0)
    if len(back):
        found.append(("order", int(numbers[back[0] + 1]), int(back[0] + 1)))
    return found


def time_fault(times: NDArray[Any], frames: NDArray[np.int64], fps: float, limits: Limits) -> tuple[str, int, float] | None:
    """Whether `times` (T,) [s] stand where `frames` (T,) say: ("drift" or "irregular", first row, its error [s]), or None.

    Drift is an error that grows evenly, or is the same everywhere: a wrong rate or start. All else is irregular.
    """
    errors = times.astype(np.float64) - frames / fps
    # float32 cannot do better far from the start
    allowed = limits.time + np.spacing(np.maximum(np.abs(times.astype(np.float32)), np.float32(1e-3)))
    off = np.flatnonzero(~(np.abs(errors) <= allowed))
    if not len(off):
        return None
    first = int(off[0])
    if np.all(np.isfinite(errors)):
        slope, start = np.polyfit(frames.astype(np.float64), errors, 1) if len(errors) > 2 else (0.0, errors[0])
        if np.all(np.abs(errors - (slope * frames + start)) <= 2 * allowed) and len(errors) > 2:
            return "drift", first, float(errors[first])
    return "irregular", first, float(errors[first])


def not_finite(values: Floats) -> list[tuple[int, int]]:
    """Every (row, channel) of `values` (T, D) that is no finite number."""
    return [(int(row), int(channel)) for row, channel in np.argwhere(~np.isfinite(values))]


def out_of_range(values: Floats, channels: Sequence[Channel]) -> list[tuple[int, int, int]]:
    """For each channel with values outside its bounds: (first row, channel, how many). NaN is not outside."""
    found = []
    for place, channel in enumerate(channels):
        outside = np.flatnonzero((values[:, place] < channel.low) | (values[:, place] > channel.high))
        if len(outside):
            found.append((int(outside[0]), place, len(outside)))
    return found


def jumps(state: Floats, limits: Limits) -> list[tuple[int, int]]:
    """(row, channel) of leaps in `state` (T, D): of one channel that leaps and comes back at once (a bad row), or of most
    channels that move at all (a cut). One channel that leaps and stays is a switch or a gripper, no fault; and a few
    frames do not tell what is usual."""
    if len(state) < _FEW or not np.all(np.isfinite(state)):
        return []
    steps = np.diff(state.astype(np.float64), axis=0)
    sizes = np.abs(steps)
    span = np.ptp(state.astype(np.float64), axis=0)
    # a bad row makes two large steps: these must not become what is usual in a short episode
    usual = np.sort(sizes, axis=0)[min(int(0.9 * len(sizes)), len(sizes) - 3)]
    leaps = (sizes > limits.leap * usual) & (sizes > limits.reach * span) & (span > 0)
    back = np.abs(steps[:-1] + steps[1:]) < 0.5 * np.minimum(sizes[:-1], sizes[1:])
    spikes = leaps[:-1] & leaps[1:] & back
    found = {int(row) + 1: int(channel) for row, channel in np.argwhere(spikes)[::-1]}
    moving = np.count_nonzero(span > 0)
    for row in np.flatnonzero(2 * np.count_nonzero(leaps, axis=1) > moving):
        if not {int(row), int(row) + 1} & set(found):
            found[int(row) + 1] = int(np.argmax(leaps[row]))
    return sorted(found.items())


def travelled(state: Floats, start: int, stop: int, limits: Limits) -> bool:
    """Whether a channel of `state` (T, D) moves from row `start` to before `stop` by more than its share of its range."""
    if not state.shape[1]:
        return False
    span, part = np.ptp(state, axis=0), np.ptp(state[start:stop], axis=0)
    return bool(np.any((part > limits.travel * span) & (span > 0)))


def patches(picture: Picture) -> Floats:
    """Means of a picture's patches of 8 x 8 pixels, over all colours: about (h / 8, w / 8)."""
    height, width = (max(1, side // 8) for side in picture.shape[:2])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small.astype(np.float32).mean(axis=2), np.float32)


def still_runs(pictures: Iterable[Picture], limits: Limits) -> tuple[list[tuple[int, int]], int | None]:
    """Runs (start, before stop) of pictures that show what the first of their run shows, long enough to be told, and the
    first picture that has one colour only, or None. Takes one picture at a time."""
    runs: list[tuple[int, int]] = []
    blank: int | None = None
    anchor, start, count = np.zeros((0, 0), np.float32), 0, 0
    for frame, picture in enumerate(pictures):
        if blank is None and int(picture.max()) - int(picture.min()) <= 2:
            blank = frame
        mine = patches(picture)
        if mine.shape != anchor.shape or float(np.abs(mine - anchor).max()) >= limits.grey:
            runs.append((start, frame))
            anchor, start = mine, frame
        count = frame + 1
    runs.append((start, count))
    return [run for run in runs if run[1] - run[0] >= limits.still], blank
