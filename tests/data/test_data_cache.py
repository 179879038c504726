"""The training cache: its frames are the episodes', chunks end where episodes end, and what is not whole is refused."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_data import FEATURES, episode
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.data.cache import ARRAYS, Cache, Points, build
from moravec.data.episode import Episode, Features
from moravec.models.contract import CameraSpec, Channel
from moravec.models.manip.config import View
from moravec.models.manip.look import looked

VIEW = View(0.0, 1.0, 0.0, 1.0, 32, 32)
SIZE = 64  # [px]
NONE = Points()
POINTS = Points("pixels", "places")
TAUGHT = Features(
    20.0, FEATURES.state, FEATURES.action, (CameraSpec("front", SIZE, SIZE),),
    {
        "pixels": tuple(Channel(f"{k} {a}", "px") for k in range(2) for a in "xy"),
        "places": tuple(Channel(f"{k} {a}", "m") for k in range(2) for a in "xyz"),
    },
)  # fmt: skip
LENGTHS = (3, 1, 5)
MISSING = object()  # a fact that is left out


def made(lengths: tuple[int, ...] = LENGTHS, features: Features = FEATURES) -> list[Episode]:
    return [episode(seed, frames, features) for seed, frames in enumerate(lengths)]


def cache_of(
    folder: Path, episodes: list[Episode], features: Features = FEATURES, view: View = VIEW, points: Points = NONE, every: int = 1
) -> Cache:
    return build(episodes, features, sum(map(len, episodes)), folder, view, points, "toy", every)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return cache_of(tmp_path_factory.mktemp("cache"), made())


def test_frames_are_the_episodes(small: Cache) -> None:
    batch = small.take(np.arange(len(small)), 1)
    assert len(small) == 9
    assert np.array_equal(batch.state, np.concatenate([each.state for each in made()]))
    assert np.array_equal(batch.actions[:, 0], np.concatenate([each.actions for each in made()]))
    pictures = [looked(picture, VIEW) for each in made() for picture in each.pictures["front"]]
    assert np.array_equal(batch.pictures, np.stack(pictures))
    assert small.sentences == [each.tasks for each in made()]
    assert small.groups.tolist() == [0] * 3 + [1] + [2] * 5
    assert replace(small.spec, rate=0.0) == replace(FEATURES.spec(), rate=0.0) and small.spec.rate == FEATURES.fps
    assert small.view == VIEW


@settings(max_examples=50)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=6), st.integers(1, 7))
def test_a_chunk_ends_with_its_episode(small: Cache, rows: list[int], chunk: int) -> None:
    batch = small.take(np.array(rows), chunk)
    actions = np.concatenate([each.actions for each in made()])
    ends = np.repeat(np.cumsum(LENGTHS), LENGTHS)
    assert batch.there.shape == (len(rows), chunk) and batch.there.dtype == np.float32
    for place, row in enumerate(rows):
        left = min(chunk, int(ends[row]) - row)
        assert batch.there[place].tolist() == [1.0] * left + [0.0] * (chunk - left)
        assert np.array_equal(batch.actions[place, :left], actions[row : row + left])
        assert np.all(batch.actions[place, left:] == actions[ends[row] - 1]), "what does not count is finite all the same"


@pytest.mark.parametrize("every", [2, 3, 4, 20])
def test_with_fewer_pictures_no_action_is_lost(tmp_path: Path, every: int) -> None:
    """A frame of the thin cache is the same as in the whole one, with all the actions that follow it."""
    rng = np.random.default_rng(3)
    extras = [{name: rng.random((n, width), np.float32) for name, width in (("pixels", 4), ("places", 6))} for n in LENGTHS]
    episodes = [replace(each, extras=more) for each, more in zip(made(), extras, strict=True)]
    whole = cache_of(tmp_path / "whole", episodes, TAUGHT, points=POINTS)
    thin = cache_of(tmp_path / "thin", episodes, TAUGHT, points=POINTS, every=every)
    rows = np.arange(len(thin))
    assert len(thin) == -(-len(whole) // every)
    one, other = whole.take(rows * every, 4), thin.take(rows, 4)
    for name in ("pictures", "state", "actions", "there", "groups", "points", "places"):
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name in ("points", "places")), name
    assert thin.sentences == whole.sentences and thin.hash != whole.hash
    assert all(np.array_equal(whole.statistics[name], thin.statistics[name]) for name in whole.statistics)


def test_what_was_taken_is_a_copy(small: Cache) -> None:
    batch = small.take(np.arange(3), 2)
    for array in (batch.pictures, batch.state, batch.actions):
        array[:] = 0
    assert small.take(np.arange(3), 2).state.any() and small.take(np.arange(3), 2).pictures.any()


def test_statistics_are_those_of_the_numbers(small: Cache) -> None:
    state, actions = (np.concatenate([getattr(each, name) for each in made()]) for name in ("state", "actions"))
    found = small.statistics
    assert np.allclose(found["state mean"], state.mean(0), atol=1e-6) and np.allclose(found["state std"], state.std(0), atol=1e-6)
    assert np.allclose(found["action low"], np.quantile(actions, 0.01, axis=0), atol=1e-6)
    assert np.allclose(found["action high"], np.quantile(actions, 0.99, axis=0), atol=1e-6)
    assert {values.dtype for values in found.values()} == {np.dtype(np.float32)}


def test_the_same_sentences_are_one_group(tmp_path: Path) -> None:
    same = [replace(each, tasks=("a b", "c")) for each in made()]
    other = [*same[:2], replace(same[2], tasks=("c", "a b"))]
    assert cache_of(tmp_path / "same", same).groups.tolist() == [0] * 9
    assert cache_of(tmp_path / "other", other).groups.tolist() == [0] * 4 + [1] * 5


def test_the_hash_is_that_of_everything(tmp_path: Path) -> None:
    def hash_of(name: str, episodes: list[Episode], view: View = VIEW) -> str:
        return cache_of(tmp_path / name, episodes, view=view).hash

    first = hash_of("one", made())
    assert hash_of("two", made()) == first
    changed = made()
    changed[1].pictures["front"][0, 5, 5] ^= 1
    others = [
        hash_of("picture", changed), hash_of("order", made()[::-1]), hash_of("view", made(), View(0.0, 1.0, 0.0, 0.5, 32, 32)),
        hash_of("words", [replace(made()[0], tasks=("other words",)), *made()[1:]]),
    ]  # fmt: skip
    assert len({first, *others}) == 5


def places(pixels: list[list[float]], where: list[list[float]]) -> Episode:
    base = episode(0, len(pixels), FEATURES)
    extras = {"pixels": np.array(pixels, np.float32), "places": np.array(where, np.float32)}
    return replace(base, extras=extras, pictures={"front": np.zeros((len(pixels), SIZE, SIZE, 3), np.uint8)})


def test_points_are_given_in_the_cut_picture(tmp_path: Path) -> None:
    """Whole numbers are pixel centres: the cut's first is half a pixel from its edge."""
    view = View(0.25, 0.75, 0.5, 1.0, 32, 32)
    one = places([[31.5, 15.5, 63.5, 47.5], [47.5, 31.5, 0.0, 0.0]], [[0.1] * 6, [0.2] * 6])
    batch = cache_of(tmp_path, [one], TAUGHT, view, POINTS).take(np.arange(2), 1)
    assert np.allclose(batch.points[0], [[-1.0, -1.0], [1.0, 1.0]], atol=1e-6)
    assert np.allclose(batch.points[1, 0], [0.0, 0.0], atol=1e-6)
    assert np.all(batch.points[1, 1] < -1.0), "outside the cut: what is there is not hidden, and a loss leaves it out"
    assert np.allclose(batch.places[1], 0.2)


