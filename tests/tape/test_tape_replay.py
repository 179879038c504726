"""Replay makes every decision again and names the first that comes out otherwise."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers_tape import META, STATE, decide, tick, write_ticks

from moravec.core.clock import ManualClock
from moravec.core.command import Command
from moravec.core.errors import SkillError, TapeError
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.tape.replay import Checker, ReplayReport, replay
from moravec.tape.writer import TapeWriter


class Memoryless:
    """A stand-in for the guard."""

    def __init__(self, limits: Mapping[str, Any]) -> None:
        assert limits == META["guard_limits"]

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        return decide(command)

    def reset(self, state: RobotState, now: float) -> Verdict:
        return Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "granted")


def validate(plan: Any, state: Mapping[tuple[str, ...], Any]) -> Any:
    """A stand-in for the plan validator."""
    return {"ok": state == STATE, "n": len(plan)}


def play(path: Path, make: Any = Memoryless, validator: Any = validate) -> ReplayReport:
    return replay(path, make, validator)


@pytest.fixture
def good_tape(tape_path: Path) -> Path:
    """Twelve ticks, a reset and a validation."""
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 12)
        tape.write_reset(1.0, tick(1).state, Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "granted"))
        tape.write_validation(0.1, ["pick"], STATE, {"ok": True, "n": 1})
    return tape_path


def test_a_faithful_tape_does_not_diverge(good_tape: Path) -> None:
    report = play(good_tape)
    assert report == ReplayReport(14, 0, None, (), None)
    assert report.same


def changed_at(number: int, **fields: Any) -> Any:
    """A guard that answers tick `seq` otherwise."""

    class Other(Memoryless):
        def check(self, command: Command, state: RobotState, now: float) -> Approved:
            answer = super().check(command, state, now)
            if state.seq != number:
                return answer
            command = replace(answer.command, **{k: v for k, v in fields.items() if hasattr(command, k)})
            verdict = replace(answer.verdict, **{k: v for k, v in fields.items() if hasattr(answer.verdict, k)})
            return Approved(command, verdict)

    return Other


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("decision", "stop"),
        ("check", "torque"),
        ("joint", 5),
        ("value", math.nextafter(1.0, 2.0)),
        ("limit", math.nan),
        ("margin", 0.25),
        ("reason", "another"),
        ("q", np.zeros(6)),
        ("dq", np.full(6, np.nan)),
        ("grip_width", math.nextafter(0.04, 1.0)),
        ("grip_force", 0.0),
        ("source", "other"),
        ("seq", 99),
        ("t", -0.0),
    ],
)
def test_every_field_counts(good_tape: Path, name: str, value: Any) -> None:
    report = play(good_tape, changed_at(7, **{name: value}))
    assert (report.decisions, report.diverged) == (14, 1)
    assert report.first is not None
    assert f"{name}: recorded" in report.first
    assert report.first.startswith("tick at 0.0141 s")
    assert not report.same


def test_the_last_bit_of_one_joint_counts(good_tape: Path) -> None:
    q = tick(7).asked.q.copy()
    q[5] = math.nextafter(q[5], 9.0)
    assert play(good_tape, changed_at(7, q=frozen(q))).diverged == 1


def test_the_first_of_several_is_named(good_tape: Path) -> None:
    class Never(Memoryless):
        def check(self, command: Command, state: RobotState, now: float) -> Approved:
            answer = super().check(command, state, now)
            return replace(answer, verdict=replace(answer.verdict, limit=answer.verdict.limit - state.seq))

    report = play(good_tape, Never)
    assert report.diverged == 11
    assert report.first is not None
    assert report.first.startswith("tick at 0.0021 s")


def test_numbers_that_are_none_are_compared_by_their_bits(tape_path: Path) -> None:
    verdict = Verdict("stop", "finite", 0, math.nan, math.inf, -math.nan, "not a number")
    answer = Approved(replace(tick(1).asked, q=frozen([np.nan] * 6)), verdict)

    class Nan(Memoryless):
        def check(self, command: Command, state: RobotState, now: float) -> Approved:
            return answer

    with TapeWriter(tape_path, ManualClock(), META) as tape:
        one = tick(1)
        tape.write_tick(one.now, one.state, answer.command, answer)
    assert play(tape_path, Nan).same


def test_a_validator_that_changed_its_mind(good_tape: Path) -> None:
    report = play(good_tape, validator=lambda plan, state: {"ok": False, "n": 1})
    assert report.diverged == 1
    assert report.first is not None
    assert 'recorded {"n":1,"ok":true}, recomputed {"n":1,"ok":false}' in report.first


def test_a_decision_that_can_no_longer_be_made(good_tape: Path) -> None:
    def refuse(plan: Any, state: Any) -> Any:
        raise SkillError("no such skill")

    report = play(good_tape, validator=refuse)
    assert report.first is not None
    assert "recomputed SkillError: no such skill" in report.first


def test_a_changed_tape_is_reported_and_still_played(good_tape: Path) -> None:
    data = bytearray(good_tape.read_bytes())
    data[-30] ^= 1  # in the footer
    good_tape.write_bytes(data)
    report = play(good_tape)
    assert report.tampered
    assert (report.decisions, report.diverged, report.same) == (14, 0, False)


def test_a_tape_broken_in_the_middle_is_played_up_to_there(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        for group in range(3):
            write_ticks(tape, 4 * group, 4)
            tape.flush()
        data = bytearray(tape_path.read_bytes())
    data[-500] ^= 1
    tape_path.write_bytes(data)
    report = play(tape_path)
    assert report.tampered
    assert report.decisions == 8


def test_a_cut_tape_is_played_as_far_as_it_goes(killed_tape: Path) -> None:
    report = play(killed_tape)
    assert (report.decisions, report.diverged, report.tampered) == (9, 0, ())
    assert report.truncated_at == killed_tape.stat().st_size


def test_a_tape_without_limits(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), {"seed": 1}):
        pass
    with pytest.raises(TapeError, match="no 'guard_limits'"):
        play(tape_path)


def test_a_foreign_file(tape_path: Path) -> None:
    tape_path.write_text("not a tape")
    with pytest.raises(TapeError, match="not an MCAP file"):
        play(tape_path)


def make_guard(limits: Mapping[str, Any]) -> Checker:
    """The real guard from the recorded table."""
    return Guard(LimitTable.from_json(json.dumps(limits)))


def test_the_real_guard_with_everything_that_can_go_wrong(tape_path: Path) -> None:
    """Motion, limits, misfits, an emergency stop, resets refused and granted: all recomputed to the last bit."""
    table = ur5e_limits()
    rng = np.random.default_rng(5)
    rest = frozen([0.0, -1.6, 1.8, -1.8, -1.57, 0.0])
    meta = {"guard_limits": json.loads(table.to_json())}
    guard = Guard(table)
    seen = set()
    with TapeWriter(tape_path, ManualClock(), meta) as tape:
        q = rest
        for i in range(3000):
            t = i * table.control_period
            noise = frozen(rng.normal(0.0, 1e-5, 6))
            state = RobotState(i, t, q + noise, np.zeros(6), np.zeros(6), 0.05, 0.0, np.zeros(6), i in range(900, 950))
            asked = Command(i, t, frozen(rest + 0.02 * np.sin(t * 2.0)), np.zeros(6), 0.05, 10.0, "test")
            if i in (400, 1500):
                asked = replace(asked, q=rest + 0.5)
            if i in (600, 2000):
                asked = replace(asked, q=np.full(6, np.nan) if i == 600 else [0.0])  # type: ignore[arg-type]
            answer = guard.check(asked, state, t)
            tape.write_tick(t, state, asked, answer)
            seen.add((answer.verdict.decision, answer.verdict.check))
            q = answer.command.q
            if i % 200 == 199:
                verdict = guard.reset(state, t)
                tape.write_reset(t, state, verdict)
                seen.add(("reset", verdict.decision))
    report = replay(tape_path, make_guard, validate)
    assert (report.first, report.diverged, report.decisions, report.tampered) == (None, 0, 3015, ())
    assert {"pass", "stop", "reset"} <= {decision for decision, _ in seen}
    assert {("stop", "estop"), ("stop", "command_shape"), ("reset", "pass"), ("reset", "stop")} <= seen
