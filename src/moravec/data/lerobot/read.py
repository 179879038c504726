"""Opens a LeRobotDataset v3.0, whoever wrote it: one episode a file or a thousand, pictures as video or as PNG."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.episode import Episode
from moravec.data.lerobot import stats
from moravec.data.lerobot.about import features_of, is_numbers, read_about
from moravec.data.lerobot.catalogue import Entry, read_catalogue
from moravec.data.lerobot.frames import FrameFiles, Lately
from moravec.data.lerobot.layout import ACTION, STATE, STATS, read_info, read_json
from moravec.data.lerobot.tables import decode_image, integers, numbers, read_tasks
from moravec.data.lerobot.video import TOLERANCE, VideoFile
from moravec.models.contract import Floats, Picture

_COUNTS = ("frame_index", "index", "task_index")


@dataclass(frozen=True, slots=True)
class Rows:
    """The numbers of an episode's T frames.

    `timestamp` (T,) [s], `frame_index`, `index` and `task_index` (T,) as stored; `numbers` are (T, k) by column, read-only.
    """

    timestamp: NDArray[np.float32]
    frame_index: NDArray[np.int64]
    index: NDArray[np.int64]
    task_index: NDArray[np.int64]
    numbers: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.timestamp)


@final
class Reader:
    """A dataset, open for reading: `features`, `info`, `tasks` (sentence k is that of task_index k).

    Opening reads the tables of contents only. Files are opened as they are needed and a few are kept open, so each
    process opens a reader of its own; one that is pickled opens the dataset again. `tolerance` [s] is how far a picture
    may stand from the time of its frame. Raises BadInput where the dataset is missing or contradicts itself.
    """

    def __init__(self, root: str | Path, tolerance: float = TOLERANCE) -> None:
        self.root = Path(root)
        self.info = read_info(self.root)
        self.about = read_about(self.root)
        self.features = features_of(self.info, self.about)
        self.tasks = read_tasks(self.root) if self.info.tasks else []
        self.catalogue = read_catalogue(self.root, self.info).sorted()
        self.tolerance = tolerance
        # A killed writer may leave a row that the table of contents does not count yet.
        wanted = np.arange(self.info.episodes)
        if not np.array_equal(self.catalogue.indices[: len(wanted)], wanted):
            found = f"{len(self.catalogue):,} rows, not all of them 0 to {len(wanted) - 1}"
            raise BadInput(f"the episodes of {self.root}", found, f"{len(wanted):,}, as meta/info.json says")
        self._cameras = self.info.cameras()
        self._frames = FrameFiles()
        self._videos: Lately[VideoFile] = Lately(VideoFile, VideoFile.close)

    def __len__(self) -> int:
        return self.info.episodes

    def __iter__(self) -> Iterator[Episode]:
        return (self.episode(index) for index in range(len(self)))

    def __reduce__(self) -> tuple[Any, ...]:
        return Reader, (self.root, self.tolerance)

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all files; they are opened again when needed."""
        self._frames.close()
        self._videos.close()

    @property
    def fps(self) -> float:
        """Frames a second."""
        return self.info.fps

    def lengths(self) -> NDArray[np.int64]:
        """Frames of every episode."""
        return self.catalogue.lengths()[: len(self)]

    def successes(self) -> list[bool | None]:
        """How every episode ended; None where nobody said."""
        return self.catalogue.successes()[: len(self)]

    def entry(self, index: int) -> Entry:
        """What the catalogue says of an episode. Raises BadInput where there is none of this number."""
        if not 0 <= index < len(self):
            raise BadInput(f"an episode of {self.root}", index, f"0 to {len(self) - 1}" if len(self) else "none: it is empty")
        return self.catalogue.entry(index)

    def rows(self, index: int) -> Rows:
        """The numbers of an episode. Raises BadInput where rows are missing, or one does not hold what is declared."""
        entry = self.entry(index)
        path = self.root / self.info.data_file(entry.chunk, entry.file)
        apart = (*_COUNTS, "episode_index")
        keys = [key for key, declared in self.info.features.items() if is_numbers(declared) and key not in apart]
        table = self._frames.rows(path, index, [*keys, *_COUNTS])
        if len(table) != entry.length:
            raise BadInput(f"episode {index} in {path}", f"{len(table)} rows", f"{entry.length}, as meta/episodes says")
        values = {}
        for key in keys:
            values[key], bad = numbers(table[key], int(self.info.features[key]["shape"][0]))
            if bad:
                declared = self.info.features[key]["shape"][0]
                raise BadInput(f"episode {index}, frame {bad[0]}, {key}", table[key][bad[0]].as_py(), f"{declared} numbers")
            values[key].flags.writeable = False
        counts = {key: integers(table[key]) for key in _COUNTS}
        mine = {key: values[key] for key in values if key != "timestamp"}
        return Rows(values["timestamp"][:, 0], counts["frame_index"], counts["index"], counts["task_index"], mine)

    def pictures(self, index: int, camera: str, frames: Sequence[int] | None = None) -> Picture:
        """Pictures (n, h, w, 3), RGB, of an episode's `frames` in any order, or of all of them.

        Raises BadInput where there is no such camera or frame, and where a file is missing or broken.
        """
        entry = self.entry(index)
        if camera not in self._cameras:
            raise BadInput(f"a camera of {self.root}", camera, self._cameras)
        chosen = range(entry.length) if frames is None else frames
        for frame in chosen if frames is not None else ():
            if not 0 <= frame < entry.length:
                raise BadInput(f"a frame of episode {index}", frame, f"0 to {entry.length - 1}")
        key = self._cameras[camera]
        if self.info.features[key]["dtype"] == "image":
            return self._images(entry, key, chosen)
        place = entry.videos[key]
        video = self._videos.get(self.root / self.info.video_file(key, place.chunk, place.file))
        self._size(str(video.path), video.size(), key)
        return video.frames([place.start + frame / self.fps for frame in chosen], self.tolerance)

    def episode(self, index: int, cameras: Sequence[str] | None = None) -> Episode:
        """A whole episode with the pictures of `cameras`, or of all of them. Raises BadInput, as `rows` and `pictures` do."""
        entry, rows = self.entry(index), self.rows(index)
        nothing = np.zeros((len(rows), 0), np.float32)
        extras = {key: rows.numbers[key] for key in self.features.extras}
        wanted = list(self._cameras) if cameras is None else cameras
        return Episode(
            self._sentences(entry, rows), self.fps, rows.numbers.get(STATE, nothing), rows.numbers.get(ACTION, nothing),
            {camera: self.pictures(index, camera) for camera in wanted}, extras, _success(entry, extras), entry.notes,
        )  # fmt: skip

    def stats(self) -> dict[str, stats.Stats]:
        """Statistics by feature, as meta/stats.json has them. Raises BadInput where it is missing or broken."""
        plain = read_json(self.root, STATS)
        if not isinstance(plain, dict):
            raise BadInput(f"the file {self.root / STATS}", type(plain).__name__, "a JSON object")
        return {key: stats.from_plain(key, values) for key, values in plain.items()}

    def _sentences(self, entry: Entry, rows: Rows) -> tuple[str, ...]:
        """The tasks of an episode, that of its first frame in front."""
        place = int(rows.task_index[0]) if len(rows) else -1
        if not 0 <= place < len(self.tasks):
            allowed = f"0 to {len(self.tasks) - 1}, as meta/tasks.parquet has them"
            raise BadInput(f"episode {entry.index}, frame 0, task_index", place, allowed)
        first = self.tasks[place]
        return (first, *(task for task in entry.tasks if task != first))

    def _images(self, entry: Entry, key: str, chosen: Sequence[int]) -> Picture:
        path = self.root / self.info.data_file(entry.chunk, entry.file)
        table = self._frames.rows(path, entry.index, [key])
        height, width = self.info.size(key)
        found = np.empty((len(chosen), height, width, 3), np.uint8)
        for place, frame in enumerate(chosen):
            where = f"episode {entry.index}, frame {frame}, {key}"
            picture = decode_image(table[key][frame].as_py(), self.root) if frame < len(table) else None
            if picture is None:
                raise BadInput(where, "no picture that can be read", "PNG or JPEG")
            self._size(where, picture.shape[:2], key)
            found[place] = picture
        return found

    def _size(self, where: str, size: tuple[int, ...], key: str) -> None:
        height, width = self.info.size(key)
        if tuple(size) != (height, width):
            raise BadInput(f"the size of {where}", f"{size[0]}x{size[1]}", f"{height}x{width}, as meta/info.json says")


def _success(entry: Entry, extras: Mapping[str, Floats]) -> bool | None:
    """How an episode ended: as its row says, or, from other writers, whether any frame was marked."""
    marks = extras.get("next.success")
    if entry.success is not None or marks is None:
        return entry.success
    return bool(np.any(marks > 0))
