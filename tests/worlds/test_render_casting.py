"""Ray casting meets all of a body: MuJoCo's own way of skipping bodies must not cut pieces off."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.worlds.render.casting import Caster
from moravec.worlds.render.materials import read_materials

HAMMER = """<mujoco><worldbody>
  <geom type="plane" size="0 0 1" pos="0 0 -0.5"/>
  <body name="hammer" pos="0.1 0 0.1"><freejoint/>
    <geom type="box" size="0.06 0.01 0.01" pos="-0.01 0 0" mass="0.05"/>
    <geom type="box" size="0.01 0.03 0.01" pos="0.06 0 0" mass="0.5"/>
    <geom type="box" size="0.004 0.004 0.001" pos="-0.09 0 0" mass="0" contype="0" conaffinity="0"/>
  </body></worldbody></mujoco>"""


def test_many_rays_meet_what_single_rays_meet() -> None:
    model = mujoco.MjModel.from_xml_string(HAMMER)
    data = mujoco.MjData(model)
    eye = np.array([0.1, 0.0, 0.6])
    for quat in ((1, 0, 0, 0), (0.9, 0.1, 0.2, 0.3), (0.5, 0.5, 0.5, 0.5)):
        data.qpos[3:7] = np.array(quat) / np.linalg.norm(quat)
        mujoco.mj_forward(model, data)
        x, y = np.meshgrid(np.linspace(-0.1, 0.3, 90), np.linspace(-0.15, 0.15, 60))
        rays = np.column_stack([x.ravel(), y.ravel(), np.full(x.size, 0.1)]) - eye
        caster = Caster(model)
        caster.refresh(read_materials(model))
        found = caster.solid(data, eye, rays)[0].geom
        one, wanted = np.zeros(1, np.int32), []
        for ray in rays:
            one[0] = -1
            mujoco.mj_ray(model, data, eye, ray, None, 1, -1, one, None)
            wanted.append(int(one[0]))
        assert found.tolist() == wanted
        assert {1, 2} <= set(wanted)
