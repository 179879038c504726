"""Scenes told the other sentence: the picture says nothing of it, what is asked can be done, and what is not asked is noticed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest

pytest.importorskip("metaworld")

from moravec.core.errors import BadInput
from moravec.worlds.metaworld.scene import Scene
from moravec.worlds.metaworld.swap import SWAPS, TOLD, Swapped, scene_of, told_of
from moravec.worlds.metaworld.tasks import TASKS

SIZE, PATIENCE = 64, 200


@pytest.fixture(params=SWAPS)
def scene(request: pytest.FixtureRequest) -> Iterator[Swapped]:
    found = scene_of(request.param, SIZE)
    assert isinstance(found, Swapped)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # what the experts ask for is clipped
        yield found
    found.close()


def test_the_picture_is_the_scenes_own(scene: Swapped) -> None:
    """Whoever looks cannot know what will be asked; other seeds look different."""
    name = next(name for name in SWAPS if name.endswith(scene.task) and name.startswith(scene._shown.task))
    own = Scene(name.split(TOLD)[0], SIZE)
    pictures = []
    for seed in (3, 4):
        scene.reset(seed)
        own.reset(seed)
        assert np.array_equal(scene.picture(), own.picture())
        assert np.allclose(scene.state(), own.state(), atol=1e-3)
        pictures.append(scene.picture())
    own.close()
    assert not np.array_equal(*pictures)


def test_what_is_asked_can_be_done_and_is_told_from_what_is_not(scene: Swapped) -> None:
    scene.reset(5)
    done = False
    while not done and scene.steps < PATIENCE:
        done = scene.step(scene.expert())
    assert done and scene.strayed is None


def test_what_the_scene_is_usually_for_is_no_success(scene: Swapped) -> None:
    """The scene's own expert, who ignores what is asked."""
    scene.reset(6)
    done = False
    while not done and scene.strayed is None and scene.steps < PATIENCE:
        done = scene.step(scene._shown.expert())
    assert not done and scene.strayed == scene.steps > 1
    scene.reset(6)
    assert scene.strayed is None and scene.steps == 0


def test_names_are_of_tasks_and_others_are_refused() -> None:
    assert all(set(name.split(TOLD)) <= set(TASKS) and told_of(name) in name for name in SWAPS)
    assert told_of("push-v3") == "push-v3"
    with pytest.raises(BadInput, match="the swap of sentences"):
        scene_of(f"push-v3{TOLD}drawer-open-v3")
    with pytest.raises(BadInput, match="the Meta-World task"):
        scene_of("push-v4")
