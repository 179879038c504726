"""An episode is what its dataset declares, or it is refused in one line that says where."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from helpers_data import FEATURES, FRAMES, episode

from moravec.core.errors import BadInput
from moravec.data.episode import Features, check_episode
from moravec.models.contract import CameraSpec, Channel, PolicySpec


def test_an_episode_as_declared_is_taken() -> None:
    whole = episode()
    check_episode(FEATURES, whole)
    assert len(whole) == FRAMES


def test_the_features_say_what_a_policy_meets() -> None:
    assert FEATURES.spec() == PolicySpec(FEATURES.state, FEATURES.cameras, FEATURES.action, 20.0)


def planted(name: str, row: int, column: int, value: float) -> dict[str, Any]:
    """The episode's numbers with another value in one place."""
    values = getattr(episode(), name).copy()
    values[row, column] = value
    return {name: values}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fps": 30.0}, "frames a second: found 30.0; allowed: 20"),
        ({"tasks": ()}, "tasks: found 'none'"),
        ({"tasks": ("  ...",)}, "some words"),
        ({"tasks": ("go", "go")}, "'go' twice"),
        ({"state": np.zeros((0, 3), np.float32)}, "no frame"),
        ({"state": np.zeros((FRAMES, 2), np.float32)}, r"state: found '\(16, 2\) float32'; allowed: \(16, 3\) float32"),
        ({"state": np.zeros((FRAMES, 3))}, "float64"),
        ({"actions": np.zeros((FRAMES - 1, 2), np.float32)}, "action"),
        (planted("state", 4, 1, np.nan), "state, frame 4, y: found nan"),
        (planted("actions", 5, 0, np.inf), "action, frame 5, dx: found inf"),
        (planted("actions", 6, 1, 1.5), "action, frame 6, dy: found 1.5; allowed: -1 to 1 m"),
        ({"pictures": {}}, "camera front: found 'none'"),
        ({"pictures": {**episode().pictures, "side": np.zeros(1, np.uint8)}}, "did you mean|one of front, wrist"),
        ({"pictures": {**episode().pictures, "wrist": np.zeros((FRAMES, 32, 48, 3), np.uint8)}}, "the pictures of wrist"),
        ({"pictures": {**episode().pictures, "wrist": np.zeros((FRAMES, 32, 32, 3), np.float32)}}, "float32"),
        ({"extras": {}}, "extra next.reward"),
        ({"extras": {**episode().extras, "rewards": np.zeros((FRAMES, 1), np.float32)}}, "an extra of the episode"),
        ({"notes": {"seed": float("nan")}}, "note 'seed'"),
        ({"notes": {"seed": [1]}}, "note 'seed'"),
    ],
)
def test_what_is_not_declared_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        check_episode(FEATURES, episode(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"fps": 0.0}, "frames a second"),
        ({"fps": float("nan")}, "frames a second"),
        ({"state": (Channel("x", "m"), Channel("x", "m"))}, "'x' twice"),
        ({"cameras": (CameraSpec("a/b", 2, 2),)}, "without '/'"),
        ({"cameras": (CameraSpec("a", 0, 2),)}, "at least one pixel"),
        ({"cameras": (CameraSpec("a", 2, 2), CameraSpec("a", 2, 2))}, "'a' twice"),
        ({"extras": {"action": (Channel("x", "m"),)}}, "name of an extra"),
        ({"extras": {"frame_index": (Channel("x", "m"),)}}, "name of an extra"),
        ({"extras": {"a/b": (Channel("x", "m"),)}}, "name of an extra"),
        ({"extras": {"observation.images.front": (Channel("x", "m"),)}}, "name of an extra"),
        ({"extras": {"empty": ()}}, "no channel"),
    ],
)
def test_features_that_cannot_be_stored_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        dataclasses.replace(FEATURES, **changes)


def test_actions_on_their_bounds_are_taken() -> None:
    actions = np.ones((FRAMES, 2), np.float32)
    check_episode(FEATURES, episode(actions=actions))
    check_episode(FEATURES, episode(actions=-actions))


def test_features_may_be_few() -> None:
    check_episode(Features(20.0, (), ()), episode(
        state=np.zeros((3, 0), np.float32), actions=np.zeros((3, 0), np.float32), pictures={}, extras={},
    ))  # fmt: skip
