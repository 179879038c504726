"""Appends episodes to a LeRobotDataset v3.0, so that a kill at any moment costs the episode in hand and no other.

Every episode has a data file and a video file a camera of its own, written under another name, synced and renamed. The
rows of meta/episodes are kept a hundred to a file, which is written anew for each. meta/info.json comes last: what it
does not count is not there yet, and the next writer puts it aside.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa

from moravec.core.errors import BadInput, MoravecError
from moravec.data.episode import CAMERA_KEY, Episode, Features, check_episode
from moravec.data.lerobot import layout, stats, tables
from moravec.data.lerobot.about import About, declared, read_about, write_about
from moravec.data.lerobot.catalogue import Catalogue, read_episodes
from moravec.data.lerobot.layout import ACTION, STATE, Info, numbered
from moravec.data.lerobot.read import Reader
from moravec.data.lerobot.video import Encoder, encode
from moravec.data.provenance import Provenance

GROUP = 100  # rows of meta/episodes in a file
RANKED = 20_000_000  # numbers at most that quantiles are taken from at the end: 80 MB


@final
class Writer:
    """Appends to the dataset in the folder `root`, a new one or one that it wrote before. A context manager.

    `encoder` says how pictures become video; None stores them as PNG, which loses nothing and takes more room.
    `provenance` is where this session's episodes come from. Only one writer at a time has a dataset. Raises BadInput
    where the folder holds something else, another writer has it, or its features or its encoder are not these;
    MoravecError where it cannot be written: what was appended before stays whole, and appending can be tried again.
    """

    def __init__(
        self,
        root: str | Path,
        features: Features,
        encoder: Encoder | None = Encoder(),  # noqa: B008  (frozen)
        provenance: Provenance | None = None,
    ) -> None:
        self.root = Path(root)
        self.features = features
        self._encoder = encoder
        self._keys = [CAMERA_KEY + camera.name for camera in features.cameras]
        _check_sizes(features, encoder)
        self._lock: int | None = _lock(self.root)
        self._tasks: dict[str, int] = {}  # task_index by sentence
        self._stats: dict[str, stats.Stats] = {}
        self._group = self._schema().empty_table()  # the rows of the last file of meta/episodes, while it is not full
        with ExitStack() as undo:
            undo.callback(self.release)
            self._info: Info = self._open(provenance)
            undo.pop_all()

    @property
    def episodes(self) -> int:
        """How many episodes the dataset has: the number of the next one."""
        return self._info.episodes

    @property
    def frames(self) -> int:
        """How many frames it has."""
        return self._info.frames

    def append(self, episode: Episode) -> int:
        """Add an episode; its number. When this returns, the disk has it. Raises BadInput, MoravecError."""
        check_episode(self.features, episode)
        self._held()
        index, first = self._info.episodes, self._info.frames
        new = [task for task in episode.tasks if task not in self._tasks]
        tasks = self._tasks | {task: len(self._tasks) + k for k, task in enumerate(new)} if new else self._tasks
        if self._encoder is not None:
            self._put_videos(index, episode, self._encoder)
        task = tasks[episode.tasks[0]]
        frames = tables.frames_table(episode, self.features, index, first, task, images=self._encoder is None)
        layout.put(self.root, numbered(layout.DATA_PATH, index), tables.to_bytes(frames))
        if new:
            layout.put(self.root, layout.TASKS, tables.to_bytes(tables.tasks_table(list(tasks))))
        mine = self._stats_of(episode, index, first, task)
        group = self._put_row(episode, index, first, mine)
        total = {key: stats.merged([self._stats[key], part]) if index else part for key, part in mine.items()}
        self._put_stats(total)
        info = replace(self._info, episodes=index + 1, frames=first + len(episode), tasks=len(tasks))
        layout.put_json(self.root, layout.INFO, info.to_plain())
        self._info, self._tasks, self._stats, self._group = info, tasks, total, group
        return index

    def close(self) -> None:
        """Give the statistics their quantiles over all frames and let go of the dataset; a second call does nothing."""
        if self._lock is None:
            return
        try:
            if self._info.episodes:
                self._put_stats(_ranked(self.root, self._stats))
        finally:
            self.release()

    def release(self) -> None:
        """Let go of the dataset as it is."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.close()
        else:
            self.release()

    # ── opening ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _open(self, provenance: Provenance | None) -> Info:
        entries = declared(self.features, self._encoder)
        video_path = layout.VIDEO_PATH if self._encoder is not None and self._keys else None
        fresh = Info(self.features.fps, entries, robot=self.features.robot, video_path=video_path)
        about = read_about(self.root)
        came = () if provenance is None else (provenance,)
        if about is None:
            strangers = sorted(path.name for path in self.root.iterdir() if not path.name.endswith(layout.PART))
            if strangers:
                raise BadInput(f"the folder {self.root}", ", ".join(strangers[:5]), "an empty one, or a dataset of this writer")
            write_about(self.root, About(self.features, self._encoder, came))
        else:
            _same(self.root, about, self.features, self._encoder)
            new = tuple(each for each in came if each not in about.provenance)
            write_about(self.root, replace(about, provenance=about.provenance + new))
        if about is None or not (self.root / layout.INFO).exists():
            layout.put_json(self.root, layout.INFO, fresh.to_plain())
            info = fresh
        else:
            info = self._resume(fresh)
        for stray in _strays(self.root, info.episodes):
            stray.unlink()
        return info

    def _resume(self, fresh: Info) -> Info:
        """Go on where the table of contents ends."""
        written = layout.read_info(self.root)
        info = replace(fresh, episodes=written.episodes, frames=written.frames, tasks=written.tasks)
        if not written.episodes:
            return info
        self._tasks = {task: k for k, task in enumerate(tables.read_tasks(self.root)[: written.tasks])}
        rows = read_episodes(self.root, statistics=True).slice(0, written.episodes)
        entries = Catalogue(written, rows)
        files = [entries.entry(row) for row in (0, written.episodes - 1)] if len(rows) == written.episodes else []
        if [entry.index == entry.chunk * layout.CHUNK_FILES + entry.file for entry in files] != [True, True]:
            raise BadInput(f"the dataset {self.root}", "files that another program added", "files of this writer alone")
        self._group = rows.slice(written.episodes - written.episodes % GROUP).select(self._schema().names).cast(self._schema())
        for key in (*tables.numbers_keys(self.features), *self._keys):
            columns = {name: rows[f"stats/{key}/{name}"].to_pylist() for name in stats.KEYS}
            parts = [{name: columns[name][row] for name in stats.KEYS} for row in range(len(rows))]
            self._stats[key] = stats.merged([stats.from_plain(key, part) for part in parts])
        return info

    def _held(self) -> None:
        if self._lock is None:
            raise MoravecError(f"dataset {self.root}: its writer is closed; open another to add episodes")

    def _schema(self) -> pa.Schema:
        return tables.episodes_schema(tables.numbers_keys(self.features), self._keys, self._encoder is not None)

    # ── appending ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _put_videos(self, index: int, episode: Episode, encoder: Encoder) -> None:
        for key, camera in zip(self._keys, self.features.cameras, strict=True):
            name = numbered(layout.VIDEO_PATH, index, video_key=key)
            layout.folder(self.root, name)
            path = self.root / name
            encode(path.with_name(path.name + layout.PART), episode.pictures[camera.name], self.features.fps, encoder)
            layout.settle(self.root, name)

    def _stats_of(self, episode: Episode, index: int, first: int, task: int) -> dict[str, stats.Stats]:
        groups = {STATE: episode.state, ACTION: episode.actions, **episode.extras}
        values: dict[str, Any] = {key: group for key, group in groups.items() if group.shape[1]}
        frames = np.arange(len(episode))[:, None]
        own = {"timestamp": (frames / self.features.fps).astype(np.float32), "frame_index": frames, "index": frames + first}
        same = {"episode_index": np.full_like(frames, index), "task_index": np.full_like(frames, task)}
        found = {key: stats.of_numbers(group) for key, group in (values | own | same).items()}
        names = [camera.name for camera in self.features.cameras]
        return found | {CAMERA_KEY + name: stats.of_pictures(episode.pictures[name]) for name in names}

    def _put_row(self, episode: Episode, index: int, first: int, mine: dict[str, stats.Stats]) -> pa.Table:
        """Write the file of meta/episodes that this episode's row belongs to; the rows in it, empty when it is full."""
        chunk, file = divmod(index, layout.CHUNK_FILES)
        group_chunk, group_file = divmod(index // GROUP, layout.CHUNK_FILES)
        row: dict[str, Any] = {
            "episode_index": index, "tasks": list(episode.tasks), "length": len(episode),
            "data/chunk_index": chunk, "data/file_index": file,
            "dataset_from_index": first, "dataset_to_index": first + len(episode),
            "meta/episodes/chunk_index": group_chunk, "meta/episodes/file_index": group_file,
            tables.SUCCESS: episode.success, tables.NOTES: json.dumps(dict(episode.notes), ensure_ascii=False),
        }  # fmt: skip
        for key in self._keys if self._encoder is not None else ():
            row |= {f"videos/{key}/chunk_index": chunk, f"videos/{key}/file_index": file}
            row |= {f"videos/{key}/from_timestamp": 0.0, f"videos/{key}/to_timestamp": len(episode) / self.features.fps}
        for key, part in mine.items():
            row |= {f"stats/{key}/{name}": value for name, value in stats.to_plain(part).items()}
        group = pa.concat_tables([self._group, pa.Table.from_pylist([row], schema=self._schema())]).combine_chunks()
        layout.put(self.root, numbered(layout.EPISODES_PATH, index // GROUP), tables.to_bytes(group))
        return group if len(group) < GROUP else self._schema().empty_table()

    def _put_stats(self, total: dict[str, stats.Stats]) -> None:
        layout.put_json(self.root, layout.STATS, {key: stats.to_plain(part) for key, part in total.items()})


def _check_sizes(features: Features, encoder: Encoder | None) -> None:
    """Whether pictures of these sizes can be stored in this way, before the first of them comes."""
    for camera in features.cameras if encoder is not None else ():
        if camera.height % 2 or camera.width % 2:
            size = f"{camera.height}x{camera.width}"
            raise BadInput(f"camera {camera.name}, stored as video", size, "even height and width; odd ones as images")


def _lock(root: Path) -> int:
    """Make the folder and take it; the kernel gives it back when this process ends, however it ends."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise BadInput(f"the dataset's folder {root}", str(error.strerror), "a folder that can be written") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise BadInput(f"the dataset {root}", "a writer that has it", "one writer at a time") from error
    return handle


def _same(root: Path, about: About, features: Features, encoder: Encoder | None) -> None:
    """Whether a dataset that is there takes these episodes."""
    for name in ("fps", "robot", "state", "action", "cameras", "extras"):
        mine, theirs = getattr(features, name), getattr(about.features, name)
        if mine != theirs:
            raise BadInput(f"{name} of episodes for {root}", mine, f"{theirs}, as the dataset has")
    if encoder != about.encoder:
        raise BadInput(f"the encoder of pictures for {root}", encoder, f"{about.encoder}, as the dataset has")


def _strays(root: Path, episodes: int) -> Iterator[Path]:
    """Files that a writer left which did not come to the end of an episode."""
    yield from sorted(root.rglob(f"*{layout.PART}"))
    groups = -(-episodes // GROUP)
    for pattern, kept in (("data/*/*.parquet", episodes), ("videos/*/*/*.mp4", episodes), ("meta/episodes/*/*.parquet", groups)):
        for path in sorted(root.glob(pattern)):
            chunk, file = (int(name.rpartition("-")[2]) for name in (path.parent.name, path.stem))
            if chunk * layout.CHUNK_FILES + file >= kept:
                yield path


def _ranked(root: Path, total: dict[str, stats.Stats]) -> dict[str, stats.Stats]:
    """The statistics with quantiles over all frames instead of an envelope; over evenly chosen ones of a large dataset.

    Those of pictures stay the envelope: their pixels are not read again.
    """
    with Reader(root) as reader:
        widths = {key: len(total[key]["mean"]) for key in total if total[key]["mean"].ndim == 1}
        step = max(1, -(-reader.info.frames * sum(widths.values()) // RANKED))
        chosen: dict[str, list[Any]] = {key: [] for key in widths}
        for index in range(len(reader)):
            rows = reader.rows(index)
            kept = rows.index % step == 0
            own: dict[str, Any] = {"timestamp": rows.timestamp, "frame_index": rows.frame_index, "index": rows.index}
            own |= {"task_index": rows.task_index, "episode_index": np.full(len(rows), index)}
            for key in widths:
                chosen[key].append(own[key][kept, None] if key in own else rows.numbers[key][kept])
    found = dict(total)
    for key, parts in chosen.items():
        ranks = np.quantile(np.concatenate(parts).astype(np.float64), list(stats.QUANTILES.values()), axis=0)
        found[key] = {**total[key], **dict(zip(stats.QUANTILES, ranks, strict=True))}
    return found
