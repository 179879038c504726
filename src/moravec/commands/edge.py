"""`moravec edge`: the control loop with its guard, in a process of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from moravec.commands.options import Flag, Options, Rate, Robot, Seconds, folder, save, say, show, unset
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.guard.limits import LimitTable


@dataclass(frozen=True, kw_only=True)
class Edge(Options):
    """Run the control loop, the guard and the watchdog in a process of their own, until Ctrl-C.

    Whoever commands the robot connects over shared memory (moravec.edge.client). On the way out the robot is brought to rest.
    With --reset, ask the one that runs to reset a latched stop: an operator's act, which moves nothing.
    """

    robot: Robot = "ur5e"
    """Whose limit table holds."""
    limits: Annotated[Path | None, unset("FILE")] = None
    """A limit table as JSON, in the place of the robot's."""
    rate: Annotated[Rate | None, unset("HZ")] = None
    """Ticks a second; by default as the limit table says."""
    seconds: Annotated[Seconds | None, unset("N")] = None
    """How long; by default until Ctrl-C."""
    name: Annotated[str, tyro.conf.arg(metavar="NAME")] = "robot"
    """Its name on this machine; clients connect by it."""
    driver: Flag = False
    """A driver process moves the body; without, the joints are simulated and follow exactly."""

    reset: Flag = False
    """As its operator, ask the edge process of that name for a reset; exit status 1 where the guard refuses it."""

    def execute(self) -> int:
        """The loop, and what it counted; or the guard's answer to a reset. Raises BadInput, ContractError."""
        return self._reset() if self.reset else self._run()

    def _reset(self) -> int:
        from moravec.edge.figures import STATES
        from moravec.edge.layout import path_of
        from moravec.edge.operator import OperatorClient
        from moravec.guard.reasons import RESETS

        others = {"--limits": self.limits, "--rate": self.rate, "--seconds": self.seconds, "--out": self.out}
        if self.driver or (named := [name for name, value in others.items() if value is not None]):
            raise BadInput("--reset", "--driver" if self.driver else named[0], "beside it only --name and --json")
        with OperatorClient(path_of(self.name)) as operator:
            answer = operator.reset()
        code, state = int(answer.reset_code), STATES[int(answer.state)]
        words = RESETS[code].format(state=state)
        show(self, {"name": self.name, "granted": code == 0, "state": state, "reason": words}, f"edge: {words}")
        return 0 if code == 0 else 1

    def _run(self) -> int:
        from moravec.edge.form import DRIVER, ECHO
        from moravec.edge.process import Settings, run_edge

        table, posture = table_of(self.robot, self.limits)
        settings = Settings(
            limits=table, posture=posture, rate=self.rate, seconds=self.seconds, name=self.name,
            out=None if self.out is None else folder(self.out), body=DRIVER if self.driver else ECHO,
        )  # fmt: skip
        result = run_edge(settings, say)
        save(self, "edge.json", result)
        late = result["lateness_us"]
        words = (
            f"edge: {result['ticks']} ticks at {result['rate']:g} Hz, lateness p50 {late['p50']:g}, p99 {late['p99']:g}, "
            f"max {late['max']:g} us, overruns {result['overruns']}, stops {result['stops']}, "
            f"ended {'at rest' if result['at_rest'] else 'IN MOTION'} ({result['state']})"
        )
        show(self, result, words)
        return 0 if result["at_rest"] else 1


def table_of(robot: str, path: Path | None) -> tuple[LimitTable, tuple[float, ...]]:
    """The limit table of a robot, or of a file, and the posture in which simulated joints begin. Raises BadInput,
    GuardConfigError."""
    from moravec.guard.reload import limits_from_json
    from moravec.robots.ur5e.limits import ur5e_limits
    from moravec.worlds.cell.layout import HOME_Q

    if path is None:
        return {"ur5e": ur5e_limits}[robot](), tuple(float(x) for x in HOME_Q)
    try:
        table = limits_from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput("--limits", str(path), f"a limit table in a file that can be read ({error})") from error
    if table.joints == len(HOME_Q) and table.robot == "ur5e":
        return table, tuple(float(x) for x in HOME_Q)
    return table, tuple((low + high) / 2.0 for low, high in zip(table.position_min, table.position_max, strict=True))
