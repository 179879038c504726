"""Where everything of a LeRobotDataset v3.0 lies, and its table of contents, meta/info.json."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moravec.core.errors import BadInput, MoravecError
from moravec.data.episode import CAMERA_KEY

VERSION = "v3.0"
CHUNK_FILES = 1000  # files in a chunk's folder
DATA_MB, VIDEO_MB = 100, 200  # soft sizes of a file, as lerobot has them
STATE, ACTION = "observation.state", "action"
# What every frame has of its own, and how it is declared.
OWN: Mapping[str, str] = {
    "timestamp": "float32", "frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64",
}  # fmt: skip
INFO, STATS, TASKS, ABOUT = "meta/info.json", "meta/stats.json", "meta/tasks.parquet", "meta/moravec.json"
DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
VIDEO_PATH = "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4"
EPISODES_PATH = "meta/episodes/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet"
PART = ".part"  # the ending of a file that is not whole yet


@dataclass(frozen=True, slots=True)
class Info:
    """The table of contents: how much there is, at which rate, in which columns.

    `features` maps a key to {"dtype", "shape", "names", "info"?}, as the format has it.
    """

    fps: float
    features: Mapping[str, Mapping[str, Any]]
    episodes: int = 0
    frames: int = 0
    tasks: int = 0
    robot: str = ""
    version: str = VERSION
    data_path: str = DATA_PATH
    video_path: str | None = VIDEO_PATH
    others: Mapping[str, Any] = field(default_factory=dict)

    def cameras(self) -> dict[str, str]:
        """The key of every colour camera, by its name: what follows `observation.images.`, or the whole key."""
        return {key.removeprefix(CAMERA_KEY): key for key, entry in self.features.items() if _is_colour(entry)}

    def video_keys(self) -> list[str]:
        """Keys of everything that is in MP4 files, depth included."""
        return [key for key, entry in self.features.items() if entry["dtype"] == "video"]

    def size(self, key: str) -> tuple[int, int]:
        """Height and width of a camera's pictures."""
        height, width = (side for side, name in _sides(self.features[key]) if name != "channels")
        return height, width

    def data_file(self, chunk: int, file: int) -> str:
        """Path of a file of frames, from the dataset's root."""
        return _fill(self.data_path, chunk_index=chunk, file_index=file)

    def video_file(self, key: str, chunk: int, file: int) -> str:
        """Path of a file of pictures, from the dataset's root."""
        return _fill(self.video_path or VIDEO_PATH, video_key=key, chunk_index=chunk, file_index=file)

    def to_plain(self) -> dict[str, Any]:
        """As JSON data, with every key that lerobot writes."""
        return {
            "codebase_version": self.version,
            "robot_type": self.robot or None,
            "total_episodes": self.episodes,
            "total_frames": self.frames,
            "total_tasks": self.tasks,
            "chunks_size": CHUNK_FILES,
            "data_files_size_in_mb": DATA_MB,
            "video_files_size_in_mb": VIDEO_MB,
            "fps": int(self.fps) if float(self.fps).is_integer() else self.fps,
            "splits": {"train": f"0:{self.episodes}"},
            "data_path": self.data_path,
            "video_path": self.video_path,
            "features": {key: dict(entry) for key, entry in self.features.items()},
            **self.others,
        }


def numbered(pattern: str, number: int, **more: str) -> str:
    """The path of the `number`-th file, counted from 0 over all chunks."""
    chunk, file = divmod(number, CHUNK_FILES)
    return pattern.format(chunk_index=chunk, file_index=file, **more)


def _sides(entry: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Sides of a picture with their names; some datasets name the channels first."""
    names = entry.get("names")
    first = isinstance(names, list) and bool(names) and str(names[0]).startswith("channel")
    order = ("channels", "height", "width") if first else ("height", "width", "channels")
    return list(zip(entry["shape"], order, strict=True))


def _is_colour(entry: Mapping[str, Any]) -> bool:
    """Whether a feature is a camera's, with three colours."""
    if entry["dtype"] not in ("video", "image") or (3, "channels") not in _sides(entry):
        return False
    told = entry.get("info") or {}
    return not (told.get("is_depth_map") or told.get("video.is_depth_map"))


def read_json(root: Path, name: str) -> Any:
    """A JSON file of the dataset. Raises BadInput where it is missing or no JSON."""
    path = root / name
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"the dataset {root}", f"no {name}", "a folder with a LeRobotDataset v3.0") from error
    except (OSError, ValueError) as error:
        raise BadInput(f"the file {path}", str(error), "JSON in UTF-8") from error


