"""The cell's demonstrations: clean labels, chunks of their own in the cache, and going on after a break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pyarrow.parquet")
pytest.importorskip("av")

from helpers_data import MADE

from moravec.core.errors import BadInput, SkillError, WorldError
from moravec.core.frames import frozen, tool_down
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.data.cache import Points, build
from moravec.data.check import check
from moravec.data.demonstrations import make_cell as making
from moravec.data.demonstrations.cell import (
    FIRST_TRAINED,
    PIXELS,
    PLACES,
    SEEDS_APART,
    Attended,
    Book,
    CellTeaching,
    Disturbance,
    _Delivery,
    attend,
    features,
)
from moravec.data.episode import AHEAD, Episode, check_episode
from moravec.data.lerobot.read import Reader
from moravec.models.manip.robots import embodiment
from moravec.perception.detection import Detection
from moravec.skills.bringing import OVER_RIM
from moravec.skills.context import Held
from moravec.skills.learned.crop import crop, seen_at
from moravec.skills.learned.errand import PickErrand, PlaceErrand
from moravec.skills.learned.pilot import CHUNK
from moravec.skills.learned.round import EXECUTE, moment_of
from moravec.skills.learned.teacher import Teacher
from moravec.skills.learned.waypoints import Pose, in_tool
from moravec.skills.learned.wording import sentences, sentences_down
from moravec.skills.spots import Spot
from moravec.skills.taking import Scene
from moravec.worlds.registry import World, WorldOptions, open_world

HAND = Pose((0.52, 0.03, 0.25), 0.5, 0.08)
STILL = Disturbance(glances=1, share=0.0)
WILD = Disturbance(share=1.0, noise=0.02, glances=0)


def box_scene() -> Scene:
    """A box on a flat place, from above."""
    place = Place("plate", "station", (0.5, 0.0), (0.24, 0.24), 0.02, 0.02)
    thing = Detection(
        "plate", (0.5, 0.0, 0.045), (0.08, 0.04, 0.05), 0.0, (0.002,) * 3, "red", 0.9, "box", 0.9, False, 0.1, None, "wrist",
        (0, 0, 10, 10),
    )  # fmt: skip
    h, w, f, lens = 240, 320, 300.0, (0.5, 0.0, 0.5)
    K = np.array([[f, 0, (w - 1) / 2], [0, f, (h - 1) / 2], [0, 0, 1.0]])
    camera = tool_down(lens, 0.0)
    v, u = np.mgrid[0:h, 0:w]
    x, y = lens[0] + (u - K[0, 2]) / f * 0.43, lens[1] - (v - K[1, 2]) / f * 0.43
    depth = np.where((np.abs(x - 0.5) < 0.04) & (np.abs(y) < 0.02), 0.43, 0.48).astype(np.float32)
    frame = CameraFrame("wrist", 1, 0.5, np.full((h, w, 3), 90, np.uint8), depth, frozen(K), frozen(camera))
    return Scene(frame, place, thing, [], [])


def test_what_is_written_down_is_clean_and_what_is_done_is_astray() -> None:
    scene = box_scene()
    errand = PickErrand(scene, 0.2)
    book, teacher = Book(WILD, np.random.default_rng(0)), Teacher()
    book.starts()
    assert book.aim(errand) and teacher.aim(errand)
    said = [teacher.act(moment_of(errand, scene.frame, HAND)).actions for _ in range(5)]
    done = [book.act(moment_of(errand, scene.frame, HAND)).actions for _ in range(5)]
    episode = book.bound(sentences("red", "box"), {"seed": 1})
    check_episode(features(), episode)
    np.testing.assert_array_equal(episode.extras[AHEAD].reshape(-1, CHUNK, 5), said)
    np.testing.assert_array_equal(episode.actions, [actions[0] for actions in said])
    assert all(not np.allclose(d[:EXECUTE, :3], s[:EXECUTE, :3]) for d, s in zip(done[:3], said[:3], strict=True))
    np.testing.assert_array_equal(done[3:], said[3:])  # it is let go its way in the end
    np.testing.assert_allclose(episode.extras[PLACES][0, :3], said[0][-1, :3], atol=1e-5)


def test_a_hand_that_is_about_to_close_is_left_alone() -> None:
    scene = box_scene()
    errand = PickErrand(scene, 0.2)
    book = Book(WILD, np.random.default_rng(0))
    book.starts()
    assert book.aim(errand)
    low = Pose((0.5, 0.0, 0.06), np.pi / 2, 0.06)
    first = book.act(moment_of(errand, scene.frame, low)).actions
    np.testing.assert_array_equal(first, book.bound(("take it",), {}).extras[AHEAD].reshape(1, CHUNK, 5)[0])


def test_starts_look_first_and_then_begin() -> None:
    book = Book(Disturbance(glances=2), np.random.default_rng(1))
    starts = book.starts()
    assert [start.look_only for start in starts] == [True, True, False]
    assert starts != book.starts()


def test_a_putting_down_is_written_down_with_where_it_is_let_go() -> None:
    """The points are the spot and where the fingers hold, in the picture around the place's middle."""
    scene = box_scene()
    held = Held(0.03, (0.04, 0.04, 0.03), 0.05, "red box")
    place = replace(scene.place, kind="bin", rim=0.08)
    errand = PlaceErrand(place, held, [Spot(0.52, 0.01, 0.02)], 0.2)
    hand = Pose((0.5, 0.03, 0.18), 0.5, 0.05)
    book = Book(WILD, np.random.default_rng(0))
    book.starts()
    assert book.aim(errand)
    for _ in range(2):
        book.act(moment_of(errand, scene.frame, hand))
    episode = book.bound(sentences_down("red box", "bin"), {"seed": 1})
    check_episode(features(), episode)
    spot, one, other = episode.extras[PLACES][0].reshape(3, 3)
    np.testing.assert_allclose(spot, in_tool(hand, (0.02, -0.02, 0.08 + OVER_RIM - 0.18)), atol=1e-6)
    np.testing.assert_allclose([one - spot, other - spot], [(0.025, 0.0, 0.0), (-0.025, 0.0, 0.0)], atol=1e-6)
    cut = crop(scene.frame, errand.anchor)
    np.testing.assert_allclose(episode.extras[PIXELS][0, :2], seen_at(scene.frame, cut, (0.52, 0.01, 0.08 + OVER_RIM)), atol=1e-3)
    assert np.all(episode.extras[AHEAD].reshape(-1, CHUNK, 5)[:, -1, 4] > 0.06), "the fingers open in the end"


