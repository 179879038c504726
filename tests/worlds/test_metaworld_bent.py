"""A table that is not as drawn: each condition is in force, measured in the picture or the physics, and nothing else moves."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("metaworld")

from moravec.core.errors import BadInput
from moravec.worlds.metaworld.bent.conditions import ALL, DRAWN, Conditions
from moravec.worlds.metaworld.bent.lens import MIDDLE
from moravec.worlds.metaworld.bent.scene import BentScene
from moravec.worlds.metaworld.pictures import CAMERA
from moravec.worlds.metaworld.scene import Scene

SIZE, SEED = 96, 1_000_003
SEEN = [name for name in ALL if not name.startswith(("control.", "robot."))]  # in one picture at rest
FAR = {"camera.distance": 1.5, "light.level": 0.4, "background.plain": 1.0, "layout.distractors": 8.0, "sensor.noise": 20.0,
       "sensor.blur": 3.0, "sensor.smear": 15.0}  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # what the experts ask for is clipped
        yield


def scene(*conditions: str, task: str = "push-v3") -> BentScene:
    found = BentScene(task, Conditions.parse(conditions), SIZE)
    found.reset(SEED)
    return found


def texts(name: str, share: float) -> str:
    """`name` at `share` of the way from as drawn to far."""
    far = FAR.get(name, 0.8 * ALL[name].high)
    value = DRAWN[name] + share * (far - DRAWN[name])
    return f"{name}={round(value) if name in ('layout.distractors', 'background.plain') else value}"


def angle(cosine: float) -> float:
    return float(np.arccos(np.clip(cosine, -1.0, 1.0)))


def difference(a: Any, b: Any) -> float:
    return float(np.abs(a.astype(float) - b.astype(float)).mean())


def test_without_conditions_it_is_the_scene_itself() -> None:
    usual, bent = Scene("push-v3", SIZE), scene()
    usual.reset(SEED)
    np.testing.assert_array_equal(bent.picture(), usual.picture())
    for _ in range(20):
        action = usual.expert()
        np.testing.assert_array_equal(action, bent.expert())
        assert usual.step(action) == bent.step(action)
    np.testing.assert_array_equal(bent.state(), usual.state())
    np.testing.assert_array_equal(bent.picture(), usual.picture())


@pytest.mark.parametrize("name", SEEN)
def test_each_condition_is_seen_the_more_the_farther_and_the_same_again(name: str) -> None:
    """And objects, goal and state stay where they were."""
    usual, far = scene(), scene(texts(name, 1.0))
    seen = difference(far.picture(), usual.picture())
    assert seen > 0.4, f"{name} is not seen"
    if name != "background.plain":
        assert 0.0 < difference(scene(texts(name, 0.3)).picture(), usual.picture()) < seen
    np.testing.assert_array_equal(far.points(), usual.points())
    np.testing.assert_array_equal(far.state(), usual.state())
    again = scene(texts(name, 1.0)).picture()
    far.reset(SEED + 1)
    far.reset(SEED)
    np.testing.assert_array_equal(far.picture(), again)


@pytest.mark.parametrize(("name", "value"), [("orbit", 0.5), ("lift", 0.2), ("roll", 0.3), ("distance", 1.4)])
def test_the_camera_moves_by_as_much_as_was_said(name: str, value: float) -> None:
    def eye(of: BentScene) -> tuple[Any, Any]:
        camera = of.model.camera(CAMERA).id
        return of.data.cam_xpos[camera] - MIDDLE, of.data.cam_xmat[camera].reshape(3, 3)

    (a, turn_a), (b, turn_b) = eye(scene()), eye(scene(f"camera.{name}={value}"))
    reach = np.linalg.norm(b) / np.linalg.norm(a)
    turned = angle((np.trace(turn_a.T @ turn_b) - 1.0) / 2.0)
    height = np.arcsin(b[2] / np.linalg.norm(b)) - np.arcsin(a[2] / np.linalg.norm(a))
    flat = angle(a[:2] @ b[:2] / np.linalg.norm(a[:2]) / np.linalg.norm(b[:2]))
    wanted = {"orbit": (1.0, 0.5, 0.0, 0.5), "lift": (1.0, 0.2, 0.2, 0.0), "roll": (1.0, 0.3, 0.0, 0.0)}
    assert (reach, turned, abs(height), flat) == pytest.approx(wanted.get(name, (1.4, 0.0, 0.0, 0.0)), abs=1e-5)


def test_light_goes_down_as_far_as_was_said_and_its_colour_by_the_seed() -> None:
    usual, dim = scene().picture().astype(float), scene("light.level=0.5").picture().astype(float)
    lit = (usual > 30).all(2) & (usual < 240).all(2) & (np.abs(usual - dim).max(2) > 3)
    assert lit.mean() > 0.3 and np.median(dim[lit] / usual[lit]) == pytest.approx(0.5, abs=0.1), "what was too bright is clipped"
    tinted = scene("light.tint=0.8")
    first = tinted.picture()
    tinted.reset(SEED + 1)
    assert difference(tinted.picture(), first) > 5.0


def test_the_hand_begins_elsewhere_and_what_it_is_for_does_not() -> None:
    for task in ("push-v3", "drawer-open-v3", "assembly-v3"):
        usual, bent = scene(task=task), scene("robot.start=0.08", task=task)
        assert np.linalg.norm(bent.state()[:3] - usual.state()[:3]) == pytest.approx(0.08, abs=0.02)
        np.testing.assert_array_equal(bent.places(), usual.places())
        np.testing.assert_allclose(bent.points()[:3], usual.points()[:3], atol=2e-3)


def test_actions_come_later_and_move_less() -> None:
    """An action that comes two steps late has moved the hand after two steps more; half an action moves it half as far."""
    action, still = np.array([1.0, 0.0, 0.0, -1.0], np.float32), np.zeros(4, np.float32)
    usual, late, half = scene(), scene("control.delay=2"), scene("control.gain=0.5")
    ways = {"usual": [], "late": [], "half": []}  # type: dict[str, list[float]]
    for k in range(40):
        for name, of in (("usual", usual), ("late", late), ("half", half)):
            of.step(action if k < 10 else still)
            ways[name].append(float(of.state()[0]))
    np.testing.assert_allclose(ways["late"][12:], ways["usual"][10:-2], atol=1.5e-3)
    assert np.abs(np.subtract(ways["late"], ways["usual"])).max() > 0.01
    begun = scene().state()[0]
    assert (ways["half"][-1] - begun) / (ways["usual"][-1] - begun) == pytest.approx(0.5, abs=0.05)


def test_lost_pictures_are_those_before_as_often_as_was_said() -> None:
    lossy, action = scene("control.dropped=0.6"), np.array([1.0, 0.0, 0.0, 0.0], np.float32)
    pictures = [lossy.picture()]
    for _ in range(60):
        lossy.step(action)
        action = -action if lossy.steps % 10 == 0 else action
        pictures.append(lossy.picture())
    same = sum(np.array_equal(a, b) for a, b in zip(pictures, pictures[1:], strict=False))
    assert 24 <= same <= 48


def test_what_lies_about_is_in_nobodys_way() -> None:
    """Distractors are as many as were said, away from what the task is about, and touch nothing."""
    usual, crowded = scene(), scene("layout.distractors=8")
    things = crowded.marks()
    assert len(things) == 8 and scene("layout.distractors=3").marks() == things[:3]
    for thing in things:
        away = np.linalg.norm(np.array(thing.position)[:2] - crowded.points()[:3, :2], axis=1)  # of the hand it may lie below
        assert np.nanmin(away) > 0.08
    for _ in range(30):
        action = usual.expert()
        usual.step(action)
        crowded.step(action)
    np.testing.assert_array_equal(usual.data.qpos, crowded.data.qpos)


@pytest.mark.parametrize("task", ["pick-out-of-hole-v3", "sweep-into-v3", "bin-picking-v3"])
def test_what_lies_about_lies_on_the_table_wherever_that_is(task: str) -> None:
    """In some tasks the table is raised, in others something stands on it."""
    usual, crowded = scene(task=task), scene("layout.distractors=8", task=task)
    changed = (crowded.picture() != usual.picture()).any(2).mean()
    heights = {round(thing.position[2] - thing.size, 3) for thing in crowded.marks()}
    assert changed > 0.001 and max(heights) - min(heights) < 0.01


def test_a_picture_of_the_protocol_is_as_noisy_as_a_plain_one() -> None:
    def spread(drawing: Any, size: int) -> float:
        pictures = []
        for text in ((), ("sensor.noise=20",)):
            of = BentScene("push-v3", Conditions.parse(text), size, drawing)
            of.reset(SEED)
            pictures.append(of.picture().astype(float))
            of.close()
        return float(np.std(pictures[1] - pictures[0]))

    assert spread("protocol", 480) == pytest.approx(spread("plain", 256), rel=0.05)


@pytest.mark.parametrize(
    ("text", "words"),
    [("camera.orbit=2", "0 to 1.31 rad"), ("light.level=nan", "0.05 to 3"), ("camera.orbt=1", "did you mean 'camera.orbit'"),
     ("layout.distractors=1.5", "a whole number"), ("control.delay=1.5", "a whole number"),
     ("background.plain=0.5", "a whole number"),
     ("sensor.fog", "FAMILY.NAME=NUMBER"), ("sensor.fog=x", "a number [share]")],
)  # fmt: skip
def test_conditions_that_are_none_are_refused(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words.replace("[", r"\[").replace(".", r"\.")):
        Conditions.parse([text])
    assert Conditions.parse(["sensor.fog=0.5"]).told() == {"sensor.fog": 0.5}
