"""place, stow, discard: bringing the held item somewhere and letting go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

import numpy as np

from moravec.skills.bringing import (
    BELOW,
    HOVER,
    OVER_RIM,
    TIP_CLEARANCE,
    TOUCH_FORCE,
    Steps,
    carry,
    check_not_full,
    check_shelf,
    held_in,
    let_go,
    look_for_spots,
)
from moravec.skills.context import SkillContext
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import DISCARD, PLACE, STOW
from moravec.skills.moves import line_to
from moravec.skills.spots import Spot
from moravec.skills.symbols import Value

DOWN_SPEED = 0.08  # [m/s] of what is put down
CORNER = 0.02  # [m] that the highest corner of a heap may stand above what is seen of it from far above: it is smoothed there


@final
class PutDown(HardCoded):
    """Puts the held item down gently: in the middle of a plate, or on a free spot elsewhere."""

    manifest = PLACE

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = held_in(context)
        spots = [Spot(*place.centre, place.floor)]
        if place.kind != "station":
            spots = yield from look_for_spots(context, place)
        above_rim = place.rim + held.below + HOVER
        spot = yield from carry(context, held, place, spots, max(spots[0].height + held.below + HOVER, above_rim))
        z = spot.height + held.below
        lowest = max(z - BELOW, place.floor + TIP_CLEARANCE)
        yield from line_to(context, np.array([spot.x, spot.y, lowest]), "place", 0.25, TOUCH_FORCE, DOWN_SPEED)
        yield from let_go(context, held, max(z + 0.10, place.rim + 0.08))
        return {"spot": [spot.x, spot.y]}


class _IntoBin(HardCoded):
    """Over a bin's rim, down into it, and let go."""

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = held_in(context)
        spots = yield from look_for_spots(context, place)
        check_not_full(place, spots)
        z = place.rim + OVER_RIM
        clear = max(place.rim, *(spot.highest + CORNER for spot in spots))  # of a heap, which may stand out beside the spot
        above = clear + held.below + OVER_RIM
        spot = yield from carry(context, held, place, spots, above)
        yield from line_to(context, np.array([spot.x, spot.y, z]), "stow", 0.25, TOUCH_FORCE, DOWN_SPEED)
        yield from let_go(context, held, z + 0.06, above)
        return {"spot": [spot.x, spot.y]}


@final
class Stow(_IntoBin):
    """Puts the held item away in a bin of the shelf, where that still carries the label that it did."""

    manifest = STOW

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """See `_IntoBin`."""
        yield from check_shelf(context)
        return (yield from super().steps(context, args))


@final
class Discard(_IntoBin):
    """Drops the held item in the reject bin."""

    manifest = DISCARD
