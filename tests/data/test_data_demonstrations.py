"""Demonstrations by Meta-World's experts: a function of their seeds alone, with clean labels, resumed after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("metaworld")
pq = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("av")

from helpers_data import MADE  # noqa: E402
from helpers_proc import processes  # noqa: E402

from moravec.core.errors import BadInput  # noqa: E402
from moravec.data.check import check  # noqa: E402
from moravec.data.demonstrations.make import make_metaworld, ordered  # noqa: E402
from moravec.data.demonstrations.metaworld import (  # noqa: E402
    ABSENT,
    ATTEMPTS,
    CAMERA_NAME,
    GLIMPSE,
    LONGEST,
    PIXELS,
    PLACES,
    SEEDS_PER_TASK,
    WHOLE,
    Disturbance,
    Lesson,
    Teacher,
    Teaching,
    features,
    lessons,
)
from moravec.data.episode import Episode, check_episode  # noqa: E402
from moravec.data.lerobot.read import Reader  # noqa: E402
from moravec.trials.metaworld.suite import FIRST_SEED  # noqa: E402
from moravec.worlds.metaworld.sentences import sentences_of  # noqa: E402
from moravec.worlds.processes import Job  # noqa: E402

SIZE = 64
TASK = "door-close-v3"
TEACHING = Teaching(episodes=1, glimpses=2, size=SIZE)
CALM = replace(TEACHING, disturbance=Disturbance(share=0.0))
WILD = replace(TEACHING, disturbance=Disturbance(share=1.0, noise=0.5, push=0.2))


@pytest.fixture(scope="module")
def teach() -> Iterator[Callable[..., Episode]]:
    """Gives a lesson of TASK; teachers are kept, as workers keep them."""
    teachers: dict[Teaching, Teacher] = {}

    def lesson(teaching: Teaching, seed: int, whole: bool = True) -> Episode:
        if teaching not in teachers:
            teachers[teaching] = Teacher(TASK, teaching)
        found = teachers[teaching].lesson(Lesson(TASK, seed, whole))
        assert found is not None
        return found

    yield lesson
    for teacher in teachers.values():
        teacher.close()


def same(one: Episode, other: Episode) -> bool:
    return (
        np.array_equal(one.state, other.state) and np.array_equal(one.actions, other.actions) and one.notes == other.notes
        and np.array_equal(one.pictures[CAMERA_NAME], other.pictures[CAMERA_NAME])
        and all(np.array_equal(one.extras[name], other.extras[name]) for name in one.extras)
    )  # fmt: skip


@pytest.mark.parametrize("whole", [True, False])
def test_a_lesson_depends_on_its_seed_alone(teach: Callable[..., Episode], whole: bool) -> None:
    first = teach(TEACHING, 3, whole)
    teach(TEACHING, 4, not whole)
    assert same(teach(TEACHING, 3, whole), first)
    assert not same(teach(TEACHING, 5, whole), first)


def test_an_episode_is_what_the_dataset_declares(teach: Callable[..., Episode]) -> None:
    for episode in (teach(TEACHING, 3), teach(TEACHING, 3, False)):
        check_episode(features(SIZE), episode)
        assert episode.tasks == sentences_of(TASK).train
    assert not set(teach(TEACHING, 3).tasks) & set(sentences_of(TASK).held_out)


def test_a_whole_lesson_ends_with_success_and_a_glimpse_is_short(teach: Callable[..., Episode]) -> None:
    whole, glimpse = teach(TEACHING, 0), teach(TEACHING, 0, False)
    assert whole.success is True and 5 < len(whole) <= LONGEST and whole.notes == {"task": TASK, "seed": 0, "kind": WHOLE}
    assert glimpse.success is None and len(glimpse) == TEACHING.glimpse_frames and glimpse.notes["kind"] == GLIMPSE


def test_labels_are_clipped_and_clean_whatever_is_carried_out(teach: Callable[..., Episode]) -> None:
    """The same beginning, calm and disturbed: the first label is the same, the ways part, and labels stay the expert's own."""
    calm, wild = teach(CALM, 7), teach(WILD, 7)
    assert np.array_equal(calm.actions[0], wild.actions[0]) and np.array_equal(calm.state[0], wild.state[0])
    assert len(calm) != len(wild) or not np.array_equal(calm.state, wild.state)
    for episode in (calm, wild):
        assert np.abs(episode.actions).max() <= 1.0
    jumps = [np.abs(np.diff(episode.actions[:, :3], axis=0)).mean() for episode in (calm, wild)]
    assert jumps[1] < 0.3, "noise of that size in the labels would be seen as jumps"


def test_without_disturbance_what_is_labelled_is_carried_out(teach: Callable[..., Episode]) -> None:
    """The hand follows the labels: each moves its target by 0.01 m at most."""
    calm = teach(CALM, 7)
    moved = np.diff(calm.state[:, :3], axis=0)
    assert np.corrcoef(moved[2:].ravel(), calm.actions[1:-2, :3].ravel())[0, 1] > 0.5


def test_points_are_where_the_picture_shows_them(teach: Callable[..., Episode]) -> None:
    whole = teach(CALM, 7)
    pixels, places = whole.extras[PIXELS].reshape(-1, 4, 2), whole.extras[PLACES].reshape(-1, 4, 3)
    assert np.allclose(places[:, 3], whole.state[:, :3], atol=1e-6), "the hand's point is the hand's place"
    assert np.all((pixels[:, 3] > 0) & (pixels[:, 3] < SIZE)), "the hand is in the picture"
    assert np.all(places[:, 1] == ABSENT) and np.all(pixels[:, 1] == ABSENT), "this task has no second object"


