"""The UR5e's numbers: they make a table, and the guard's own kinematics agrees with the body that is simulated."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np

from moravec.guard.counted import counted
from moravec.guard.kernel.form import Answer, Vec
from moravec.guard.kernel.kinematics import place
from moravec.guard.limits import LimitTable
from moravec.guard.reload import limits_from_json
from moravec.robots.ur5e import model
from moravec.robots.ur5e.kinematics import BASE_YAW, CENTRE_OF_MASS, DH, JOINTS, MASS
from moravec.robots.ur5e.limits import ur5e_limits


def tool_point(q: list[float], limits: LimitTable) -> Vec:
    """Where the guard says that the tool is (3,) [m]."""
    o = Answer()
    place(q, counted(limits), o)
    return o.tool


def test_the_table_is_sound_and_inside_what_the_maker_publishes() -> None:
    limits = ur5e_limits()
    assert limits_from_json(limits.to_json()) == limits
    assert limits.joints == len(JOINTS) == len(DH) == len(MASS) == len(CENTRE_OF_MASS) == 6
    assert all(
        low > -2 * np.pi and high < 2 * np.pi
        for low, high in zip(limits.position_min, limits.position_max, strict=True)
    )
    assert max(limits.velocity) <= np.deg2rad(180.0)
    assert limits.torque == (150.0, 150.0, 150.0, 28.0, 28.0, 28.0)


def test_the_stretched_arm_reaches_as_far_as_it_should() -> None:
    """Both tubes in line, 0.425 m and 0.3922 m; the published reach of 0.85 m is this and the wrist."""
    x, _, z = tool_point([0.0] * 6, replace(ur5e_limits(), tool_offset=(0.0, 0.0, 0.0)))
    assert abs(x - (0.425 + 0.3922)) < 1e-12 and abs(z - (0.1625 - 0.0997)) < 1e-12


def test_the_guard_and_the_simulated_body_agree_where_the_tool_is() -> None:
    spec = mujoco.MjSpec()
    model.add_arm(spec)
    body = spec.compile()
    data, limits, rng = mujoco.MjData(body), ur5e_limits(), np.random.default_rng(0)
    assert model.BASE_YAW == BASE_YAW
    for q in rng.uniform(limits.position_min, limits.position_max, (50, 6)):
        for name, angle in zip(JOINTS, q, strict=True):
            data.joint(name).qpos[0] = angle
        mujoco.mj_kinematics(body, data)
        np.testing.assert_allclose(tool_point(q.tolist(), limits), data.site("tool").xpos, atol=1e-9)
