"""`moravec bench`: how fast the guard, the loops and the planner are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Count, Options, Seconds, needing, save, say, show, unset
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.core.frames import Matrix

_SAMPLES = {
    "guard": 20_000, "decision": 100_000, "loop": 20_000, "edge": 0, "silence": 100, "plan": 20,
    "policy": 1_000, "data": 2_000,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Bench(Options):
    """Measure how fast one part is on this machine.

    guard: one verdict. decision: the same in machine code (least_p99_9: of the least that each took of three times). loop: one
    control tick without physics. edge: how late the ticks of the edge process are. silence: from a client's last command to
    braking. plan: one delivery; a job of 10 things from its words to its plan, on one core; the delivery shared out among robots,
    as a ratio to what no schedule falls below. policy: one answer of --model. data: one random frame from a training cache, and
    how much faster that is than from H.264.
    """

    name: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="guard|decision|loop|edge|silence|plan|policy|data")]
    """What to measure."""
    samples: Annotated[Count | None, unset("N")] = None
    """How many samples; by default 20000, decision 100000, silence 100, plan 20, policy 1000, data 2000."""
    seconds: Seconds = 10.0
    """edge: how long."""
    load: Count = 200
    """plan: how many items the delivery holds."""
    model: Annotated[str, tyro.conf.arg(metavar="manip|DIR")] = "manip"
    """policy: a shipped model, or a folder of 'moravec export'."""
    trust: Annotated[str, tyro.conf.arg(metavar="KEYS")] = ""
    """policy: public keys of models to trust besides the project's, separated by commas."""

    def execute(self) -> int:
        """The measurement. Raises BadInput for an unknown part."""
        import numpy as np

        from moravec.commands import measure, measure_edge

        if self.name not in _SAMPLES:
            raise BadInput("what to measure", self.name, _SAMPLES)
        if self.name == "edge":
            return self._edge()
        if self.name == "plan":
            return self._plan()
        n = self.samples or _SAMPLES[self.name]
        more: dict[str, Any] = {}
        if self.name == "guard":
            seconds = measure.guard_times(n, self.seed)
        elif self.name == "loop":
            seconds = measure.loop_times(n, self.seed)
            more = {"overruns": int((seconds > measure.PERIOD).sum()), "period": 1e6 * measure.PERIOD}
        elif self.name == "decision":
            seconds, *again = measure_edge.decision_times(n, self.seed, measure_edge.AGAIN)
            least = 1e6 * float(np.percentile(np.minimum.reduce([seconds, *again]), 99.9))
            more = {"joints": 7, "people": 1, "least_p99_9": round(least, 1)}
        elif self.name == "silence":
            seconds, stalls = measure_edge.silence_times(n, self.seed)
            more = {"stalls": stalls}
        else:
            seconds, more = self._models(n)
        result = measure.statistics(self.name, seconds) | more
        save(self, f"bench-{self.name}.json", result)
        rest = "".join(f", {key} {value:g}" for key, value in more.items())
        figures = ", ".join(f"{key} {result[key]:.1f}" for key in ("p50", "p99", "p99_9", "max"))
        show(self, result, f"{self.name}: {figures} {result['unit']} (n {n}{rest}; {result['machine']})")
        return 0

    def _models(self, n: int) -> tuple[Matrix, dict[str, Any]]:
        """How long one answer of a model takes, or one frame of its data."""
        from moravec.commands import measure_models
        from moravec.models.suite import folder_of, keys

        if self.name == "data":
            with needing("data"):
                return measure_models.data_times(n, self.seed)
        return measure_models.policy_times(n, self.seed, folder_of(self.model), keys(self.trust))

    def _plan(self) -> int:
        """How long planning takes, how long a job from its words, and how good schedules are."""
        from moravec.commands import measure, measure_plans

        n = self.samples or _SAMPLES[self.name]
        job = measure.statistics("job", measure_plans.job_times(n, self.seed))
        figures = {key: job[key] for key in ("n", "p50", "p99", "max")}
        result = {
            **measure.statistics(self.name, measure.plan_times(n, self.load, self.seed)), "items": self.load,
            "job": {"unit": "us", "items": measure_plans.JOB_ITEMS, **figures},
            "schedules": measure_plans.schedules(self.load, self.seed),
        }  # fmt: skip
        save(self, "bench-plan.json", result)
        numbers = ", ".join(f"{key} {result[key]:.1f}" for key in ("p50", "p99", "p99_9", "max"))
        lines = [f"plan: {numbers} us (n {n}, items {self.load}; {result['machine']})"]
        lines.append(
            f"job of {measure_plans.JOB_ITEMS} things, read and planned on one core: p50 {job['p50'] / 1e3:.1f}, "
            f"max {job['max'] / 1e3:.1f} ms"
        )
        for row in result["schedules"]:
            lines.append(
                f"{row['items']} things, {row['robots']} robots, {row['site']}: {row['makespan']:.0f} s, {row['ratio']:.3f} "
                f"times the lower bound, made in {row['seconds']:.1f} s"
            )
        show(self, result, "\n".join(lines))
        return 0

    def _edge(self) -> int:
        """How late the ticks of an edge process are."""
        from moravec.commands import measure, measure_edge

        counted = measure_edge.edge_figures(self.seconds, say)
        late = counted["lateness_us"]
        result = {"name": "edge", "unit": "us", "n": counted["ticks"], **late, "machine": measure.machine(), "counted": counted}
        save(self, "bench-edge.json", result)
        share = counted["overruns"] / max(1, counted["ticks"])
        words = (
            f"edge: lateness p50 {late['p50']:g}, p99 {late['p99']:g}, p99_9 {late['p99_9']:g}, max {late['max']:g} us; "
            f"overruns {counted['overruns']} ({100.0 * share:.3g} %), missed {counted['missed']} (n {counted['ticks']}, "
            f"{counted['rate']:g} Hz; {measure.machine()})"
        )
        show(self, result, words)
        return 0