def test_a_point_that_a_task_has_not_is_unknown(tmp_path: Path) -> None:
    one = places([[-1.0, -1.0, 5.0, 5.0]], [[-1.0, -1.0, -1.0, -1.0, 0.0, 0.0]])
    batch = cache_of(tmp_path, [one], TAUGHT, VIEW, POINTS).take(np.arange(1), 1)
    assert np.isnan(batch.points[0, 0]).all() and np.isnan(batch.places[0, 0]).all()
    assert np.isfinite(batch.points[0, 1]).all() and batch.places[0, 1].tolist() == [-1.0, 0.0, 0.0]


@pytest.mark.parametrize("points", [NONE, Points("pixels"), Points("nothing", "places")])
def test_a_dataset_without_points_is_cached_as_well(tmp_path: Path, points: Points) -> None:
    batch = cache_of(tmp_path, [places([[1.0] * 4], [[1.0] * 6])], TAUGHT, VIEW, points).take(np.arange(1), 2)
    assert np.isnan(batch.points).all() and np.isnan(batch.places).all()
    assert batch.points.shape[2] == 2 and batch.places.shape[2] == 3


@pytest.mark.parametrize("frames", [8, 10, 0, -1])
def test_another_number_of_frames_than_was_said_is_refused(tmp_path: Path, frames: int) -> None:
    with pytest.raises(BadInput, match="the dataset's frames"):
        build(made(), FEATURES, frames, tmp_path, VIEW, NONE, "toy")
    with pytest.raises(BadInput, match="that 'moravec data cache' made"):
        Cache(tmp_path)