def test_one_delivery_gives_picks_and_puttings_down_of_the_right_thing() -> None:
    """A real one, of one thing."""
    found = attend(CellTeaching(_one_thing, disturbance=STILL), 11)
    episodes = found.episodes
    assert found.tried >= len(episodes) and found.error == ""
    assert [e.notes["skill"] for e in episodes][:3] == ["pick", "place", "pick"] and len(episodes) == 4
    assert [e.notes["place"] for e in episodes][:3] == ["parcel", "station", "station"]
    assert len({e.notes["thing"] for e in episodes}) == 1
    for episode in episodes:
        check_episode(features(), episode)
        assert str(episode.notes["thing"]) in episode.tasks[0] and len(episode) >= 3


def _one_thing(seed: int) -> World:
    return open_world("cell", WorldOptions(seed, items=1))


def test_an_errand_with_the_wrong_thing_is_tried_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real delivery of one thing, in which the truth about the hand is kept from who decides."""
    monkeypatch.setattr(_Delivery, "_in_hand", lambda self: [])
    found = attend(CellTeaching(_one_thing, disturbance=STILL), 11)
    assert found.tried >= 1 and found.episodes == [] and found.error == ""


def _no_room(seed: int) -> World:
    raise WorldError(f"12 items of {seed} found no room")


def test_a_delivery_that_an_error_ends_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that cannot be made, and one in which a skill breaks its contract after it has given something."""
    assert attend(CellTeaching(_no_room), 4) == Attended([], 1, "WorldError: 12 items of 4 found no room")
    kept = list[Episode]()

    def keep(self: _Delivery, episodes: list[Episode], *_: Any) -> None:
        kept.append(self._book.bound(("take it",), {}))
        raise SkillError("nothing of this kind was declared")

    monkeypatch.setattr(_Delivery, "_keep", keep)
    found = attend(CellTeaching(_one_thing, disturbance=STILL), 11)
    assert found == Attended([], 1, "SkillError: nothing of this kind was declared") and len(kept) == 1


