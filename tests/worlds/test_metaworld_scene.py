"""One task on the table: an episode is a function of its seed, and the picture shows things where they are."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np
import pytest

pytest.importorskip("metaworld")

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.metaworld.pictures import DRAWINGS, Pictures, pixels
from moravec.worlds.metaworld.scene import ACTION, HORIZON, POINTS, STATE, Scene

SIZE = 64
# One of each kind: nothing to move, a joint, a free object whose goal is drawn, two objects, a goal that is a part of the model.
KINDS = ("reach-v3", "door-open-v3", "push-v3", "stick-pull-v3", "coffee-button-v3")


@pytest.fixture
def scene() -> Iterator[Scene]:
    found = Scene("push-v3", SIZE)
    yield found
    found.close()


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # what the experts ask for is clipped
        yield


def rolled(scene: Scene, seed: int, steps: int = 12) -> np.ndarray[Any, Any]:
    """Everything a scene tells of an episode's beginning."""
    scene.reset(seed)
    rows = []
    for _ in range(steps):
        action = scene.expert()
        rows.append(np.concatenate([scene.state(), action, scene.points().ravel(), scene.pixels().ravel()]))
        scene.step(action)
    return np.array(rows)


@pytest.mark.parametrize("task", KINDS)
def test_an_episode_is_a_function_of_its_seed_whatever_came_before(task: str) -> None:
    fresh, used = Scene(task, SIZE), Scene(task, SIZE)
    wanted = rolled(fresh, 7)
    for seed in (3, 4):
        rolled(used, seed, 30)
    assert np.array_equal(rolled(used, 7), wanted, equal_nan=True)
    assert not np.array_equal(rolled(used, 8), wanted, equal_nan=True)
    for each in (fresh, used):
        each.reset(7)
    assert np.array_equal(fresh.picture(), used.picture()), "the first picture as well, goals included"
    fresh.close()
    used.close()


@pytest.mark.parametrize("settled", [True, False])
def test_the_first_picture_shows_the_goal_where_it_is_if_settled(scene: Scene, settled: bool) -> None:
    """The protocol's own first picture shows another."""
    shots = []
    for before in (3, 4):
        scene.reset(before)
        scene.step(scene.expert())
        scene.reset(7, settled)
        shots.append(scene.picture())
    mujoco.mj_forward(scene.data.model, scene.data)
    assert np.array_equal(shots[1], scene.picture()) == settled
    assert not settled or np.array_equal(*shots)


def test_what_is_told_is_as_it_is_declared(scene: Scene) -> None:
    scene.reset(0)
    assert scene.state().shape == (len(STATE),) and scene.state().dtype == np.float32
    assert scene.expert().shape == (len(ACTION),) and float(np.abs(scene.expert()).max()) <= 1.0
    assert scene.points().shape == (len(POINTS), 3) and scene.pixels().shape == (len(POINTS), 2)
    assert scene.picture().shape == (SIZE, SIZE, 3) and scene.picture().dtype == np.uint8
    assert np.allclose(scene.points()[3], scene.state()[:3], atol=1e-6)
    assert np.isnan(scene.points()[1]).all(), "pushing has one object"


def test_what_was_seen_does_not_change_afterwards(scene: Scene) -> None:
    scene.reset(0)
    state, points, picture = scene.state(), scene.points(), scene.picture()
    before = state.copy(), points.copy(), picture.copy()
    for _ in range(20):
        scene.step(np.array([1.0, 1.0, -1.0, 1.0], np.float32))
        scene.picture()
    for now, then in zip((state, points, picture), before, strict=True):
        assert np.array_equal(now, then, equal_nan=now.dtype != np.uint8)
    assert not np.array_equal(scene.picture(), picture)


def test_actions_move_the_hand_along_their_axes_and_close_it(scene: Scene) -> None:
    for axis in range(3):
        ends = []
        for sign in (1.0, -1.0):
            scene.reset(0)
            action = np.zeros(4, np.float32)
            action[axis] = sign
            for _ in range(8):
                scene.step(action)
            ends.append(scene.state())
        assert ends[0][axis] - ends[1][axis] > 0.03
    for effort, wide in ((-1.0, True), (1.0, False)):
        scene.reset(0)
        for _ in range(30):
            scene.step(np.array([0.0, 0.0, 0.0, effort], np.float32))
        assert (scene.state()[3] > 0.7) == wide


def test_actions_beyond_the_bounds_are_clipped(scene: Scene) -> None:
    found = []
    for size in (1.0, 1e6):
        scene.reset(1)
        for _ in range(5):
            scene.step(np.array([size, -size, size, size], np.float32))
        found.append(scene.state())
    assert np.array_equal(*found)


def test_the_expert_succeeds() -> None:
    scene = Scene("reach-v3", SIZE)
    scene.reset(11)
    done = False
    while not done and scene.steps < 200:
        done = scene.step(scene.expert())
    assert done
    assert np.linalg.norm(scene.points()[3] - scene.points()[2]) < 0.06, "the hand is at the goal"
    scene.close()


