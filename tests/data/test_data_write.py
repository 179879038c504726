"""Whatever ends the writer, every episode that it had finished is there, whole, and the next writer goes on."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_data import FEATURES, FRAMES, MADE, NO_CAMERAS, TASKS, data_file, episode, video_file, write
from helpers_disk import change_column

from moravec.core.errors import BadInput, MoravecError
from moravec.data.check import check
from moravec.data.episode import Episode
from moravec.data.lerobot import layout
from moravec.data.lerobot import write as writing
from moravec.data.lerobot.read import Reader
from moravec.data.lerobot.video import Encoder
from moravec.data.lerobot.write import Writer


def same(found: Episode, wanted: Episode) -> bool:
    """Whether an episode came back as it was, its pictures as well as video keeps them."""
    assert found.tasks == wanted.tasks and found.fps == wanted.fps
    assert found.success is wanted.success and dict(found.notes) == dict(wanted.notes)
    assert np.array_equal(found.state, wanted.state) and np.array_equal(found.actions, wanted.actions)
    assert set(found.extras) == set(wanted.extras) and set(found.pictures) == set(wanted.pictures)
    assert all(np.array_equal(found.extras[key], wanted.extras[key]) for key in wanted.extras)
    for camera, pictures in wanted.pictures.items():
        assert np.abs(found.pictures[camera].astype(int) - pictures).mean() < 6
    return True


def whole(root: Path, seeds: range) -> bool:
    """Whether the dataset has these episodes, all of them as they were, and nothing is wrong with it."""
    assert [fault.line() for fault in check(root)] == []
    with Reader(root) as reader:
        assert len(reader) == len(seeds)
        return all(same(reader.episode(k), episode(seed, FRAMES + k)) for k, seed in enumerate(seeds))


def test_what_is_written_comes_back(dataset: Path) -> None:
    assert whole(dataset, range(4))


def test_pictures_as_png_come_back_exactly(tmp_path: Path) -> None:
    odd = dataclasses.replace(FEATURES, cameras=(dataclasses.replace(FEATURES.cameras[0], height=31),))
    root = write(tmp_path / "set", [5], odd, encoder=None)
    wanted = episode(5, features=odd)
    with Reader(root) as reader:
        assert np.array_equal(reader.episode(0).pictures["front"], wanted.pictures["front"])
    assert check(root) == []


def test_numbers_alone_come_back(numbers_only: Path) -> None:
    with Reader(numbers_only) as reader:
        assert same(reader.episode(2), episode(2, FRAMES + 2, NO_CAMERAS))
    assert check(numbers_only) == []


def test_a_new_dataset_is_empty(tmp_path: Path) -> None:
    with Writer(tmp_path / "a" / "set", FEATURES) as writer:
        assert (writer.episodes, writer.frames) == (0, 0)
    with Reader(tmp_path / "a" / "set") as reader:
        assert len(reader) == 0 and list(reader) == []
        with pytest.raises(BadInput, match="it is empty"):
            reader.rows(0)
    assert check(tmp_path / "a" / "set") == []


def test_a_second_session_goes_on(dataset: Path) -> None:
    other = dataclasses.replace(MADE, seed=4, command="python make.py --seed 4")
    for provenance in (other, other):
        with Writer(dataset, FEATURES, provenance=provenance) as writer:
            index = writer.episodes
            assert writer.append(episode(index, FRAMES + index)) == index
    assert whole(dataset, range(6))
    with Reader(dataset) as reader:
        assert reader.about is not None
        assert [made.seed for made in reader.about.provenance] == [3, 4]
        assert reader.tasks == [words for task in TASKS for words in (task, f"please {task}")]


def test_two_sessions_write_what_one_would(tmp_path: Path) -> None:
    one = write(tmp_path / "one", range(3))
    write(tmp_path / "two", range(2))
    with Writer(tmp_path / "two", FEATURES, provenance=MADE) as writer:
        writer.append(episode(2, FRAMES + 2))
    files = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "two") for path in (tmp_path / "two").rglob("*") if path.is_file())
    for name in files:
        if name.name == "stats.json":  # summed in another order
            continue
        assert (one / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_rows_of_episodes_fill_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "GROUP", 2)
    root = write(tmp_path / "set", range(3), NO_CAMERAS)
    with Writer(root, NO_CAMERAS) as writer:
        for k in (3, 4):
            writer.append(episode(k, FRAMES + k, NO_CAMERAS))
    assert sorted(path.name for path in (root / "meta/episodes/chunk-000").iterdir()) == [f"file-00{k}.parquet" for k in range(3)]
    with Reader(root) as reader:
        assert [reader.entry(k).notes["seed"] for k in range(5)] == [0, 1, 2, 3, 4]
    assert check(root) == []


# ── what ends a writer ───────────────────────────────────────────────────────────────────────────────────────────────
class Cut(BaseException):
    """The moment of the kill."""


def steps(monkeypatch: pytest.MonkeyPatch, cut_at: int | None, error: BaseException) -> list[int]:
    """Count what reaches the disk, and end everything before step `cut_at`."""
    count = [0]

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any) -> Any:
            if count[0] == cut_at:
                raise error
            count[0] += 1
            return real(*args)

        return step

    monkeypatch.setattr(Path, "write_bytes", counted(Path.write_bytes))
    monkeypatch.setattr(Path, "replace", counted(Path.replace))
    monkeypatch.setattr(os, "fsync", counted(os.fsync))
    return count


ONE_CAMERA = dataclasses.replace(FEATURES, cameras=FEATURES.cameras[1:])


def short(seed: int) -> Episode:
    return episode(seed, 8, ONE_CAMERA)


def test_a_cut_between_any_two_steps_costs_one_episode(tmp_path: Path) -> None:
    before = write(tmp_path / "before", [0], ONE_CAMERA, frames=8)
    with pytest.MonkeyPatch.context() as patch, Writer(shutil.copytree(before, tmp_path / "count"), ONE_CAMERA) as writer:
        count = steps(patch, None, Cut())
        writer.append(short(1))
        every = count[0]
    assert every >= 20
    for cut_at in range(every):
        root = Path(shutil.copytree(before, tmp_path / f"cut{cut_at}"))
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Cut), Writer(root, ONE_CAMERA) as writer:
            steps(patch, cut_at, Cut())
            writer.append(short(1))
        done = layout.read_info(root).episodes
        assert done == (2 if cut_at == every - 1 else 1), cut_at  # the last step is the folder of meta/info.json
        with Reader(root) as reader:
            assert same(reader.episode(0), short(0))
        assert {fault.code for fault in check(root, pictures=False)} <= {"count", "stats"}, cut_at
        with Writer(root, ONE_CAMERA) as writer:
            assert not list(root.rglob("*.part"))
            assert not data_file(root, done).exists() and not video_file(root, done, "wrist").exists()
            if writer.episodes == 1:
                writer.append(short(1))
        with Reader(root) as reader:
            assert [same(reader.episode(k), short(k)) for k in range(2)] == [True, True]
        assert check(root, pictures=False) == [], cut_at


def test_sentences_of_an_episode_that_never_was_are_forgotten(tmp_path: Path) -> None:
    root = write(tmp_path / "set", [0], NO_CAMERAS)
    with pytest.MonkeyPatch.context() as patch, pytest.raises(Cut), Writer(root, NO_CAMERAS) as writer:
        patch.setattr(writer, "_put_row", lambda *_: (_ for _ in ()).throw(Cut()))
        writer.append(episode(1, FRAMES + 1, NO_CAMERAS))
    with Writer(root, NO_CAMERAS) as writer:
        writer.append(episode(2, FRAMES + 1, NO_CAMERAS))
    with Reader(root) as reader:
        assert reader.tasks == [words for task in (TASKS[0], TASKS[2]) for words in (task, f"please {task}")]
    assert check(root) == []


def test_a_full_disk_costs_one_episode_and_can_be_mended(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Writer(dataset, FEATURES) as writer:
        for cut_at in (0, 4, 9, 15):
            with pytest.MonkeyPatch.context() as patch:
                steps(patch, cut_at, OSError(28, "No space left on device"))
                with pytest.raises(MoravecError, match=r"cannot be written \(No space left on device"):
                    writer.append(episode(4, FRAMES + 4))
            assert writer.episodes == 4
        writer.append(episode(4, FRAMES + 4))
    assert whole(dataset, range(5))


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[2])
from helpers_data import FEATURES, FRAMES, episode
from moravec.data.lerobot.write import Writer
with Writer(sys.argv[1], FEATURES) as writer:
    print("open", flush=True)
    while True:
        k = writer.episodes
        writer.append(episode(k, FRAMES + k))
        print(k, flush=True)
"""


