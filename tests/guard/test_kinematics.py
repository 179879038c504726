"""Forward kinematics against matrix products written out from the textbook."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers_guard import HOME, table
from helpers_kernel import arm, capsule, point_of, put

from moravec.guard.counted import counted, reaches
from moravec.guard.kernel.form import BODIES, JOINTS, Answer, Table
from moravec.guard.kernel.kinematics import lift, place
from moravec.guard.limits import JOINT_VECTORS
from moravec.guard.parts import Capsule


def by_matrices(q: np.ndarray, dh: np.ndarray) -> list[np.ndarray]:
    """T_0_i for i = 0..n."""
    T = np.eye(4)
    out = [T]
    for angle, (theta0, a, d, alpha) in zip(q, dh, strict=True):
        ct, st = np.cos(theta0 + angle), np.sin(theta0 + angle)
        ca, sa = np.cos(alpha), np.sin(alpha)
        T = T @ np.array(
            [[ct, -st * ca, st * sa, a * ct], [st, ct * ca, -ct * sa, a * st], [0, sa, ca, d], [0, 0, 0, 1]]
        )
        out.append(T)
    return out


def chain(dh: np.ndarray, tool: np.ndarray) -> Table:
    """A table that holds the kinematics alone."""
    t = Table(n=len(dh))
    for name, values in (("theta0", dh[:, 0]), ("link_a", dh[:, 1]), ("link_d", dh[:, 2])):
        put(getattr(t, name), values)
    put(t.cos_alpha, np.cos(dh[:, 3]))
    put(t.sin_alpha, np.sin(dh[:, 3]))
    put(t.tool, tool)
    return t


def used(o: Answer) -> Answer:
    """An answer full of what other ticks left behind."""
    for name in ("origin", "rotation", "tool", "points"):
        values = getattr(o, name)
        values[:] = [7.0 + k for k in range(len(values))]
    return o


@pytest.mark.parametrize("joints", [1, 2, 6, 7, 16])
def test_agrees_with_matrices_everywhere(joints: int) -> None:
    rng = np.random.default_rng(7 + joints)
    for _ in range(40):
        dh, q, tool = rng.uniform(-2.0, 2.0, (joints, 4)), rng.uniform(-7.0, 7.0, joints), rng.uniform(-1.0, 1.0, 3)
        t, o = chain(dh, tool), used(Answer())
        ends = []
        for frame in (0, joints // 2, joints):
            ends.append((frame, rng.uniform(-1.0, 1.0, 3), rng.uniform(-1.0, 1.0, 3)))
            capsule(t, ends[-1][1], ends[-1][2], 0.1, frame)
        place(q.tolist(), t, o)
        frames = by_matrices(q, dh)
        for i, T in enumerate(frames):
            np.testing.assert_allclose(o.origin[3 * i : 3 * i + 3], T[:3, 3], atol=1e-11)
            np.testing.assert_allclose(o.rotation[9 * i : 9 * i + 9], T[:3, :3].reshape(-1), atol=1e-12)
        np.testing.assert_allclose(o.tool, (frames[-1] @ [*tool, 1.0])[:3], atol=1e-11)
        for b, (frame, a, e) in enumerate(ends):
            np.testing.assert_allclose(o.points[6 * b : 6 * b + 3], (frames[frame] @ [*a, 1.0])[:3], atol=1e-11)
            np.testing.assert_allclose(o.points[6 * b + 3 : 6 * b + 6], (frames[frame] @ [*e, 1.0])[:3], atol=1e-11)
        force = rng.uniform(-9.0, 9.0, 3)
        assert lift(t, o, *force.tolist()) == pytest.approx((frames[-1][:3, :3] @ force)[2], abs=1e-11)


def test_frame_zero_is_the_base_and_starts_afresh() -> None:
    t, o = counted(table()), used(Answer())
    place(HOME.tolist(), t, o)
    assert o.origin[:3] == [0.0, 0.0, 0.0] and o.rotation[:9] == [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    once = (o.origin[:], o.rotation[:], o.tool[:])
    place(HOME.tolist(), t, o)
    assert (o.origin, o.rotation, o.tool) == once


def test_what_is_not_counted_is_not_touched() -> None:
    dh, tool = np.array([[0.3, 0.2, 0.1, 0.4]]), np.array([0.0, 0.0, 0.1])
    t, o = chain(dh, tool), used(Answer())
    capsule(t, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6), 0.1, 1)
    before = used(Answer())
    place([0.5], t, o)
    assert o.origin[6:] == before.origin[6:] and o.rotation[18:] == before.rotation[18:]
    assert o.points[6:] == before.points[6:]
    place([], Table(), used(o))
    assert o.origin[3:] == before.origin[3:] and o.rotation[9:] == before.rotation[9:]
    assert (o.origin[:3], o.tool) == ([0.0] * 3, [0.0] * 3)


def test_the_table_turns_the_base_with_its_first_row() -> None:
    """theta0 of the first row and the first joint are one angle."""
    plain = table()
    turned = table(dh=((0.7, *plain.dh[0][1:]), *plain.dh[1:]))
    one, other = Answer(), Answer()
    place([0.1 + 0.7, *HOME.tolist()[1:]], counted(plain), one)
    place([0.1, *HOME.tolist()[1:]], counted(turned), other)
    assert one.tool == pytest.approx(other.tool, abs=1e-12)


def test_no_part_is_farther_from_a_joint_axis_than_its_reach() -> None:
    """`reach`, on which the sweep for collisions rests, against sampled points of the cores at random postures."""
    rng = np.random.default_rng(5)
    t = arm(tool_offset=(0.03, -0.02, 0.2))
    for frame, radius in ((1, 0.1), (3, 0.07), (4, 0.05), (6, 0.04)):
        capsule(t, rng.uniform(-0.2, 0.2, 3), rng.uniform(-0.4, 0.4, 3), radius, frame)
    bodies = [
        (t.body_frame[b], t.body_a[3 * b : 3 * b + 3], t.body_b[3 * b : 3 * b + 3], t.body_radius[b]) for b in range(4)
    ]
    limits = table(
        tool_offset=(0.03, -0.02, 0.2),
        bodies=tuple(Capsule(f"b{i}", f, tuple(a), tuple(b), r) for i, (f, a, b, r) in enumerate(bodies)),
    )
    reach = reaches(limits)
    assert counted(limits).reach == reach and len(reach) == BODIES * JOINTS
    farthest = np.zeros((4, 6))
    for _ in range(300):
        o = Answer()
        place(rng.uniform(-3.0, 3.0, 6).tolist(), t, o)
        for b, (frame, *_) in enumerate(bodies):
            for j in range(frame):
                origin = np.array(o.origin[3 * j : 3 * j + 3])
                axis = np.array(o.rotation[9 * j : 9 * j + 9]).reshape(3, 3)[:, 2]
                for s in (0.0, 0.5, 1.0):
                    away = float(np.linalg.norm(np.cross(point_of(o.points, 6 * b, s) - origin, axis)))
                    assert away <= reach[JOINTS * b + j] + 1e-12
                    farthest[b, j] = max(farthest[b, j], away)
    for b, (frame, *_) in enumerate(bodies):
        bounds = np.array(reach[JOINTS * b : JOINTS * b + frame])
        assert np.all(farthest[b, :frame] > 0.5 * bounds)  # bounds, and not wild ones
        assert farthest[b, frame - 1] == pytest.approx(bounds[-1], abs=1e-12)  # a part's own axis: exact
        assert reach[JOINTS * b + frame : JOINTS * (b + 1)] == [0.0] * (JOINTS - frame)  # what comes after does not move it


def test_reach_in_numbers() -> None:
    """A point off every axis, behind links with twists that are no right angles."""
    dh = ((0.0, -0.25, 2.0, 0.5), (0.0, 3.0, -4.0, 0.9), (0.0, 0.5, 0.25, 0.6))
    x, y, z = 0.125, 0.75, 0.375
    limits = replace(
        table(), dh=dh, **{name: (getattr(table(), name)[:3]) for name in JOINT_VECTORS},
        bodies=(Capsule("tip", 3, (x, y, z), (x, y, z), 0.1), Capsule("rod", 2, (0.0, 0.0, 0.0), (0.0, 1.0, 0.0), 0.1)),
    )  # fmt: skip
    reach = reaches(limits)
    c, s = math.cos(0.6), math.sin(0.6)
    turned = (0.5 + x, c * y - s * z, 0.25 + s * y + c * z)
    assert reach[2] == pytest.approx(math.hypot(turned[0], turned[1]), rel=1e-15)
    assert reach[1] == pytest.approx(3.0 + math.hypot(*turned), rel=1e-15)
    assert reach[0] == pytest.approx(0.25 + 5.0 + math.hypot(*turned), rel=1e-15)
    # The far end of the rod: along y of its frame.
    end = (3.0, math.cos(0.9), -4.0 + math.sin(0.9))
    assert reach[JOINTS + 1] == pytest.approx(math.hypot(end[0], end[1]), rel=1e-15)
    assert reach[JOINTS] == pytest.approx(0.25 + math.hypot(3.0, 4.0), rel=1e-15), "its near end is farther here"
    assert reach[3:JOINTS] == [0.0] * (JOINTS - 3) and reach[JOINTS + 2 : 2 * JOINTS] == [0.0] * (JOINTS - 2)


def test_lift_is_the_upward_part() -> None:
    t, o = chain(np.array([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, math.pi / 2]]), np.zeros(3)), Answer()
    place([0.0, 0.0], t, o)
    # The flange's y points up, its z to the back.
    assert [lift(t, o, *force) for force in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))] == pytest.approx(
        [0, 1, 0]
    )
