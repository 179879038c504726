"""Led by a pilot: rounds of looking and moving until it wants the fingers moved, under tighter limits, every wish checked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from moravec.skills.context import SkillContext
from moravec.skills.contract import Request, Tighten
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.round import EXECUTE, Round, look_and_ask
from moravec.skills.learned.way import LONGEST_LIFE, follow_way
from moravec.skills.learned.waypoints import Pose, pose_of
from moravec.skills.moves import GRIP_FORCE, Failed, fail, grip, retreat
from moravec.skills.taking import SHORT

ROUNDS = 10  # of looking and moving, then it is given up
MENDED = 0.015  # [m] by which a wish may be too low or too near a wall: the hand then goes beside it
REOPEN = 0.002  # [m] by which an opening must differ for the fingers to be moved
# What a pilot says is held to a shorter life than a program's motion, and a pilot that is lost is not obeyed.
TIGHTER: Mapping[str, Any] = {"chunk_age_max": LONGEST_LIFE, "sight_age_max": LONGEST_LIFE, "novelty_max": 0.95}
OUTDATED = frozenset({"chunk_age", "chunk_expired", "sight_age", "novelty"})  # stops that ask for another look, not for a person


@dataclass(frozen=True, slots=True)
class Start:
    """Where the hand begins, besides where the skill would.

    `look_only`: nothing is carried out there; the pilot is only asked.
    """

    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # [m], in the world
    turn: float = 0.0  # [rad]
    look_only: bool = False


Starts = Callable[[], Sequence[Start]]


def one_start() -> Sequence[Start]:
    """Where the skill would."""
    return (Start(),)


def lead(context: SkillContext, errand: Errand, pilot: Pilot) -> Generator[Request, Any, None]:
    """From where the hand is to where the pilot wants the fingers to close or to open, which is not done here.

    Fails by the errand's codes, the hand above everything.
    """
    who = f"the learned {errand.manner.source}"
    yield Tighten(TIGHTER, who)
    try:
        yield from _rounds(context, errand, pilot)
    except Failed as failure:
        yield Tighten({}, who)
        if failure.code != "stopped":
            yield from retreat(context, errand.high)
        raise
    yield Tighten({}, who)


def _rounds(context: SkillContext, errand: Errand, pilot: Pilot) -> Generator[Request, Any, None]:
    for _ in range(ROUNDS):
        seen = yield from look_and_ask(context, errand, pilot)
        if seen.novelty > TIGHTER["novelty_max"]:  # the guard refuses its motions; the fingers are moved by nobody's chunk
            novel = f"{seen.novelty:.2f}; allowed: {TIGHTER['novelty_max']}"
            fail(errand.manner.codes[1], f"the pilot is lost: how new this is to it was found to be {novel}")
        goals, ends = seen.first(EXECUTE)
        goals = tuple(_allowed(errand, goal) for goal in goals)
        if not errand.manner.carries:
            yield from _shape_hand(seen, goals[:-1] if ends else goals)
        touched = yield from _carry_out(context, seen, goals)
        if ends or touched:
            return
    fail(errand.manner.codes[1], f"the pilot had not come to an end after {ROUNDS} looks")


def _shape_hand(seen: Round, goals: Sequence[Pose]) -> Generator[Request, Any, None]:
    """The fingers as the last of `goals` wants them."""
    now = seen.moment.hand.opening
    if goals and abs(goals[-1].opening - now) > REOPEN:
        yield from grip(goals[-1].opening, GRIP_FORCE)


def _carry_out(context: SkillContext, seen: Round, goals: Sequence[Pose]) -> Generator[Request, Any, bool]:
    """To the last of `goals`; whether something was touched, which may be only about where the pilot wants to end."""
    _, again, _ = seen.moment.errand.manner.codes
    followed = yield from follow_way(context, seen, goals)
    if followed.end == "stopped":
        outdated = followed.check in OUTDATED
        fail(again if outdated else "stopped", f"the guard stopped the motion: {followed.reason}")
    if followed.end == "contact":
        _check_touch(context, seen)
    return followed.end == "contact"


def _check_touch(context: SkillContext, seen: Round) -> None:
    """Fails by the errand's codes where the hand has touched something elsewhere than about where the pilot wants to end."""
    errand = seen.moment.errand
    here = pose_of(context.arm.tool_pose(context.posture()), context.state().grip_width)
    if seen.end is None:
        fail(errand.manner.codes[2], f"touched something at {np.round(here.position, 3).tolist()} m, on the way")
    end = _mended(errand, seen.way[seen.end])
    above, aside = here.position[2] - end.position[2], float(np.linalg.norm(here.place[:2] - end.place[:2]))
    if above > SHORT or aside > SHORT:
        fail(errand.manner.codes[2], f"touched something {above:.3f} m above and {aside:.3f} m beside where the pilot would end")
    _allowed(errand, replace(here, opening=end.opening))


def _mended(errand: Errand, goal: Pose) -> Pose:
    """`goal`, or the place beside it that is high enough and far enough from walls, where that is near."""
    nearest = errand.nearest(goal)
    return nearest if np.linalg.norm(nearest.place - goal.place) <= MENDED else goal


def _allowed(errand: Errand, goal: Pose) -> Pose:
    """Where a pilot may send the hand: there, or beside it where that is a little too low or too near a wall. Fails by the
    errand's code."""
    allowed = _mended(errand, goal)
    if why := errand.objection(allowed):
        fail(errand.manner.codes[0], f"the pilot wants the hand at {np.round(goal.position, 3).tolist()} m: {why}")
    return allowed