def test_an_episode_has_an_end(scene: Scene) -> None:
    scene.reset(0)
    for _ in range(HORIZON):
        scene.step(np.zeros(4, np.float32))
    with pytest.raises(WorldError, match="step 501 of an episode; allowed: 500"):
        scene.step(np.zeros(4, np.float32))
    scene.reset(0)
    scene.step(np.zeros(4, np.float32))
    assert scene.steps == 1


def blob(scene: Scene, at: np.ndarray[Any, Any], pictures: Pictures) -> np.ndarray[Any, Any]:
    """Where a green ball at `at` (3,) [m] is seen: what a picture with it and one without it differ in, (right, down) [px]."""
    model, data = scene.data.model, scene.data
    site, names = 0, ("site_rgba", "site_size", "site_group")
    kept = {name: getattr(model, name)[site].copy() for name in names}
    shots = []
    for alpha in (0.0, 1.0):
        model.site_rgba[site], model.site_size[site], model.site_group[site] = (0.0, 1.0, 0.0, alpha), 0.015, 0
        data.site_xpos[site] = at
        shots.append(pictures.draw(data).astype(int))
    for name, values in kept.items():
        getattr(model, name)[site] = values
    changed = np.abs(shots[1] - shots[0]).sum(2) > 60
    assert changed.sum() > 3, "the ball is not seen"
    down, right = np.nonzero(changed)
    return np.array([right.mean(), down.mean()])


@pytest.mark.parametrize("drawing", DRAWINGS)
def test_a_point_is_seen_where_it_is_said_to_be(scene: Scene, drawing: str) -> None:
    """A ball is put at known places; the picture is upright and not mirrored."""
    scene.reset(2)
    pictures = Pictures(scene.data.model, 128, drawing)  # type: ignore[arg-type]
    for place in ([0.1, 0.6, 0.25], [-0.1, 0.5, 0.15], [0.2, 0.75, 0.15]):
        at = np.array(place)
        wanted = pixels(scene.data.model, scene.data, at[None], 128)[0]
        assert np.abs(blob(scene, at, pictures) - wanted).max() < 1.5
    pictures.close()


def test_up_is_up_and_pixels_scale_with_the_picture(scene: Scene) -> None:
    scene.reset(0)
    model, data = scene.data.model, scene.data
    low, high = pixels(model, data, np.array([[0.0, 0.6, 0.1], [0.0, 0.6, 0.4]]), 128)
    assert high[1] < low[1] - 10.0 and abs(high[0] - low[0]) < 10.0
    points = np.array([[0.1, 0.6, 0.2]])
    small, large = pixels(model, data, points, 64)[0], pixels(model, data, points, 256)[0]
    assert np.allclose((small + 0.5) * 4.0, large + 0.5)


def test_a_point_behind_the_camera_is_nowhere(scene: Scene) -> None:
    scene.reset(0)
    eye, to = (np.array(v) for v in ((0.75, 0.075, 0.7), (0.0, 0.6, 0.1)))
    assert np.isnan(pixels(scene.data.model, scene.data, (eye + (eye - to))[None], 64)).all()


def test_the_protocols_drawing_differs_in_its_shadows_and_shows_the_same() -> None:
    scenes = [Scene("push-v3", 128, drawing) for drawing in DRAWINGS]
    shots = []
    for each in scenes:
        each.reset(5)
        shots.append(each.picture().astype(int))
        each.close()
    difference = np.abs(shots[0] - shots[1])
    assert difference.max() > 40 and 0.5 < difference.mean() < 25.0
    edges = [np.abs(np.diff(shot.sum(2), axis=1)).ravel() for shot in shots]
    assert np.corrcoef(*edges)[0, 1] > 0.7


def test_two_scenes_draw_side_by_side() -> None:
    one, other = Scene("reach-v3", SIZE), Scene("push-v3", 2 * SIZE)
    one.reset(0)
    other.reset(0)
    first = one.picture()
    assert other.picture().shape == (2 * SIZE, 2 * SIZE, 3)
    assert np.array_equal(one.picture(), first)
    one.close()
    assert other.picture().any()
    other.close()


def test_a_closed_scene_opens_its_pictures_again_and_closed_pictures_do_not(scene: Scene) -> None:
    scene.reset(0)
    first = scene.picture()
    pictures = Pictures(scene.data.model, SIZE)
    pictures.close()
    pictures.close()
    with pytest.raises(WorldError, match="closed"):
        pictures.draw(scene.data)
    assert np.array_equal(scene.picture(), first)


def test_what_cannot_be_made_is_refused() -> None:
    with pytest.raises(BadInput, match="did you mean 'push-v3'"):
        Scene("push-v4")
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    with pytest.raises(BadInput, match="16 to 1024 pixels"):
        Pictures(model, 8)
    with pytest.raises(BadInput, match="did you mean 'plain'"):
        Pictures(model, SIZE, "plane")  # type: ignore[arg-type]
