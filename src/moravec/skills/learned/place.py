"""place, stow and discard, learned: a pilot leads the hand to where it lets go; all around that is the hard-coded skills' own."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, final

import numpy as np

from moravec.core.frames import Matrix, tool_down
from moravec.core.workplace import Place
from moravec.skills.bringing import (
    CARRY_PUSH,
    CARRY_SPEED,
    HOVER,
    Steps,
    check_held,
    check_not_full,
    held_in,
    let_go,
    look_for_spots,
)
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Request
from moravec.skills.guarded import HardCoded
from moravec.skills.learned.errand import PlaceErrand
from moravec.skills.learned.lead import Start, Starts, lead, one_start
from moravec.skills.learned.pilot import Pilot
from moravec.skills.learned.round import look_and_ask
from moravec.skills.moves import Failed, fail, go, tool_point
from moravec.skills.spots import Spot
from moravec.skills.symbols import Value

LED = ("station", "bin", "reject")  # kinds of places that a pilot leads to; elsewhere a program puts down
HIGH = 0.02  # [m] above where what is held is clear of the rim, the pilot takes over
RISE = 0.08  # [m] the hand rises by after letting go
DIRECTIONS = 8  # of the hand that are tried at the start


@final
class LearnedPlace(HardCoded):
    """Puts the held item where the hard-coded skill `plain` would, led by a pilot. Fails as that does."""

    def __init__(self, plain: HardCoded, pilot: Pilot, starts: Starts = one_start) -> None:
        """`starts` are drawn anew for every call, from where the wrist camera looks straight down at the place's middle, past
        what is held; the last one is not to be one of looking only."""
        self.manifest = plain.manifest
        self._plain, self._pilot, self._starts = plain, pilot, starts

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        if place.kind not in LED:
            return (yield from self._plain.steps(context, args))
        held = held_in(context)
        errand = yield from _errand(context, place, held)
        if not self._pilot.aim(errand):
            fail("unreachable", f"the pilot knows of no way to {place.name}")
        for start in self._starts():
            yield from _go_over(context, errand, start)
            if start.look_only:
                yield from look_and_ask(context, errand, self._pilot)
        context.arm.heaped({})
        check_held(context, held)
        yield from lead(context, errand, self._pilot)
        check_held(context, held)
        x, y, z = tool_point(context)
        yield from let_go(context, held, max(float(z), errand.ground) + RISE)
        return {"spot": [float(x), float(y)]}


def _errand(context: SkillContext, place: Place, held: Held) -> Generator[Request, Any, PlaceErrand]:
    """Where a program would let go, and from how high a pilot leads. Fails as no_space where a bin is full."""
    spots = [Spot(*place.centre, place.floor)]
    if place.kind != "station":
        spots = yield from look_for_spots(context, place)
        check_not_full(place, spots)
    return PlaceErrand(place, held, spots, place.rim + held.below + HOVER + HIGH)


def _go_over(context: SkillContext, errand: PlaceErrand, start: Start) -> Generator[Request, Any, None]:
    """Carries what is held to a start, by the first direction of the hand from which there is a free way."""
    last = Failed("unreachable", f"no free way to where {errand.place.name} can be looked at")
    for q in _postures(context, errand, start):
        context.arm.hold(errand.held.half, errand.held.below / 2)
        try:
            yield from go(context, q, "carry", CARRY_SPEED, CARRY_PUSH)
            return
        except Failed as failure:
            if failure.code != "unreachable":
                raise
            last = failure
        finally:
            context.arm.hold(None)
    raise last


def _postures(context: SkillContext, errand: PlaceErrand, start: Start) -> list[Matrix]:
    """Joint positions (6,) [rad] with the lens over the place's middle, those that turn the wrist least first."""
    near = context.posture()
    beside = context.arm.lens(near) - context.arm.tool_pose(near)[:3, 3]
    turned = context.arm.tool_pose(near)[:3, :3].T @ beside  # of the lens, in the tool's own frame
    found = []
    for yaw in np.arange(DIRECTIONS) * 2 * np.pi / DIRECTIONS + start.turn:
        aside = tool_down((0.0, 0.0, 0.0), float(yaw))[:3, :3] @ turned
        x, y, z = np.array([*errand.place.centre, errand.high]) - [*aside[:2], 0.0] + start.offset
        q = context.arm.reach(tool_down((x, y, z), float(yaw)), near)
        if q is not None:
            found.append(q)
    return sorted(found, key=lambda q: float(np.abs(q - near)[1:].max()))
