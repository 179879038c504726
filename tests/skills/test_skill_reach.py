"""Where the arm gets to at all: the cell's own places, and no farther than a UR5e is long."""

from __future__ import annotations

import pytest

from moravec.skills.arm import Arm
from moravec.skills.preview import STORES
from moravec.skills.reach import Reach
from moravec.worlds.cell.layout import workplace

CELL = workplace()


@pytest.fixture(scope="module")
def reach() -> Reach:
    return Reach(Arm(CELL), CELL)


def test_the_arm_gets_to_every_place_of_the_cell(reach: Reach) -> None:
    points = [(*place.centre, place.rim) for place in CELL.places if place.kind in STORES]
    assert len(reach.unknown(points)) == len(points)
    reach.ask(points)
    assert [reach.reaches(point) for point in points] == [True] * len(points) and reach.unknown(points) == []


def test_the_arm_gets_to_every_corner_of_the_parcel(reach: Reach) -> None:
    parcel = CELL.place("parcel")
    (x, y), (a, b) = parcel.centre, parcel.size
    corners = [(x + i * (a / 2 - 0.03), y + j * (b / 2 - 0.03), 0.03) for i in (-1, 1) for j in (-1, 1)]
    reach.ask(corners)
    assert all(reach.reaches(corner) for corner in corners)


@pytest.mark.parametrize("point", [(1.2, 0.0, 0.1), (0.0, -1.3, 0.1), (0.3, 0.3, 1.6)])
def test_it_gets_no_farther_than_it_is_long(point: tuple[float, float, float], reach: Reach) -> None:
    assert reach.reaches(point) is None
    reach.ask([point])
    assert reach.reaches(point) is False
