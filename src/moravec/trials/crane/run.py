"""One delivery unpacked by the crane, through the runtime and the guard that the robot has, and scored by the same truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from moravec.core.errors import MoravecError
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.runtime.loop import Runtime
from moravec.runtime.onlookers import Recorder, Watcher
from moravec.runtime.pace import AsFastAsPossible, Pace
from moravec.skills.contract import Note
from moravec.trials.crane.program import Crane
from moravec.trials.crane.timing import Drive
from moravec.worlds.cell.pockets import POCKETS
from moravec.worlds.registry import Thing, World

SETTLED = 0.5  # [s] until what was let go lies still


@dataclass(frozen=True, slots=True)
class Record:
    """What became of a delivery. Of its `items`, `right` lie where they belong; of the `undamaged` ones `undamaged_right` do, for
    what is damaged no crane can see. `seconds` of the robot's time for all of it, the lid and the way home included; `cycle_s`
    from one thing let go to the next; `left` are things its fingers did not find; `guard` counts verdicts; `trouble` is what
    ended the program early; `wrong` says of each thing that is not right where it lies and where it belongs."""

    items: int
    right: int
    undamaged: int
    undamaged_right: int
    seconds: float
    cycle_s: list[float] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    guard: dict[str, int] = field(default_factory=dict)
    trouble: str = ""
    wrong: dict[str, dict[str, Any]] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def run_crane(
    world: World, recorder: Recorder, pace: Pace | None = None, drive: Drive | None = None, watchers: Sequence[Watcher] = ()
) -> Record:
    """Runs the program on `world`, whose delivery note says how many things come: so many pockets are emptied, from the first on.

    Raises BadInput for a workplace without a parcel.
    """
    count = len(world.things())
    log = _Log()
    runtime = Runtime(world.robot, recorder, pace or AsFastAsPossible(), lambda ask: ask.default, (log, *watchers))
    crane = Crane(world.workplace, POCKETS[:count], runtime.posture, drive)
    start, trouble = runtime.now(), ""
    try:
        runtime.run(crane.run())
    except MoravecError as error:
        trouble = str(error)
    seconds = runtime.now() - start
    runtime.rest(SETTLED)
    return _record(world.things(), seconds, log.cycles, crane, dict(runtime.counts), crane.trouble or trouble)


def _record(
    things: Mapping[str, Thing], seconds: float, cycles: list[float], crane: Crane, guard: dict[str, int], trouble: str
) -> Record:
    right = {name for name, thing in things.items() if thing.location == thing.belongs}
    whole = {name for name, thing in things.items() if not thing.damaged}
    wrong = {
        name: {"category": thing.category, "damaged": thing.damaged, "location": thing.location, "belongs": thing.belongs}
        for name, thing in things.items()
        if name not in right
    }
    return Record(
        len(things), len(right), len(whole), len(right & whole), round(seconds, 3), [round(cycle, 3) for cycle in cycles],
        list(crane.left), guard, trouble, wrong,
    )  # fmt: skip


class _Log:
    """Notes when things are let go; the first cycle begins when the lid is off."""

    def __init__(self) -> None:
        self.cycles: list[float] = []
        self._last = 0.0

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Nothing."""

    def framed(self, frame: CameraFrame) -> None:
        """Nothing: there are no pictures."""

    def noted(self, t: float, note: Note) -> None:
        """Takes the time."""
        step = note.payload.get("step")
        if step == "released":
            self.cycles.append(t - self._last)
        if step in ("released", "open"):
            self._last = t
