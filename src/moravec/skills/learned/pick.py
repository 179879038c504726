"""pick, learned: a pilot leads the hand to the target; everything around that is the hard-coded pick's own."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, final

import numpy as np

from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Request
from moravec.skills.grasp import Grasp
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.errand import PickErrand
from moravec.skills.learned.lead import Start, Starts, lead, one_start
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.round import look_and_ask
from moravec.skills.learned.waypoints import pose_of
from moravec.skills.manifests import PICK
from moravec.skills.moves import GRIP_FORCE, above, go, grip
from moravec.skills.riding import belt_under, pick_riding
from moravec.skills.symbols import Value
from moravec.skills.taking import Scene, Steps, close_and_lift, pick

HIGH = 0.06  # [m] above the rim and the tallest thing, where the pilot takes over
OPEN = 0.08  # [m] between the fingers then


@final
class LearnedPick(HardCoded):
    """Grasps one item where it lies, led by a pilot. Fails as the hard-coded pick does."""

    manifest = PICK

    def __init__(self, pilot: Pilot, starts: Starts = one_start) -> None:
        """`starts` are drawn anew for every pick, from over the middle of the target with the fingers across its long side; the
        last one is not to be one of looking only."""
        self._pilot, self._starts = pilot, starts

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """See `taking.pick`; what rides on a belt is not led by the pilot."""
        item = str(args["item"])
        if (belt := belt_under(context, item)) is not None:
            return (yield from pick_riding(context, item, belt))
        return (yield from pick(context, args, self._find, self._take))

    def _find(self, scene: Scene) -> Sequence[PickErrand]:
        errand = PickErrand(scene, max(scene.place.rim, scene.tallest) + HIGH)
        return (errand,) if self._pilot.aim(errand) else ()

    def _take(
        self, context: SkillContext, scene: Scene, found: Sequence[PickErrand]
    ) -> Generator[Request, Any, tuple[Held, Grasp]]:
        """From the start to a hold. Fails with the hand open, above everything."""
        (errand,) = found
        yield from grip(OPEN, GRIP_FORCE)
        for start in self._starts():
            yield from _go_over(context, errand, start)
            if start.look_only:
                yield from look_and_ask(context, errand, self._pilot)
        yield from lead(context, errand, self._pilot)
        grasp = _grasp_here(context, scene)
        return (yield from close_and_lift(context, scene, grasp, errand.high)), grasp


def _go_over(context: SkillContext, errand: PickErrand, start: Start) -> Generator[Request, Any, None]:
    target = errand.scene.target
    x, y, z = np.array([*target.position[:2], errand.high]) + start.offset
    q = above(context, np.array([x, y, z]), target.yaw + np.pi / 2 + start.turn)
    yield from go(context, q, "pick")


def _grasp_here(context: SkillContext, scene: Scene) -> Grasp:
    """The grasp that closing now would be."""
    width = context.state().grip_width
    hand = pose_of(context.arm.tool_pose(context.posture()), width)
    top = scene.target.position[2] + scene.target.extent[2] / 2
    return Grasp(hand.position, hand.yaw, width, width, top, 0.0)
