"""Grasps on synthetic height maps: where they close, and that no finger stands in anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from moravec.perception.height_map import HeightMap
from moravec.skills.grasp import (
    FINGER_THICKNESS,
    FINGER_WIDTH,
    MAX_OPENING,
    MAX_WIDTH,
    MIN_WIDTH,
    TIP_CLEARANCE,
    Grasp,
    plan_grasps,
)

FLOOR, SIDE, RES = 0.006, 0.30, 0.002
CENTRE = (0.5, 0.1)
Shape = Callable[[np.ndarray, np.ndarray], np.ndarray]


def turned(x: np.ndarray, y: np.ndarray, at: tuple[float, float], yaw: float) -> tuple[np.ndarray, np.ndarray]:
    c, s = np.cos(yaw), np.sin(yaw)
    return c * (x - at[0]) + s * (y - at[1]), -s * (x - at[0]) + c * (y - at[1])


def box(half: tuple[float, float], height: float, at: tuple[float, float] = CENTRE, yaw: float = 0.0) -> Shape:
    def heights(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        u, v = turned(x, y, at, yaw)
        return np.where((np.abs(u) <= half[0]) & (np.abs(v) <= half[1]), FLOOR + height, FLOOR)

    return heights


def cylinder(radius: float, height: float, at: tuple[float, float] = CENTRE) -> Shape:
    return lambda x, y: np.where(np.hypot(x - at[0], y - at[1]) <= radius, FLOOR + height, FLOOR)


def ball(radius: float, at: tuple[float, float] = CENTRE) -> Shape:
    def heights(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        below = radius**2 - (x - at[0]) ** 2 - (y - at[1]) ** 2
        return np.where(below >= 0, FLOOR + radius + np.sqrt(np.maximum(below, 0)), FLOOR)

    return heights


def scene(*shapes: Shape, yaw: float = 0.0, side: float = SIDE, noise: float = 0.0) -> HeightMap:
    """What a perfect camera over a level floor makes of `shapes`."""
    n = round(side / RES)
    empty = HeightMap(np.full((n, n), FLOOR, np.float32), CENTRE, (side, side), RES, yaw)
    row, column = np.mgrid[0:n, 0:n]
    x, y = empty.world(row, column)
    z = np.max([shape(x, y) for shape in shapes], axis=0) if shapes else np.full((n, n), FLOOR)
    z = z + noise * np.random.default_rng(0).standard_normal(z.shape)
    return HeightMap(z.astype(np.float32), CENTRE, (side, side), RES, yaw)


def off(a: float, b: float) -> float:
    """Angle [rad] between two closing directions."""
    return float(abs((a - b + np.pi / 2) % np.pi - np.pi / 2))


def fingers_collide(grasp: Grasp, *shapes: Shape, slack: float = 2 * RES) -> bool:
    """Whether a finger, as wide as it is and a little thinner for the grid, stands in anything on its way down."""
    c, s = np.cos(grasp.yaw), np.sin(grasp.yaw)
    along = grasp.opening / 2 + np.linspace(slack, FINGER_THICKNESS - slack, 5)
    across = np.linspace(-FINGER_WIDTH / 2 + slack / 2, FINGER_WIDTH / 2 - slack / 2, 9)
    a, b = np.meshgrid(np.concatenate([-along, along]), across)
    x, y = grasp.position[0] + c * a - s * b, grasp.position[1] + s * a + c * b
    return bool(np.any(np.max([shape(x, y) for shape in shapes], axis=0) > grasp.position[2] + 0.002))


def check(grasps: list[Grasp], *shapes: Shape) -> None:
    """What holds for every grasp on anything."""
    assert [g.score for g in grasps] == sorted((g.score for g in grasps), reverse=True)
    for g in grasps:
        assert MIN_WIDTH <= g.width <= MAX_WIDTH and g.width < g.opening <= MAX_OPENING
        assert FLOOR + TIP_CLEARANCE - 1e-6 <= g.position[2] < g.top
        assert not fingers_collide(g, *shapes), g


def test_nothing_on_an_empty_floor() -> None:
    assert plan_grasps(scene(), FLOOR, CENTRE) == [] and plan_grasps(scene(), FLOOR, None) == []
    assert plan_grasps(scene(noise=0.002), FLOOR, None) == []


def test_nothing_on_what_is_flat_as_paper() -> None:
    assert plan_grasps(scene(box((0.04, 0.03), 0.008)), FLOOR, CENTRE) == []


def test_nothing_where_nothing_was_seen() -> None:
    n = round(SIDE / RES)
    blind = HeightMap(np.full((n, n), np.nan, np.float32), CENTRE, (SIDE, SIDE), RES, 0.0)
    assert plan_grasps(blind, FLOOR, CENTRE) == []


@pytest.mark.parametrize("yaw", [0.0, 0.35, np.pi / 2, -0.7, 1.2])
def test_a_box_is_taken_across_its_narrow_side(yaw: float) -> None:
    thing = box((0.055, 0.025), 0.05, yaw=yaw)
    grasps = plan_grasps(scene(thing), FLOOR, CENTRE)
    check(grasps, thing)
    assert off(grasps[0].yaw, yaw + np.pi / 2) < 0.15
    assert all(off(g.yaw, yaw + np.pi / 2) < 0.45 for g in grasps)
    assert grasps[0].width == pytest.approx(0.05, abs=0.008)
    assert np.hypot(grasps[0].position[0] - CENTRE[0], grasps[0].position[1] - CENTRE[1]) < 0.02


def test_a_box_that_is_small_both_ways_is_taken_either_way() -> None:
    thing = box((0.025, 0.025), 0.05)
    grasps = plan_grasps(scene(thing), FLOOR, CENTRE)
    check(grasps, thing)
    assert any(off(g.yaw, 0.0) < 0.2 for g in grasps) and any(off(g.yaw, np.pi / 2) < 0.2 for g in grasps)


def test_a_box_wider_than_the_hand_is_not_taken() -> None:
    assert plan_grasps(scene(box((0.06, 0.05), 0.05)), FLOOR, CENTRE) == []


def test_on_a_wide_thing_only_a_shallow_grasp_finds_room_for_the_fingers() -> None:
    upper, lower = box((0.03, 0.02), 0.075), box((0.09, 0.09), 0.045)
    assert plan_grasps(scene(upper, lower), FLOOR, CENTRE, 0.02) == []
    grasps = plan_grasps(scene(upper, lower), FLOOR, CENTRE, 0.02, depth=0.024)
    check(grasps, upper, lower)
    assert grasps and all(g.position[2] > FLOOR + 0.045 and g.top == pytest.approx(FLOOR + 0.075, abs=1e-4) for g in grasps)


def test_a_cylinder_is_taken_through_its_middle_from_any_side() -> None:
    thing = cylinder(0.03, 0.08)
    grasps = plan_grasps(scene(thing), FLOOR, CENTRE)
    check(grasps, thing)
    assert len({round(g.yaw, 2) for g in grasps}) >= 6
    best = grasps[0]
    assert np.hypot(best.position[0] - CENTRE[0], best.position[1] - CENTRE[1]) < 0.008
    assert best.width == pytest.approx(0.06, abs=0.006)
    assert best.position[2] == pytest.approx(FLOOR + 0.08 - 0.036, abs=0.002)


def test_a_ball_is_taken_over_its_middle() -> None:
    thing = ball(0.03)
    grasps = plan_grasps(scene(thing), FLOOR, CENTRE)
    check(grasps, thing)
    best = grasps[0]
    assert np.hypot(best.position[0] - CENTRE[0], best.position[1] - CENTRE[1]) < 0.008
    assert best.position[2] <= FLOOR + 0.03 + 0.002  # at or below its widest, or it would be pressed away


def test_two_boxes_that_touch_are_taken_along_the_gap_between_them() -> None:
    """Their long sides touch: no finger goes between, so the fingers close along the touching side."""
    half = (0.03, 0.03)
    left, right = box(half, 0.05, (CENTRE[0], CENTRE[1] - 0.030)), box(half, 0.05, (CENTRE[0], CENTRE[1] + 0.030))
    for target in ((CENTRE[0], CENTRE[1] - 0.030), (CENTRE[0], CENTRE[1] + 0.030)):
        grasps = plan_grasps(scene(left, right), FLOOR, target, radius=0.03)
        assert grasps
        check(grasps, left, right)
        assert all(off(g.yaw, 0.0) < 0.45 for g in grasps)


def test_a_box_beside_a_tall_one_is_taken_where_the_fingers_fit() -> None:
    low, tall = box((0.03, 0.03), 0.04), box((0.03, 0.03), 0.09, (CENTRE[0] + 0.062, CENTRE[1]))
    grasps = plan_grasps(scene(low, tall), FLOOR, CENTRE, radius=0.02)
    assert grasps
    check(grasps, low, tall)
    assert all(off(g.yaw, np.pi / 2) < 0.45 for g in grasps)


def test_a_box_at_the_wall_is_taken_along_the_wall() -> None:
    """The map ends 3 mm beside the box, and beyond it everything is blocked."""
    edge = CENTRE[0] + SIDE / 2
    thing = box((0.025, 0.035), 0.05, (edge - 0.028, CENTRE[1]))
    grasps = plan_grasps(scene(thing), FLOOR, (edge - 0.028, CENTRE[1]), radius=0.05)
    assert grasps
    check(grasps, thing)
    for g in grasps:
        assert off(g.yaw, np.pi / 2) < 0.45
        reach = abs(np.cos(g.yaw)) * (g.opening / 2 + FINGER_THICKNESS) + abs(np.sin(g.yaw)) * FINGER_WIDTH / 2
        assert g.position[0] + reach < edge + 2 * RES


def test_a_box_in_a_corner_both_sides_shut_is_not_taken() -> None:
    edge = CENTRE[0] + SIDE / 2
    low = CENTRE[1] - SIDE / 2
    thing = box((0.03, 0.03), 0.05, (edge - 0.031, low + 0.031))
    assert plan_grasps(scene(thing), FLOOR, (edge - 0.031, low + 0.031), radius=0.02) == []


def test_only_near_the_target_and_at_most_so_many() -> None:
    here, there = cylinder(0.02, 0.05, (0.45, 0.05)), cylinder(0.02, 0.05, (0.58, 0.16))
    grasps = plan_grasps(scene(here, there), FLOOR, (0.45, 0.05), radius=0.04, count=5)
    assert 0 < len(grasps) <= 5
    assert all(np.hypot(g.position[0] - 0.45, g.position[1] - 0.05) < 0.05 for g in grasps)
    anywhere = plan_grasps(scene(here, there), FLOOR, None, count=40)
    assert any(g.position[0] < 0.5 for g in anywhere) and any(g.position[0] > 0.5 for g in anywhere)


@pytest.mark.parametrize("yaw", [0.3, -1.0])
def test_a_turned_map_gives_the_same_places(yaw: float) -> None:
    thing = box((0.05, 0.022), 0.05, (CENTRE[0] + 0.02, CENTRE[1] - 0.01), 0.4)
    target = (CENTRE[0] + 0.02, CENTRE[1] - 0.01)
    best, other = (plan_grasps(scene(thing, yaw=a), FLOOR, target)[0] for a in (0.0, yaw))
    assert off(best.yaw, other.yaw) < 0.2
    assert np.hypot(best.position[0] - other.position[0], best.position[1] - other.position[1]) < 0.02


@pytest.mark.parametrize("seed", range(6))
def test_in_a_heap_no_grasp_collides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes: list[Shape] = []
    for _ in range(6):
        at = (CENTRE[0] + rng.uniform(-0.1, 0.1), CENTRE[1] + rng.uniform(-0.1, 0.1))
        if rng.random() < 0.5:
            half = (rng.uniform(0.02, 0.05), rng.uniform(0.015, 0.03))
            shapes.append(box(half, rng.uniform(0.02, 0.08), at, rng.uniform(-3, 3)))
        else:
            shapes.append(cylinder(rng.uniform(0.015, 0.035), rng.uniform(0.03, 0.09), at))
    check(plan_grasps(scene(*shapes), FLOOR, None, count=30), *shapes)


def test_pinholes_do_not_matter() -> None:
    thing = cylinder(0.03, 0.08)
    whole = scene(thing)
    heights = whole.heights.copy()
    rng = np.random.default_rng(1)
    heights[rng.integers(0, 150, 200), rng.integers(0, 150, 200)] = np.nan
    grasps = plan_grasps(HeightMap(heights, CENTRE, whole.size, RES, 0.0), FLOOR, CENTRE)
    check(grasps, thing)
    assert np.hypot(grasps[0].position[0] - CENTRE[0], grasps[0].position[1] - CENTRE[1]) < 0.01