def test_lessons_are_apart_from_each_other_and_from_evaluation() -> None:
    kinds = [(replace(TEACHING, seed=seed), whole) for seed in (0, 1, 7) for whole in (True, False)]
    seeds = [{lesson.seed for lesson in lessons(TASK, teaching, whole)} for teaching, whole in kinds]
    assert all(not one & other for k, one in enumerate(seeds) for other in seeds[:k])
    assert max(max(each) for each in seeds) < SEEDS_PER_TASK <= FIRST_SEED
    assert [len(each) for each in seeds[:2]] == [ATTEMPTS * TEACHING.episodes, TEACHING.glimpses]


@pytest.mark.parametrize(
    "wrong",
    [
        {"seed": 50}, {"seed": 2**63 - 1}, {"seed": -1}, {"episodes": 90_000}, {"glimpses": 500_001}, {"size": 15}, {"size": 65},
        {"size": 2048}, {"episodes": -1}, {"glimpse_frames": 0},
    ],
)  # fmt: skip
def test_teaching_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(BadInput):
        replace(TEACHING, **wrong)  # type: ignore[arg-type]


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(BadInput, match="did you mean 'door-close-v3'"):
        Teacher("door-clse-v3", TEACHING)


def make(root: Path, teaching: Teaching = TEACHING, tell: Callable[[Any], None] = lambda made: None, processes: int = 1) -> Any:
    return make_metaworld(root, (TASK, "reach-v3"), teaching, processes, MADE, tell)


def contents(root: Path) -> dict[str, Any]:
    """Every table of a dataset, and every picture."""
    tables = {str(path.relative_to(root)): pq.read_table(path).to_pydict() for path in sorted(root.rglob("*.parquet"))}
    with Reader(root) as reader:
        pictures = {index: episode.pictures[CAMERA_NAME].tobytes() for index, episode in enumerate(reader)}
    stats = json.loads((root / "meta/stats.json").read_text())
    rounded = {key: {name: np.round(values, 6).tolist() for name, values in part.items()} for key, part in stats.items()}
    return {**tables, "pictures": pictures, "stats": rounded}  # sums in another order differ in their last bits


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made without interruption."""
    root = tmp_path_factory.mktemp("demonstrations") / "whole"
    told: list[Any] = []
    made = make(root, tell=told.append, processes=2)
    assert (made.episodes, made.wanted, made.failed) == (6, 6, 0) and [each.episodes for each in told] == list(range(1, 7))
    return root


def test_it_is_ordered_by_task_and_kind_and_without_fault(whole: Path) -> None:
    assert check(whole) == []
    with Reader(whole) as reader:
        notes = [(e.notes["task"], e.notes["kind"], e.notes["seed"]) for e in (reader.entry(k) for k in range(6))]
    first = [(TASK, WHOLE, 0), (TASK, GLIMPSE, 500_000), (TASK, GLIMPSE, 500_001)]
    assert notes == first + [("reach-v3", kind, seed) for _, kind, seed in first]


def test_what_is_finished_stays_as_it_is(whole: Path) -> None:
    before = contents(whole)
    assert make(whole).episodes == 6
    assert contents(whole) == before


def test_another_teaching_is_not_mixed_in(whole: Path) -> None:
    with pytest.raises(BadInput, match="those of another --seed"):
        make(whole, replace(TEACHING, seed=1))
    with pytest.raises(BadInput, match="as the dataset has"):
        make(whole, replace(TEACHING, size=32))


KILLED = """
import sys
sys.path[:0] = sys.argv[2:]
from pathlib import Path
from test_data_demonstrations import make

if __name__ == "__main__":
    make(Path(sys.argv[1]), tell=lambda made: print(made.episodes, flush=True))
"""


def test_killed_and_gone_on_with_it_is_the_same(whole: Path, tmp_path: Path) -> None:
    """A real process, killed as a machine that runs out of memory does; its workers end with it."""
    root, script = tmp_path / "broken", tmp_path / "killed.py"
    script.write_text(KILLED)
    words = [sys.executable, str(script), str(root), *map(str, Path(__file__).parents[:2])]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "2":
            break
    workers = children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert workers and gone(workers), "processes that outlive their parent"
    told: list[Any] = []
    assert make(root, tell=told.append).episodes == 6
    assert 2 <= 6 - len(told) < 6, "it went on, and did not begin anew"
    assert contents(root) == contents(whole)


def children(pid: int) -> list[int]:
    """Processes that another started."""
    return [each.pid for each in processes() if each.parent == pid]


def gone(pids: list[int], patience: float = 10.0) -> bool:
    """Whether all processes end, in `patience` [s]."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not any(each.pid in pids and not each.ended for each in processes()):
            return True
        time.sleep(0.05)
    return False


class Waits:
    """Workers that do a job when its result is asked for, and write down what they were given."""

    def __init__(self) -> None:
        self.given: list[int] = []

    def do(self, work: Callable[[int], int], number: int) -> Any:
        self.given.append(number)
        future: Future[int] = Future()
        future.set_result(work(number))
        return Job(future)


def test_order_is_kept_and_no_more_is_begun_than_asked() -> None:
    workers, seen = Waits(), []
    found = ordered(workers, abs, range(100), 4)  # type: ignore[arg-type]
    for _ in range(6):
        seen.append(next(found))
        assert len(workers.given) == len(seen) + 4
    found.close()  # type: ignore[attr-defined]
    assert seen == [0, 1, 2, 3, 4, 5] and len(workers.given) == 10
    assert list(ordered(Waits(), abs, range(3), 4)) == [0, 1, 2]  # type: ignore[arg-type, comparison-overlap]
    assert list(ordered(Waits(), abs, [], 4)) == []  # type: ignore[arg-type]
