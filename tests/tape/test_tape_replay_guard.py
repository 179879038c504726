"""Replay with the real guard, compiled, as `moravec replay` builds it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from moravec.commands.replay import RecordedGuard
from moravec.core.clock import ManualClock
from moravec.core.command import Command
from moravec.core.errors import BadInput, GuardConfigError
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.guard.compiled import compiled
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.guard.separation import WALKING_SPEED, Separation
from moravec.guard.stop import Mode
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.tape.replay import replay
from moravec.tape.writer import TapeWriter

REST = frozen([0.0, -1.6, 1.8, -1.8, -1.57, 0.0])


def no_plan(plan: Any, state: Mapping[tuple[str, ...], Any]) -> Any:
    """No tape here holds a plan."""
    raise AssertionError("a plan was to be validated")


def test_the_guard_of_a_tape_refuses_what_it_cannot_read() -> None:
    with pytest.raises(GuardConfigError, match="fields missing or unknown"):
        RecordedGuard({"reach": 1.5})
    guard = RecordedGuard(json.loads(ur5e_limits().to_json()))
    with pytest.raises(BadInput, match=r"found 'ful'; allowed: one of full, reduced, still; did you mean 'full'"):
        guard.degrade("ful")


def watched() -> LimitTable:
    """The arm's table where a sensor watches for people and a policy tells how strange things are to it."""
    terms = Separation(WALKING_SPEED, 0.02, 0.2, 3.0, 0.12, 0.05, 0.01)
    return replace(ur5e_limits(), separation=terms, novelty_max=2.0)


def misfit_of(i: int, state: RobotState, asked: Command) -> tuple[RobotState, Command]:
    """What goes wrong in tick `i`."""
    wrong_commands: dict[int, dict[str, Any]] = {
        400: {"q": REST + 0.5},
        600: {"q": np.full(6, np.nan)},
        1500: {"q": REST + 0.5},
        2000: {"q": [0.0]},
        2110: {"made": asked.t - 40.0},
        2120: {"expires": asked.t - 0.01},
        2130: {"seen": math.nan},
        2140: {"novelty": 3.5},
        2150: {"novelty": "none"},
        2160: {"made": 10**400},
    }
    wrong_states: dict[int, dict[str, Any]] = {
        2210: {"people": frozen([[0.3, 0.2]])},
        2220: {"people": np.zeros(3)},
        2230: {"people": np.zeros((1, 2), dtype=np.float32)},
        2240: {"people": [[5.0, 5.0]]},
        2250: {"people_t": math.nan},
        2260: {"people": frozen(np.full((9, 2), 6.0))},
        2270: {"people": frozen([[math.nan, 0.0]])},
    }
    return replace(state, **wrong_states.get(i, {})), replace(asked, **wrong_commands.get(i, {}))


def changed(i: int, t: float, guard: Guard, tape: TapeWriter) -> None:
    """What changes the guard before tick `i`."""
    modes = {1210: Mode.REDUCED, 1220: Mode.STILL, 1240: Mode.FULL}
    if i in modes:
        guard.degrade(modes[i])
        tape.write_mode(t, modes[i].name.lower(), "a test")
    if i in (1250, 1350):
        table = replace(guard.limits, novelty_max=0.5) if i == 1250 else None
        guard.tighten(table)
        tape.write_tighten(t, "test", None if table is None else table.to_json())


def test_the_real_guard_with_everything_that_can_go_wrong(tape_path: Path) -> None:
    """Motion, limits, misfits, people, modes, tighter tables, stops of every kind: all recomputed to the last bit."""
    table = watched()
    rng = np.random.default_rng(5)
    guard = Guard(table, compiled())
    seen = set()
    powers = set()
    with TapeWriter(tape_path, ManualClock(), {"guard_limits": json.loads(table.to_json())}) as tape:
        q = REST
        for i in range(3000):
            t = i * table.control_period
            noise, pressed = frozen(rng.normal(0.0, 1e-5, 6)), i in range(900, 950)
            near = frozen([[3.0 + rng.normal(0.0, 0.01), 2.0]] * (i % 3)).reshape(-1, 2)
            state = RobotState(i, t, q + noise, np.zeros(6), np.zeros(6), 0.05, 0.0, np.zeros(6), pressed, t, near)
            wanted = frozen(
                q + np.clip(REST + 0.02 * np.sin(t * 2.0) - q, -1e-5, 1e-5)
            )  # lawful from wherever it rests
            asked = Command(i, t, wanted, np.zeros(6), 0.05, 10.0, "test", t, t + 1.0, t, 1.0)
            state, asked = misfit_of(i, state, asked)
            changed(i, t, guard, tape)
            answer = guard.check(asked, state, t)
            tape.write_tick(t, state, asked, answer)
            seen.add((answer.verdict.decision, answer.verdict.check, answer.verdict.category))
            powers.add(answer.power)
            q = answer.command.q
            if i % 200 == 199:
                verdict = guard.reset(state, t)
                tape.write_reset(t, state, verdict)
                seen.add(("reset", verdict.decision, verdict.category))
    report = replay(tape_path, RecordedGuard, no_plan)
    assert (report.first, report.diverged, report.decisions, report.tampered) == (None, 0, 3015, ())
    checks = {check for _, check, _ in seen}
    assert {"pass", "stop", "reset"} <= {decision for decision, _, _ in seen}
    assert {"command_shape", "mode", "chunk_age", "chunk_expired", "sight_age", "novelty", "separation"} <= checks
    assert {("stop", "estop", 1), ("stop", "people_age", 2), ("reset", "pass", -1), ("reset", "stop", -1)} <= seen
    assert powers == {True, False}


@pytest.mark.parametrize("event", ["tighten", "mode"])
def test_without_what_changed_the_guard_the_replay_diverges(tape_path: Path, event: str) -> None:
    """The records of tightenings and modes are needed: a replay that leaves them out is found out."""
    table = watched()
    guard = Guard(table, compiled())
    with TapeWriter(tape_path, ManualClock(), {"guard_limits": json.loads(table.to_json())}) as tape:
        for i in range(40):
            t = i * table.control_period
            state = RobotState(i, t, REST, np.zeros(6), np.zeros(6), 0.05, 0.0, np.zeros(6), False, t)
            if i == 20 and event == "mode":
                guard.degrade(Mode.STILL)
                tape.write_mode(t, "still", "a test")
            elif i == 20:
                inner = replace(table, novelty_max=0.5)
                guard.tighten(inner)
                tape.write_tighten(t, "test", inner.to_json())
            asked = Command(i, t, REST + 1e-5 * i, np.zeros(6), 0.05, 10.0, "test", t, t + 1.0, t, 1.0)
            tape.write_tick(t, state, asked, guard.check(asked, state, t))

    class Deaf(RecordedGuard):  # type: ignore[misc]
        def tighten(self, limits: Mapping[str, Any] | None) -> None:
            pass

        def degrade(self, mode: str) -> None:
            pass

    assert replay(tape_path, RecordedGuard, no_plan).same
    assert replay(tape_path, Deaf, no_plan).diverged == 20
