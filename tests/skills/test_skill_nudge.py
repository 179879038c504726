"""The nudge against a thing that pushes back: it presses, drags, and lets be what jams or is not there."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from helpers_skills import ARM, WORKPLACE, Stage, asked, detection, drive

from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.skills.contract import Follow, Followed
from moravec.skills.nudge import DRAG, DRAGS, JAMMED, LIFT_OFF, PRESS, nudge

PARCEL = WORKPLACE.place("parcel")
STIFFNESS = 12e3  # [N/m] of the arm, about the UR5e's in the cell
AT = (PARCEL.centre[0] + PARCEL.size[0] / 2 - 0.04, PARCEL.centre[1])  # by the wall


@dataclass
class Pressed(Stage):
    """A body whose tool is pushed up by all that is lower than `top` [m]; sideways it is let go, or it jams."""

    top: float = 0.056
    jams: bool = False
    slides_off: bool = False  # the fingers, with the first drag
    lowest: float = np.inf  # [m] that the tool came to

    def state(self) -> RobotState:
        wrench = np.array([0.0, 0.0, self._press(self.q), 0.0, 0.0, 0.0])
        return replace(super().state(), wrench=frozen(wrench))

    def _press(self, q: np.ndarray) -> float:
        return STIFFNESS * max(0.0, self.top - float(ARM.tool_pose(q)[2, 3]))

    def _follow(self, request: Follow) -> Followed:
        start, least, force = self._press(self.q), self._press(self.q), request.contact_force
        drags = force == JAMMED and start > 0.0
        for q in request.chunk.q:
            push = JAMMED + 1.0 if drags and self.jams else self._press(q) - least
            least = min(least, self._press(q))
            self.q = np.array(q)
            self.lowest = min(self.lowest, float(ARM.tool_pose(q)[2, 3]))
            if force is not None and push > force:
                return Followed("contact", self.state(), f"the tool felt {push:.1f} N")
        if drags and self.slides_off:
            self.top = 0.0
        return Followed("done", self.state())


def nudged(stage: Pressed) -> bool:
    """The nudge of a box by the wall, 56 mm high as far as is seen."""
    return bool(drive(stage, nudge(stage.context(), PARCEL, detection(at=AT))))


def drags(stage: Pressed) -> list[Follow]:
    return [r for r in asked(stage, Follow) if r.contact_force == JAMMED]


def test_it_presses_and_drags_from_the_wall_and_leaves_nothing_pressed() -> None:
    stage = Pressed()
    assert nudged(stage) and len(drags(stage)) == DRAGS
    first, last = (ARM.tool_pose(q)[:3, 3] for q in (drags(stage)[0].chunk.q[0], drags(stage)[-1].chunk.q[-1]))
    assert first[0] - last[0] == pytest.approx(DRAGS * DRAG, abs=0.01), "away from the wall"
    pressed = [stage._press(r.chunk.q[0]) for r in drags(stage)]
    assert all(PRESS[0] - 1.0 <= press <= PRESS[1] + 1.0 for press in pressed)
    assert stage._press(stage.q) == 0.0


def test_what_jams_is_backed_off_from_and_not_dragged_again() -> None:
    stage = Pressed(jams=True)
    assert nudged(stage) and len(drags(stage)) == 1
    follows = asked(stage, Follow)
    back = follows[[follow.contact_force for follow in follows].index(JAMMED) + 1]
    assert back.contact_force is None
    np.testing.assert_allclose(back.chunk.q[-1], drags(stage)[0].chunk.q[0], atol=1e-6)
    assert stage._press(stage.q) == 0.0


def test_fingers_that_slid_off_drag_no_air() -> None:
    stage = Pressed(slides_off=True)
    assert nudged(stage) and len(drags(stage)) == 1


def test_what_stands_higher_than_was_seen_is_searched_for_from_there() -> None:
    stage = Pressed(top=0.09)
    assert nudged(stage)
    assert stage.lowest > 0.09 - 0.01, "it was not pressed through"
    assert ARM.tool_pose(drags(stage)[0].chunk.q[0])[2, 3] == pytest.approx(0.09, abs=LIFT_OFF)


def test_what_is_not_there_is_told() -> None:
    stage = Pressed(top=0.0)
    assert not nudged(stage) and not drags(stage)


@pytest.mark.parametrize("x", [-1, 1])
@pytest.mark.parametrize("y", [-1, 1])
@pytest.mark.parametrize("gap", [(0.025, 0.02), (0.04, 0.02), (0.02, 0.05), (0.06, 0.03)])
def test_in_a_corner_nothing_is_dragged_into_the_other_wall(x: int, y: int, gap: tuple[float, float]) -> None:
    """A thing too tall to be dragged straight out of the corner: turned aside so that it does not tip, it would go there."""
    signs = np.array([x, y])
    at = np.array(PARCEL.centre) + signs * (np.array(PARCEL.size) / 2 - gap)
    stage = Pressed()
    thing = detection(at=(float(at[0]), float(at[1])), extent=(0.03, 0.03, 0.05))
    assert drive(stage, nudge(stage.context(), PARCEL, thing)) and drags(stage)
    for drag in drags(stage):
        way = np.diff(ARM.tool_points(drag.chunk.q[[0, -1]]), axis=0)[0, :2]
        assert np.all(way * signs < 1e-5) and np.linalg.norm(way) > 0.5 * DRAG
