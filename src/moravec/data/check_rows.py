"""The numbers of a dataset's episodes, looked at one episode after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data import faults
from moravec.data.episode import Features
from moravec.data.faults import Findings, Limits
from moravec.data.lerobot.about import channel_names, is_numbers
from moravec.data.lerobot.catalogue import Entry
from moravec.data.lerobot.frames import FrameFiles
from moravec.data.lerobot.layout import ACTION, OWN, STATE, Info
from moravec.data.lerobot.tables import integers, numbers
from moravec.models.contract import Floats

Span = tuple[NDArray[np.float64], NDArray[np.float64]]  # least and most of every channel
_COUNTS = ("frame_index", "index", "task_index")


@final
class RowCheck:
    """Looks at rows. `spans` are the least and the most of every feature so far, without faulty episodes."""

    def __init__(
        self, root: Path, info: Info, features: Features, tasks: list[str] | None,
        files: FrameFiles, limits: Limits, findings: Findings,
    ) -> None:  # fmt: skip
        self._root, self._info, self._features, self._tasks = root, info, features, tasks
        self._files, self._limits, self._findings = files, limits, findings
        self._seen: dict[bytes, int] = {}  # the first episode with these numbers
        self.spans: dict[str, Span] = {}

    def check(self, entry: Entry) -> Floats | None:
        """Tell the faults of an episode's rows; its state (T, s) where it has one that can be read."""
        path = self._info.data_file(entry.chunk, entry.file)
        table = self._table(entry, path)
        if table is None:
            return None
        self._check_counts(entry, table, path)
        values = dict(self._values(entry, table, path))
        self._check_copy(entry.index, path, values)
        if ACTION in values:
            self._check_bounds(entry.index, values[ACTION])
        state = values.get(STATE)
        if state is not None:
            self._check_jumps(entry.index, state)
        return state

    def _table(self, entry: Entry, path: str) -> pa.Table | None:
        """The episode's rows; None where there are none or where a column is missing that every row has."""
        if not (self._root / path).is_file():
            self._findings.add("file_missing", path, "no file", "the file that meta/episodes names", entry.index)
            return None
        try:
            there = self._files.columns(self._root / path)
            keys = [key for key, declared in self._info.features.items() if is_numbers(declared) and key in there]
            if not set(OWN) <= set(keys):
                return None  # told with the columns
            table = self._files.rows(self._root / path, entry.index, keys)
        except BadInput as error:
            self._findings.broken("file_broken", path, error, entry.index)
            return None
        if len(table) != entry.length:
            self._findings.add("count", path, f"{len(table)} rows", f"{entry.length}, as meta/episodes says", entry.index)
        return table if len(table) else None

    def _check_counts(self, entry: Entry, table: pa.Table, path: str) -> None:
        """Frame numbers, numbers in the whole dataset, times and tasks."""
        whole: dict[str, NDArray[np.int64]] = {}
        for key in _COUNTS:
            try:
                whole[key] = integers(table[key])
            except pa.ArrowException as error:
                self._findings.add("row", f"{path}, {key}", error, "whole numbers", entry.index)
                return
        self._check_frames(entry, whole["frame_index"], path)
        wrong = np.flatnonzero(whole["index"] != entry.start + np.arange(len(table)))
        if len(wrong):
            found = f"{whole['index'][wrong[0]]}, {len(wrong)} rows in all"
            self._findings.add("index", path, found, f"{entry.start + wrong[0]}", entry.index, int(wrong[0]))
        times = numbers(table["timestamp"], 1)[0][:, 0]
        off = faults.time_fault(times, whole["frame_index"], self._info.fps, self._limits)
        if off is not None:
            kind, row, error_s = off
            found = f"{times[row]:g} s, off by {error_s:.4g} s"
            allowed = f"frame_index / {self._info.fps:g}, within {self._limits.time * 1e3:g} ms"
            self._findings.add(f"time_{kind}", f"{path}, timestamp", found, allowed, entry.index, row)
        if self._tasks is not None:
            last = len(self._tasks) - 1
            strange = np.flatnonzero((whole["task_index"] < 0) | (whole["task_index"] > last))
            if len(strange):
                found = f"task_index {whole['task_index'][strange[0]]}, {len(strange)} rows in all"
                self._findings.add("task_missing", path, found, f"0 to {last}", entry.index, int(strange[0]))

    def _check_frames(self, entry: Entry, frames: NDArray[np.int64], path: str) -> None:
        every = faults.numbering(frames, entry.length)
        for kind in ("gap", "twice", "order"):
            same = [number for what, number, _ in every if what == kind]
            if same:
                more = f" and {len(same) - 1} more" if len(same) > 1 else ""
                allowed = f"0 to {entry.length - 1}, each once, in order"
                self._findings.add(f"frame_{kind}", path, f"frame {same[0]}{more}", allowed, entry.index, same[0])

    def _values(self, entry: Entry, table: pa.Table, path: str) -> Iterator[tuple[str, Floats]]:
        """Every column of numbers that can be read and is no counter, its faults told."""
        for key in table.column_names:
            declared = self._info.features[key]
            width = int(declared["shape"][0])
            try:
                values, bad = numbers(table[key], width)
            except (pa.ArrowException, ValueError) as error:
                self._findings.add("row", f"{path}, {key}", error, f"{width} numbers in every row", entry.index)
                continue
            if bad:
                found = f"{table[key][bad[0]].as_py()}, {len(bad)} rows in all"
                self._findings.add("row", f"{path}, {key}", found, f"{width} numbers in every row", entry.index, bad[0])
            infinite = [place for place in faults.not_finite(values) if place[0] not in set(bad)]
            if infinite:
                row, place = infinite[0]
                found = f"{channel_names(key, declared)[place]} {values[row, place]}, {len(infinite)} in all"
                self._findings.add("not_finite", key, found, "finite numbers", entry.index, row)
            if key not in OWN:  # nobody learns from counters, and merging leaves their statistics behind
                if not bad and not infinite:
                    self._widen(key, values)
                yield key, values

    def _widen(self, key: str, values: Floats) -> None:
        least, most = values.min(axis=0).astype(np.float64), values.max(axis=0).astype(np.float64)
        before = self.spans.get(key, (least, most))
        self.spans[key] = np.minimum(before[0], least), np.maximum(before[1], most)

    def _check_copy(self, index: int, path: str, values: Mapping[str, Floats]) -> None:
        """Whether an earlier episode has the same numbers, frame by frame."""
        moving = [values[key] for key in sorted(values) if np.any(np.diff(values[key], axis=0))]
        if not moving:
            return  # nothing moves: every such episode is like every other
        digest = hashlib.sha256()
        for each in moving:
            digest.update(repr(each.shape).encode() + each.tobytes())
        first = self._seen.setdefault(digest.digest(), index)
        if first != index:
            self._findings.add("episode_copy", path, f"the numbers of episode {first}", "numbers of its own", index)

    def _check_bounds(self, index: int, actions: Floats) -> None:
        for row, place, count in faults.out_of_range(actions, self._features.action):
            channel = self._features.action[place]
            found = f"{channel.name} {actions[row, place]:g}, {count} rows in all"
            self._findings.add("action_range", ACTION, found, f"{channel.low:g} to {channel.high:g} {channel.unit}", index, row)

    def _check_jumps(self, index: int, state: Floats) -> None:
        leaps = faults.jumps(state, self._limits)
        if leaps:
            row, place = leaps[0]
            found = f"{self._features.state[place].name} from {state[row - 1, place]:g} to {state[row, place]:g}"
            found += f", {len(leaps)} leaps in all" if len(leaps) > 1 else ""
            allowed = f"steps of less than {self._limits.leap:g} times the usual ones"
            self._findings.add("jump", STATE, found, allowed, index, row)

