"""Where there is room: in a bin the lowest spot, on a table where the arm gets to without folding over itself."""

from __future__ import annotations

import numpy as np
import pytest

from moravec.core.workplace import Place
from moravec.perception.height_map import HeightMap
from moravec.skills.spots import FARTHEST, FOOTPRINT, NEAREST, STANDS_OUT, Spot, lowest_spots
from moravec.worlds.cell.layout import workplace

CELL = workplace()
BIN = CELL.place("bin_1")
TABLE = CELL.place("table")


def flat(place: Place, resolution: float = 0.005) -> HeightMap:
    rows, columns = (round(side / resolution) for side in (place.size[1], place.size[0]))
    return HeightMap(np.full((rows, columns), place.floor, np.float32), place.centre, place.size, resolution, 0.0)


def test_of_a_level_bin_it_is_the_middle() -> None:
    first = lowest_spots(flat(BIN), BIN)[0]
    assert (first.x, first.y) == pytest.approx(BIN.centre, abs=0.006) and first.height == pytest.approx(BIN.floor)


def test_a_spot_says_what_stands_out_beside_it() -> None:
    """And not what is too high to lie in the bin, as an arm before the camera, nor a single cell."""
    heights = flat(BIN)
    across = heights.world(*np.indices(heights.heights.shape))[0] - BIN.centre[0]
    heights.heights[across < -0.03] = BIN.rim + 0.04
    spot = lowest_spots(heights, BIN)[0]
    assert spot.x > BIN.centre[0] and spot.height < BIN.rim and spot.highest == pytest.approx(BIN.rim + 0.04, abs=1e-4)
    near = (across > 0.07) & (np.abs(heights.world(*np.indices(heights.heights.shape))[1] - BIN.centre[1]) < 0.02)
    heights.heights[near], heights.heights[-3, -3] = BIN.rim + STANDS_OUT + 0.1, BIN.rim + 0.1
    assert lowest_spots(heights, BIN)[0].highest == pytest.approx(BIN.rim + 0.04, abs=1e-4)


def test_on_a_table_spots_are_beside_all_that_stands_there() -> None:
    others = [place for place in CELL.places if place.name != "table" and place.kind != "obstacle"]
    spots = lowest_spots(flat(TABLE), TABLE, 40, others)
    assert len(spots) == 40
    for spot in spots:
        assert NEAREST <= np.hypot(spot.x, spot.y) <= FARTHEST
        assert not any(place.contains(spot.x, spot.y, -FOOTPRINT / 2 + 1e-6) for place in others), spot


def test_what_lies_on_the_table_is_kept_clear_of() -> None:
    heights = flat(TABLE)
    first = lowest_spots(heights, TABLE)[0]
    near = np.hypot(*(np.array(heights.world(*np.indices(heights.heights.shape))) - np.array([[[first.x]], [[first.y]]]))) < 0.03
    heights.heights[near] = 0.05
    assert all(np.hypot(spot.x - first.x, spot.y - first.y) > 0.03 for spot in lowest_spots(heights, TABLE))


def test_a_table_without_room_has_no_spot() -> None:
    assert lowest_spots(flat(TABLE), TABLE, taken=[TABLE]) == []
    assert isinstance(lowest_spots(flat(BIN), BIN, taken=[BIN])[0], Spot), "only a table is shared"
