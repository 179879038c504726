"""The limit table: exact round trip, and refusal of everything that contradicts itself."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from helpers_guard import APART, BODIES, PERIOD, TERMS, table

from moravec.core.errors import GuardConfigError
from moravec.guard.kernel.checks import HUGE
from moravec.guard.limits import JOINT_VECTORS
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone
from moravec.guard.reload import limits_from_json


def test_json_round_trip_is_exact() -> None:
    made = table(
        tool_speed=0.1 + 0.2, forbidden=(Box((0.0, 0.0, -1.0), (0.1 + 0.2, 1 / 3, 0.0)),), bodies=BODIES, apart=APART,
        obstacles=(Obstacle("wall", CELL),), novelty_max=0.1, separation=TERMS,
        zones=(Zone("lane", "slow", CELL, 0.3, ((0.0, 1 / 3), (2.0, 3.0))), Zone("door", "person_only", CELL)),
        touch=Touch(("chest", "hand and finger"), 5.0, 1.0, 1.0, "transient"), tool_force=140.0,
    )  # fmt: skip
    again = limits_from_json(made.to_json())
    assert again == made
    assert again.to_json() == made.to_json()
    assert again.sha256() == made.sha256()
    assert made.joints == 6


def test_json_is_canonical() -> None:
    text = table().to_json()
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
    assert text.startswith('{"acceleration":[10.0,11.0,')
    assert table().sha256() == hashlib.sha256(text.encode()).hexdigest()
    broken = table()
    object.__setattr__(broken, "tool_speed", math.nan)
    with pytest.raises(ValueError, match="Out of range float values"):
        broken.to_json()


def test_hash_sees_the_last_bit() -> None:
    assert table().sha256() != table(tool_speed=math.nextafter(1.0, 2.0)).sha256()
    assert len(table().sha256()) == 64


def test_it_cannot_be_widened() -> None:
    with pytest.raises(FrozenInstanceError):
        table().tool_speed = 2.0  # type: ignore[misc]


six = (1.0,) * 6
ORIGIN = (0.0, 0.0, 0.0)
CELL = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
HAND = Capsule("hand", 6, ORIGIN, ORIGIN, 0.1)
BAD: list[tuple[str, Any, str]] = [
    ("robot", "", "robot"),
    ("robot", 3, "robot"),
    ("position_min", (-1.0,) * 5, "position_min"),
    ("position_min", [-1.0] * 6, "position_min"),
    ("position_min", (3.0, *(-1.0,) * 5), r"position_min\[0\], position_max\[0\]"),
    ("position_min", (4.0, *(-1.0,) * 5), r"position_min\[0\], position_max\[0\]"),
    ("position_max", (1.0,) * 5 + (math.nan,), r"position_max\[5\]"),
    ("velocity", (0.0, *six[1:]), r"velocity\[0\]"),
    ("velocity", (-1.0, *six[1:]), r"velocity\[0\]"),
    ("velocity", ("fast", *six[1:]), r"velocity\[0\]"),
    ("acceleration", six[:5] + (math.inf,), r"acceleration\[5\]"),
    ("acceleration", six[:5] + (0.0,), r"acceleration\[5\]"),
    ("torque", (True, *six[1:]), r"torque\[0\]"),
    ("torque", (0.0, *six[1:]), r"torque\[0\]"),
    ("tracking", None, "tracking"),
    ("tracking", (0.0, *six[1:]), r"tracking\[0\]"),
    ("tool_speed", 0.0, "tool_speed"),
    ("tool_speed", math.nan, "tool_speed"),
    ("tool_speed", 2e9, "tool_speed"),
    ("command_age_max", 0.0, "command_age_max"),
    ("command_age_max", 0.001, "control_period"),
    ("sequence_gap_max", 0, "sequence_gap_max"),
    ("sequence_gap_max", 1.0, "sequence_gap_max"),
    ("sequence_gap_max", True, "sequence_gap_max"),
    ("grip_width_min", 0.1, "grip_width_min, grip_width_max"),
    ("grip_width_min", -0.01, "grip_width_min"),
    ("grip_width_max", math.nan, "grip_width_max"),
    ("grip_force_max", -1.0, "grip_force_max"),
    ("control_period", 0.0, "control_period"),
    ("tool_offset", (0.0, 0.0), "tool_offset"),
    ("dh", (), "dh"),
    ("dh", [(0.0,) * 4], "dh"),
    ("dh", ((0.0,) * 3,), r"dh\[0\]"),
    ("allowed", (), "allowed"),
    ("allowed", ("everywhere",), "allowed"),
    ("allowed", (Box((0.0, 0.0, 0.0), (1.0, 1.0, 0.0)),), r"allowed\[0\] along z"),
    ("forbidden", (Box((0.0, 2.0, 0.0), (1.0, 1.0, 1.0)),), r"forbidden\[0\] along y"),
    ("forbidden", (Box((0.0, 0.0), (1.0, 1.0, 1.0)),), r"forbidden\[0\].low"),
    ("forbidden", None, "forbidden"),
    ("forbidden", (CELL,) * 9, "up to 8"),
    ("jerk", (0.0, *six[1:]), r"jerk\[0\]"),
    ("jerk", six[:5], "jerk"),
    ("tool_speed_reduced", 0.0, "tool_speed_reduced"),
    ("tool_force", -1.0, "tool_force"),
    ("payload", 0.0, "payload"),
    ("payload", 1e-10, "payload"),
    ("body_clearance", -1e-9, "body_clearance"),
    ("cell_clearance", math.inf, "cell_clearance"),
    ("chunk_age_max", 0.001, "chunk_age_max.*control_period"),
    ("chunk_age_max", None, "chunk_age_max"),
    ("sight_age_max", 0.001, "sight_age_max.*control_period"),
    ("sight_age_max", 0.0, "sight_age_max"),
    ("novelty_max", 0.0, "novelty_max"),
    ("novelty_max", "0.5", "novelty_max"),
    ("sequence_gap_max", 2 * 10**9, "sequence_gap_max"),
    ("dh", ((0.0,) * 4,) * 17, "1 to 16 rows"),
    ("bodies", (Capsule("", 0, ORIGIN, ORIGIN, 0.1),), r"bodies\[0\].name"),
    ("bodies", (Capsule("a", 7, ORIGIN, ORIGIN, 0.1),), r"bodies\[0\] \(a\).frame"),
    ("bodies", (Capsule("a", -1, ORIGIN, ORIGIN, 0.1),), r"bodies\[0\] \(a\).frame"),
    ("bodies", (Capsule("a", True, ORIGIN, ORIGIN, 0.1),), r"bodies\[0\] \(a\).frame"),
    ("bodies", (Capsule("a", 0, ORIGIN[:2], ORIGIN, 0.1),), r"bodies\[0\] \(a\).a"),  # type: ignore[arg-type]
    ("bodies", (Capsule("a", 0, ORIGIN, (0.0, math.nan, 0.0), 0.1),), r"bodies\[0\] \(a\).b\[1\]"),
    ("bodies", (Capsule("a", 0, ORIGIN, ORIGIN, 0.0),), r"bodies\[0\] \(a\).radius"),
    ("bodies", (HAND, HAND), "names that differ"),
    ("bodies", (HAND,) * 17, "up to 16"),
    ("bodies", ("hand",), "bodies"),
    ("apart", (("hand", "foot"),), r"apart\[0\]"),
    ("apart", (("hand", ["hand"]),), r"apart\[0\]"),
    ("apart", (("hand",),), r"apart\[0\]"),
    ("apart", ("hand",), "apart"),
    ("obstacles", (CELL,), "obstacles"),
    ("obstacles", (Obstacle("", CELL),), r"obstacles\[0\].name"),
    ("obstacles", (Obstacle("wall", Box((0.0, 0.0, 1.0), (1.0, 1.0, 1.0))),), r"obstacles\[0\] \(wall\) along z"),
    ("obstacles", (Obstacle("wall", CELL),) * 25, "up to 24"),
    ("obstacles", (Obstacle("wall", None),), r"obstacles\[0\] \(wall\)"),  # type: ignore[arg-type]
    ("zones", (Zone("a", "keep_out", ((0, 0, 0), (1, 1, 1))),), r"zones\[0\] \(a\)"),  # type: ignore[arg-type]
    ("zones", (Zone("", "keep_out", CELL),), r"zones\[0\].name"),
    ("zones", (Zone("a", "hot", CELL),), r"zones\[0\] \(a\).kind"),  # type: ignore[arg-type]
    ("zones", (Zone("a", "keep_out", CELL, 0.5),), r"zones\[0\] \(a\).speed"),
    ("zones", (Zone("a", "slow", CELL),), r"zones\[0\] \(a\).speed"),
    ("zones", (Zone("a", "slow", CELL, 0.0),), r"zones\[0\] \(a\).speed"),
    ("zones", (Zone("a", "slow", CELL, 0.5),), "separation"),
    ("zones", (Zone("a", "stop", CELL),), "separation"),
    ("zones", (Zone("a", "keep_out", CELL, active=((1.0, 1.0),)),), r"zones\[0\] \(a\).active\[0\]"),
    ("zones", (Zone("a", "keep_out", CELL, active=((1.0,),)),), r"zones\[0\] \(a\).active\[0\]"),  # type: ignore[arg-type]
    ("zones", (Zone("a", "keep_out", CELL, active=((0.0, 1.0),) * 5),), "up to 4"),
    ("zones", (Zone("a", "keep_out", CELL),) * 9, "up to 8"),
    ("separation", "far", "separation"),
    ("touch", "soft", "touch"),
    ("touch", Touch(("chest",), 5.0, 1.0, 1.0, "transient"), "separation"),
    ("touch", Touch(("chest",), 5.0, 1.0, 1.0, "long"), "touch.contact"),  # type: ignore[arg-type]
    ("command_age_max", 0.5000001, "command_age_max"),
    ("forbidden", (Box((0.0, 0.0, 0.0), (1.0, 1.0, 0.00199)),), r"forbidden\[0\]"),
    ("obstacles", (Obstacle("wall", CELL),), "bodies"),
    ("zones", (Zone("a", "keep_out", CELL),), "bodies"),
    ("separation", TERMS, "bodies"),
    ("touch", Touch(("chest", "face"), 5.0, 1.0, 1.0, "transient"), "touch.regions"),
    ("touch", Touch(("skull and forehead",), 5.0, 1.0, 1.0, "quasi-static"), "touch.regions"),
    ("touch", Touch(3, 5.0, 1.0, 1.0, "transient"), "touch.regions"),  # type: ignore[arg-type]
]


def test_what_is_just_inside_is_taken() -> None:
    watched = {"separation": TERMS, "bodies": (HAND,)}
    for changes in (
        {"forbidden": (CELL,) * 8},
        {"bodies": (HAND,), "obstacles": (Obstacle("wall", CELL),) * 24, "body_clearance": 0.0},
        {"bodies": tuple(Capsule(str(i), 6, ORIGIN, ORIGIN, 1e-9) for i in range(16))},
        {"zones": (Zone("a", "keep_out", CELL, active=((0.0, 1.0),) * 4),) * 8, "bodies": (HAND,)},
        {"zones": (Zone("a", "slow", CELL, 1e-9), Zone("b", "stop", CELL)), **watched},
        {"touch": Touch(("chest",), 5.0, 1.0, 1.0, "transient"), "tool_force": 140.0, **watched},
        {"command_age_max": 0.5},
        {"forbidden": (Box((0.0, 0.0, 0.0), (1.0, 1.0, 0.002)),)},  # the tool's way in one tick
        {"chunk_age_max": PERIOD, "sight_age_max": PERIOD, "command_age_max": PERIOD, "sequence_gap_max": 1},
        {"sequence_gap_max": 10**9, "chunk_age_max": HUGE},
        {"position_min": (-HUGE, *table().position_min[1:]), "position_max": (HUGE, *table().position_max[1:])},
        {"dh": ((0.0,) * 4,) * 16, **{name: getattr(table(), name)[:1] * 16 for name in JOINT_VECTORS}},
    ):
        made = table(**changes)  # type: ignore[arg-type]
        assert limits_from_json(made.to_json()) == made


@pytest.mark.parametrize(("name", "value", "named"), BAD)
def test_refuses_with_one_clear_line(name: str, value: object, named: str) -> None:
    others = {"bodies": (HAND,)} if name == "apart" else {}
    with pytest.raises(GuardConfigError, match=named) as caught:
        table(**{name: value, **others})
    line = str(caught.value)
    assert "\n" not in line and "found" in line and "allowed" in line


def test_every_field_is_required() -> None:
    raw = json.loads(table().to_json())
    for name in raw:
        fewer = {key: value for key, value in raw.items() if key != name}
        with pytest.raises(GuardConfigError, match=name):
            limits_from_json(json.dumps(fewer))


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "3", '{"robot": "x"}', '{"a": NaN}', '"' + "x" * 100 + '"'],
)
def test_foreign_text_is_refused(text: str) -> None:
    with pytest.raises(GuardConfigError):
        limits_from_json(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("allowed", 3),
        ("allowed", [{"low": [0, 0, 0]}]),
        ("allowed", [{"low": 1, "high": [1, 1, 1]}]),
        ("forbidden", ["box"]),
        ("dh", {}),
        ("dh", [1]),
        ("velocity", "fast"),
        ("velocity", [1, 2, 3, 4, 5, float("nan")]),
        ("tool_speed", "1.0"),
        ("tool_speed", None),
        ("extra", 1),
        ("apart", 3),
        ("apart", [["hand", {}]]),
        ("bodies", [{"name": "hand"}]),
        ("bodies", {}),
        ("zones", [{"name": "a", "kind": "slow", "box": 3, "speed": 1.0, "active": []}]),
        (
            "zones",
            [
                {
                    "name": "a",
                    "kind": ["slow"],
                    "box": {"low": [0, 0, 0], "high": [1, 1, 1]},
                    "speed": None,
                    "active": [],
                }
            ],
        ),
        ("obstacles", [{"name": "wall", "box": None}]),
        ("separation", 3),
        ("separation", {"human_speed": 1.6}),
        ("touch", []),
        ("touch", {"regions": 3, "moving": 1.0, "payload": 1.0, "area": 1.0, "contact": "transient"}),
        ("touch", {"regions": ["chest"], "moving": "1", "payload": 1.0, "area": 1.0, "contact": "transient"}),
    ],
)
def test_json_with_wrong_parts_is_refused(name: str, value: object) -> None:
    raw = json.loads(table().to_json())
    raw[name] = value
    with pytest.raises(GuardConfigError):
        limits_from_json(json.dumps(raw))