def started(root: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(root), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True, env=environment
    )


def test_a_real_process_is_killed_again_and_again(tmp_path: Path) -> None:
    root, finished = tmp_path / "set", 0
    rng = np.random.default_rng(0)
    for _ in range(3):
        process = started(root)
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        first = process.stdout.readline()
        time.sleep(rng.uniform(0, 0.15))
        process.send_signal(signal.SIGKILL)
        said = [int(line) for line in (first + process.communicate()[0]).split()]
        finished = max([finished, *(k + 1 for k in said)])
        with Reader(root) as reader:
            assert finished <= len(reader) <= finished + 1  # what was said to be written is there
            finished = len(reader)
            assert all(same(reader.episode(k), episode(k, FRAMES + k)) for k in range(finished))
    with Writer(root, FEATURES) as writer:
        writer.append(episode(finished, FRAMES + finished))
    assert whole(root, range(finished + 1))


def test_a_file_system_that_takes_no_more(dataset: Path) -> None:
    """A limit of the kernel on the size of files: what no test double would know."""
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); sys.path.insert(0, sys.argv[2])\n"
        "from helpers_data import FEATURES, episode\nfrom moravec.data.lerobot.write import Writer\n"
        "from moravec.core.errors import MoravecError\n"
        "writer = Writer(sys.argv[1], FEATURES)\nresource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    writer.append(episode(4, 200))\nexcept MoravecError as error:\n    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", program, str(dataset), str(Path(__file__).parent)],
        capture_output=True, text=True, env=environment, check=True,
    )  # fmt: skip
    assert "cannot be written" in done.stdout
    with Writer(dataset, FEATURES) as writer:
        writer.append(episode(4, FRAMES + 4))
    assert whole(dataset, range(5))


