"""Conditions of the cameras' place, glass and sensor: each is found in the pictures, or in where the lens is."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_imaging import IMAGE, cell_under, frame_under, lens, points

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.config import CellConfig, draw
from moravec.worlds.cell.imaging.optics import DARKNESS, specks
from moravec.worlds.cell.imaging.pose import SENSOR_CAMERAS, apart, calibration_error
from moravec.worlds.cell.imaging.readings import (
    brightness,
    colour_grain,
    darkened,
    defocus,
    disparity_noise,
    sharpness,
)
from moravec.worlds.render.backend import open_renderer
from moravec.worlds.render.sensor import DepthNoise, degrade


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


# ── as drawn ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("camera", SENSOR_CAMERAS)
def test_as_drawn_a_picture_is_the_renderers_under_the_sensors_noise_bit_for_bit(camera: str) -> None:
    cell = cell_under()
    stream = draw(CellConfig(seed=1), layout.LABELS).streams[f"camera_{camera}"]
    T_camera_claimed = calibration_error(stream)
    T_world_camera = lens(cell, camera)
    rgb, depth = open_renderer(cell.model, *IMAGE, "rays").render(cell.data, camera)
    frame = cell.frame(camera)
    rgb, depth = degrade(rgb, depth, np.random.default_rng(stream.integers(2**63)), DepthNoise(focal=float(frame.K[0, 0])))
    np.testing.assert_array_equal(frame.rgb, rgb)
    np.testing.assert_array_equal(frame.depth, depth)
    np.testing.assert_array_equal(frame.T_world_camera, T_world_camera @ T_camera_claimed)
    cell.close()


def test_what_says_only_how_changes_nothing_where_there_is_no_what() -> None:
    usual = frame_under()
    found = frame_under("camera.frozen_from=5", "camera.restamped=1", "light.flicker_rate=50")
    for name in ("rgb", "depth", "T_world_camera", "t", "seq"):
        np.testing.assert_array_equal(getattr(found, name), getattr(usual, name))


@pytest.mark.parametrize("name", ["restamped", "swapped"])
def test_what_is_so_or_not_is_not_so_by_half(name: str) -> None:
    with pytest.raises(BadInput, match=rf"the condition camera.{name}: found 0.5; allowed: 0 or 1"):
        Conditions.parse([f"camera.{name}=0.5"])


# ── a knocked camera ─────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("camera", "shift", "tilt"), [("overhead", 0.01, 0.02), ("overhead", 0.08, 0.0), ("wrist", 0.02, 0.1)])
def test_a_knocked_camera_stands_elsewhere_and_its_calibration_does_not_know(camera: str, shift: float, tilt: float) -> None:
    usual, knocked = cell_under(), cell_under(f"camera.{camera}_shift={shift}", f"camera.{camera}_tilt={tilt}")
    other = next(name for name in SENSOR_CAMERAS if name != camera)
    assert apart(lens(usual, camera), lens(knocked, camera)) == pytest.approx((shift, tilt), abs=1e-9)
    assert apart(lens(usual, other), lens(knocked, other)) == (0.0, 0.0)
    before, now = usual.frame(camera), knocked.frame(camera)
    np.testing.assert_allclose(now.T_world_camera, before.T_world_camera, atol=1e-12)
    found = knocked.found()
    assert (found[f"camera.{camera}_shift"], found[f"camera.{camera}_tilt"]) == pytest.approx((shift, tilt), abs=1e-9)
    assert (found[f"camera.{other}_shift"], found[f"camera.{other}_tilt"]) == (0.0, 0.0)
    # Colour and depth are of where it is: seen from there, the table lies at its height.
    assert not np.array_equal(before.rgb, now.rgb)
    if camera == "overhead":
        for cell, frame in ((usual, before), (knocked, now)):
            z = points(frame, lens(cell, camera))[:, :, 2]
            table = (np.abs(frame.rgb.astype(int) - frame.rgb[12, 80]).max(axis=2) < 12) & np.isfinite(z)
            assert table.mean() > 0.2 and z[table & (np.abs(z) < 0.15)].mean() == pytest.approx(0.0, abs=0.004)
    for cell in (usual, knocked):
        cell.close()


def test_one_cameras_knock_leaves_the_other_ones_picture_as_it_is() -> None:
    found, usual = frame_under("camera.overhead_tilt=0.1", camera="wrist"), frame_under(camera="wrist")
    np.testing.assert_array_equal(found.rgb, usual.rgb)
    np.testing.assert_array_equal(found.depth, usual.depth)


def test_a_farther_knock_goes_the_same_way() -> None:
    shifts = ((), ("camera.wrist_shift=0.01",), ("camera.wrist_shift=0.04",))
    usual, near, far = (lens(cell_under(*texts), "wrist")[:3, 3] for texts in shifts)
    np.testing.assert_allclose(far - usual, 4.0 * (near - usual), atol=1e-9)


# ── glass ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("camera", SENSOR_CAMERAS)
@pytest.mark.parametrize("sigma", [1.0, 3.0])
def test_a_camera_out_of_focus_shows_spots_of_that_size(sigma: float, camera: str) -> None:
    usual, found = frame_under(camera=camera), frame_under(f"camera.blur={sigma}", camera=camera)
    assert defocus(usual.rgb, found.rgb) == pytest.approx(sigma, rel=0.12)
    assert sharpness(found.rgb) < sharpness(usual.rgb) / (1.0 + sigma)
    holes = [float(np.isnan(frame.depth).mean()) for frame in (usual, found)]
    assert holes[1] > holes[0] + 0.01 * sigma


@pytest.mark.parametrize("sigma", [0.0, 1.0, 2.0])
def test_depth_out_of_focus_is_noisier_by_the_square_and_has_none_near_edges(sigma: float) -> None:
    quiet = DepthNoise(defocus=sigma, disparity_step=0.0, dropout=0.0, edge_flying=0.0, edge_hole=0.0, occlusion=False)
    assert quiet.disparity == pytest.approx(0.08 * (1.0 + sigma**2)) and quiet.sigma(1.0) == quiet.disparity / 30.0
    steps = np.full((120, 160), 1.0, np.float32)
    steps[:, 80:] = 1.5
    _, depth = degrade(np.full((120, 160, 3), 99, np.uint8), steps, rng(1), quiet)
    hole = np.isnan(depth).mean(axis=0)
    reach = int(sigma)
    assert (hole[80 - reach - 1 : 80 + reach + 1] == (1.0 if sigma else 0.0)).all()
    assert not hole[: 80 - reach - 2].any() and not hole[80 + reach + 2 :].any()
    assert depth[:, :60].std() == pytest.approx(quiet.sigma(1.0), rel=0.1)


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_dust_covers_its_share_of_colour_and_of_depth(share: float) -> None:
    usual, found = frame_under(), frame_under(f"camera.dust={share}")
    assert darkened(usual.rgb, found.rgb, 1.0 - 0.5 * DARKNESS) == pytest.approx(share, rel=0.25)
    gone = np.isnan(found.depth)
    np.testing.assert_array_equal(found.depth[~gone], usual.depth[~gone])
    assert np.mean(gone & ~np.isnan(usual.depth)) == pytest.approx(share, rel=0.25)
    told = cell_under(f"camera.dust={share}").found()["camera.dust"]
    assert told == pytest.approx(share, abs=0.001)


def test_dust_stays_where_it_is_and_each_glass_has_its_own() -> None:
    cell = cell_under("camera.dust=0.1")
    first, second, other = (np.isnan(cell.frame(name).depth) for name in ("overhead", "overhead", "wrist"))
    cell.close()
    assert (first & second).mean() > 0.09 > (first & other).mean()


def test_more_dust_covers_what_less_covers_softly() -> None:
    some, more = (specks(share, IMAGE, rng(4)) for share in (0.05, 0.2))
    half = 1.0 - 0.5 * DARKNESS
    assert (some <= half).mean() == pytest.approx(0.05, abs=1e-3) and (more <= half).mean() == pytest.approx(0.2, abs=1e-3)
    assert (more <= some + 1e-6).all() and some.min() >= 1.0 - DARKNESS - 1e-6 and some.max() == 1.0
    step = np.abs(np.diff(specks(0.05, (480, 640), rng(4)), axis=1))
    assert np.quantile(step[step > 0.0], 0.95) < DARKNESS / 2.0


# ── sensor ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("gain", [0.3, 2.0])
def test_exposure_multiplies_counts_until_they_clip(gain: float) -> None:
    dim = "light.level=0.4"
    usual, found = frame_under(dim).rgb, frame_under(dim, f"camera.exposure={gain}").rgb
    assert brightness(found) / brightness(usual) == pytest.approx(gain, rel=0.04)
    np.testing.assert_array_equal(frame_under(dim, f"camera.exposure={gain}").depth, frame_under(dim).depth)


def test_far_too_long_an_exposure_is_white_and_far_too_short_a_one_black() -> None:
    assert (frame_under("camera.exposure=10").rgb == 255).mean() > 0.8
    assert (frame_under("light.level=0.1", "camera.exposure=0.05").rgb < 4).mean() > 0.95


@pytest.mark.parametrize("times", [0.0, 3.0, 10.0])
def test_noise_is_a_multiple_of_the_sensors_usual(times: float) -> None:
    def found(text: str) -> tuple[float, float]:
        cell = cell_under("light.level=0.6", *([text] if text else []))
        one, other = cell.frame("wrist"), cell.frame("wrist")
        cell.close()
        return colour_grain(one.rgb, other.rgb), disparity_noise(one, other)

    grain, disparity = found("")
    louder = found(f"camera.colour_noise={times}")
    assert louder[0] == pytest.approx(times * grain, rel=0.08, abs=0.5) and louder[1] == pytest.approx(disparity, rel=0.01)
    louder = found(f"camera.depth_noise={times}")
    assert louder[1] == pytest.approx(times * disparity, rel=0.1, abs=0.012) and louder[0] == pytest.approx(grain, rel=0.01)


# ── both ways of drawing ─────────────────────────────────────────────────────────────────────────────────────────────
def test_open_gl_shows_the_same_as_rays() -> None:
    texts = ("camera.overhead_tilt=0.05", "camera.blur=1.5", "camera.dust=0.1", "light.shadow=0.6", "camera.exposure=0.7")
    for name in ("egl", "osmesa"):
        try:
            found = frame_under(*texts, renderer=name)
        except WorldError:
            continue
        rays = frame_under(*texts)
        difference = np.abs(found.rgb.astype(int) - rays.rgb.astype(int))
        assert difference.mean() < 3.0
        np.testing.assert_allclose(found.T_world_camera, rays.T_world_camera)
        both = np.isfinite(found.depth) & np.isfinite(rays.depth)
        assert both.mean() > 0.6 and np.median(np.abs(found.depth - rays.depth)[both]) < 0.002
        return
    pytest.skip("no OpenGL on this machine")


def test_the_claimed_pose_is_the_drawn_one_with_the_calibrations_small_error() -> None:
    cell = cell_under("camera.wrist_shift=0.05", "camera.wrist_tilt=0.2")
    metres, radians = apart(lens(cell, "wrist"), cell.frame("wrist").T_world_camera)
    cell.close()
    assert metres == pytest.approx(0.05, abs=0.004) and radians == pytest.approx(0.2, abs=0.004)
