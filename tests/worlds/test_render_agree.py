"""OpenGL and ray casting draw the same picture."""

import itertools
from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from moravec.core.errors import WorldError
from moravec.worlds.render.backend import open_renderer

SIZE = (120, 160)


@pytest.fixture(scope="module")
def gl_name() -> str:
    model = mujoco.MjModel.from_xml_string("<mujoco/>")
    for name in ("egl", "osmesa"):
        try:
            open_renderer(model, 8, 8, prefer=name).close()
        except WorldError:
            continue
        return name
    pytest.skip("no OpenGL on this machine")


def scene(things: str, assets: str = "", light: str = "", camera: str = "") -> mujoco.MjModel:
    light = light or '<light type="directional" pos="0 0 2" dir="-.25 .2 -1" diffuse=".6 .6 .5" specular=".2 .2 .2"/>'
    camera = camera or '<camera name="c" pos=".1 -.6 .7" xyaxes="1 .1 0 -.1 .75 .66" fovy="50"/>'
    return mujoco.MjModel.from_xml_string(
        '<mujoco><compiler angle="radian"/><visual><headlight ambient=".3 .3 .3" diffuse=".2 .2 .2" specular="0 0 0"/>'
        f'<map znear=".005" zfar="20"/></visual><asset>{assets}</asset><worldbody>{light}{camera}'
        f'<geom type="plane" size="1 1 .1" rgba=".8 .8 .75 1"/>{things}</worldbody></mujoco>'
    )


def both(model: mujoco.MjModel, gl_name: str, size=SIZE, quality="sensor"):
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    pictures = []
    for name in (gl_name, "rays"):
        renderer = open_renderer(model, *size, prefer=name, quality=quality)
        pictures.append(renderer.render(data, "c"))
        renderer.close()
    return pictures


def primitives() -> str:
    rng = np.random.default_rng(3)
    kinds = itertools.cycle(("box", "cylinder", "capsule", "sphere", "ellipsoid"))
    text = ""
    for _, kind in zip(range(30), kinds, strict=False):
        size, place, turn, rgb = (
            rng.uniform(0.02, 0.06, 3),
            rng.uniform(-0.3, 0.3, 2),
            rng.uniform(-3, 3, 3),
            rng.random(3),
        )
        text += (
            f'<geom type="{kind}" size="{size[0]} {size[1]} {size[2]}" pos="{place[0]} {place[1]} .05" '
            f'euler="{turn[0]} {turn[1]} {turn[2]}" rgba="{rgb[0]} {rgb[1]} {rgb[2]} 1"/>'
        )
    return text


def inner(depth: np.ndarray) -> np.ndarray:
    """Pixels whose neighbours are all near in depth: away from outlines."""
    flat = np.where(np.isfinite(depth), depth, 50.0)
    around = np.stack([np.roll(flat, s, (0, 1)) for s in itertools.product((-1, 0, 1), repeat=2)])
    result = np.ptp(around, axis=0) < 0.03
    result[[0, -1]] = result[:, [0, -1]] = False
    return result & np.isfinite(depth)


def near(depth_a: np.ndarray, depth_b: np.ndarray, sure: np.ndarray) -> bool:
    """Within 2 mm of each other on more than 99 % of the sure pixels."""
    return bool((np.abs(depth_a[sure] - depth_b[sure]) < 0.002).mean() > 0.99)


@pytest.mark.parametrize("quality", ["sensor", "pretty"])
def test_primitives_have_the_same_depth_and_colour(gl_name: str, quality: str) -> None:
    (rgb_a, depth_a), (rgb_b, depth_b) = both(scene(primitives()), gl_name, quality=quality)
    assert (np.isfinite(depth_a) == np.isfinite(depth_b)).mean() > 0.999
    sure = inner(depth_a)
    assert sure.mean() > 0.5
    assert near(depth_a, depth_b, sure)
    assert np.abs(rgb_a.astype(int) - rgb_b)[sure].mean() < (1.5 if quality == "sensor" else 6.0)


