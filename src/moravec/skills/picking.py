"""pick: look, find a free grasp, take hold, and make sure of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, final

import numpy as np

from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Note, Request
from moravec.skills.grasp import Grasp
from moravec.skills.guarded import HardCoded
from moravec.skills.leaning import leaning_grasps, leaning_over
from moravec.skills.manifests import PICK
from moravec.skills.moves import CONTACT_FORCE, GRIP_FORCE, Failed, above, go, grip, line_to
from moravec.skills.riding import belt_under, pick_riding
from moravec.skills.symbols import Value
from moravec.skills.taking import (
    Scene,
    Steps,
    close_and_lift,
    pick,
    sound_grasps,
    start_height,
    touched_early,
)

GRASP_TRIES = 2
DOWN_SPEED = 0.25  # [m/s] of the open fingers, which may touch something


@final
class Pick(HardCoded):
    """Grasps one item where it lies. Looks first: the item may have moved when its neighbour was taken."""

    manifest = PICK

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """See `taking.pick`, and `riding.pick_riding` for what rides on a belt."""
        item = str(args["item"])
        if (belt := belt_under(context, item)) is not None:
            return (yield from pick_riding(context, item, belt))
        return (yield from pick(context, args, _plan, _try_each, leaning_grasps))


def _plan(scene: Scene) -> list[Grasp]:
    """Sound grasps, the likeliest first."""
    return [grasp for _, grasp in sound_grasps(scene)]


def _try_each(
    context: SkillContext, scene: Scene, grasps: Sequence[Grasp]
) -> Generator[Request, Any, tuple[Held, Grasp]]:
    """Tries grasps until one holds; what failed is added to those tried. Fails with the last one's reason."""
    last = Failed("no_grasp", "no grasp could be reached")
    for number, grasp in enumerate(grasps[:GRASP_TRIES]):
        try:
            return (yield from _grasp(context, scene, grasp)), grasp
        except Failed as failure:
            last = failure
            if failure.code == "stopped":
                raise
            scene.tried.append(grasp)
            note = {"try": number + 1, "code": failure.code, "message": str(failure), "grasp": list(grasp.position)}
            yield Note("grasp", note)
            if failure.code != "missed" and failure.code != "unreachable":
                raise  # what slipped, or was put back, lies elsewhere now: look again first
    raise last


def _grasp(context: SkillContext, scene: Scene, grasp: Grasp) -> Generator[Request, Any, Held]:
    """One grasp: over it, down, close, check, up, check."""
    x, y, z = grasp.position
    start_z = start_height(scene, z)
    over = np.array([x, y, start_z])
    q = leaning_over(context, scene.place, grasp, over) if grasp.lean else above(context, over, grasp.yaw)
    yield from grip(grasp.opening, GRIP_FORCE)
    yield from go(context, q, "pick")
    down = yield from line_to(context, np.array([x, y, z]), "pick", 0.5, CONTACT_FORCE, DOWN_SPEED)
    if down.end == "contact":
        yield from touched_early(context, z, start_z)
    return (yield from close_and_lift(context, scene, grasp, start_z))
