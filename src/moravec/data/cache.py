"""Demonstrations as training reads them: pictures already cut and scaled, all frames side by side in a few flat files.

A frame is read by its number from a memory map, without decoding anything. Made from a dataset once; `cache.json` is written
last, and a folder without it is no cache. Layout, for n frames of which m have a picture: `pictures.npy` (m, h, w, 3) uint8;
`state.npy`, `action.npy` (n, ...) float32 ((n, k, a) where a frame has a chunk of its own, see `episode.AHEAD`); `end.npy` (n,)
the first frame after each one's episode; `group.npy` (m,) of sentences; `points.npy` (m, k, 2) from -1 to 1, `places.npy`
(m, k, 3) [m].
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.episode import AHEAD, Episode, Features
from moravec.models.contract import CameraSpec, Floats, PolicySpec, plain_spec, spec_from
from moravec.models.manip.config import View
from moravec.models.manip.frames import FrameBatch
from moravec.models.manip.look import looked

FORMAT = 2
FACTS = "cache.json"
SEEN, TOLD = ("pictures", "group", "points", "places"), ("state", "action", "end")  # of frames with a picture, and of all
ARRAYS = SEEN + TOLD


class Cache:
    """An opened cache; `Frames` to a training. Nothing is read before it is asked for."""

    def __init__(self, folder: Path) -> None:
        """Raises BadInput for a folder that holds no whole cache."""
        self.folder = folder
        try:
            self.facts: dict[str, Any] = dict(json.loads((folder / FACTS).read_text()))
            self._arrays: dict[str, NDArray[Any]] = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
        except (OSError, EOFError, TypeError, ValueError) as error:
            found = f"{type(error).__name__}: {error}"
            raise BadInput(f"the cache {folder}", found, "a folder that 'moravec data cache' made") from error
        if self.facts.get("format") != FORMAT:
            raise BadInput(f"the cache {folder}, its format", self.facts.get("format"), str(FORMAT))
        lengths = {name: len(array) for name, array in self._arrays.items()}
        seen, told = self.facts.get("pictures"), self.facts.get("frames")
        if lengths != dict.fromkeys(SEEN, seen) | dict.fromkeys(TOLD, told):
            raise BadInput(f"the cache {folder}, frames", lengths, f"{told} in every file, {seen} of them with a picture")
        every = self.facts.get("every")
        if type(every) is not int or every < 1 or -(-lengths["state"] // every) != lengths["pictures"]:
            allowed = f"a whole number of 1 or more by which {told} frames have {seen} pictures"
            raise BadInput(f"the cache {folder}, every so many frames a picture", every, allowed)
        self._every = every
        self._arrays |= {name: np.array(self._arrays[name]) for name in ARRAYS if name != "pictures"}

    def __len__(self) -> int:
        return int(self.facts["pictures"])

    @property
    def view(self) -> View:
        """How its pictures were cut."""
        return View(**self.facts["view"])

    @property
    def spec(self) -> PolicySpec:
        """See `Frames.spec`."""
        return spec_from(self.facts["spec"])

    @property
    def robot(self) -> str:
        """The robot that was recorded."""
        return str(self.facts["robot"])

    @property
    def sentences(self) -> list[tuple[str, ...]]:
        """See `Frames.sentences`."""
        return [tuple(group) for group in self.facts["sentences"]]

    @property
    def groups(self) -> NDArray[np.int64]:
        """See `Frames.groups`."""
        return self._arrays["group"]

    @property
    def statistics(self) -> Mapping[str, Floats]:
        """See `Frames.statistics`."""
        state, action = self._arrays["state"], self._arrays["action"]
        low, high = np.quantile(action.reshape(-1, action.shape[-1]), (0.01, 0.99), axis=0)
        mean, std = state.mean(0, dtype=np.float64), state.std(0, dtype=np.float64)
        found = {"state mean": mean, "state std": std, "action low": low, "action high": high}
        return {name: values.astype(np.float32) for name, values in found.items()}

    @property
    def hash(self) -> str:
        """See `Frames.hash`."""
        return str(self.facts["hash"])

    def take(self, rows: NDArray[np.int64], chunk: int) -> FrameBatch:
        """See `Frames.take`."""
        frames = rows * self._every
        actions, there = self._ahead(frames, chunk)
        return FrameBatch(
            self._arrays["pictures"][rows], self._arrays["state"][frames], actions, there.astype(np.float32),
            self._arrays["group"][rows], self._arrays["points"][rows], self._arrays["places"][rows],
        )  # fmt: skip

    def _ahead(self, frames: NDArray[np.int64], chunk: int) -> tuple[Floats, NDArray[np.bool_]]:
        """Actions (b, chunk, a) from each of `frames` on, and (b, chunk) which of them there are."""
        action = self._arrays["action"]
        steps = np.arange(chunk)
        if action.ndim == 3:  # each frame has its own chunk
            own = action.shape[1]
            there = np.broadcast_to(steps < own, (len(frames), chunk))
            return action[frames][:, np.minimum(steps, own - 1)], there
        ends = self._arrays["end"][frames, None]
        ahead = frames[:, None] + steps
        return action[np.minimum(ahead, ends - 1)], ahead < ends


@dataclass(frozen=True, slots=True)
class Points:
    """Which extras of a dataset hold the places that losses in training are tied to; empty names where there are none."""

    pixels: str = ""
    places: str = ""
    absent: float = -1.0


def build(
    episodes: Iterable[Episode], features: Features, frames: int, folder: Path, view: View, points: Points, source: str,
    every: int = 1,
) -> Cache:
    """Writes a cache of `episodes`, `frames` long in all, and opens it. `source` names what it was made from, by its hash. Only
    one picture of `every` so many is kept; actions are kept all.

    Raises BadInput where the episodes are not as many frames as was said, there is none, or they have no camera.
    """
    if frames < 1 or every < 1:
        raise BadInput("the dataset's frames", f"{frames}, one of {every} kept", "one at least")
    if not features.cameras:
        raise BadInput("the dataset's cameras", "none", "one at least")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FACTS).unlink(missing_ok=True)
    camera, taught = features.cameras[0], len(features.extras.get(points.pixels, ())) // 2
    out = _files(folder, (-(-frames // every), frames), view, len(features.state), _action_shape(features), taught)
    groups: dict[tuple[str, ...], int] = {}
    digest, at = sha256(), 0
    for episode in episodes:
        n = len(episode)
        if at + n > frames:
            raise BadInput("the dataset's frames", f"more than {frames}", f"{frames}, as its information says")
        span, kept = slice(at, at + n), slice(-at % every, n, every)
        seen = slice(-(-at // every), -(-(at + n) // every))
        for row, picture in zip(range(seen.start, seen.stop), episode.pictures[camera.name][kept], strict=True):
            out["pictures"][row] = looked(picture, view)
        out["state"][span], out["end"][span] = episode.state, at + n
        out["action"][span] = episode.extras.get(AHEAD, episode.actions).reshape(n, *out["action"].shape[1:])
        out["group"][seen] = groups.setdefault(episode.tasks, len(groups))
        pixels, places = _places(episode, features, camera, view, points, taught)
        out["points"][seen], out["places"][seen] = pixels[kept], places[kept]
        for name in ARRAYS:
            digest.update(np.ascontiguousarray(out[name][seen if name in SEEN else span]).tobytes())
        at += n
    if at != frames:
        raise BadInput("the dataset's frames", at, f"{frames}, as its information says")
    for array in out.values():
        array.flush()
    words = {"view": asdict(view), "spec": plain_spec(features.spec()), "sentences": [list(group) for group in groups]}
    digest.update(json.dumps(words, sort_keys=True).encode())
    facts = {
        "format": FORMAT, "frames": frames, "every": every, "pictures": len(out["pictures"]), **words,
        "robot": features.robot, "source": source, "hash": digest.hexdigest(),
    }  # fmt: skip
    (folder / FACTS).write_text(json.dumps(facts, indent=1) + "\n")
    return Cache(folder)


def _action_shape(features: Features) -> tuple[int, ...]:
    """Of one frame's actions: its action, or its own chunk of them. Raises BadInput for half an action."""
    width, ahead = len(features.action), len(features.extras.get(AHEAD, ()))
    if ahead % width:
        raise BadInput(f"the column {AHEAD}", f"{ahead} numbers", f"whole actions of {width}")
    return (ahead // width, width) if ahead else (width,)


def _files(
    folder: Path, lengths: tuple[int, int], view: View, state: int, action: tuple[int, ...], taught: int
) -> dict[str, Any]:
    m, n = lengths
    shapes: dict[str, tuple[tuple[int, ...], Any]] = {
        "pictures": ((m, view.height, view.width, 3), np.uint8), "state": ((n, state), np.float32),
        "action": ((n, *action), np.float32), "end": ((n,), np.int64), "group": ((m,), np.int64),
        "points": ((m, taught, 2), np.float32), "places": ((m, taught, 3), np.float32),
    }  # fmt: skip
    return {
        name: np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.dtype(kind), shape)
        for name, (shape, kind) in shapes.items()
    }


def _places(
    episode: Episode, features: Features, camera: CameraSpec, view: View, points: Points, taught: int
) -> tuple[Floats, Floats]:
    """Points from -1 to 1 in the cut picture, and places; NaN where there is none."""
    n = len(episode)
    pixels = np.full((n, taught, 2), np.nan, np.float32)
    places = np.full((n, taught, 3), np.nan, np.float32)
    if taught and points.places in features.extras:
        raw = episode.extras[points.pixels].reshape(n, taught, 2)
        where = episode.extras[points.places].reshape(n, taught, 3)
        known = ~np.all(where == points.absent, axis=2, keepdims=True)
        share = (raw + 0.5) / (camera.width, camera.height)
        low, high = np.array([view.left, view.top]), np.array([view.right, view.bottom])
        pixels = np.where(known, (share - low) / (high - low) * 2.0 - 1.0, np.nan).astype(np.float32)
        places = np.where(known, where, np.nan).astype(np.float32)
    return pixels, places