@pytest.mark.parametrize(
    "light",
    [
        "",
        '<light type="spot" pos=".3 .2 1.2" dir="-.2 -.2 -1" cutoff="50" exponent="4" attenuation="1 .1 .05"/>',
        '<light pos="0 0 2" dir="0 0 -1" specular="1 1 1"/><light type="directional" dir="1 0 -1" diffuse=".2 .1 0"/>',
    ],
)
def test_lights_shine_the_same(gl_name: str, light: str) -> None:
    # Small geoms: OpenGL lights corners and blends between them, which differs on large ones under a near light.
    (rgb_a, depth), (rgb_b, _) = both(scene(primitives(), light=light), gl_name)
    assert np.abs(rgb_a.astype(int) - rgb_b)[inner(depth)].mean() < 4.0


@pytest.mark.parametrize(
    "sky", ["", '<texture type="skybox" builtin="gradient" rgb1=".9 .9 1" rgb2=".3 .4 .6" width="64" height="64"/>']
)
@pytest.mark.parametrize("quality", ["sensor", "pretty"])
def test_the_sky_is_the_same(gl_name: str, sky: str, quality: str) -> None:
    camera = '<camera name="c" pos="0 -1 .3" xyaxes="1 0 0 0 .1 1" fovy="70"/>'
    (rgb_a, depth_a), (rgb_b, depth_b) = both(scene("", assets=sky, camera=camera), gl_name, quality=quality)
    empty = np.isinf(depth_a) & np.isinf(depth_b)
    assert 0.2 < empty.mean() < 0.9
    assert (np.isinf(depth_a) == np.isinf(depth_b)).mean() > 0.98
    assert np.abs(rgb_a.astype(int) - rgb_b)[empty].mean() < 4.0


def label_material(repeat: str = "1 1", uniform: str = "false") -> tuple[str, Callable[[mujoco.MjModel], None]]:
    """A texture without any symmetry: a black L on white with one red, one green and one blue corner."""
    picture = np.full((64, 64, 3), 255, np.uint8)
    picture[8:56, 16:26] = picture[46:56, 16:46] = 0
    picture[:12, :12], picture[:12, -12:], picture[-12:, -12:] = (220, 0, 0), (0, 200, 0), (0, 0, 220)

    def paint(model: mujoco.MjModel) -> None:
        model.tex_data[: picture.size] = picture.ravel()

    assets = (
        '<texture name="t" type="2d" builtin="flat" rgb1="1 1 1" width="64" height="64"/>'
        f'<material name="m" texture="t" texrepeat="{repeat}" texuniform="{uniform}" specular="0"/>'
    )
    return assets, paint


DOWN = '<camera name="c" pos="0 0 .4" fovy="40"/>'
UP = '<camera name="c" pos="0 0 -.4" xyaxes="1 0 0 0 -1 0" fovy="40"/>'
SIDE = '<camera name="c" pos=".25 -.3 .25" xyaxes=".77 .64 0 -.34 .41 .85" fovy="40"/>'


@pytest.mark.parametrize("camera", [DOWN, UP, SIDE], ids=["above", "below", "aside"])
@pytest.mark.parametrize(
    "geom",
    [
        'type="box" size=".1 .06 .001"',
        'type="box" size=".08 .05 .04"',
        'type="box" size=".1 .06 .001" euler="0 .3 .7"',
        'type="cylinder" size=".08 .03"',
        'type="sphere" size=".08"',
        'type="ellipsoid" size=".1 .05 .04"',
        'type="capsule" size=".04 .05"',
    ],
)
def test_textures_lie_the_same_way(gl_name: str, geom: str, camera: str) -> None:
    assets, paint = label_material()
    check_texture(gl_name, scene_with_label(geom, assets, camera), paint)


@pytest.mark.parametrize(("repeat", "uniform"), [("2 3", "false"), ("12 30", "true"), ("-1 1", "false")])
@pytest.mark.parametrize("geom", ['type="box" size=".1 .06 .001"', 'type="plane" size=".12 .1 .1" pos="0 0 .01"'])
def test_repeated_textures_lie_the_same_way(gl_name: str, geom: str, repeat: str, uniform: str) -> None:
    assets, paint = label_material(repeat, uniform)
    check_texture(gl_name, scene_with_label(geom, assets, DOWN), paint)


def scene_with_label(geom: str, assets: str, camera: str) -> mujoco.MjModel:
    model = scene(f'<geom {geom} material="m"/>', assets=assets, camera=camera)
    model.geom_group[0] = 4  # the floor would hide the label from below
    return model


