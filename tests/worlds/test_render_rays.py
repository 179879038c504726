"""Ray casting by itself, and the choice of a renderer."""

import subprocess
import sys
import textwrap
import threading

import mujoco
import numpy as np
import pytest

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.render.backend import BACKENDS, open_renderer
from moravec.worlds.render.camera import camera_matrix, camera_pose, intrinsics, pixel_rays

WORLD = """
<mujoco><visual><headlight ambient=".2 .2 .2" diffuse="0 0 0" specular="0 0 0"/></visual>
<worldbody><light type="directional" pos="0 0 3" dir="0 0 -1" diffuse=".5 .5 .5" specular="0 0 0"/>
<camera name="top" pos="0 0 1" fovy="60"/>
<camera name="askew" pos=".5 -.6 .7" xyaxes=".77 .64 0 -.34 .41 .85" fovy="50"/>
<geom name="floor" type="plane" size="3 3 .1" rgba=".5 .6 .7 1"/>
<body name="ball" pos=".1 .05 .3"><freejoint/><geom name="ball" type="sphere" size=".05" rgba="1 0 0 1"/></body>
</worldbody></mujoco>
"""
ONE_LINE = " ".join(WORLD.split())


@pytest.fixture
def world() -> tuple[mujoco.MjModel, mujoco.MjData]:
    model = mujoco.MjModel.from_xml_string(WORLD)
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    return model, data


def draw(world, camera="top", size=(96, 128), quality="sensor"):
    renderer = open_renderer(world[0], *size, prefer="rays", quality=quality)
    return renderer.render(world[1], camera)


def test_a_flat_floor_has_the_colour_and_depth_of_the_formula(world) -> None:
    rgb, depth = draw(world)
    # albedo x (ambient + diffuse x cos 0) = albedo x 0.7
    assert rgb[0, 0].tolist() == [round(255 * 0.7 * c) for c in (0.5, 0.6, 0.7)]
    assert depth[0, 0] == pytest.approx(1.0, abs=1e-6)
    assert rgb.shape == (96, 128, 3) and rgb.dtype == np.uint8
    assert depth.shape == (96, 128) and depth.dtype == np.float32


@pytest.mark.parametrize("camera", ["top", "askew"])
def test_a_ball_is_where_the_camera_matrix_says(world, camera: str) -> None:
    model, data = world
    height, width = 240, 320
    rgb, depth = draw(world, camera, (height, width))
    rows, columns = np.nonzero(rgb[..., 0] > 2 * rgb[..., 1].astype(int))
    T = camera_pose(model, data, camera)
    centre = T[:3, :3].T @ (data.body("ball").xpos - T[:3, 3])
    u, v, _ = camera_matrix(model, camera, height, width) @ (centre / centre[2])
    assert centre[2] > 0.3
    assert abs(columns.mean() - u) < 1.0 and abs(rows.mean() - v) < 1.0
    assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)
    assert depth[round(v), round(u)] == pytest.approx(centre[2] - 0.05, abs=0.004)


def test_every_point_of_the_picture_lies_on_the_floor_or_the_ball(world) -> None:
    model, data = world
    _, depth = draw(world, "askew", (60, 80))
    T, K = camera_pose(model, data, "askew"), camera_matrix(model, "askew", 60, 80)
    seen = np.isfinite(depth.ravel())
    points = (pixel_rays(K, 60, 80)[seen] * depth.reshape(-1, 1)[seen]) @ T[:3, :3].T + T[:3, 3]
    on_floor = np.abs(points[:, 2]) < 1e-5
    on_ball = np.abs(np.linalg.norm(points - data.body("ball").xpos, axis=1) - 0.05) < 1e-5
    assert (on_floor | on_ball).all() and on_ball.any()


def test_intrinsics_have_square_pixels_and_whole_pixel_centres() -> None:
    K = intrinsics(np.pi / 2, 100, 200)
    assert K.tolist() == [[pytest.approx(50.0), 0.0, 99.5], [0.0, pytest.approx(50.0), 49.5], [0.0, 0.0, 1.0]]


def test_pretty_pictures_have_a_soft_shadow_under_the_ball_and_sensor_ones_none(world) -> None:
    plain, soft = draw(world, "askew"), draw(world, "askew", quality="pretty")
    assert np.array_equal(plain[1], soft[1])
    floor = plain[0][..., 1] > 80  # the ball is red
    for shift in (-1, 1):  # and its outline is smoothed, which is another matter
        for axis in (0, 1):
            floor &= np.roll(floor, shift, axis)
    darker = (plain[0].astype(int) - soft[0]).max(axis=2)[floor]
    assert (darker > 60).sum() > 20  # umbra: the directional light's share of the floor's colour
    assert len(np.unique(darker)) > 10  # penumbra: many shades, not just lit and dark


