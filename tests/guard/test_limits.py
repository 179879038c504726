"""The limit table: exact round trip, and refusal of everything that contradicts itself."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from helpers_guard import table

from moravec.core.errors import GuardConfigError
from moravec.guard.limits import Box, LimitTable


def test_json_round_trip_is_exact() -> None:
    made = table(tool_speed=0.1 + 0.2, forbidden=(Box((0.0, 0.0, -1.0), (1e-9, 1 / 3, 0.0)),))
    again = LimitTable.from_json(made.to_json())
    assert again == made
    assert again.to_json() == made.to_json()
    assert again.sha256() == made.sha256()
    assert made.joints == 6


def test_hash_sees_the_last_bit() -> None:
    assert table().sha256() != table(tool_speed=math.nextafter(1.0, 2.0)).sha256()
    assert len(table().sha256()) == 64


def test_it_cannot_be_widened() -> None:
    with pytest.raises(FrozenInstanceError):
        table().tool_speed = 2.0  # type: ignore[misc]


six = (1.0,) * 6
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
]


@pytest.mark.parametrize(("name", "value", "named"), BAD)
def test_refuses_with_one_clear_line(name: str, value: object, named: str) -> None:
    with pytest.raises(GuardConfigError, match=named) as caught:
        table(**{name: value})
    line = str(caught.value)
    assert "\n" not in line and "found" in line and "allowed" in line


def test_every_field_is_required() -> None:
    raw = json.loads(table().to_json())
    for name in raw:
        fewer = {key: value for key, value in raw.items() if key != name}
        with pytest.raises(GuardConfigError, match=name):
            LimitTable.from_json(json.dumps(fewer))


@pytest.mark.parametrize(
    "text",
    ["", "no", "[]", "3", '{"robot": "x"}', '{"a": NaN}', '"' + "x" * 100 + '"'],
)
def test_foreign_text_is_refused(text: str) -> None:
    with pytest.raises(GuardConfigError):
        LimitTable.from_json(text)


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
    ],
)
def test_json_with_wrong_parts_is_refused(name: str, value: object) -> None:
    raw = json.loads(table().to_json())
    raw[name] = value
    with pytest.raises(GuardConfigError):
        LimitTable.from_json(json.dumps(raw))
