"""A dataset opens whoever wrote it, and gives back what is in it; what is broken is named."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers_data import FEATURES, FRAMES, NO_CAMERAS, data_file, episode, video_file, write
from helpers_disk import change_column, change_json, change_rows, repack

from moravec.core.errors import BadInput
from moravec.data.check import check
from moravec.data.lerobot import layout, stats
from moravec.data.lerobot.about import declared
from moravec.data.lerobot.layout import Info
from moravec.data.lerobot.read import Reader
from moravec.models.contract import Channel


def test_it_says_what_is_in_it(dataset: Path) -> None:
    with Reader(dataset) as reader:
        assert reader.features == FEATURES
        assert (len(reader), reader.fps) == (4, 20.0)
        assert reader.lengths().tolist() == [FRAMES, FRAMES + 1, FRAMES + 2, FRAMES + 3]
        assert reader.successes() == [True, False, None, True]
        entry = reader.entry(2)
        assert (entry.index, entry.length, entry.start, entry.stop, entry.file) == (2, FRAMES + 2, 33, 51, 2)
        assert entry.tasks == ("close the door", "please close the door")
        assert entry.notes == {"seed": 2, "kind": "toy"}
        assert set(reader.stats()) == set(reader.info.features)
        assert reader.stats()["action"]["count"].tolist() == [sum(reader.lengths())]


def test_rows_are_arrays_that_nobody_changes(dataset: Path) -> None:
    with Reader(dataset) as reader:
        rows = reader.rows(1)
        assert rows.timestamp.tolist() == (np.arange(17) / 20).astype(np.float32).tolist()
        assert rows.index.tolist() == list(range(16, 33))
        assert {key: values.shape for key, values in rows.numbers.items()} == {
            "observation.state": (17, 3), "action": (17, 2), "next.reward": (17, 1), "privileged.points": (17, 2),
        }  # fmt: skip
        with pytest.raises(ValueError, match="read-only"):
            rows.numbers["action"][0, 0] = 1.0


def test_pictures_in_any_order(dataset: Path) -> None:
    with Reader(dataset) as reader:
        all_of_them = reader.pictures(1, "wrist")
        assert all_of_them.shape == (17, 32, 32, 3)
        assert np.array_equal(reader.pictures(1, "wrist", [16, 0, 3, 3]), all_of_them[[16, 0, 3, 3]])
        assert reader.pictures(1, "wrist", []).shape == (0, 32, 32, 3)
        assert reader.episode(0, cameras=["wrist"]).pictures.keys() == {"wrist"}
        assert reader.episode(0, cameras=[]).pictures == {}


@pytest.mark.parametrize(("per_file", "chunk", "row_groups"), [(4, 9, True), (3, 1, True), (2, 1, False), (4, 9, False)])
def test_many_episodes_in_a_file(dataset: Path, tmp_path: Path, per_file: int, chunk: int, row_groups: bool) -> None:
    other = repack(dataset, tmp_path / "other", per_file, chunk, row_groups)
    with Reader(dataset) as ours, Reader(other) as theirs:
        for index in (3, 0, 2, 1):
            mine, found = ours.episode(index), theirs.episode(index)
            assert found.tasks == mine.tasks
            assert np.array_equal(found.state, mine.state) and np.array_equal(found.actions, mine.actions)
            assert all(np.array_equal(found.extras[key], mine.extras[key]) for key in mine.extras)
            for camera, pictures in mine.pictures.items():
                assert np.abs(found.pictures[camera].astype(int) - pictures).mean() < 3
        assert theirs.entry(3).videos["observation.images.front"].start == pytest.approx({4: 51, 3: 0, 2: 18}[per_file] / 20)
    assert [fault.line() for fault in check(other)] == []


def test_a_row_group_is_all_that_is_read(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = repack(dataset, tmp_path / "other", 4, 9)
    read: list[list[int]] = []
    real = pq.ParquetFile.read_row_groups

    def seen(file: pq.ParquetFile, groups: list[int], **options: Any) -> pa.Table:
        read.append(groups)
        return real(file, groups, **options)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", seen)
    with Reader(other) as reader:
        reader.rows(2)
    assert read == [[2]]


def test_a_dataset_of_lerobot_itself(by_lerobot: Path) -> None:
    assert [fault.line() for fault in check(by_lerobot)] == []
    with Reader(by_lerobot) as reader:
        assert reader.lengths().tolist() == [6, 7, 8]
        assert reader.features.state == (Channel("a", ""), Channel("b", ""), Channel("c", ""))
        assert reader.features.robot == "toy" and reader.about is None
        for index in range(3):
            found = reader.episode(index)
            t = np.arange(6 + index)
            assert found.tasks == (f"push block {index % 2}",)
            assert np.array_equal(found.state, np.stack([t * 0.1 + index, np.sin(t / 5), 0 * t + index], 1).astype(np.float32))
            assert found.actions[:, 0].tolist() == (t / 10).astype(np.float32).tolist()
            assert found.extras["next.success"].ravel().tolist() == (t >= 6).tolist()
            assert found.success is (index > 0)
            wanted = np.full((len(t), 32, 48, 3), 40)
            for k in t:
                wanted[k, 8:24, 4 * k : 4 * k + 8] = (220, 30 + 60 * index, 30)
            away = np.abs(found.pictures["top"] - wanted)
            assert away.max() == 0 if "image" in str(by_lerobot) else away.mean() < 3


def test_statistics_of_lerobot_are_ours(by_lerobot: Path) -> None:
    """All but those it approximates (quantiles) or gets wrong (the spread of pictures: its squares overflow in 0.4.4)."""
    with Reader(by_lerobot) as reader:
        theirs = reader.stats()
        rows = [reader.rows(k).numbers for k in range(3)]
        for key in ("observation.state", "action"):
            ours = stats.merged([stats.of_numbers(each[key]) for each in rows])
            for name in ("min", "max", "mean", "std", "count"):
                assert ours[name] == pytest.approx(theirs[key][name], abs=1e-6), (key, name)
        shown = stats.merged([stats.of_pictures(reader.pictures(k, "top")) for k in range(3)])
        said = theirs["observation.images.top"]
        assert shown["count"].tolist() == said["count"].tolist()
        assert shown["mean"] == pytest.approx(said["mean"], abs=0.02)
        if "image" in str(by_lerobot):  # those of a video are of the pictures before they were encoded
            assert shown["min"].tolist() == said["min"].tolist() and shown["max"].tolist() == said["max"].tolist()


def test_a_reader_goes_to_other_processes(dataset: Path) -> None:
    with Reader(dataset) as reader:
        reader.pictures(0, "front", [3])
        other = pickle.loads(pickle.dumps(reader))
    with other:
        assert np.array_equal(other.pictures(0, "front", [3]), reader.pictures(0, "front", [3]))
    reader.close()


def test_few_files_are_open_at_a_time(tmp_path: Path) -> None:
    one = NO_CAMERAS
    root = write(tmp_path / "set", range(12), one, frames=2)
    with Reader(root) as reader:
        for index in range(12):
            reader.rows(index)
        assert len(reader._frames._files._open) == 8


def test_2500_episodes_are_listed_in_a_second(tmp_path: Path) -> None:
    entries = declared(FEATURES, None)
    layout.put_json(tmp_path, layout.INFO, Info(20.0, entries, 2500, 2500 * 90, 0).to_plain())
    for group in range(25):
        numbers = np.arange(group * 100, group * 100 + 100)
        columns: dict[str, Any] = {
            "episode_index": numbers, "length": np.full(100, 90), "tasks": [["open the drawer"]] * 100,
            "data/chunk_index": numbers // 1000, "data/file_index": numbers % 1000,
            "dataset_from_index": numbers * 90, "dataset_to_index": numbers * 90 + 90,
            "moravec/success": [True] * 100, "moravec/notes": [json.dumps({"seed": int(n)}) for n in numbers],
            **{f"stats/{key}/{name}": [[0.5] * 40] * 100 for key in entries for name in stats.KEYS},
        }  # fmt: skip
        path = tmp_path / f"meta/episodes/chunk-000/file-{group:03d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), path)
    took = []
    for _ in range(3):
        began = time.perf_counter()
        with Reader(tmp_path) as reader:
            found = [reader.entry(index) for index in range(len(reader))]
        took.append(time.perf_counter() - began)
    assert [entry.notes["seed"] for entry in found] == list(range(2500))
    assert min(took) < 1.0


def test_a_killed_lerobot_is_told_from_a_whole_dataset(dataset: Path) -> None:
    change_json(dataset / "meta/info.json", total_episodes=5)
    with pytest.raises(BadInput, match="the episodes of"):
        Reader(dataset)


def test_rows_out_of_order_are_sorted(dataset: Path) -> None:
    change_rows(dataset / "meta/episodes/chunk-000/file-000.parquet", lambda table: table.take([2, 0, 3, 1]))
    with Reader(dataset) as reader:
        assert [reader.entry(k).index for k in range(4)] == [0, 1, 2, 3]
        assert reader.lengths().tolist() == [FRAMES, FRAMES + 1, FRAMES + 2, FRAMES + 3]
        assert [reader.entry(k).notes["seed"] for k in range(4)] == [0, 1, 2, 3]
        assert reader.entry(3).videos["observation.images.front"].file == 3
        assert np.array_equal(reader.episode(2).state, episode(2, FRAMES + 2).state)


@pytest.mark.parametrize("asked", [-1, 4, 10_000])
def test_episodes_that_are_not_there(dataset: Path, asked: int) -> None:
    with Reader(dataset) as reader, pytest.raises(BadInput, match=rf"found {asked}; allowed: 0 to 3"):
        reader.rows(asked)


def test_cameras_and_frames_that_are_not_there(dataset: Path) -> None:
    with Reader(dataset) as reader:
        with pytest.raises(BadInput, match="did you mean 'front'"):
            reader.pictures(0, "frnt")
        for frame in (-1, FRAMES):
            with pytest.raises(BadInput, match=f"found {frame}; allowed: 0 to 15"):
                reader.pictures(0, "front", [0, frame])


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_broken_files_are_named(dataset: Path) -> None:
    cut(data_file(dataset, 0))
    data_file(dataset, 1).unlink()
    cut(video_file(dataset, 2))
    video_file(dataset, 3).unlink()
    with Reader(dataset) as reader:
        for index, name in ((0, "file-000.parquet"), (1, "file-001.parquet")):
            with pytest.raises(BadInput, match=name):
                reader.rows(index)
        for index, name in ((2, "file-002.mp4"), (3, "file-003.mp4")):
            assert len(reader.rows(index))
            with pytest.raises(BadInput, match=name):
                reader.pictures(index, "front")
        assert len(reader.pictures(2, "wrist")) == FRAMES + 2


@pytest.mark.parametrize("name", ["info.json", "tasks.parquet", "episodes/chunk-000/file-000.parquet", "moravec.json"])
def test_broken_tables_of_contents_are_named(dataset: Path, name: str) -> None:
    cut(dataset / "meta" / name)
    with pytest.raises(BadInput, match=Path(name).name):
        Reader(dataset)


def test_one_bad_row_is_named(dataset: Path) -> None:
    loose = pa.list_(pa.float32())
    change_column(data_file(dataset, 0), "action", lambda rows: [*rows[:5], rows[5][:1], *rows[6:]], loose)
    change_column(data_file(dataset, 1), "observation.state", lambda rows: [*rows[:3], None, *rows[4:]], loose)
    change_column(data_file(dataset, 2), "next.reward", lambda rows: [*rows[:7], None, *rows[8:]])
    change_rows(data_file(dataset, 3), lambda table: table.slice(0, 5))
    with Reader(dataset) as reader:
        for index, said in enumerate(
            ("episode 0, frame 5, action: found .*; allowed: 2 numbers", "episode 1, frame 3, observation.state: found None",
             "episode 2, frame 7, next.reward: found None", "5 rows'; allowed: 19")
        ):  # fmt: skip
            with pytest.raises(BadInput, match=said):
                reader.rows(index)


def test_a_task_that_nobody_wrote_down(dataset: Path) -> None:
    change_column(data_file(dataset, 0), "task_index", lambda rows: [99] * len(rows))
    with Reader(dataset) as reader, pytest.raises(BadInput, match="task_index: found 99; allowed: 0 to 5"):
        reader.episode(0)


def test_pictures_of_another_size(dataset: Path) -> None:
    info = json.loads((dataset / "meta/info.json").read_text())
    info["features"]["observation.images.front"]["shape"] = [48, 32, 3]
    change_json(dataset / "meta/info.json", **info)
    with Reader(dataset) as reader, pytest.raises(BadInput, match="found '32x48'; allowed: 48x32"):
        reader.pictures(0, "front")


def test_older_datasets_are_refused(dataset: Path) -> None:
    change_json(dataset / "meta/info.json", codebase_version="v2.1")
    with pytest.raises(BadInput, match=r"found 'v2\.1'; allowed: v3\.0"):
        Reader(dataset)


def test_an_image_that_points_out_of_the_dataset_is_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "set", [0], encoder=None)
    outside = tmp_path / "outside.png"
    outside.write_bytes(pq.read_table(data_file(root, 0))["observation.images.front"][0].as_py()["bytes"])
    cell = {"bytes": None, "path": "../outside.png"}
    change_column(data_file(root, 0), "observation.images.front", lambda rows: [cell, *rows[1:]])
    with Reader(root) as reader, pytest.raises(BadInput, match=r"frame 0, observation\.images\.front: found 'no picture"):
        reader.pictures(0, "front")
