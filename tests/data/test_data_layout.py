"""What lies on disk is a LeRobotDataset v3.0, field by field.

Source: the format as lerobot 0.4 to 0.6 writes and reads it; the names and types below are its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from helpers_data import FEATURES, FPS, FRAMES, TASKS, data_file, episode, video_file, write
from helpers_disk import change_json

from moravec.core.errors import BadInput
from moravec.data.lerobot import layout
from moravec.data.lerobot.layout import Info, numbered, read_info
from moravec.data.lerobot.tables import read_tasks, tasks_table
from moravec.data.lerobot.video import Encoder

LENGTHS = [FRAMES, FRAMES + 1, FRAMES + 2, FRAMES + 3]
CAMERAS = ("observation.images.front", "observation.images.wrist")
STATS = ("min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99")


def loaded(root: Path, name: str) -> Any:
    return json.loads((root / name).read_text())


def test_every_file_has_its_place(dataset: Path) -> None:
    files = {path.relative_to(dataset).as_posix() for path in dataset.rglob("*") if path.is_file()}
    each = {f"data/chunk-000/file-{k:03d}.parquet" for k in range(4)}
    each |= {f"videos/{camera}/chunk-000/file-{k:03d}.mp4" for camera in CAMERAS for k in range(4)}
    meta = {"info.json", "stats.json", "tasks.parquet", "moravec.json", "episodes/chunk-000/file-000.parquet"}
    assert files == each | {f"meta/{name}" for name in meta}


def test_chunks_hold_a_thousand_files() -> None:
    assert numbered(layout.DATA_PATH, 999) == "data/chunk-000/file-999.parquet"
    assert numbered(layout.DATA_PATH, 1000) == "data/chunk-001/file-000.parquet"
    assert numbered(layout.VIDEO_PATH, 2500, video_key="a") == "videos/a/chunk-002/file-500.mp4"


def test_info(dataset: Path) -> None:
    info = loaded(dataset, "meta/info.json")
    features = info.pop("features")
    assert info == {
        "codebase_version": "v3.0", "robot_type": "toy", "fps": 20,
        "total_episodes": 4, "total_frames": sum(LENGTHS), "total_tasks": 6, "splits": {"train": "0:4"},
        "chunks_size": 1000, "data_files_size_in_mb": 100, "video_files_size_in_mb": 200,
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": "videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    }  # fmt: skip
    assert isinstance(info["fps"], int)
    own = {"frame_index": "int64", "episode_index": "int64", "index": "int64", "task_index": "int64", "timestamp": "float32"}
    assert {key: features.pop(key) for key in own} == {
        key: {"dtype": dtype, "shape": [1], "names": None} for key, dtype in own.items()
    }
    assert features.pop("observation.state") == {"dtype": "float32", "shape": [3], "names": ["x", "y", "grip"]}
    assert features.pop("action") == {"dtype": "float32", "shape": [2], "names": ["dx", "dy"]}
    assert features.pop("next.reward") == {"dtype": "float32", "shape": [1], "names": ["reward"]}
    assert features.pop("privileged.points") == {"dtype": "float32", "shape": [2], "names": ["px", "py"]}
    front = features.pop(CAMERAS[0])
    assert front.pop("info") == {
        "video.height": 32, "video.width": 48, "video.codec": "h264", "video.pix_fmt": "yuv420p", "video.fps": 20,
        "video.channels": 3, "has_audio": False, "is_depth_map": False, "video.g": 2, "video.crf": 18,
        "video.preset": "veryfast", "video.fast_decode": 0, "video.video_backend": "pyav", "video.extra_options": {},
    }  # fmt: skip
    assert front == {"dtype": "video", "shape": [32, 48, 3], "names": ["height", "width", "channels"]}
    assert list(features) == [CAMERAS[1]]


def test_frames(dataset: Path) -> None:
    first = 0
    for index, length in enumerate(LENGTHS):
        file = pq.ParquetFile(data_file(dataset, index))
        assert (file.num_row_groups, file.metadata.num_rows) == (1, length)
        assert file.metadata.row_group(0).column(0).compression == "SNAPPY"
        table = file.read()
        declared = loaded(dataset, "meta/info.json")["features"]
        assert set(table.column_names) == {key for key, entry in declared.items() if entry["dtype"] != "video"}
        assert table["timestamp"].type == pa.float32()
        assert table["timestamp"].to_numpy().tolist() == (np.arange(length) / FPS).astype(np.float32).tolist()
        assert table["frame_index"].to_pylist() == list(range(length))
        assert table["episode_index"].to_pylist() == [index] * length
        assert table["index"].to_pylist() == list(range(first, first + length))
        sentence = TASKS[index % 3]
        assert table["task_index"].to_pylist() == [read_tasks(dataset).index(sentence)] * length
        assert {str(table[key].type) for key in ("frame_index", "episode_index", "index", "task_index")} == {"int64"}
        wanted = episode(index, length)
        assert table["observation.state"].type == pa.list_(pa.field("element", pa.float32()), 3)
        assert np.array_equal(np.stack(table["observation.state"].to_numpy()), wanted.state)
        assert np.array_equal(np.stack(table["action"].to_numpy()), wanted.actions)
        assert table["next.reward"].type == pa.float32()  # one number is no list
        assert table["next.reward"].to_numpy().tolist() == wanted.extras["next.reward"].ravel().tolist()
        first += length


def test_tasks_stand_in_the_index_of_pandas(dataset: Path) -> None:
    table = pq.read_table(dataset / "meta/tasks.parquet")
    assert table.column_names == ["task_index", "task"]
    assert table["task_index"].to_pylist() == list(range(6))
    assert table["task"].to_pylist() == [words for task in TASKS for words in (task, f"please {task}")]
    described = json.loads(table.schema.metadata[b"pandas"])
    assert described["index_columns"] == ["task"]
    assert [column["name"] for column in described["columns"]] == ["task_index", "task"]
    assert [column["pandas_type"] for column in described["columns"]] == ["int64", "unicode"]
    assert set(described) == {"index_columns", "column_indexes", "columns", "attributes", "creator", "pandas_version"}


def test_tasks_may_be_in_any_order_and_column(dataset: Path) -> None:
    table = tasks_table(["a", "b"]).take([1, 0])
    metadata = {"pandas": table.schema.metadata[b"pandas"].decode().replace('"task"', '"__index_level_0__"')}
    table = table.rename_columns(["task_index", "__index_level_0__"]).replace_schema_metadata(metadata)
    pq.write_table(table, dataset / "meta/tasks.parquet")
    assert read_tasks(dataset) == ["a", "b"]


@pytest.mark.parametrize(
    "table",
    [
        tasks_table(["a"]).replace_schema_metadata(None),  # lerobot would call every task "0", "1" ...
        tasks_table(["a"]).drop_columns(["task_index"]),
        tasks_table(["a", "b"]).take([0, 0]),
        tasks_table(["a", "b"]).take([1]),
    ],
)
def test_tasks_that_nobody_could_find_are_refused(table: pa.Table, dataset: Path) -> None:
    pq.write_table(table, dataset / "meta/tasks.parquet")
    with pytest.raises(BadInput, match=r"tasks\.parquet"):
        read_tasks(dataset)


def test_episodes(dataset: Path) -> None:
    table = pq.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet")
    whole = ["episode_index", "length", "data/chunk_index", "data/file_index", "dataset_from_index", "dataset_to_index"]
    whole += ["meta/episodes/chunk_index", "meta/episodes/file_index"]
    whole += [f"videos/{camera}/{name}" for camera in CAMERAS for name in ("chunk_index", "file_index")]
    spans = [f"videos/{camera}/{name}" for camera in CAMERAS for name in ("from_timestamp", "to_timestamp")]
    numbers = ["observation.state", "action", "next.reward", "privileged.points", "timestamp", "frame_index"]
    numbers += ["episode_index", "index", "task_index"]
    each = [f"stats/{key}/{name}" for key in (*numbers, *CAMERAS) for name in STATS]
    assert set(table.column_names) == {*whole, *spans, *each, "tasks", "moravec/success", "moravec/notes"}
    assert {str(table[name].type) for name in whole} == {"int64"}
    assert {str(table[name].type) for name in spans} == {"double"}
    assert table["tasks"].type.value_type == pa.string()
    assert {str(table[name].type) for name in each if name.endswith("/count")} == {"list<element: int64>"}
    assert str(table["stats/action/mean"].type) == "list<element: double>"
    assert str(table[f"stats/{CAMERAS[0]}/q50"].type) == "list<element: list<element: list<element: double>>>"
    starts = [0, *np.cumsum(LENGTHS).tolist()]
    assert table["episode_index"].to_pylist() == [0, 1, 2, 3]
    assert table["length"].to_pylist() == LENGTHS
    assert table["dataset_from_index"].to_pylist() == starts[:-1]
    assert table["dataset_to_index"].to_pylist() == starts[1:]
    assert table["data/file_index"].to_pylist() == table[f"videos/{CAMERAS[1]}/file_index"].to_pylist() == [0, 1, 2, 3]
    assert table[f"videos/{CAMERAS[0]}/from_timestamp"].to_pylist() == [0.0] * 4
    assert table[f"videos/{CAMERAS[0]}/to_timestamp"].to_pylist() == [length / FPS for length in LENGTHS]
    assert table["moravec/success"].to_pylist() == [True, False, None, True]
    assert json.loads(table["moravec/notes"][1].as_py()) == {"seed": 1, "kind": "toy"}


def test_stats_of_an_episode(dataset: Path) -> None:
    row = pq.read_table(dataset / "meta/episodes/chunk-000/file-000.parquet").to_pylist()[1]
    wanted = episode(1, FRAMES + 1)
    assert row["stats/action/mean"] == pytest.approx(wanted.actions.astype(float).mean(0))
    assert row["stats/action/std"] == pytest.approx(wanted.actions.astype(float).std(0))
    assert row["stats/observation.state/q90"] == pytest.approx(np.quantile(wanted.state.astype(float), 0.9, axis=0))
    assert row["stats/next.reward/count"] == [FRAMES + 1]
    seen = wanted.pictures["front"] / 255.0
    assert np.shape(row[f"stats/{CAMERAS[0]}/max"]) == (3, 1, 1)
    assert np.ravel(row[f"stats/{CAMERAS[0]}/mean"]) == pytest.approx(seen.mean(axis=(0, 1, 2)))


def test_stats_of_the_dataset(dataset: Path) -> None:
    found = loaded(dataset, "meta/stats.json")
    declared = loaded(dataset, "meta/info.json")["features"]
    assert set(found) == set(declared)
    every = [episode(k, length) for k, length in enumerate(LENGTHS)]
    for key, values in (
        ("observation.state", np.concatenate([e.state for e in every])),
        ("action", np.concatenate([e.actions for e in every])),
        ("next.reward", np.concatenate([e.extras["next.reward"] for e in every])),
        ("index", np.arange(sum(LENGTHS))[:, None]),
    ):
        exact = values.astype(np.float64)
        assert set(found[key]) == set(STATS)
        assert found[key]["count"] == [len(exact)]
        for name, of in (("min", np.min), ("max", np.max), ("mean", np.mean), ("std", np.std)):
            assert found[key][name] == pytest.approx(of(exact, axis=0), abs=1e-9), (key, name)
        for name, share in (("q01", 0.01), ("q10", 0.1), ("q50", 0.5), ("q90", 0.9), ("q99", 0.99)):
            assert found[key][name] == pytest.approx(np.quantile(exact, share, axis=0), abs=1e-9), (key, name)
    front = found[CAMERAS[0]]
    pixels = np.concatenate([e.pictures["front"].reshape(-1, 3) for e in every]) / 255.0
    assert np.shape(front["std"]) == (3, 1, 1) and front["count"] == [sum(LENGTHS)]
    assert np.ravel(front["mean"]) == pytest.approx(pixels.mean(0))
    assert np.ravel(front["std"]) == pytest.approx(pixels.std(0))
    assert 0 <= np.min(front["min"]) <= np.max(front["max"]) <= 1


def test_pictures_may_be_embedded(tmp_path: Path) -> None:
    root = write(tmp_path / "set", [0, 1], encoder=None)
    info = loaded(root, "meta/info.json")
    assert info["video_path"] is None
    assert info["features"][CAMERAS[0]] == {"dtype": "image", "shape": [32, 48, 3], "names": ["height", "width", "channels"]}
    table = pq.read_table(data_file(root, 1))
    assert table[CAMERAS[0]].type == pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    png = cv2.imdecode(np.frombuffer(table[CAMERAS[0]][3].as_py()["bytes"], np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(cv2.cvtColor(png, cv2.COLOR_BGR2RGB), episode(1, FRAMES + 1).pictures["front"][3])
    assert not (root / "videos").exists()
    rows = pq.read_table(root / "meta/episodes/chunk-000/file-000.parquet")
    assert not [name for name in rows.column_names if name.startswith("videos/")]


def test_units_and_bounds_lie_beside(dataset: Path) -> None:
    about = loaded(dataset, "meta/moravec.json")
    assert about["channels"]["action"][0] == {"name": "dx", "unit": "m", "frame": "world", "low": -1.0, "high": 1.0}
    assert about["channels"]["observation.state"][2]["low"] is None
    assert about["provenance"][0]["command"] == "python make.py --seed 3"
    assert about["encoder"]["codec"] == Encoder().codec


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"codebase_version": "v2.1"}, "codebase_version: found 'v2.1'; allowed: v3.0"),
        ({"codebase_version": None}, "codebase_version"),
        ({"fps": 0}, "fps: found 0"),
        ({"fps": "30"}, "fps"),
        ({"fps": True}, "fps"),
        ({"total_episodes": -1}, "total_episodes: found -1"),
        ({"total_frames": 1.5}, "total_frames"),
        ({"total_tasks": None}, "total_tasks"),
        ({"features": []}, "features: found 'list'"),
        ({"features": {"a": {"dtype": "float32"}}}, "features, a, shape"),
        ({"features": {"a": {"shape": [1]}}}, "features, a, dtype"),
        ({"features": {"a": {"dtype": "video", "shape": [3, 3]}}}, "height, width and 3"),
        ({"storage_format": "lance"}, "storage_format: found 'lance'"),
    ],
)
def test_a_broken_table_of_contents_is_refused(dataset: Path, changes: dict[str, Any], said: str) -> None:
    change_json(dataset / "meta/info.json", **changes)
    with pytest.raises(BadInput, match=said):
        read_info(dataset)


def test_what_is_no_json_is_refused(dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no meta/info\.json; |no meta/info\.json'; allowed: a folder"):
        read_info(tmp_path)
    text = (dataset / "meta/info.json").read_text()
    for broken in (text[: len(text) // 2], "[]", ""):
        (dataset / "meta/info.json").write_text(broken)
        with pytest.raises(BadInput, match=r"info\.json"):
            read_info(dataset)


def test_strange_paths_are_refused() -> None:
    info = Info(20.0, {}, data_path="data/{nothing}.parquet")
    with pytest.raises(BadInput, match=r"a path of meta/info\.json"):
        info.data_file(0, 0)


def test_sizes_whichever_side_is_first() -> None:
    last = {"dtype": "video", "shape": [4, 6, 3], "names": ["height", "width", "channels"]}
    first = {"dtype": "video", "shape": [3, 4, 6], "names": ["channels", "height", "width"]}
    depth = {**last, "info": {"is_depth_map": True}}
    info = Info(20.0, {"a": last, "observation.images.b": first, "c": depth, "d": {**last, "shape": [4, 6, 1]}})
    assert info.cameras() == {"a": "a", "b": "observation.images.b"}
    assert info.size("a") == info.size("observation.images.b") == (4, 6)
    assert info.video_keys() == ["a", "observation.images.b", "c", "d"]


def test_files_are_there_whole_or_not_at_all(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (dataset / "meta/info.json").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(Exception, match=r"No space left on device\); what was added before is whole"):
            layout.put(dataset, "meta/info.json", b"{}")
    assert (dataset / "meta/info.json").read_bytes() == before
    assert video_file(dataset, 0).is_file() and FEATURES.fps == FPS
