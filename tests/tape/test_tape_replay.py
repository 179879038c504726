"""Replay makes every decision again and names the first that comes out otherwise."""

from __future__ import annotations

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
from moravec.core.errors import BadInput, GuardConfigError, SkillError, TapeError
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.tape.replay import ReplayReport, difference, replay
from moravec.tape.writer import TapeWriter


class Memoryless:
    """A stand-in for the guard."""

    def __init__(self, limits: Mapping[str, Any]) -> None:
        assert limits == META["guard_limits"]

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        return decide(command)

    def reset(self, state: RobotState, now: float) -> Verdict:
        return Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "granted")

    def tighten(self, limits: Mapping[str, Any] | None) -> None:
        raise AssertionError("nothing was tightened")

    def degrade(self, mode: str) -> None:
        raise AssertionError("the mode stayed")


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
            return Approved(command, verdict, fields.get("power", answer.power))

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
        ("made", math.nan),
        ("expires", math.nextafter(0.264, 0.0)),
        ("seen", -0.0),
        ("novelty", math.nextafter(0.125, 1.0)),
        ("category", 0),
        ("power", True),
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


@pytest.mark.parametrize("name", ["made", "expires", "seen", "novelty"])
def test_two_numbers_that_are_none_differ_by_their_bits(name: str) -> None:
    answer = decide(tick(1).asked)
    one, other = (replace(answer, command=replace(answer.command, **{name: x})) for x in (math.nan, -math.nan))
    assert difference(one, one) is None
    assert difference(one, other) == f"command.{name}: recorded nan, recomputed nan"


@pytest.mark.parametrize("power", [False, 1, None])
def test_power_is_compared_as_it_is(power: Any) -> None:
    answer = replace(decide(tick(1).asked), power=True)
    assert difference(answer, replace(answer, power=power)) == f"power: recorded True, recomputed {power!r}"


def test_a_verdict_is_told_before_power() -> None:
    answer = replace(decide(tick(1).asked), power=True)
    other = replace(answer, verdict=replace(answer.verdict, category=1), power=False)
    assert difference(answer, other) == f"verdict.category: recorded {answer.verdict.category}, recomputed 1"


def test_the_category_of_a_reset_counts(good_tape: Path) -> None:
    class Other(Memoryless):
        def reset(self, state: RobotState, now: float) -> Verdict:
            return replace(super().reset(state, now), category=2)

    report = play(good_tape, Other)
    assert report.diverged == 1
    assert report.first is not None
    assert report.first.startswith("reset at 1.0 s")
    assert '"category":2' in report.first


def test_what_changes_the_guard_is_applied_in_its_place(tape_path: Path) -> None:
    calls: list[Any] = []

    class Listening(Memoryless):
        def check(self, command: Command, state: RobotState, now: float) -> Approved:
            calls.append(state.seq)
            return super().check(command, state, now)

        def tighten(self, limits: Mapping[str, Any] | None) -> None:
            calls.append(limits)

        def degrade(self, mode: str) -> None:
            calls.append(mode)

    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write_mode(0.0, "reduced", "warming up")
        write_ticks(tape, 0, 1)
        tape.write_tighten(0.0, "pick", '{"reach":1.25}')
        write_ticks(tape, 1, 1)
        tape.flush()
        tape.write_tighten(0.0, "pick", None)
        tape.write_mode(0.0, "full", "warm")
        write_ticks(tape, 2, 1)
    report = play(tape_path, Listening)
    assert calls == ["reduced", 0, {"reach": 1.25}, 1, None, "full", 2]
    assert report == ReplayReport(3, 0, None, (), None)


def test_a_tightening_that_is_refused_now(tape_path: Path) -> None:
    class Strict(Memoryless):
        def tighten(self, limits: Mapping[str, Any] | None) -> None:
            raise GuardConfigError("wider")

        def degrade(self, mode: str) -> None:
            raise BadInput("mode", mode, ["full"])

    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write_tighten(0.5, "pick", "{}")
        tape.write_mode(0.5, "flying", "why not")
    report = play(tape_path, Strict)
    assert (report.decisions, report.diverged) == (2, 2)
    assert report.first == (
        "tightening by 'pick' at 0.5 s (record 1): recorded as taken, recomputed GuardConfigError: wider"
    )


def test_an_event_of_no_kind(tape_path: Path) -> None:
    with TapeWriter(tape_path, ManualClock(), META) as tape:
        tape.write("/guard", 0.0, {"event": "loosen"})
    with pytest.raises(TapeError, match="'loosen' as an event of the guard; allowed: one of reset, tighten, mode"):
        play(tape_path)
