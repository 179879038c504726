"""Scales, and the picture as the model sees it: what goes in comes out, and nothing is blown up."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_manip import normal
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.models.aligned import METAWORLD, WIDTH, Alignment
from moravec.models.manip.config import View
from moravec.models.manip.look import looked
from moravec.models.manip.normal import FARTHEST, LEAST_HALF, LEAST_STD, Normal, normal_from, normal_of

ROWS = {"state_mean": (1.0, 2.0), "state_std": (0.5, 2.0), "action_centre": (0.0,), "action_half": (0.25,)}
SMALL = Normal(**ROWS, alignment=Alignment((3, 7), (16,)))


@given(st.lists(st.floats(-1.0, 1.0, width=32), min_size=4, max_size=4))
def test_actions_come_back(values: list[float]) -> None:
    own = np.array([values, values[::-1]], np.float32)
    scales = normal()
    assert scales.actions(own).shape == (2, WIDTH)
    assert np.allclose(scales.back(scales.actions(own)), own, atol=1e-6)


def test_the_scales_are_the_datas() -> None:
    assert np.allclose(SMALL.state(np.array([1.5, -2.0], np.float32))[[3, 7]], (1.0, -2.0))
    assert np.allclose(SMALL.actions(np.array([[0.25], [-0.5]], np.float32))[:, 16], (1.0, -2.0))
    assert np.count_nonzero(SMALL.state(np.ones(2, np.float32))) == 1


def test_a_state_far_off_is_treated_as_less_far() -> None:
    found = SMALL.state(np.array([[1e9, -1e9]], np.float32))
    assert found[0, 3] == FARTHEST and found[0, 7] == -FARTHEST


def test_what_never_changes_is_not_blown_up() -> None:
    still = {"state mean": np.zeros(4), "state std": np.zeros(4), "action low": np.ones(4), "action high": np.ones(4)}
    found = normal_of({name: values.astype(np.float32) for name, values in still.items()}, METAWORLD)
    assert np.allclose(found.state_std, LEAST_STD) and np.allclose(found.action_half, LEAST_HALF)
    assert found.action_centre == (1.0,) * 4


def test_scales_survive_json() -> None:
    assert normal_from(json.loads(json.dumps(normal().plain(), allow_nan=False))) == normal()


@pytest.mark.parametrize(
    "changes",
    [
        {"state_mean": (0.0,)}, {"action_half": (1.0, 1.0)}, {"state_mean": (math.nan, 0.0)}, {"action_centre": (math.inf,)},
        {"state_std": (0.0, 1.0)}, {"action_half": (-1.0,)}, {"action_half": (math.nan,)}, {"state_std": (math.inf, 1.0)},
        {"alignment": Alignment((3, 7), (16, 17))},
    ],
)  # fmt: skip
def test_scales_that_are_none_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="scales"):
        replace(SMALL, **changes)


@pytest.mark.parametrize(
    "broken", [{}, [], {"state_mean": 3}, {"state_mean": ["a"]}, {"alignment": None}, {"alignment": {"state": 3}}]
)
def test_scales_from_a_broken_file_are_refused(broken: Any) -> None:
    plain = {**SMALL.plain(), **broken} if broken else broken
    with pytest.raises(BadInput, match="what training wrote"):
        normal_from(plain)


def test_the_view_keeps_its_part_and_nothing_else() -> None:
    picture = np.zeros((256, 256, 3), np.uint8)
    view = View(48 / 256, 204 / 256, 64 / 256, 1.0, 112, 128)
    picture[48:204, 64:256] = 200
    found = looked(picture, view)
    assert found.shape == (view.height, view.width, 3) and found.dtype == np.uint8
    assert np.all(found == 200)
    assert np.all(looked(255 - picture, view) == 55)


def test_a_view_of_the_pictures_own_size_changes_nothing() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    assert np.array_equal(looked(picture, View(0.0, 1.0, 0.0, 1.0, 64, 96)), picture)
    assert np.array_equal(looked(picture, View(0.25, 0.75, 1 / 3, 1.0, 32, 64)), picture[16:48, 32:])


def test_scaling_is_by_area() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[::2] = 200
    assert np.all(looked(picture, View(0.0, 1.0, 0.0, 1.0, 32, 32)) == 100)


@pytest.mark.parametrize(
    "wrong",
    [
        {"top": 0.9}, {"left": 1.0}, {"top": -0.1}, {"right": 1.1}, {"bottom": math.nan}, {"height": 120}, {"width": 16},
        {"height": 528}, {"height": 0},
    ],
)  # fmt: skip
def test_a_view_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    fits: dict[str, Any] = {"top": 0.2, "bottom": 0.8, "left": 0.0, "right": 1.0, "height": 112, "width": 128}
    View(**fits)
    with pytest.raises(BadInput, match="the view"):
        View(**{**fits, **wrong})
