"""Each fault is planted in a real dataset on disk and found there, alone, where it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers_data import FEATURES, FPS, FRAMES, H264, NO_CAMERAS, TASKS, data_file, episode, pictures, video_file, write
from helpers_disk import change_column, change_json, change_rows, repack

from moravec.data.check import check
from moravec.data.faults import CODES, Fault, Limits
from moravec.data.lerobot.tables import tasks_table
from moravec.data.lerobot.video import VideoFile, encode
from moravec.data.lerobot.write import Writer

EPISODES = "meta/episodes/chunk-000/file-000.parquet"
Rows = list[Any]


def put(row: int, value: Any) -> Callable[[Rows], Rows]:
    """A change of one row of a column."""
    return lambda rows: [*rows[:row], value, *rows[row + 1 :]]


def places(found: Sequence[Fault]) -> list[tuple[str, int | None, int | None]]:
    assert {fault.code for fault in found} <= set(CODES)
    assert all(fault.found and fault.allowed and fault.where for fault in found)
    return [(fault.code, fault.episode, fault.frame) for fault in found]


def test_a_whole_dataset_has_no_fault(dataset: Path, numbers_only: Path) -> None:
    seen: list[tuple[int, int]] = []
    assert check(dataset, progress=lambda done, of: seen.append((done, of))) == []
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert check(str(numbers_only), pictures=False) == []


def test_it_changes_nothing(dataset: Path) -> None:
    before = {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()}
    check(dataset)
    assert {path: path.read_bytes() for path in dataset.rglob("*") if path.is_file()} == before


# ── tables of contents ───────────────────────────────────────────────────────────────────────────────────────────────
def test_no_dataset(tmp_path: Path) -> None:
    assert places(check(tmp_path)) == [("info", None, None)]
    assert places(check(tmp_path / "nowhere")) == [("info", None, None)]


def test_an_older_version(dataset: Path) -> None:
    change_json(dataset / "meta/info.json", codebase_version="v2.1")
    assert check(dataset)[0].line().startswith("info: meta/info.json: found the file")


@pytest.mark.parametrize("name", ["total_episodes", "total_frames", "total_tasks"])
def test_counts_that_disagree(numbers_only: Path, name: str) -> None:
    real = json.loads((numbers_only / "meta/info.json").read_text())[name]
    change_json(numbers_only / "meta/info.json", **{name: real - 1})
    (fault,) = check(numbers_only)
    assert (fault.code, fault.where, fault.found) == ("count", f"meta/info.json, {name}", str(real - 1))
    assert fault.allowed.startswith(str(real))


def test_episodes_that_are_counted_and_not_there(numbers_only: Path) -> None:
    """What a killed lerobot leaves behind."""
    change_json(numbers_only / "meta/info.json", total_episodes=6)
    assert places(check(numbers_only)) == [("episode_gap", 4, None), ("episode_gap", 5, None), ("count", None, None)]


def test_a_gap_of_episodes(numbers_only: Path) -> None:
    change_rows(numbers_only / EPISODES, lambda table: table.take([0, 2, 3]))
    found = check(numbers_only)
    assert places(found)[0] == ("episode_gap", 1, None)
    assert {fault.code for fault in found} <= {"episode_gap", "count", "stats"}


def test_an_episode_twice(numbers_only: Path) -> None:
    change_rows(numbers_only / EPISODES, lambda table: table.take([0, 1, 1, 2, 3]))
    found = places(check(numbers_only))
    assert found[0] == ("episode_twice", 1, None)
    assert {code for code, *_ in found} == {"episode_twice", "episode_gap", "count"}  # the fifth row should be number 4


def test_episodes_out_of_order(numbers_only: Path) -> None:
    change_rows(numbers_only / EPISODES, lambda table: table.take([0, 2, 1, 3]))
    assert places(check(numbers_only)) == [("episode_order", 1, None)]


def test_the_same_episode_again(dataset: Path) -> None:
    with Writer(dataset, FEATURES) as writer:
        writer.append(episode(1, FRAMES + 1))
    (fault,) = check(dataset)
    assert places([fault]) == [("episode_copy", 4, None)] and fault.found == "the numbers of episode 1"


def test_episodes_in_which_nothing_happens_are_not_called_copies(tmp_path: Path) -> None:
    still = {"state": np.zeros((9, 3), np.float32), "actions": np.zeros((9, 2), np.float32)}
    extras = {"next.reward": np.zeros((9, 1), np.float32), "privileged.points": np.zeros((9, 2), np.float32)}
    with Writer(tmp_path / "set", NO_CAMERAS) as writer:
        for _ in range(2):
            writer.append(episode(0, 9, NO_CAMERAS, extras=extras, **still))
    assert check(tmp_path / "set") == []


@pytest.mark.parametrize("words", ["", "   ", "?!"])
def test_a_task_without_words(numbers_only: Path, words: str) -> None:
    every = [sentence for task in TASKS for sentence in (task, f"please {task}")]
    pq.write_table(tasks_table([every[0], words, *every[2:]]), numbers_only / "meta/tasks.parquet")
    (fault,) = check(numbers_only)
    assert (fault.code, fault.where) == ("task_text", "meta/tasks.parquet, task_index 1")


def test_tasks_that_pandas_would_not_find(numbers_only: Path) -> None:
    change_rows(numbers_only / "meta/tasks.parquet", lambda table: table.replace_schema_metadata(None))
    assert places(check(numbers_only)) == [("file_broken", None, None)]


def test_a_frame_without_a_task(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 2), "task_index", put(4, 6))
    assert places(check(numbers_only)) == [("task_missing", 2, 4)]


@pytest.mark.parametrize(
    ("name", "code"), [("meta/tasks.parquet", "file_missing"), (EPISODES, "file_broken"), ("meta/stats.json", "stats")]
)
def test_a_missing_table(numbers_only: Path, name: str, code: str) -> None:
    (numbers_only / name).unlink()
    assert [fault.code for fault in check(numbers_only)] == [code]


@pytest.mark.parametrize(("name", "code"), [("meta/tasks.parquet", "file_broken"), (EPISODES, "file_broken")])
def test_a_table_cut_short(numbers_only: Path, name: str, code: str) -> None:
    path = numbers_only / name
    path.write_bytes(path.read_bytes()[:-20])
    assert [fault.code for fault in check(numbers_only)] == [code]


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_missing_file(numbers_only: Path) -> None:
    data_file(numbers_only, 3).unlink()
    found = check(numbers_only)
    assert places(found)[0] == ("file_missing", 3, None)
    assert {fault.code for fault in found} <= {"file_missing", "stats"}


def test_a_file_cut_short(numbers_only: Path) -> None:
    path = data_file(numbers_only, 3)
    path.write_bytes(path.read_bytes()[:1000])
    assert ("file_broken", 3, None) in places(check(numbers_only))


def test_a_missing_frame(numbers_only: Path) -> None:
    change_rows(data_file(numbers_only, 1), lambda table: pa.concat_tables([table.slice(0, 5), table.slice(6)]))
    found = places(check(numbers_only))
    assert ("count", 1, None) in found and ("frame_gap", 1, 5) in found
    assert {code for code, *_ in found} == {"count", "frame_gap", "index"}


def test_a_frame_twice(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 1), "frame_index", put(6, 5))
    found = places(check(numbers_only))
    assert ("frame_twice", 1, 5) in found and ("frame_gap", 1, 6) in found
    assert {code for code, *_ in found} == {"frame_twice", "frame_gap", "time_irregular"}


def test_frames_out_of_order(numbers_only: Path) -> None:
    change_rows(data_file(numbers_only, 1), lambda table: table.take([0, 1, 3, 2, *range(4, len(table))]))
    assert {code for code, *_ in places(check(numbers_only))} == {"frame_order", "index"}


def test_a_wrong_number_in_the_dataset(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 1), "index", lambda rows: [row + 3 for row in rows])
    assert places(check(numbers_only)) == [("index", 1, 0)]


@pytest.mark.parametrize(
    ("change", "code", "frame"),
    [
        (lambda rows: [row * 1.05 for row in rows], "time_drift", 1),
        (lambda rows: [row + 0.3 for row in rows], "time_drift", 0),
        (put(7, 0.36), "time_irregular", 7),
        (put(7, None), "row", 7),
        (lambda rows: [row + (0.05 if k > 8 else 0) for k, row in enumerate(rows)], "time_irregular", 9),
    ],
)
def test_times_that_are_off(numbers_only: Path, change: Callable[[Rows], Rows], code: str, frame: int) -> None:
    change_column(data_file(numbers_only, 2), "timestamp", change)
    assert (code, 2, frame) in places(check(numbers_only))
    assert {found for found, *_ in places(check(numbers_only))} <= {code, "time_irregular"}


def test_the_tolerance_of_times_can_be_given(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 2), "timestamp", put(7, 0.352))
    assert places(check(numbers_only)) == [("time_irregular", 2, 7)]
    assert check(numbers_only, limits=Limits(time=0.005)) == []


LOOSE = pa.list_(pa.float32())


@pytest.mark.parametrize(
    ("column", "change", "kind", "code"),
    [
        ("action", put(5, [0.1]), LOOSE, "row"),
        ("action", put(5, None), LOOSE, "row"),
        ("action", put(5, [0.1, 0.2, 0.3]), LOOSE, "row"),
        ("action", put(5, [0.1, None]), LOOSE, "not_finite"),
        ("next.reward", put(5, None), None, "row"),
        ("action", put(5, [0.1, float("nan")]), None, "not_finite"),
        ("observation.state", put(5, [float("inf"), 0.0, 0.0]), None, "not_finite"),
        ("privileged.points", put(5, [float("nan"), 0.0]), None, "not_finite"),
    ],
)
def test_one_bad_row(numbers_only: Path, column: str, change: Callable[[Rows], Rows], kind: Any, code: str) -> None:
    change_column(data_file(numbers_only, 0), column, change, kind)
    found = places(check(numbers_only))
    assert (code, 0, 5) in found
    assert {each for each, *_ in found} <= {code, "stats"}  # what is left may have another range


def test_a_column_of_words_where_numbers_are_declared(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 0), "action", lambda rows: ["up"] * len(rows), pa.string())
    assert ("row", 0, 0) in places(check(numbers_only))


def test_an_action_out_of_range(numbers_only: Path) -> None:
    change_column(data_file(numbers_only, 0), "action", put(5, [0.0, -1.25]))
    found = check(numbers_only)
    assert places(found)[0] == ("action_range", 0, 5)
    assert found[0].found.startswith("dy -1.25") and found[0].allowed == "-1 to 1 m"
    assert {fault.code for fault in found} == {"action_range", "stats"}


def test_a_jump(numbers_only: Path) -> None:
    rows = pq.read_table(data_file(numbers_only, 0))["observation.state"].to_pylist()
    x, y, grip = rows[9]
    change_column(data_file(numbers_only, 0), "observation.state", put(9, [x, y + 4.0, grip]))
    found = check(numbers_only)
    assert places(found)[0] == ("jump", 0, 9)
    assert {fault.code for fault in found} == {"jump", "stats"}
    assert places(check(numbers_only, limits=Limits(leap=1e6)))[0][0] == "stats"


def test_a_column_that_nothing_declares(numbers_only: Path) -> None:
    change_rows(data_file(numbers_only, 1), lambda table: table.append_column("extra", pa.array([0] * len(table))))
    (fault,) = check(numbers_only)
    assert (fault.code, fault.where) == ("column", "data/chunk-000/file-001.parquet") and "extra" in fault.found


@pytest.mark.parametrize("name", ["action", "task_index", "next.reward"])
def test_a_missing_column(numbers_only: Path, name: str) -> None:
    change_rows(data_file(numbers_only, 1), lambda table: table.drop_columns([name]))
    found = check(numbers_only)
    assert ("column", f"no {name}") in [(fault.code, fault.found) for fault in found]
    assert {fault.code for fault in found} <= {"column", "stats"}


def test_statistics_of_other_data(numbers_only: Path) -> None:
    plain = json.loads((numbers_only / "meta/stats.json").read_text())
    plain["action"]["max"][0] += 0.5
    del plain["next.reward"]["mean"]
    (numbers_only / "meta/stats.json").write_text(json.dumps(plain))
    assert [(fault.code, fault.where) for fault in check(numbers_only)] == [
        ("stats", "meta/stats.json, action, max"), ("stats", "meta/stats.json, next.reward"),
    ]  # fmt: skip


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def reencode(path: Path, change: Callable[[Any], Any], fps: float = FPS) -> None:
    """Put other pictures into a video."""
    with VideoFile(path) as video:
        shown = video.frames(video.times().tolist())
    encode(path, change(shown.copy()), fps, H264)


def frozen(shown: Any) -> Any:
    shown[3:] = shown[3]
    return shown


def blank(shown: Any) -> Any:
    shown[6] = 0
    return shown


@pytest.mark.parametrize(
    ("change", "fps", "found"),
    [
        (frozen, FPS, ("picture_frozen", 1, 3)),
        (blank, FPS, ("picture_blank", 1, 6)),
        (lambda shown: shown[:-2], FPS, ("video_frame", 1, FRAMES - 1)),
        (lambda shown: shown, 21.0, ("video_frame", 1, 1)),
        (lambda shown: shown[:, :16], FPS, ("picture_size", 1, 0)),
    ],
)
def test_pictures_that_are_wrong(dataset: Path, change: Callable[[Any], Any], fps: float, found: Any) -> None:
    reencode(video_file(dataset, 1), change, fps)
    assert places(check(dataset)) == [found]
    without = places(check(dataset, pictures=False))
    assert without == ([found] if found[0] == "video_frame" else [])


def test_a_robot_that_stands_still_may_see_the_same(tmp_path: Path) -> None:
    shown = {camera.name: pictures(0, FRAMES, camera.height, camera.width) for camera in FEATURES.cameras}
    for each in shown.values():
        each[3:] = each[3]
    state = episode(0).state.copy()
    state[3:] = state[3]
    with Writer(tmp_path / "set", FEATURES) as writer:
        writer.append(episode(0, pictures=shown, state=state))
    assert check(tmp_path / "set", limits=Limits(leap=1e9)) == []


def test_a_missing_video(dataset: Path) -> None:
    video_file(dataset, 2).unlink()
    assert places(check(dataset)) == [("file_missing", 2, None)]


@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_a_broken_video(dataset: Path, share: float) -> None:
    path = video_file(dataset, 2)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    (fault,) = check(dataset)
    assert fault.code in ("video_broken", "video_frame") and fault.episode == 2


def test_rotten_bytes_in_a_video(dataset: Path) -> None:
    path = video_file(dataset, 2)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 8
    data[start : start + len(data) // 2] = np.random.default_rng(0).bytes(len(data) // 2)
    path.write_bytes(data[: path.stat().st_size])
    assert {(fault.code, fault.episode) for fault in check(dataset)} <= {("video_broken", 2), ("picture_frozen", 2)}
    assert check(dataset)


def test_two_episodes_with_one_video(dataset: Path, tmp_path: Path) -> None:
    other = repack(dataset, tmp_path / "other", 4, 9)
    change_column(other / EPISODES, "videos/observation.images.front/from_timestamp", put(2, 0.8))  # that of episode 1
    found = places(check(other))
    assert ("video_shared", 2, None) in found and {code for code, *_ in found} == {"video_shared"}


def test_a_drift_of_a_joined_video(dataset: Path, tmp_path: Path) -> None:
    other = repack(dataset, tmp_path / "other", 4, 9)
    change_column(other / EPISODES, "videos/observation.images.front/from_timestamp", lambda rows: [r * 1.002 for r in rows])
    assert places(check(other, pictures=False)) == [("video_frame", k, 0) for k in (1, 2, 3)]


def test_embedded_pictures(tmp_path: Path) -> None:
    root = write(tmp_path / "set", range(4), encoder=None)
    key = "observation.images.wrist"
    cells = pq.read_table(data_file(root, 0))[key].to_pylist()
    other = pq.read_table(data_file(root, 0))["observation.images.front"].to_pylist()[0]
    change_column(data_file(root, 0), key, put(3, None))
    change_column(data_file(root, 1), key, put(4, {"bytes": b"no picture", "path": None}))
    change_column(data_file(root, 2), key, put(5, other))
    change_column(data_file(root, 3), key, lambda rows: [*rows[:2], *[cells[2]] * (len(rows) - 2)])
    assert places(check(root)) == [
        ("picture_missing", 0, 3), ("picture_missing", 1, None), ("picture_size", 2, 5), ("picture_frozen", 3, 2),
    ]  # fmt: skip
    assert places(check(root, pictures=False)) == [("picture_missing", 0, 3)]


def test_all_faults_at_once(dataset: Path) -> None:
    """One fault does not hide another."""
    data_file(dataset, 0).unlink()
    change_column(data_file(dataset, 1), "action", put(5, [0.0, 2.0]))
    video_file(dataset, 1, "wrist").unlink()
    shutil.copy(video_file(dataset, 0), video_file(dataset, 2))
    change_column(data_file(dataset, 3), "timestamp", put(7, 9.0))
    change_json(dataset / "meta/info.json", total_frames=1)
    found = {(fault.code, fault.episode) for fault in check(dataset)}
    assert {
        ("file_missing", 0), ("action_range", 1), ("file_missing", 1), ("video_frame", 2), ("time_irregular", 3), ("count", None),
    } <= found  # fmt: skip


def test_an_empty_dataset_is_whole(tmp_path: Path) -> None:
    assert check(write(tmp_path / "set", [], NO_CAMERAS)) == []
