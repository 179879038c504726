"""What the rest of the system is still fit for, from how long each of its parts has been silent.

The guard itself waits for nobody: this turns silence into a mode, and the mode into what the guard allows (everything, reduced
speed, a standstill). What the kernel sees by itself is not here: commands that stop (`silence`, `command_age`), a measured
state that is old or frozen (`state_age`, `tracking`), a scanner that is (`people_age`), a clock that jumps (`clock`).

Budgets are the project's choices; the reasons stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import final

from moravec.core.errors import GuardConfigError
from moravec.guard.kernel.checks import HUGE
from moravec.guard.stop import Mode


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a signal may be: above `reduced` the speed is reduced, above `still` nothing moves. `unit` is for people."""

    reduced: float
    still: float
    unit: str
    why: str

    def __post_init__(self) -> None:
        if not 0.0 <= self.reduced <= self.still <= HUGE:
            found = (self.reduced, self.still)
            raise GuardConfigError(f"budget ({self.why}): found {found}; allowed: 0 or more, reduced not above still")


BUDGETS: Mapping[str, Budget] = MappingProxyType(
    {
        "brain_silent": Budget(2.0, 10.0, "s", "a mind that plans answers within seconds; a step under way may be finished"),
        "policy_silent": Budget(0.1, 0.2, "s", "a policy of 10 Hz has missed its turn; its last chunk is no longer about now"),
        "camera_old": Budget(0.5, 2.0, "s", "a frozen picture shows a world that has moved on"),
        "camera_dark": Budget(0.0, 0.5, "s", "a dark picture shows nothing; a hand before the lens passes"),
        "cloud_delay": Budget(0.15, 1.0, "s", "above it steering from afar lags behind what happens here"),
        "cloud_silent": Budget(0.5, 10.0, "s", "a cut is bridged by what is known here; after it the job is parked"),
        "disk_failing": Budget(0.0, 0.0, "s", "what cannot be recorded is not done"),
        "controllers": Budget(1.0, 1.0, "", "one robot obeys one controller"),
    }
)

# A signal must have been within its budget so long before its mode is left [s]: no chattering on a bad link.
RECOVERY = 5.0


@dataclass(frozen=True, slots=True)
class Fitness:
    """The mode, and the signal that decides it with its value and the budget it has spent; "" where all is well."""

    mode: Mode
    signal: str = ""
    value: float = 0.0
    limit: float = 0.0

    @property
    def reason(self) -> str:
        """In words."""
        if not self.signal:
            return "all signals within their budgets"
        unit = BUDGETS[self.signal].unit
        return f"{self.signal}: found {self.value:.6g}{unit and ' ' + unit}, allowed {self.limit:.6g}{unit and ' ' + unit}"


def fitness(signals: Mapping[str, float], budgets: Mapping[str, Budget] = BUDGETS) -> Fitness:
    """The most restrictive mode that any of `signals` asks for. What is not a number asks for a standstill.

    Raises GuardConfigError for a signal that has no budget: nothing is watched that nobody has thought about.
    """
    worst = Fitness(Mode.FULL)
    for name in sorted(signals):
        if name not in budgets:
            raise GuardConfigError(f"a signal to watch: found {name!r}; allowed: {', '.join(budgets)}")
        value, budget = signals[name], budgets[name]
        if not value <= budget.still:
            found = Fitness(Mode.STILL, name, value if -HUGE <= value <= HUGE else HUGE, budget.still)
        elif not value <= budget.reduced:
            found = Fitness(Mode.REDUCED, name, value, budget.reduced)
        else:
            continue
        if found.mode.value > worst.mode.value:
            worst = found
    return worst


@final
@dataclass(slots=True)
class FitnessWatch:
    """Follows the fitness over time: a worse mode holds at once, a better one after RECOVERY seconds without relapse."""

    budgets: Mapping[str, Budget] = field(default_factory=lambda: BUDGETS)
    now: Fitness = Fitness(Mode.FULL)
    _better_since: float | None = None

    def advance(self, signals: Mapping[str, float], t: float) -> Fitness:
        """The fitness that holds at time `t` [s], given the newest `signals`."""
        found = fitness(signals, self.budgets)
        if found.mode.value >= self.now.mode.value:
            self._better_since = None
            self.now = found
            return found
        if self._better_since is None or t < self._better_since:
            self._better_since = t
        if t - self._better_since >= RECOVERY:
            self._better_since = None
            self.now = found
        return self.now