def read_info(root: Path) -> Info:
    """The table of contents. Raises BadInput where it is missing, broken, or of another version of the format."""
    plain = read_json(root, INFO)
    asked = f"the file {root / INFO}"
    if not isinstance(plain, dict):
        raise BadInput(asked, type(plain).__name__, "a JSON object")
    version = plain.get("codebase_version")
    if not isinstance(version, str) or not version.startswith("v3."):
        raise BadInput(f"{asked}, codebase_version", version, "v3.0; older datasets can be converted by lerobot")
    if plain.get("storage_format") not in (None, "parquet"):
        raise BadInput(f"{asked}, storage_format", plain["storage_format"], "parquet and MP4 files")
    fps = plain.get("fps")
    if not isinstance(fps, int | float) or isinstance(fps, bool) or not 0 < fps < math.inf:
        raise BadInput(f"{asked}, fps", fps, "a number above 0")
    episodes, frames, tasks = (_count(asked, plain, f"total_{what}") for what in ("episodes", "frames", "tasks"))
    features = plain.get("features")
    if not isinstance(features, dict):
        raise BadInput(f"{asked}, features", type(features).__name__, "an object with an entry for each column")
    for key, entry in features.items():
        _check_entry(asked, key, entry)
    return Info(
        float(fps), features, episodes, frames, tasks, robot=plain.get("robot_type") or "", version=version,
        data_path=plain.get("data_path") or DATA_PATH, video_path=plain.get("video_path", VIDEO_PATH),
    )  # fmt: skip


def _count(asked: str, plain: Mapping[str, Any], name: str) -> int:
    count = plain.get(name)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise BadInput(f"{asked}, {name}", count, "a whole number, 0 or more")
    return count


def _check_entry(asked: str, key: str, entry: Any) -> None:
    """Whether a feature is declared so that it can be read."""
    shape = entry.get("shape") if isinstance(entry, dict) else None
    if not isinstance(shape, list) or not all(isinstance(side, int) and side >= 0 for side in shape):
        raise BadInput(f"{asked}, features, {key}, shape", shape, "a list of whole numbers")
    if not isinstance(entry.get("dtype"), str):
        raise BadInput(f"{asked}, features, {key}, dtype", entry.get("dtype"), "a type's name")
    if entry["dtype"] in ("video", "image") and len(shape) != 3:
        raise BadInput(f"{asked}, features, {key}, shape", shape, "height, width and 3")


def _fill(pattern: str, **values: int | str) -> str:
    try:
        return pattern.format(**values)
    except (KeyError, IndexError, ValueError) as error:
        raise BadInput("a path of meta/info.json", pattern, "fields chunk_index, file_index and video_key") from error


# ── files that are there whole or not at all ─────────────────────────────────────────────────────────────────────────
def put(root: Path, name: str, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, whatever ends the process. Raises MoravecError."""
    path = root / name
    part = path.with_name(path.name + PART)
    folder(root, name)
    try:
        part.write_bytes(data)
    except OSError as error:
        raise _lost(root, name, error) from error
    settle(root, name)


def put_json(root: Path, name: str, plain: Any) -> None:
    """`put` for JSON data. Raises MoravecError."""
    put(root, name, (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def folder(root: Path, name: str) -> None:
    """Make the folder that the file `name` lies in, so that it outlives a power cut. Raises MoravecError."""
    path = (root / name).parent
    missing = [path, *path.parents][: next(n for n, up in enumerate([path, *path.parents]) if up.exists())]
    try:
        path.mkdir(parents=True, exist_ok=True)
        for new in missing:
            _sync(new.parent)
    except OSError as error:
        raise _lost(root, name, error) from error


def settle(root: Path, name: str) -> None:
    """Make the finished `name`.part the file `name`, not before the disk has it. Raises MoravecError."""
    path = root / name
    part = path.with_name(path.name + PART)
    try:
        _sync(part)
        part.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise _lost(root, name, error) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _lost(root: Path, name: str, error: OSError) -> MoravecError:
    return MoravecError(f"dataset {root}: {name} cannot be written ({error.strerror}); what was added before is whole")