# ── what a writer refuses ────────────────────────────────────────────────────────────────────────────────────────────
def test_one_writer_at_a_time(dataset: Path) -> None:
    with Writer(dataset, FEATURES), pytest.raises(BadInput, match="one writer at a time"):
        Writer(dataset, FEATURES)
    with Writer(dataset, FEATURES) as writer:
        assert writer.episodes == 4


def test_a_bad_episode_changes_nothing(dataset: Path) -> None:
    with Writer(dataset, FEATURES) as writer, pytest.raises(BadInput):
        writer.append(episode(4, fps=10.0))
    assert whole(dataset, range(4))


def test_a_closed_writer_says_so(dataset: Path) -> None:
    writer = Writer(dataset, FEATURES)
    writer.close()
    writer.close()
    with pytest.raises(MoravecError, match="its writer is closed"):
        writer.append(episode(4))


@pytest.mark.parametrize(
    ("features", "encoder", "said"),
    [
        (dataclasses.replace(FEATURES, fps=30.0), Encoder(), "fps of episodes"),
        (dataclasses.replace(FEATURES, robot="other"), Encoder(), "robot of episodes"),
        (dataclasses.replace(FEATURES, state=FEATURES.state[:2]), Encoder(), "state of episodes"),
        (dataclasses.replace(FEATURES, cameras=FEATURES.cameras[:1]), Encoder(), "cameras of episodes"),
        (dataclasses.replace(FEATURES, extras={}), Encoder(), "extras of episodes"),
        (FEATURES, Encoder(crf=30), "encoder of pictures"),
        (FEATURES, None, "encoder of pictures"),
    ],
)
def test_other_episodes_are_not_mixed_in(dataset: Path, features: Any, encoder: Encoder | None, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Writer(dataset, features, encoder)
    assert whole(dataset, range(4))


def test_folders_of_others_are_left_alone(by_lerobot: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in by_lerobot.rglob("*") if path.is_file()}
    with pytest.raises(BadInput, match="an empty one, or a dataset of this writer"):
        Writer(by_lerobot, FEATURES)
    assert {path: path.read_bytes() for path in by_lerobot.rglob("*") if path.is_file()} == before
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="a folder that can be written"):
        Writer(tmp_path / "file", FEATURES)


def test_files_that_another_program_added_stop_it(dataset: Path) -> None:
    path = dataset / "meta/episodes/chunk-000/file-000.parquet"
    change_column(path, "data/file_index", lambda values: [*values[:-1], 0])
    with pytest.raises(BadInput, match="files that another program added"):
        Writer(dataset, FEATURES)


def test_odd_sizes_are_refused_before_the_first_episode(tmp_path: Path) -> None:
    odd = dataclasses.replace(FEATURES, cameras=(dataclasses.replace(FEATURES.cameras[0], height=31),))
    with pytest.raises(BadInput, match="front, stored as video: found '31x48'"):
        Writer(tmp_path / "set", odd)
    assert not (tmp_path / "set").exists()