def test_who_interrupts_and_what_was_written_wrongly_goes_through() -> None:
    for error in (KeyboardInterrupt, ValueError):

        def broken(seed: int, error: type[BaseException] = error) -> World:
            raise error

        with pytest.raises(error):
            attend(CellTeaching(broken), 4)


def test_numbers_that_cannot_be_are_refused() -> None:
    for wrong in ({"episodes": 0}, {"seed": -1}, {"seed": 10**6}):
        with pytest.raises(BadInput, match="demonstrations of the cell"):
            CellTeaching(_nowhere, **wrong)


def _nowhere(seed: int) -> Any:
    raise AssertionError("no world is opened here")


# ── into a dataset and a cache ────────────────────────────────────────────────────────────────────────────────────────────
def fake(teaching: CellTeaching, seed: int) -> Attended:
    """What a delivery might give: none to three short episodes, by its seed alone, of up to two errands more."""
    rng = np.random.default_rng(seed)
    out = list[Episode]()
    for pick in range(int(rng.integers(0, 4))):
        n = 3
        chunks = rng.uniform(-0.05, 0.05, (n, CHUNK, 5)).astype(np.float32)
        chunks[..., 4] = 0.05
        picture = rng.integers(0, 255, (n, 160, 160, 3)).astype(np.uint8)
        state = rng.uniform(0, 0.1, (n, 4)).astype(np.float32)
        extras = {AHEAD: chunks.reshape(n, -1), PIXELS: np.full((n, 6), 60, np.float32), PLACES: np.zeros((n, 9), np.float32)}
        notes = {"seed": seed, "pick": pick, "place": "parcel", "thing": "red can"}
        out.append(Episode(sentences("red", "can"), 2.0, state, chunks[:, 0].copy(), {"target": picture}, extras, True, notes))
    return Attended(out, len(out) + seed % 3)