def test_pictures_are_the_same_every_time_and_the_model_is_left_as_it_was(world) -> None:
    model, data = world
    before = model.geom_rgba.copy(), model.geom_group.copy(), model.geom_matid.copy(), data.qpos.copy()
    first, second = (draw(world, "askew", quality="pretty") for _ in range(2))
    assert np.array_equal(first[0], second[0]) and np.array_equal(first[1], second[1])
    after = model.geom_rgba, model.geom_group, model.geom_matid, data.qpos
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_it_follows_what_moves_and_what_changes_colour(world) -> None:
    model, data = world
    renderer = open_renderer(model, 96, 128, prefer="rays")
    red = renderer.render(data, "top")[0]
    model.geom("ball").rgba[:] = (0, 0, 1, 1)
    blue = renderer.render(data, "top")[0]
    assert (red[..., 0] > 100).sum() - (blue[..., 0] > 100).sum() > 20
    data.qpos[0] = 5.0
    mujoco.mj_forward(model, data)
    assert np.ptp(renderer.render(data, "top")[1]) < 1e-5


@pytest.mark.parametrize("name", BACKENDS)
def test_bad_input_is_named(world, name: str) -> None:
    model, data = world
    try:
        renderer = open_renderer(model, 8, 8, prefer=name)
    except WorldError:
        pytest.skip(f"no {name} here")
    with pytest.raises(BadInput, match="did you mean 'top'"):
        renderer.render(data, "tops")
    with pytest.raises(BadInput, match="camera: found 2"):
        renderer.render(data, 2)
    with pytest.raises(BadInput, match="camera: found -1"):
        renderer.render(data, -1)
    renderer.close()
    renderer.close()
    with pytest.raises(WorldError, match="closed"):
        renderer.render(data, "top")


def test_pictures_to_look_at_are_ray_cast_everywhere(world) -> None:
    assert open_renderer(world[0], 8, 8, quality="pretty").name == "rays"


def test_bad_choices_are_refused(world) -> None:
    with pytest.raises(BadInput, match="did you mean 'rays'"):
        open_renderer(world[0], 8, 8, prefer="ray")
    with pytest.raises(BadInput, match="picture quality"):
        open_renderer(world[0], 8, 8, quality="fine")
    for height, width in ((0, 8), (8, -1), (8, 5000)):
        with pytest.raises(BadInput, match="picture size"):
            open_renderer(world[0], height, width)


def test_a_camera_with_sensor_intrinsics_is_refused() -> None:
    model = mujoco.MjModel.from_xml_string(
        "<mujoco><worldbody>"
        '<camera name="c" sensorsize=".01 .01" focal=".01 .01" resolution="8 8"/></worldbody></mujoco>'
    )
    with pytest.raises(WorldError, match="sensor intrinsics"):
        camera_matrix(model, "c", 8, 8)


def test_an_opengl_renderer_refuses_another_thread(world) -> None:
    try:
        renderer = open_renderer(world[0], 8, 8, prefer="egl")
    except WorldError:
        pytest.skip("no EGL here")
    said: list[str] = []

    def other() -> None:
        try:
            renderer.render(world[1], "top")
        except WorldError as error:
            said.append(str(error))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    renderer.close()
    assert said and "in the thread that made it" in said[0]


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", textwrap.dedent(program)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


def test_without_opengl_it_falls_back_to_rays_in_silence() -> None:
    done = run(f"""
        import ctypes, sys
        sys.modules["OpenGL"] = None  # PyOpenGL cannot be imported
        real = ctypes.CDLL.__init__
        def bare(self, name=None, *args, **kwargs):
            if name and any(part in str(name) for part in ("libEGL", "libGL", "OSMesa", "libOpenGL")):
                raise OSError(f"{{name}}: cannot open shared object file")
            real(self, name, *args, **kwargs)
        ctypes.CDLL.__init__ = bare
        import mujoco
        from moravec.core.errors import WorldError
        from moravec.worlds.render.backend import open_renderer
        model = mujoco.MjModel.from_xml_string('''{ONE_LINE}''')
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        for name in ("egl", "osmesa"):
            try:
                open_renderer(model, 16, 16, prefer=name)
            except WorldError as error:
                assert "cannot be loaded" in str(error), error
            else:
                raise AssertionError(name)
        renderer = open_renderer(model, 16, 16)
        print(renderer.name, renderer.render(data, "top")[1].max())
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("rays 1.0")


def test_a_machine_with_egl_but_no_driver_falls_back_in_silence() -> None:
    done = run(f"""
        import ctypes, os
        os.environ["__EGL_VENDOR_LIBRARY_DIRS"] = "/nonexistent"
        import mujoco
        from moravec.core.errors import WorldError
        from moravec.worlds.render.backend import open_renderer
        model = mujoco.MjModel.from_xml_string('''{ONE_LINE}''')
        try:
            open_renderer(model, 16, 16, prefer="egl")
        except WorldError:
            pass
        try:  # a failed EGL must be gone again, or MuJoCo takes it for the platform where OSMesa draws
            ctypes.CDLL("libEGL.so.1", mode=4)
            raise AssertionError("EGL is still loaded")
        except OSError:
            pass
        print(open_renderer(model, 16, 16).name)
    """)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() in ("osmesa", "rays")
