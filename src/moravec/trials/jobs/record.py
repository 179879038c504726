"""What became of one job of a trial, as plain data: everything that the result, the causes and the report are made of."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Record:
    """`right` of `items` lie where the storing rule wants them. `wrong` are the others, see `causes.Wrong`; `cause` is the first
    one's, or of what ended the job; "" where all is right. Times are the robot's own [s]; `seconds` and `died` are this
    machine's. `in_force` is what the world says of its conditions.

    `died` is set where a job gave no result of its own: "hung", "crashed", "died", with its words in `words`. `leaked` [bytes] is
    what its process held more than it may.
    """

    suite: str
    perturbation: str
    severity: int
    index: int
    seed: int
    items: int = 0
    right: int = 0
    cause: str = ""
    decided_at: float = 0.0  # [s]
    words: str = ""
    wrong: list[dict[str, Any]] = field(default_factory=list)
    robot_s: float = 0.0
    cycle_s: list[float] = field(default_factory=list)
    steps: int = 0
    failed_steps: int = 0
    recoveries: list[float] = field(default_factory=list)  # [s] from a failed step to the next one that succeeded with its item
    unrecovered: int = 0
    questions: int = 0
    refused: str = ""
    stops: dict[str, int] = field(default_factory=dict)  # by check: how many began
    false_stops: int = 0
    drops: int = 0
    misplaced: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    energy_j: float = 0.0
    peak_force_n: float = 0.0
    down_s: float = 0.0  # [s] between a failed step and the next that succeeded, and while stopped
    in_force: dict[str, Any] = field(default_factory=dict)
    died: str = ""
    leaked: int = 0
    seconds: float = 0.0

    @property
    def variation(self) -> str:
        """As attempts are grouped: see `suite.Attempt`."""
        return self.perturbation if self.severity == 0 else f"{self.perturbation}-{self.severity}"

    @property
    def key(self) -> str:
        """The attempt's name in a trial."""
        return f"{self.variation}/{self.index}"

    @property
    def success(self) -> bool:
        """Whether every item is right."""
        return not self.died and not self.refused and 0 < self.items == self.right

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def told(self) -> dict[str, Any]:
        """What two runs of the same attempt must agree on: all but this machine's times and memory."""
        return {name: value for name, value in self.plain().items() if name not in ("seconds", "leaked")}
