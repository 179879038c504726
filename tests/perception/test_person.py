"""Somebody beside the table, drawn by hand."""

from __future__ import annotations

import numpy as np
from helpers_perception import drawn_frame

from moravec.core.workplace import Place, Workplace
from moravec.perception.person import see_person

TABLE = Place("table", "table", (0.0, 0.0), (0.8, 0.6), 0.0, 0.0)
CELL = Workplace("t", (TABLE,), ("red",), ("box",), ("A",), (), (0.0,) * 6, ())


def room(**extra: float) -> np.ndarray:
    """Heights (240, 320) [m] seen from 1.5 m: a table over a floor 0.7 m lower. One pixel is 3.75 mm at the table."""
    heights = np.full((240, 320), -0.7)
    rows, columns = np.mgrid[0:240, 0:320]
    scale = 1.5 / 200
    table = (np.abs((columns - 159.5) * scale) < 0.4) & (np.abs((rows - 119.5) * scale) < 0.3)
    heights[table] = 0.0
    return heights


def test_an_empty_room_has_nobody() -> None:
    assert see_person(drawn_frame(room(), 1.5, 200.0, "overhead"), CELL) is None


def test_legs_beside_the_table_are_somebody() -> None:
    heights = room()
    heights[100:130, 280:310] = -0.3
    seen = see_person(drawn_frame(heights, 1.5, 200.0, "overhead"), CELL)
    assert seen is not None
    assert abs(seen[0] - (294.5 - 159.5) / 200 * 1.8) < 0.03 and abs(seen[1] - (119.5 - 114.5) / 200 * 1.8) < 0.03


def test_the_robot_over_its_table_is_nobody() -> None:
    heights = room()
    heights[60:180, 140:270] = 0.4
    assert see_person(drawn_frame(heights, 1.5, 200.0, "overhead"), CELL) is None


def test_a_blind_picture_says_nobody() -> None:
    assert see_person(drawn_frame(np.full((240, 320), np.nan), 1.5, 200.0, "overhead"), CELL) is None
