"""Which grasp is tried first: one that takes one thing only, above what lies under it, and not the one that failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from helpers_skills import detection

from moravec.perception.detection import Detection
from moravec.skills.choice import LEAST_DEPTH, OVER, SAME_HEIGHT, crowd, ranked
from moravec.skills.grasp import Grasp

AT = (0.48, 0.03)
GRASP = Grasp((*AT, 0.02), np.pi / 2, 0.06, 0.05, 0.056, 2.0)  # across the short side of the helpers' red box


def best(grasps: Sequence[Grasp], others: Sequence[Detection], tried: Sequence[Grasp] = ()) -> list[Grasp]:
    """As they are ranked, which by their marks they are."""
    found = ranked(grasps, others, tried)
    assert [mark for mark, _ in found] == sorted((mark for mark, _ in found), reverse=True)
    return [grasp for _, grasp in found]


def test_a_lone_thing_leaves_the_order_as_it_was() -> None:
    second = replace(GRASP, position=(0.50, 0.03, 0.02), score=1.9)
    assert best([GRASP, second], []) == [GRASP, second]
    assert crowd(GRASP, []) == 0.0


@pytest.mark.parametrize("turn", [0.0, 0.4, 1.2, -0.9])
def test_a_neighbour_counts_by_the_room_it_takes_between_the_fingers(turn: float) -> None:
    """The fingers span two boxes side by side: half of what they close on is the neighbour's. Turned with the scene."""
    c, s = np.cos(turn), np.sin(turn)

    def at(x: float, y: float) -> tuple[float, float]:
        return (AT[0] + c * x - s * y, AT[1] + s * x + c * y)

    wide = replace(GRASP, yaw=np.pi / 2 + turn, width=0.10)
    beside = detection(at=at(0.0, 0.025), yaw=turn)  # 0.05 m of the 0.10 m, less what touching takes off at either end
    assert crowd(wide, [beside]) == pytest.approx(0.5, abs=0.2)
    away = detection(at=at(0.0, 0.12), yaw=turn)
    assert crowd(wide, [away]) == 0.0
    alone = replace(wide, position=(*at(0.0, -0.06), 0.02), width=0.04, score=1.0)
    assert best([wide, alone], [beside])[0] == alone


def test_what_lies_lower_than_the_tips_is_not_between_them() -> None:
    low = detection(at=AT, extent=(0.08, 0.05, 0.01), position=(*AT, 0.011))
    assert crowd(GRASP, [low]) == 0.0 and best([GRASP], [low]) == [GRASP]


def test_a_thing_on_another_is_held_above_it_where_enough_stands_out() -> None:
    """The lower one's top at 0.036 m, the upper one's at 0.056 m."""
    lower = detection(position=(*AT, 0.021), extent=(0.08, 0.05, 0.030))
    (raised,) = best([GRASP], [lower])
    assert raised.position == pytest.approx((*AT, 0.036 + OVER)) and crowd(raised, [lower]) == 0.0
    flat = replace(GRASP, top=0.036 + OVER + LEAST_DEPTH - 0.001)
    assert best([flat], [lower]) == [flat] and crowd(flat, [lower]) > 0.5


def test_what_failed_comes_after_what_was_not_tried() -> None:
    other = replace(GRASP, yaw=0.0, score=1.2)
    assert best([GRASP, other], [], [GRASP]) == [other, GRASP]
    half_turn = replace(GRASP, yaw=GRASP.yaw - np.pi + 0.05)  # the hand is symmetric: the same grasp
    assert best([GRASP, other], [], [half_turn]) == [other, GRASP]
    for elsewhere in ((AT[0] + 0.02, AT[1], 0.02), (*AT, 0.02 + 1.5 * SAME_HEIGHT)):
        assert best([GRASP, other], [], [replace(GRASP, position=elsewhere)]) == [GRASP, other]


def test_once_two_came_up_together_the_shallower_grasp_comes_first() -> None:
    """By as much as the depth is less, and no more: a much better grasp stays first."""
    shallow = replace(GRASP, position=(*AT, GRASP.top - 0.014), score=GRASP.score - 0.7)
    assert [g for _, g in ranked([GRASP, shallow], [])] == [GRASP, shallow]
    marked = ranked([GRASP, shallow], [], together=True)
    assert [g for _, g in marked] == [shallow, GRASP]
    assert [mark for mark, _ in marked] == pytest.approx([1.3 - 2.0 * 0.014 / 0.036, 2.0 - 2.0])
    poor = replace(shallow, score=0.5)
    assert [g for _, g in ranked([GRASP, poor], [], together=True)] == [GRASP, poor]
