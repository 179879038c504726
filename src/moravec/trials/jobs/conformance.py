"""Whether a suite can be tried: every variation opens, and all that it names differs from the drawing. For whoever adds one."""

from __future__ import annotations

from contextlib import closing

from moravec.core.errors import MoravecError
from moravec.trials.jobs.suite import SEVERITIES, OpenNamed, Suite, attempts, setting

SEED = 0


def faults(suite: Suite, opened: OpenNamed) -> list[str]:
    """What is wrong with `suite`, a line each; none where it can be tried. Has `opened` open every variation once, with one
    item: `moravec.worlds.registry.open_world`."""
    found = []
    levels = range(1, len(SEVERITIES) + 1) if suite.perturbations else ()
    for attempt in attempts(suite, 1, SEED, tuple(levels)):
        begun = setting(suite, attempt, items=1)
        try:
            with closing(opened(suite.world, begun.options)) as world:
                extremes = world.extremes()
        except MoravecError as error:
            found.append(f"{attempt.variation}: {error}")
            continue
        bent = extremes.get("conditions", {})
        for condition in begun.options.conditions:
            name = condition.partition("=")[0]
            if name not in bent:
                found.append(f"{attempt.variation}: {condition} is as drawn; bent: {', '.join(bent) or 'nothing'}")
    return found
