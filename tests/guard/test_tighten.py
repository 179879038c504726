"""Limits that a skill or an application asks for: tighter ones hold, wider ones are refused, field by field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import APART, BODIES, HOME, PERIOD, TERMS, N, Rig, fast_tool, run_to_rest, table, told, tool_at

from moravec.core.errors import GuardConfigError
from moravec.guard.compiled import INTERPRETED, Kernel, compiled
from moravec.guard.limits import JOINT_VECTORS, LimitTable
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone
from moravec.guard.stop import StopState
from moravec.guard.tighten import tightened

LEFT, RIGHT = Box((-2.0, -2.0, -2.0), (0.0, 2.0, 2.0)), Box((-0.5, -2.0, -2.0), (2.0, 2.0, 2.0))
BIT = Box((0.9, 0.9, 0.9), (1.0, 1.0, 1.0))
OTHER = Box((0.9, 0.9, 0.9), (1.0, 1.0, 1.1))
OUTER = table(
    bodies=BODIES, apart=APART, separation=TERMS, touch=Touch(("chest",), 10.0, 1.0, 1.0, "transient"), tool_force=100.0,
    novelty_max=0.5,
    allowed=(LEFT, RIGHT), forbidden=(BIT,), obstacles=(Obstacle("post", BIT),), zones=(Zone("door", "keep_out", BIT),),
    grip_width_min=0.01, cell_clearance=0.01,
)  # fmt: skip
WIDE_ZONE = Zone("lane", "slow", BIT, 0.5)

# field: what is tighter (or as it was), what is not
SCALARS: dict[str, tuple[Any, Any]] = {
    "tool_speed": (0.9, 1.1),
    "tool_speed_reduced": (0.2, 0.3),
    "tool_force": (99.0, 101.0),
    "payload": (4.9, 5.1),
    "command_age_max": (0.019, 0.021),
    "sequence_gap_max": (2, 4),
    "chunk_age_max": (29.0, 31.0),
    "sight_age_max": (59.0, 61.0),
    "novelty_max": (0.4, 0.6),
    "grip_width_max": (0.09, 0.11),
    "grip_width_min": (0.02, 0.005),
    "grip_force_max": (59.0, 61.0),
    "body_clearance": (0.006, 0.004),
    "cell_clearance": (0.011, 0.009),
}
PLACES: list[tuple[str, Any, Any]] = [
    ("allowed", (LEFT,), (Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)),)),
    ("allowed", (Box((-1.0, -1.0, -1.0), (0.0, 1.0, 1.0)), RIGHT), (LEFT, Box((-0.5, -2.0, -2.0), (2.0, 2.1, 2.0)))),
    ("allowed", (BIT,), (Box((-0.6, -1.0, -1.0), (0.1, 1.0, 1.0)),)),
    *[
        (
            "allowed",
            (LEFT, RIGHT),
            (replace(RIGHT, **{side: tuple(v + by * (i == axis) for i, v in enumerate(getattr(RIGHT, side)))}),),
        )
        for side, by in (("low", -0.1), ("high", 0.1))
        for axis in range(3)
    ],
    ("forbidden", (OTHER, BIT), ()),
    ("forbidden", (BIT,), (OTHER,)),
    ("apart", (*APART, ("upper", "column")), APART[1:]),
    ("obstacles", (*OUTER.obstacles, Obstacle("chair", OTHER)), (Obstacle("post", OTHER),)),
    ("zones", (WIDE_ZONE, *OUTER.zones), (WIDE_ZONE,)),
]
SAME: dict[str, Any] = {
    "robot": "another",
    "dh": ((0.1, 0.0, 0.16, 1.0), *OUTER.dh[1:]),
    "tool_offset": (0.0, 0.0, 0.21),
    "control_period": 0.001,
    "acceleration": (9.0, *OUTER.acceleration[1:]),
    "bodies": (*BODIES, Capsule("more", 1, (0.0, 0.0, 0.0), (0.0, 0.0, 0.1), 0.1)),
    "separation": replace(TERMS, intrusion=0.2),
    "touch": None,
}


def test_every_field_of_the_table_is_covered_here() -> None:
    covered = {*SCALARS, *SAME, *(name for name, _, _ in PLACES), *JOINT_VECTORS}
    assert covered == {field.name for field in fields(LimitTable)}


def refused(inner: LimitTable, name: str) -> str:
    with pytest.raises(GuardConfigError, match="a tighter limit table, ") as caught:
        tightened(OUTER, inner)
    line = str(caught.value)
    assert f"limit table, {name}" in line and "allowed: " in line and "\n" not in line
    return line


def test_the_same_table_is_tight_enough() -> None:
    assert tightened(OUTER, OUTER) is OUTER


@pytest.mark.parametrize("name", SCALARS)
def test_each_number_may_only_become_tighter(name: str) -> None:
    tighter, wider = SCALARS[name]
    inner = replace(OUTER, **{name: tighter})
    assert tightened(OUTER, inner) is inner
    line = refused(replace(OUTER, **{name: wider}), name)
    assert f"found {wider!r}" in line and str(getattr(OUTER, name)) in line


@pytest.mark.parametrize("name", [name for name in JOINT_VECTORS if name != "acceleration"])
@pytest.mark.parametrize("joint", range(N))
def test_each_joints_limit_may_only_become_tighter(name: str, joint: int) -> None:
    limits = getattr(OUTER, name)

    def at(value: float) -> LimitTable:
        return replace(OUTER, **{name: tuple(value if j == joint else limits[j] for j in range(N))})

    inner = at(limits[joint] * 0.9)
    assert tightened(OUTER, inner) is inner
    refused(at(limits[joint] * 1.1), f"{name}[{joint}]")


@pytest.mark.parametrize(("name", "tighter", "wider"), PLACES)
def test_places_may_only_become_narrower(name: str, tighter: Any, wider: Any) -> None:
    inner = replace(OUTER, **{name: tighter})
    assert tightened(OUTER, inner) is inner
    refused(replace(OUTER, **{name: wider}), name)


@pytest.mark.parametrize("name", SAME)
def test_what_describes_the_robot_stays(name: str) -> None:
    assert "exactly the same" in refused(replace(OUTER, **{name: SAME[name]}), name)


def test_a_score_that_was_judged_stays_judged_and_one_that_was_not_may_be() -> None:
    refused(replace(OUTER, novelty_max=None), "novelty_max")
    assert tightened(replace(OUTER, novelty_max=None), OUTER) is OUTER
    free = replace(OUTER, novelty_max=None)
    assert tightened(free, free) is free


# ── the guard ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("kernel", [lambda: INTERPRETED, compiled], ids=["interpreted", "compiled"])
def test_a_guard_takes_tighter_limits_at_once_and_gives_them_back(kernel: Callable[[], Kernel]) -> None:
    rig, tight = Rig(kernel=kernel()), table(grip_force_max=5.0)
    assert told(rig.hold())[0] == "pass"
    rig.guard.tighten(tight)
    assert rig.guard.limits is tight
    assert told(rig.hold()) == ("stop", "grip_force")
    rig.guard.tighten(table(grip_force_max=20.0))
    assert told(rig.hold())[0] == "pass", "it is the guard's own limits that count, not the last ones"
    rig.guard.tighten(None)
    assert rig.guard.limits == table() and told(rig.send(HOME, grip_force=60.0))[0] == "pass"


def test_a_refused_table_changes_nothing() -> None:
    rig, tight = Rig(), table(grip_force_max=5.0)
    rig.hold()
    rig.guard.tighten(tight)
    with pytest.raises(GuardConfigError, match="grip_force_max"):
        rig.guard.tighten(table(grip_force_max=61.0))
    assert rig.guard.limits is tight and told(rig.hold()) == ("stop", "grip_force")


def test_a_tool_caught_outside_by_tighter_places_may_only_come_back() -> None:
    rig = Rig()
    rig.cruise(0, 0.3)
    tool = tool_at(rig.q, table())
    low, high = (tool + [0.05, -1.0, -1.0]).tolist(), (tool + 1.0).tolist()
    rig.guard.tighten(table(allowed=(Box((low[0], low[1], low[2]), (high[0], high[1], high[2])),)))
    assert told(rig.hold()) == ("stop", "workspace")
    run_to_rest(rig)
    assert told(rig.hold())[1] == "sequence_gap", "nothing was sent meanwhile"
    assert told(rig.hold())[0] == "pass", "standing still is allowed"
    back = np.array([2e-5, 0, 0, 0, 0, 0])
    if tool_at(rig.q + back, table())[0] < tool_at(rig.q, table())[0]:
        back = -back
    inwards, outwards = rig.q + back, rig.q - back
    assert told(rig.send(outwards, -back / PERIOD)) == ("stop", "workspace")
    assert told(rig.send(inwards, back / PERIOD))[0] == "pass" and rig.guard.state is StopState.RUN


def test_what_was_lawful_before_is_not_held_against_a_tighter_speed() -> None:
    """A motion that slowed down in time goes on; the window over the last quarter of a second is not the old one."""
    rig = Rig(fast_tool())
    rig.cruise(0, 1.9)
    for _ in range(60):
        rig.send(np.array(rig.guard.setpoint) + [1.9 * PERIOD, 0, 0, 0, 0, 0], [1.9, 0, 0, 0, 0, 0])
    v = 1.9
    while v > 0.95:
        v -= 10.0 * PERIOD
        assert (
            told(rig.send(np.array(rig.guard.setpoint) + [v * PERIOD, 0, 0, 0, 0, 0], [v, 0, 0, 0, 0, 0]))[0] == "pass"
        )
    rig.guard.tighten(fast_tool(velocity=(1.0, *table().velocity[1:])))
    for _ in range(200):
        assert (
            told(rig.send(np.array(rig.guard.setpoint) + [v * PERIOD, 0, 0, 0, 0, 0], [v, 0, 0, 0, 0, 0]))[0] == "pass"
        )
