"""Conditions of light: each is found in what the cameras show, or in the lamps of the compiled world."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from helpers_imaging import at, cell_under, frame_under, lens, points

from moravec.worlds.cell.conditions.light import LUMINANCE, Light, colour_gains, mired_between
from moravec.worlds.cell.imaging.optics import PENUMBRA
from moravec.worlds.cell.imaging.readings import brightness
from moravec.worlds.registry import WorldOptions, open_world

DIM = "light.level=0.4"  # so that no channel saturates


@functools.cache
def height_and_left() -> tuple[np.ndarray, np.ndarray]:
    """z and y (h, w) [m] of what the overhead camera sees, as drawn."""
    cell = cell_under()
    there = points(cell.frame("overhead"), lens(cell, "overhead"))
    cell.close()
    return there[:, :, 2], there[:, :, 1]


def table() -> np.ndarray:
    """Where the overhead camera sees the bare table (h, w)."""
    rgb = frame_under().rgb.astype(int)
    return np.asarray((np.abs(height_and_left()[0]) < 0.15) & (np.abs(rgb - rgb[12, 80]).max(axis=2) < 12))


# ── colour ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("mired", [-80.0, -20.0, 0.0, 60.0, 220.0])
def test_the_gains_of_a_colour_keep_the_luminance_and_are_read_back(mired: float) -> None:
    gains = colour_gains(mired)
    assert gains @ LUMINANCE == pytest.approx(LUMINANCE.sum(), rel=1e-12)
    assert mired_between(np.ones(3), gains) == pytest.approx(mired, abs=1e-9)
    assert np.sign(gains[0] - gains[2]) == np.sign(mired)


def test_colours_add_up_and_none_is_exactly_one() -> None:
    one, other, both = (colour_gains(mired) for mired in (50.0, 90.0, 140.0))
    np.testing.assert_allclose(one * other / (one * other @ LUMINANCE), both / (both @ LUMINANCE))
    assert colour_gains(0.0).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("mired", [-60.0, 60.0, 150.0])
def test_warm_lamps_make_warm_pictures(mired: float) -> None:
    usual, found = (frame_under(DIM, *more).rgb.mean(axis=(0, 1)) for more in ((), (f"light.mired={mired}",)))
    assert mired_between(usual, found) == pytest.approx(mired, rel=0.06)


# ── direction ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("lowered", [0.3, 0.8])
def test_a_lower_lamp_lights_what_lies_flat_by_the_sine_of_its_elevation(lowered: float) -> None:
    usual, found = frame_under(DIM).rgb[table()].mean(), frame_under(DIM, f"light.lowered={lowered}").rgb[table()].mean()
    cell = cell_under()
    x, y, z = -cell.model.light("main").dir
    elevation, level = float(np.arctan2(z, np.hypot(x, y))), 0.38 + 0.18
    expected = (level + 0.62 * np.sin(elevation - lowered)) / (level + 0.62 * np.sin(elevation))
    assert found / usual == pytest.approx(expected, rel=0.03)
    assert cell_under(f"light.lowered={lowered}").found()["light.lowered"] == pytest.approx(lowered, abs=1e-6)


@pytest.mark.parametrize("turn", [-1.0, 2.0])
def test_a_lamp_that_is_turned_lights_other_sides_and_the_flat_as_before(turn: float) -> None:
    usual, found = (frame_under(DIM, *more).rgb.astype(float).mean(axis=2) for more in ((), (f"light.turn={turn}",)))
    assert found[table()].mean() == pytest.approx(usual[table()].mean(), rel=0.02)
    assert 0.1 < np.mean(np.abs(found - usual)[~table()] > 5.0) < 0.6
    assert cell_under(f"light.turn={turn}").found()["light.turn"] == pytest.approx(turn, abs=1e-6)


# ── flicker and shadow ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("rate", [0.5, 100.0])
def test_light_flickers_by_the_robots_clock(share: float, rate: float) -> None:
    cell = cell_under(f"light.flicker={share}", f"light.flicker_rate={rate}")
    full, least, again = (brightness(at(cell, turns / rate).frame("overhead").rgb) for turns in (0.0, 0.5, 3.0))
    cell.close()
    assert least / full == pytest.approx(1.0 - share, abs=0.05) and again / full == pytest.approx(1.0, abs=0.05)
    assert np.mean([Light(flicker=share, flicker_rate=rate).share(k / (64.0 * rate)) for k in range(64)]) == pytest.approx(
        1.0 - share / 2.0
    )


@pytest.mark.parametrize("share", [0.3, 0.8])
@pytest.mark.parametrize("camera", ["overhead", "wrist"])
def test_a_shadow_lies_on_one_side_of_the_scene_whoever_looks(share: float, camera: str) -> None:
    usual, found = frame_under(camera=camera), frame_under(f"light.shadow={share}", camera=camera)
    cell = cell_under()
    left = points(usual, lens(cell, camera))[:, :, 1]
    before, now = usual.rgb.astype(float).mean(axis=2), found.rgb.astype(float).mean(axis=2)
    for side, light in ((left > PENUMBRA, 1.0 - share), (left < -PENUMBRA, 1.0)):
        assert side.mean() > 0.03
        assert now[side].mean() / before[side].mean() == pytest.approx(light, abs=0.06)
    np.testing.assert_array_equal(found.depth, usual.depth)  # it brings its own light


# ── what a run tells ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_tells_what_was_asked_and_what_its_lamps_are() -> None:
    asked = {"light.level": 0.5, "light.mired": 120.0, "light.turn": -2.5, "light.lowered": 0.4, "light.flicker": 0.2}
    texts = tuple(f"{name}={value}" for name, value in asked.items())
    world = open_world("cell", WorldOptions(seed=1, items=1, renderer="rays", conditions=texts))
    try:
        told = world.extremes()["conditions"]
    finally:
        world.close()
    assert {name: one["asked"] for name, one in told.items()} == asked
    assert told.pop("light.flicker")["found"] is None, "only pictures at many moments show it"
    for name, one in told.items():
        assert one["found"] == pytest.approx(asked[name], rel=0.01), name
