"""`moravec bench`: how fast the guard, the control loop and the planner are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from moravec.commands.options import Count, Options, save, show, unset
from moravec.core.errors import BadInput

_SAMPLES = {"guard": 20_000, "loop": 20_000, "plan": 20}


@dataclass(frozen=True, kw_only=True)
class Bench(Options):
    """Measure one part: guard (one verdict), loop (one control tick without physics), plan (one delivery)."""

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="guard|loop|plan")]
    """What to measure."""
    samples: Annotated[Count | None, unset("N")] = None
    """How many samples; by default 20000, for plan 20."""
    load: Count = 200
    """plan: how many items the delivery holds."""

    def execute(self) -> int:
        """The measurement. Raises BadInput for an unknown part."""
        from moravec.commands import measure

        if self.name not in _SAMPLES:
            raise BadInput("what to measure", self.name, _SAMPLES)
        n = self.samples or _SAMPLES[self.name]
        more: dict[str, Any] = {}
        if self.name == "guard":
            seconds = measure.guard_times(n, self.seed)
        elif self.name == "loop":
            seconds = measure.loop_times(n, self.seed)
            more = {"overruns": int((seconds > measure.PERIOD).sum()), "period": 1e6 * measure.PERIOD}
        else:
            seconds = measure.plan_times(n, self.load, self.seed)
            more = {"items": self.load}
        result = measure.statistics(self.name, seconds) | more
        save(self, f"bench-{self.name}.json", result)
        rest = "".join(f", {key} {value:g}" for key, value in more.items())
        figures = ", ".join(f"{key} {result[key]:.1f}" for key in ("p50", "p99", "p99_9", "max"))
        show(self, result, f"{self.name}: {figures} {result['unit']} (n {n}{rest}; {result['machine']})")
        return 0
