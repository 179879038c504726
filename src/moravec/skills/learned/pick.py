"""pick, learned: a pilot leads the hand to the target; everything around that is the hard-coded pick's own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np

from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Request, Tighten
from moravec.skills.grasp import Grasp
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.round import EXECUTE, Round, look_and_ask
from moravec.skills.learned.way import LARGEST_REACH, follow_way
from moravec.skills.learned.waypoints import Pose, pose_of
from moravec.skills.manifests import PICK
from moravec.skills.moves import Failed, above, fail, go, grip
from moravec.skills.symbols import Value
from moravec.skills.taking import (
    GRIP_FORCE,
    Scene,
    Steps,
    close_and_lift,
    pick,
    retreat,
    touched_early,
)
from moravec.skills.walls import has_room

HIGH = 0.06  # [m] above the rim and the tallest thing, where the pilot takes over
OPEN = 0.08  # [m] between the fingers then
ROUNDS = 10  # of looking and moving, then it is given up
LOWEST = 0.004  # [m] above the floor
REOPEN = 0.002  # [m] by which an opening must differ for the fingers to be moved
WHO = "the learned pick"
# What a pilot says is held to a shorter life than a program's motion, and a pilot that is lost is not obeyed.
TIGHTER: Mapping[str, Any] = {"chunk_age_max": 10.0, "sight_age_max": 10.0, "novelty_max": 0.95}
OUTDATED = frozenset({"chunk_age", "chunk_expired", "sight_age", "novelty"})  # stops that ask for another look, not for a person


@dataclass(frozen=True, slots=True)
class Start:
    """Where the hand begins, besides over the middle of the target with the fingers across its long side.

    `look_only`: nothing is carried out there; the pilot is only asked.
    """

    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # [m], in the world
    turn: float = 0.0  # [rad]
    look_only: bool = False


Starts = Callable[[], Sequence[Start]]


def _one() -> Sequence[Start]:
    return (Start(),)


@final
class LearnedPick(HardCoded):
    """Grasps one item where it lies, led by a pilot. Fails as the hard-coded pick does."""

    manifest = PICK

    def __init__(self, pilot: Pilot, starts: Starts = _one) -> None:
        """`starts` are drawn anew for every pick; the last one is not to be one of looking only."""
        self._pilot, self._starts = pilot, starts

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """See `taking.pick`."""
        return (yield from pick(context, args, self._find, self._take))

    def _find(self, scene: Scene) -> Sequence[Scene]:
        return (scene,) if self._pilot.aim(scene) else ()

    def _take(
        self, context: SkillContext, scene: Scene, found: Sequence[Scene]
    ) -> Generator[Request, Any, tuple[Held, Grasp]]:
        """From the start to a hold. Fails with the hand open, above everything."""
        high = max(scene.place.rim, scene.tallest) + HIGH
        yield from grip(OPEN, GRIP_FORCE)
        for start in self._starts():
            yield from _go_over(context, scene, high, start)
            if start.look_only:
                yield from look_and_ask(context, scene, self._pilot)
        yield Tighten(TIGHTER, WHO)
        try:
            grasp = yield from self._approach(context, scene, high)
        except Failed as failure:
            yield Tighten({}, WHO)
            if failure.code != "stopped":
                yield from retreat(context, high)
            raise
        yield Tighten({}, WHO)
        return (yield from close_and_lift(context, scene, grasp, high)), grasp

    def _approach(self, context: SkillContext, scene: Scene, high: float) -> Generator[Request, Any, Grasp]:
        """Rounds of looking and moving until the pilot wants the fingers closed. The grasp is where they then are."""
        for _ in range(ROUNDS):
            seen = yield from look_and_ask(context, scene, self._pilot)
            goals, closes = seen.first(EXECUTE)
            for goal in goals:
                _check(scene, goal, high)
            openings = [goal.opening for goal in (goals[:-1] if closes else goals)]
            opening = openings[-1] if openings else seen.moment.hand.opening
            if abs(opening - seen.moment.hand.opening) > REOPEN:
                yield from grip(opening, GRIP_FORCE)
            end = yield from self._carry_out(context, seen, goals, high)
            if closes or end == "contact":
                return _grasp_here(context, scene)
        fail("missed", f"the pilot had not closed the hand after {ROUNDS} looks")

    def _carry_out(
        self, context: SkillContext, seen: Round, goals: Sequence[Pose], high: float
    ) -> Generator[Request, Any, Literal["done", "contact"]]:
        """To the last of `goals`; early only where something was touched about where the pilot wants to close."""
        followed = yield from follow_way(context, seen, goals)
        if followed.end == "stopped":
            outdated = followed.check in OUTDATED
            fail("missed" if outdated else "stopped", f"the guard stopped the motion: {followed.reason}")
        if followed.end == "contact":
            yield from touched_early(context, seen.lowest, high)
            return "contact"
        return "done"


def _go_over(context: SkillContext, scene: Scene, high: float, start: Start) -> Generator[Request, Any, None]:
    x, y, z = np.array([*scene.target.position[:2], high]) + start.offset
    q = above(context, np.array([x, y, z]), scene.target.yaw + np.pi / 2 + start.turn)
    yield from go(context, q, "pick")


def _check(scene: Scene, goal: Pose, high: float) -> None:
    """Whether a pilot may send the hand there: near the target, above the floor, clear of the walls. Fails as no_grasp."""
    x, y, z = goal.position
    far = float(np.hypot(x - scene.target.position[0], y - scene.target.position[1]))
    lowest, highest = scene.place.floor + LOWEST, high + HIGH
    if not (far <= LARGEST_REACH and lowest <= z <= highest and has_room(scene.place, goal.position)):
        where = f"({x:.3f}, {y:.3f}, {z:.3f}) m, {far:.3f} m from the target"
        fail("no_grasp", f"the pilot wants the hand at {where}: too far away, too near a wall, or not at {lowest:.3f} to "
             f"{highest:.3f} m height")  # fmt: skip


def _grasp_here(context: SkillContext, scene: Scene) -> Grasp:
    """The grasp that closing now would be."""
    width = context.state().grip_width
    hand = pose_of(context.arm.tool_pose(context.posture()), width)
    top = scene.target.position[2] + scene.target.extent[2] / 2
    return Grasp(hand.position, hand.yaw, width, width, top, 0.0)