def test_a_dataset_without_cameras_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the dataset's cameras"):
        build([], replace(FEATURES, cameras=()), 5, tmp_path, VIEW, NONE, "toy")


def test_what_was_broken_off_is_no_cache_and_is_made_anew(tmp_path: Path) -> None:
    """A kill in the middle of a second making must not leave the first one's table of contents over half-written files."""
    first = cache_of(tmp_path, made()).hash

    def killed() -> list[Episode]:
        yield made()[0]  # type: ignore[misc]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(killed(), FEATURES, 9, tmp_path, VIEW, NONE, "toy")
    with pytest.raises(BadInput, match=r"cache\.json"):
        Cache(tmp_path)
    assert cache_of(tmp_path, made()).hash == first


@pytest.mark.parametrize("name", ["cache.json", *(f"{array}.npy" for array in ARRAYS)])
@pytest.mark.parametrize("left", [None, 0, 30, 0.5, -1])
def test_a_cache_that_is_not_whole_is_refused(small: Cache, tmp_path: Path, name: str, left: float | None) -> None:
    folder = Path(shutil.copytree(small.folder, tmp_path / "copy"))
    raw = (folder / name).read_bytes().rstrip(b"\n")
    if left is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(raw[: int(left * len(raw)) if isinstance(left, float) else left])
    with pytest.raises(BadInput, match="a folder that 'moravec data cache' made") as error:
        Cache(folder)
    assert str(folder) in str(error.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 1}, "its format: found 1; allowed: 2"), ({"frames": 8}, "8 in every file"), ({"frames": None}, "frames"),
        ({"every": MISSING}, "a picture: found None"), ({"every": None}, "a picture: found None"),
        ({"every": "x"}, "a picture: found 'x'"), ({"every": 1.0}, "a picture: found 1.0"), ({"every": 0}, "a picture: found 0"),
        ({"every": -1}, "a picture: found -1"), ({"every": 2}, "a picture: found 2; allowed: a whole number of 1 or more"),
    ],
)
def test_a_table_of_contents_that_does_not_fit_is_refused(
    small: Cache, tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    folder = Path(shutil.copytree(small.folder, tmp_path / "copy"))
    facts = {name: value for name, value in {**small.facts, **changes}.items() if value is not MISSING}
    (folder / "cache.json").write_text(json.dumps(facts))
    with pytest.raises(BadInput) as error:
        Cache(folder)
    assert told in str(error.value)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "cache.json").write_text("[1]")
    for folder in (tmp_path / "nowhere", tmp_path, tmp_path / "list"):
        with pytest.raises(BadInput, match="a folder that 'moravec data cache' made"):
            Cache(folder)


def test_the_table_of_contents_is_json_for_everybody(small: Cache) -> None:
    text = (small.folder / "cache.json").read_text()
    json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert math.inf in {channel.high for channel in small.spec.state}, "a bound that is none stays none"
