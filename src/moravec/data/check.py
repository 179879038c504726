"""Finds what is wrong with a dataset on disk, whoever wrote it. Changes nothing, and goes on after every fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from moravec.core.errors import BadInput
from moravec.data import faults
from moravec.data.check_pictures import PictureCheck
from moravec.data.check_rows import RowCheck, Span
from moravec.data.faults import Fault, Findings, Limits
from moravec.data.lerobot import stats
from moravec.data.lerobot.about import features_of, read_about
from moravec.data.lerobot.catalogue import Catalogue, read_catalogue
from moravec.data.lerobot.frames import FrameFiles
from moravec.data.lerobot.layout import INFO, STATS, TASKS, Info, read_info, read_json
from moravec.data.lerobot.tables import read_tasks

Progress = Callable[[int, int], None]  # episodes that are done, and how many there are


def check(
    root: str | Path, *, pictures: bool = True, limits: Limits | None = None, progress: Progress | None = None
) -> list[Fault]:
    """Every fault of the LeRobotDataset v3.0 in the folder `root`: of the tables of contents first, then by episode.

    With `pictures`, every picture is decoded, which takes most of the time; without, videos are only asked which frames
    they have. One kind of fault in one column of one episode is told once, at its first frame. A folder without a dataset
    has the fault `info`.
    """
    root, findings = Path(root), Findings()
    try:
        info = read_info(root)
        features = features_of(info, read_about(root))
    except BadInput as error:
        findings.broken("info", INFO, error)
        return findings.faults
    tasks = _check_tasks(root, info, findings)
    catalogue = _catalogue(root, info, findings)
    if catalogue is None:
        return findings.faults
    _check_numbers(info, catalogue, findings)
    files = FrameFiles()
    rows = RowCheck(root, info, features, tasks, files, limits or Limits(), findings)
    looking = PictureCheck(root, info, files, limits or Limits(), pictures, findings)
    told: set[str] = set()
    for place in range(len(catalogue)):
        entry = catalogue.entry(place)
        path = info.data_file(entry.chunk, entry.file)
        if path not in told:
            told.add(path)
            _check_columns(root, path, info, files, findings)
        looking.check(entry, rows.check(entry))
        if progress is not None:
            progress(place + 1, len(catalogue))
    files.close()
    looking.close()
    if info.frames:
        _check_stats(root, rows.spans, findings)
    return findings.faults


def episodes_told(root: Path) -> int:
    """How many episodes a dataset says that it has; 0 where it says nothing."""
    try:
        return read_info(root).episodes
    except BadInput:
        return 0


def _check_tasks(root: Path, info: Info, findings: Findings) -> list[str] | None:
    """The sentences, their faults told; None where they cannot be read."""
    if not (root / TASKS).is_file():
        if info.tasks:
            findings.add("file_missing", TASKS, "no file", f"{info.tasks} tasks, as {INFO} says")
        return None
    try:
        tasks = read_tasks(root)
    except BadInput as error:
        findings.broken("file_broken", TASKS, error)
        return None
    for place, task in enumerate(tasks):
        if not any(letter.isalnum() for letter in task):
            findings.add("task_text", f"{TASKS}, task_index {place}", repr(task), "a sentence")
    if len(tasks) != info.tasks:
        findings.add("count", f"{INFO}, total_tasks", info.tasks, f"{len(tasks)}, as {TASKS} has")
    return tasks


def _catalogue(root: Path, info: Info, findings: Findings) -> Catalogue | None:
    try:
        return read_catalogue(root, info)
    except BadInput as error:
        findings.broken("file_broken", "meta/episodes", error)
        return None


def _check_numbers(info: Info, catalogue: Catalogue, findings: Findings) -> None:
    """Whether the catalogue has every episode once, and as many as meta/info.json says."""
    indices, lengths = catalogue.indices, catalogue.lengths()
    for kind, number, row in faults.numbering(indices, max(len(indices), info.episodes)):
        found = {"gap": "none", "twice": f"again in row {row}", "order": f"row {row}, after a higher one"}[kind]
        findings.add(f"episode_{kind}", "meta/episodes", found, "every number once, in order", number)
    if len(indices) != info.episodes:
        findings.add("count", f"{INFO}, total_episodes", info.episodes, f"{len(indices)}, as meta/episodes has")
    if int(lengths.sum()) != info.frames:
        findings.add("count", f"{INFO}, total_frames", info.frames, f"{int(lengths.sum())}, as meta/episodes has")


def _check_columns(root: Path, path: str, info: Info, files: FrameFiles, findings: Findings) -> None:
    """Whether a file of frames has the declared columns and no others: lerobot cannot load it otherwise."""
    try:
        there = files.columns(root / path)
    except BadInput:
        return  # told for each of its episodes
    wanted = [key for key, entry in info.features.items() if entry["dtype"] != "video"]
    for name in there:
        if name not in wanted:
            findings.add("column", path, f"{name}, which is not declared", f"the columns of {INFO} alone")
    for name in wanted:
        if name not in there:
            findings.add("column", path, f"no {name}", f"{name}, as {INFO} declares")


def _check_stats(root: Path, spans: dict[str, Span], findings: Findings) -> None:
    """Whether meta/stats.json has the least and the most of what was read."""
    try:
        plain = read_json(root, STATS)
    except BadInput as error:
        findings.broken("stats", STATS, error)
        return
    for key, span in spans.items():
        try:
            said = stats.from_plain(key, plain.get(key) if isinstance(plain, dict) else None)
        except BadInput as error:
            findings.broken("stats", f"{STATS}, {key}", error)
            continue
        for name, real in zip(("min", "max"), span, strict=True):
            if said[name].shape != real.shape or not np.allclose(said[name], real, rtol=1e-4, atol=1e-6):
                allowed = f"{np.round(real, 6).tolist()}, as the data have"
                findings.add("stats", f"{STATS}, {key}, {name}", said[name].tolist(), allowed)
                break
