"""The pictures of a dataset's episodes: whether every row has one, of the right size, that moves with the robot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data import faults
from moravec.data.faults import Findings, Limits
from moravec.data.lerobot.catalogue import Entry, VideoPlace
from moravec.data.lerobot.frames import FrameFiles, Lately
from moravec.data.lerobot.layout import Info
from moravec.data.lerobot.tables import decode_image
from moravec.data.lerobot.video import VideoFile
from moravec.models.contract import Floats, Picture


@final
class PictureCheck:
    """Looks at pictures; with `decode` at every one of them, else at the times of videos alone."""

    def __init__(self, root: Path, info: Info, files: FrameFiles, limits: Limits, decode: bool, findings: Findings) -> None:
        self._root, self._info, self._files, self._limits = root, info, files, limits
        self._decode, self._findings = decode, findings
        self._colour = set(info.cameras().values())
        self._videos: Lately[tuple[VideoFile, NDArray[np.float64]]] = Lately(_with_times, lambda both: both[0].close())
        self._spans: dict[str, list[tuple[float, float, int]]] = defaultdict(list)  # of each video: start, stop, episode

    def check(self, entry: Entry, state: Floats | None) -> None:
        """Tell the faults of an episode's pictures; `state` (T, s) says whether the robot moved."""
        for key, place in entry.videos.items():
            self._check_video(entry, key, place, state)
        for key in sorted(self._colour - set(entry.videos)):
            self._check_images(entry, key, state)

    def close(self) -> None:
        """Tell which stretches of videos are used twice, and close all files."""
        self._videos.close()
        for name, spans in self._spans.items():
            spans.sort()
            for (_, stop, first), (start, _, second) in pairwise(spans):
                if start < stop - 0.5 / self._info.fps:
                    found = f"{start:g} s on, which episode {first} has up to {stop:g} s"
                    self._findings.add("video_shared", name, found, "a stretch of its own", second)

    def _check_video(self, entry: Entry, key: str, place: VideoPlace, state: Floats | None) -> None:
        name = self._info.video_file(key, place.chunk, place.file)
        if not (self._root / name).is_file():
            self._findings.add("file_missing", name, "no file", "the file that meta/episodes names", entry.index)
            return
        try:
            video, times = self._videos.get(self._root / name)
        except BadInput as error:
            self._findings.broken("video_broken", name, error, entry.index)
            return
        self._spans[name].append((place.start, place.start + entry.length / self._info.fps, entry.index))
        wanted = place.start + np.arange(entry.length) / self._info.fps
        far = _distance(wanted, times)
        missing = np.flatnonzero(far > self._limits.time)
        if len(missing):
            first = int(missing[0])
            found = f"nothing at {wanted[first]:.4f} s, {len(missing)} frames in all; {len(times)} frames in the file"
            allowed = f"a frame within {self._limits.time * 1e3:g} ms"
            self._findings.add("video_frame", name, found, allowed, entry.index, first)
            return
        if self._decode and key in self._colour:
            try:
                self._look(entry, key, name, (video.frame(time, self._limits.time) for time in wanted), state)
            except BadInput as error:
                self._findings.broken("video_broken", name, error, entry.index)

    def _check_images(self, entry: Entry, key: str, state: Floats | None) -> None:
        path = self._info.data_file(entry.chunk, entry.file)
        try:
            column = self._files.rows(self._root / path, entry.index, [key])[key]
        except BadInput:
            return  # told with the rows
        cells = [column[row] for row in range(len(column))]
        missing = [row for row, cell in enumerate(cells) if not _has_picture(cell.as_py())]
        if missing:
            found = f"no picture, {len(missing)} rows in all"
            self._findings.add("picture_missing", f"{path}, {key}", found, "PNG or JPEG", entry.index, missing[0])
            return
        if not self._decode:
            return
        try:
            self._look(entry, key, f"{path}, {key}", self._decoded(cells, f"{path}, {key}"), state)
        except BadInput as error:
            self._findings.broken("picture_missing", f"{path}, {key}", error, entry.index)

    def _decoded(self, cells: list[Any], where: str) -> Iterator[Picture]:
        for row, cell in enumerate(cells):
            picture = decode_image(cell.as_py(), self._root)
            if picture is None:
                raise BadInput(f"{where}, frame {row}", "no picture that can be read", "PNG or JPEG")
            yield picture

    def _look(self, entry: Entry, key: str, where: str, pictures: Iterator[Picture], state: Floats | None) -> None:
        """Sizes, blank pictures, and those that stand still while the robot does not."""
        sized = self._sized(entry, key, where, pictures)
        runs, blank = faults.still_runs(sized, self._limits)
        if blank is not None:
            self._findings.add("picture_blank", where, "one colour", "something to see", entry.index, blank)
        for start, stop in runs:
            if state is not None and faults.travelled(state, start, stop, self._limits):
                found = f"the same picture {stop - start} times"
                allowed = f"less than {self._limits.still} while the state moves"
                self._findings.add("picture_frozen", where, found, allowed, entry.index, start)
                break

    def _sized(self, entry: Entry, key: str, where: str, pictures: Iterator[Picture]) -> Iterator[Picture]:
        height, width = self._info.size(key)
        told = False
        for frame, picture in enumerate(pictures):
            if picture.shape[:2] != (height, width) and not told:
                told = True
                found = f"{picture.shape[0]}x{picture.shape[1]}"
                self._findings.add("picture_size", where, found, f"{height}x{width}", entry.index, frame)
            yield picture


def _with_times(path: Path) -> tuple[VideoFile, NDArray[np.float64]]:
    video = VideoFile(path)
    try:
        return video, video.times()
    except BadInput:
        video.close()
        raise


def _distance(wanted: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each wanted time is from the nearest of `times`, which are in order."""
    if not len(times):
        return np.full(len(wanted), np.inf)
    after = np.minimum(np.searchsorted(times, wanted), len(times) - 1)
    before = np.maximum(after - 1, 0)
    nearest: NDArray[np.float64] = np.minimum(np.abs(times[after] - wanted), np.abs(times[before] - wanted))
    return nearest


def _has_picture(cell: dict[str, Any] | None) -> bool:
    return bool(cell and (cell.get("bytes") or cell.get("path")))
