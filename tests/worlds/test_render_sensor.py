"""The depth camera's noise keeps its promises."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.worlds.render.sensor import DepthNoise, degrade

ONLY_DEPTH = DepthNoise(dropout=0.0, exposure=0.0, white_balance=0.0, read_noise=0.0, shot_noise=0.0)
PERFECT = dataclasses.replace(ONLY_DEPTH, subpixel=0.0, disparity_step=0.0)


def grey(shape=(120, 160), count=128) -> np.ndarray:
    return np.full((*shape, 3), count, dtype=np.uint8)


def wall(z: float, shape=(120, 160)) -> np.ndarray:
    return np.full(shape, z, dtype=np.float32)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_perfect_camera_changes_nothing() -> None:
    rgb = rng().integers(0, 256, (120, 160, 3), dtype=np.uint8)
    out_rgb, out_depth = degrade(rgb, wall(0.8), rng(), PERFECT)
    assert np.array_equal(out_rgb, rgb)
    assert np.allclose(out_depth, 0.8, atol=1e-6)


@pytest.mark.parametrize("z", [0.4, 0.8, 1.6])
@pytest.mark.parametrize("grain", [0.0, 0.8, 2.0])
def test_the_spread_follows_the_formula(z: float, grain: float) -> None:
    noise = dataclasses.replace(ONLY_DEPTH, grain=grain, disparity_step=0.0)
    _, depth = degrade(grey((240, 320)), wall(z, (240, 320)), rng(1), noise)
    assert noise.sigma(z) == pytest.approx(z * z * 0.08 / (600 * 0.05))
    assert np.nanstd(depth) == pytest.approx(noise.sigma(z), rel=0.06)
    assert np.nanmean(depth) == pytest.approx(z, abs=float(noise.sigma(z)) * 0.1)


def test_grain_is_shared_between_neighbours() -> None:
    for grain, low, high in ((0.0, -0.05, 0.05), (1.5, 0.7, 0.95)):
        _, depth = degrade(grey(), wall(1.0), rng(2), dataclasses.replace(ONLY_DEPTH, grain=grain, disparity_step=0.0))
        assert low < np.corrcoef(depth[:, :-1].ravel(), depth[:, 1:].ravel())[0, 1] < high


def test_depth_comes_in_steps_of_disparity() -> None:
    _, depth = degrade(grey(), wall(1.3), rng(), ONLY_DEPTH)
    steps = 600 * 0.05 / depth.astype(float) * 32
    assert np.abs(steps - np.rint(steps)).max() < 1e-3
    assert len(np.unique(depth)) > 5


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_equal_seeds_give_equal_pictures_and_the_input_is_kept(seed: int) -> None:
    rgb = rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    depth = rng(seed).uniform(0.2, 3.0, (24, 32)).astype(np.float32)
    kept = rgb.copy(), depth.copy()
    first, second = (degrade(rgb, depth, rng(seed), DepthNoise()) for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1], equal_nan=True)
    assert np.array_equal(rgb, kept[0]) and np.array_equal(depth, kept[1])
    assert not np.array_equal(first[1], degrade(rgb, depth, rng(seed + 1), DepthNoise())[1], equal_nan=True)
    known = first[1][~np.isnan(first[1])]
    assert (known >= 0.10).all() and (known <= 4.0).all()


def test_nothing_seen_and_out_of_range_have_no_depth() -> None:
    depth = wall(1.0)
    depth[:, :20], depth[:, 60:80], depth[:, 120:] = np.inf, np.nan, 9.0
    _, out = degrade(grey(), depth, rng(), dataclasses.replace(PERFECT, edge_hole=0.0, edge_flying=0.0))
    assert np.isnan(out[:, :19]).all() and np.isnan(out[:, 61:79]).all() and np.isnan(out[:, 121:]).all()
    assert np.isfinite(out[:, 81:118]).all()
    assert np.isnan(degrade(grey(), wall(0.05), rng(), PERFECT)[1]).all()


def step(near: float = 0.7, far: float = 1.0) -> np.ndarray:
    """A near block over columns 60 to 99 before a far wall."""
    depth = wall(far)
    depth[:, 60:100] = near
    return depth


def test_edges_have_holes_and_flying_pixels_and_surfaces_do_not() -> None:
    noise = dataclasses.replace(PERFECT, occlusion=False)
    _, out = degrade(grey(), step(), rng(5), noise)
    beside = np.zeros(out.shape, dtype=bool)
    beside[:, [59, 60, 99, 100]] = True
    assert np.isfinite(out[~beside]).all()
    assert np.isin(np.round(out[~beside], 5), np.float32([0.7, 1.0])).all()
    assert np.isnan(out[beside]).mean() == pytest.approx(noise.edge_hole, abs=0.06)
    flying = (out[beside] > 0.705) & (out[beside] < 0.995)
    assert flying.mean() == pytest.approx(noise.edge_flying, abs=0.06)


def test_the_second_imager_leaves_a_shadow_left_of_near_things() -> None:
    noise = dataclasses.replace(PERFECT, edge_hole=0.0, edge_flying=0.0)
    _, out = degrade(grey(), step(), rng(), noise)
    width = int(600 * 0.05 * (1 / 0.7 - 1 / 1.0))
    assert width == 12
    assert np.isnan(out[:, 60 - width : 60]).all()
    assert np.isfinite(out[:, : 60 - width - 1]).all() and np.isfinite(out[:, 60:]).all()


@pytest.mark.parametrize(("cosine", "lost"), [(0.5, 0.0), (0.25, 0.0), (0.15, 0.5), (0.08, 1.0)])
def test_depth_fades_where_the_view_grazes(cosine: float, lost: float) -> None:
    # A plane whose normal is at acos(cosine) to the axis: 1/z is linear in the column.
    column = np.arange(160) - 80
    slope = np.sqrt(1 / cosine**2 - 1) / 600
    depth = np.broadcast_to((1.0 + slope * column).astype(np.float32), (120, 160)).copy()
    noise = dataclasses.replace(PERFECT, occlusion=False, nearest=0.0)
    _, out = degrade(grey(), depth, rng(3), noise)
    assert np.isnan(out[:, 70:90]).mean() == pytest.approx(lost, abs=0.15)


def test_a_steep_slope_is_no_edge() -> None:
    column = np.arange(160) - 80
    depth = np.broadcast_to((1.0 / (1.0 + 0.004 * column)).astype(np.float32), (120, 160)).copy()
    _, out = degrade(grey(), depth, rng(), dataclasses.replace(PERFECT, grazing=0.0, occlusion=False))
    assert np.allclose(out[1:-1, 1:-1], depth[1:-1, 1:-1], atol=1e-5)


def test_dropouts_come_as_often_as_asked() -> None:
    _, out = degrade(grey((240, 320)), wall(1.0, (240, 320)), rng(), dataclasses.replace(PERFECT, dropout=0.05))
    assert np.isnan(out).mean() == pytest.approx(0.05, abs=0.005)


@pytest.mark.parametrize("count", [20, 128, 220])
def test_colour_noise_follows_shot_and_read_noise(count: int) -> None:
    noise = DepthNoise(exposure=0.0, white_balance=0.0, read_noise=2.0, shot_noise=0.2)
    out, _ = degrade(grey(count=count), wall(1.0), rng(), noise)
    assert out.std() == pytest.approx(np.sqrt(4.0 + 0.04 * count), rel=0.05)
    assert out.mean() == pytest.approx(count, abs=0.1)


def test_exposure_is_shared_by_all_pixels_and_varies_between_pictures() -> None:
    noise = DepthNoise(white_balance=0.0, read_noise=0.0, shot_noise=0.0, exposure=0.05)
    pictures = [degrade(grey(), wall(1.0), rng(seed), noise)[0] for seed in range(20)]
    assert all(np.ptp(p) == 0 for p in pictures)
    assert len({int(p[0, 0, 0]) for p in pictures}) > 5


@pytest.mark.parametrize(
    ("field", "value"),
    [("focal", 0.0), ("baseline", -1.0), ("dropout", 1.5), ("subpixel", np.nan), ("edge_hole", 0.9), ("grain", np.inf),
     ("gain", -1.0), ("defocus", np.nan)],
)
def test_bad_numbers_are_refused(field: str, value: float) -> None:
    with pytest.raises(BadInput, match=field):
        DepthNoise(**{field: value})


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ContractError, match="depth must be"):
        degrade(grey(), wall(1.0, (120, 159)), rng(), DepthNoise())
    with pytest.raises(ContractError, match="depth must be"):
        degrade(grey(), wall(1.0).astype(np.float64), rng(), DepthNoise())
    with pytest.raises(ContractError, match="colour must be"):
        degrade(grey()[..., 0], wall(1.0), rng(), DepthNoise())