def check_texture(gl_name: str, model: mujoco.MjModel, paint: Callable[[mujoco.MjModel], None]) -> None:
    paint(model)
    (rgb_a, depth_a), (rgb_b, depth_b) = both(model, gl_name, size=(240, 320))
    there = np.isfinite(depth_a) & np.isfinite(depth_b)
    assert there.mean() > 0.01
    assert rgb_a[there].std() > 15.0  # something is printed
    difference = np.abs(rgb_a.astype(int) - rgb_b)[there].mean()
    mirrored = [np.abs(rgb_a.astype(int) - np.flip(rgb_b, axis))[there].mean() for axis in (0, 1)]
    assert difference < 6.0
    assert difference < 0.5 * min(mirrored)


def test_text_on_a_label_reads_from_above_as_it_was_painted() -> None:
    assets, paint = label_material()
    model = scene('<geom type="box" size=".1 .1 .001" material="m"/>', assets=assets, camera=DOWN)
    paint(model)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    rgb, depth = open_renderer(model, 200, 200, prefer="rays").render(data, "c")
    rows, columns = np.nonzero(depth < 0.3995)
    label = rgb[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(int)
    side = len(label)
    corner = {
        "top left": label[side // 20, side // 20],
        "top right": label[side // 20, -side // 20],
        "bottom right": label[-side // 20, -side // 20],
    }
    assert corner["top left"].argmax() == 0
    assert corner["top right"].argmax() == 1
    assert corner["bottom right"].argmax() == 2


@pytest.mark.parametrize("quality", ["sensor", "pretty"])
def test_see_through_geoms_blend_the_same(gl_name: str, quality: str) -> None:
    things = (
        '<geom type="box" size=".1 .1 .02" pos="0 0 .2" rgba="1 0 0 .4"/>'
        '<geom type="sphere" size=".05" pos="0 0 .05" rgba="0 0 1 1"/>'
    )
    light = '<light type="directional" dir="0 0 -1" castshadow="false"/>'
    (rgb_a, depth_a), (rgb_b, depth_b) = both(scene(things, light=light), gl_name, quality=quality)
    behind = inner(depth_b) & (rgb_b[..., 0] > rgb_b[..., 1] + 60.0)
    assert behind.sum() > 600  # the red box, or what is seen through it
    assert np.abs(rgb_a.astype(int) - rgb_b)[behind].mean() < 2.0
    assert near(depth_a, depth_b, inner(depth_b))


def test_a_camera_inside_its_housing_sees_out_in_both(gl_name: str) -> None:
    body = (
        '<body pos="0 0 .4"><geom type="box" size=".03 .03 .03"/><geom type="sphere" size=".05"/>'
        '<camera name="c" fovy="50"/></body><geom type="box" size=".05 .02 .05" rgba="1 0 0 1"/>'
    )
    model = scene(body, camera=" ")
    (rgb_a, depth_a), (rgb_b, depth_b) = both(model, gl_name)
    assert abs(float(np.median(depth_a)) - 0.4) < 0.01
    assert near(depth_a, depth_b, inner(depth_a))
    assert np.abs(rgb_a.astype(int) - rgb_b).mean() < 3.0


@pytest.mark.parametrize("extra", ['group="3"', 'group="5"', 'rgba="1 0 0 0"'])
def test_collision_and_invisible_geoms_are_left_out_of_both(gl_name: str, extra: str) -> None:
    bare = both(scene(""), gl_name)
    for (rgb, depth), (bare_rgb, bare_depth) in zip(
        both(scene(f'<geom type="sphere" size=".2" {extra}/>'), gl_name), bare, strict=True
    ):
        assert np.array_equal(rgb, bare_rgb)
        assert np.allclose(depth, bare_depth, atol=1e-5)


def test_meshes_have_the_same_depth(gl_name: str) -> None:
    points = np.random.default_rng(0).normal(size=(40, 3)) * (0.08, 0.06, 0.05)
    mesh = f'<mesh name="rock" vertex="{" ".join(f"{v:.4f}" for v in points.ravel())}"/>'
    (rgb_a, depth_a), (rgb_b, depth_b) = both(scene('<geom type="mesh" mesh="rock" pos="0 0 .1"/>', mesh), gl_name)
    sure = inner(depth_a)
    assert near(depth_a, depth_b, sure)
    assert np.abs(rgb_a.astype(int) - rgb_b)[sure].mean() < 5.0
