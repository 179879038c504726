"""Whether a suite can be tried: every variation opens, and what it bends is in force. For whoever adds one."""

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
        in_force = extremes.get("conditions", {})
        for condition in begun.options.conditions:
            name = condition.partition("=")[0]
            if name not in in_force:
                found.append(f"{attempt.variation}: {condition} is not in force; in force: {', '.join(in_force) or 'nothing'}")
    return found