@dataclass
class Done:
    """A job of a pool of this process."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]

    @property
    def future(self) -> Done:
        return self

    def result(self) -> Any:
        return self.work(*self.arguments)

    def cancel(self) -> None:
        """It has not begun."""


class Inline:
    """A pool of this process."""

    def do(self, work: Callable[..., Any], *arguments: Any) -> Done:
        return Done(work, arguments)


class Broken(Exception):
    """A kill."""


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def pool(processes: int) -> Iterator[Inline]:
        yield Inline()

    monkeypatch.setattr(making, "pool", pool)
    monkeypatch.setattr(making, "attend", fake)


def all_of(root: Path) -> list[tuple[Any, Any]]:
    with Reader(root) as reader:
        count = len(reader.lengths())
        return [(dict(reader.entry(k).notes), reader.episode(k).extras[AHEAD].tobytes()) for k in range(count)]


def test_broken_off_anywhere_it_goes_on_to_the_same_episodes(tmp_path: Path, inline: None) -> None:
    teaching = CellTeaching(_nowhere, 9)
    making.make_cell(tmp_path / "whole", teaching, 1, MADE, lambda made: None)

    def breaking(made: Any) -> None:
        if made.episodes in (2, 5, 8) and made.episodes not in broken:
            broken.append(made.episodes)
            raise Broken

    broken: list[int] = []
    for _ in range(4):
        try:
            made = making.make_cell(tmp_path / "parts", teaching, 1, MADE, breaking)
        except Broken:
            continue
    assert broken == [2, 5, 8] and made.episodes == 9
    begun = all_of(tmp_path / "parts")[7][0]["seed"]  # the last run's first delivery: it was broken off after the eighth episode
    assert made.failed == sum(seed % 3 for seed in range(begun, all_of(tmp_path / "parts")[8][0]["seed"] + 1))
    assert all_of(tmp_path / "parts") == all_of(tmp_path / "whole")
    assert making.make_cell(tmp_path / "parts", teaching, 1, MADE, breaking).episodes == 9
    assert check(tmp_path / "whole") == []


def test_errands_that_failed_are_counted(tmp_path: Path, inline: None) -> None:
    told = list[int]()
    made = making.make_cell(tmp_path, CellTeaching(_nowhere, 9), 1, MADE, lambda made: told.append(made.failed))
    seeds = range(FIRST_TRAINED, all_of(tmp_path)[-1][0]["seed"] + 1)
    assert made.failed == sum(seed % 3 for seed in seeds) > 0 and told == sorted(told) and told[-1] == made.failed


def test_deliveries_that_errors_end_do_not_hold_up_the_others(
    tmp_path: Path, inline: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sometimes(teaching: CellTeaching, seed: int) -> Attended:
        return attend(replace(teaching, open_world=_no_room), seed) if seed % 2 else fake(teaching, seed)

    monkeypatch.setattr(making, "attend", sometimes)
    made = making.make_cell(tmp_path / "some", CellTeaching(_nowhere, 6), 1, MADE, lambda made: None)
    last = all_of(tmp_path / "some")[-1][0]["seed"]
    assert made.episodes == 6 and made.failed == sum(1 if seed % 2 else seed % 3 for seed in range(FIRST_TRAINED, last + 1))
    with pytest.raises(WorldError, match="gave no demonstration; the last: WorldError: 12 items of 1000020 found no room"):
        monkeypatch.setattr(making, "attend", attend)
        making.make_cell(tmp_path / "none", CellTeaching(_no_room, 6), 1, MADE, lambda made: None)


def test_another_teachings_dataset_is_refused(tmp_path: Path, inline: None) -> None:
    making.make_cell(tmp_path, CellTeaching(_nowhere, 2), 1, MADE, lambda made: None)
    with pytest.raises(BadInput, match="another --seed"):
        making.make_cell(tmp_path, CellTeaching(_nowhere, 4, seed=1), 1, MADE, lambda made: None)


def test_seeds_stay_apart() -> None:
    assert CellTeaching(_nowhere).first == FIRST_TRAINED
    assert CellTeaching(_nowhere, seed=3).first == FIRST_TRAINED + 3 * SEEDS_APART


def test_the_cache_gives_each_frame_its_own_chunk(tmp_path: Path) -> None:
    episodes = [e for seed in range(6) for e in fake(CellTeaching(_nowhere), seed).episodes]
    frames = sum(len(e) for e in episodes)
    known = embodiment(features().robot)
    cache = build(episodes, features(), frames, tmp_path, known.view, Points(PIXELS, PLACES), "here")
    assert cache.robot == "ur5e" and len(known.alignment.action) == 5
    chunks = np.concatenate([e.extras[AHEAD].reshape(-1, CHUNK, 5) for e in episodes])
    rows = np.array([0, frames - 1, 4])
    batch = cache.take(rows, CHUNK)
    np.testing.assert_array_equal(batch.actions, chunks[rows])
    assert batch.there.shape == (3, CHUNK) and batch.there.all()
    longer = cache.take(rows, CHUNK + 2)
    assert longer.actions.shape == (3, CHUNK + 2, 5) and longer.there.sum(1).tolist() == [CHUNK] * 3
    assert cache.statistics["action low"].shape == (5,)
    np.testing.assert_array_equal(batch.pictures[0], episodes[0].pictures["target"][0])
