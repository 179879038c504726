"""What the guard says of its decisions, word for word: the tape keeps it, and people read it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import APART, BODIES, HOME, PERIOD, TERMS, N, Rig, command, run_to_rest, state, table

from moravec.core.errors import ContractError
from moravec.core.verdict import Verdict
from moravec.guard.compiled import Kernel
from moravec.guard.guard import Guard
from moravec.guard.kernel import codes
from moravec.guard.kernel.form import BOXES, FORMS, ZONES, Answer, dtype_of
from moravec.guard.parts import Box, Obstacle, Zone
from moravec.guard.reasons import CHECKS, RESETS, place_of, verdict_of
from moravec.guard.records import Lists, Words
from moravec.guard.stop import StopState

CELL, WALL = Box((5.0, 5.0, 5.0), (6.0, 6.0, 6.0)), Box((7.0, 7.0, 7.0), (8.0, 8.0, 8.0))
LIMITS = table(
    bodies=BODIES, apart=APART, separation=TERMS, obstacles=(Obstacle("post", CELL), Obstacle("wall", WALL)),
    zones=(Zone("door", "keep_out", CELL), Zone("lane", "slow", WALL, 0.5)),
)  # fmt: skip
NUMBERED = ["tracking", "torque", "velocity", "velocity_wanted", "velocity_mismatch", "overspeed", "acceleration", "jerk",
            "position", "window", "beginning"]  # fmt: skip


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("check", "index", "words"),
    [
        *[(check, 0, " of joint 0") for check in NUMBERED],
        ("velocity", 5, " of joint 5"),
        ("self_collision", 0, " of column from fore"),
        ("self_collision", 2, " of upper from hand"),
        ("cell_collision", 0, " of column from post"),
        ("cell_collision", 2 * BOXES + 1, " of fore from wall"),
        ("zone", 1, " of column from zone lane"),
        ("zone", 3 * ZONES, " of hand from zone door"),
        ("separation", 0, " from the column"),
        ("separation", 3, " from the hand"),
        ("zone_slow", 1, " in zone lane"),
        ("zone_stop", 0, " in zone door"),
        ("estop", 3, ""),
        ("blind", 0, ""),
    ],
)
def test_the_place_that_decides_has_a_name(check: str, index: int, words: str) -> None:
    assert place_of(check, index, LIMITS) == words
    assert place_of(check, -1, LIMITS) == ""


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
FOUND = Answer(
    decision=codes.STOP, category=1, check=codes.TRACKING, joint=4, value=0.123456789, limit=0.1, margin=-0.023456789
)
TRACKING = "distance of the joint from its set-point of joint 4: found 0.123457 rad, allowed 0.1 rad"


@pytest.mark.parametrize("form", [Lists, Words])
def test_a_verdict_has_the_numbers_of_the_answer(form: type[Lists] | type[Words]) -> None:
    def verdict(stands: StopState = StopState.RUN, **changes: Any) -> Verdict:
        return verdict_of(form(replace(FOUND, **changes)), LIMITS, stands)

    numbers = ("tracking", 4, 0.123456789, 0.1, -0.023456789)
    assert verdict() == Verdict("stop", *numbers, TRACKING, 1)
    assert verdict(decision=codes.LIMIT, category=-1) == Verdict("limit", *numbers, TRACKING, -1)
    assert verdict(decision=codes.PASS, category=-1) == Verdict("pass", *numbers, "inside every limit")
    bare = verdict(check=codes.COMMAND_SHAPE, joint=-1, value=1.0, limit=0.0)
    assert bare.reason == "command fields of the wrong shape or type: found 1, allowed 0"
    for stands, prefix in (
        (StopState.BRAKING, "braking to rest after: "),
        (StopState.ENDING, "braking to rest after: "),
        (StopState.OFF, "power off after: "),
        (StopState.HOLD, "braked and held after: "),
    ):
        assert verdict(stands, braking=1).reason == prefix + TRACKING
        assert verdict(stands).reason == TRACKING, "the first of a stop is no going on"


def test_every_check_has_words_and_none_has_them_twice() -> None:
    assert set(CHECKS) == set(codes.CHECK_NAMES) and len(codes.CHECK_NAMES) == len(set(codes.CHECK_NAMES)) == 49
    assert {unit for unit, _ in CHECKS.values()} <= {"", "s", "rad", "rad/s", "rad/s2", "rad/s3", "N", "N m", "m", "m/s"}
    assert all(what == what.strip() and what for _, what in CHECKS.values())
    for number, name in enumerate(codes.CHECK_NAMES):
        own = "RESET_CHECK" if name == "reset" else name.upper()
        assert getattr(codes, own) == number


# ── the guard ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_first_state_that_cannot_be_used_is_told() -> None:
    with pytest.raises(ContractError) as caught:
        Guard(table()).check(command(0, HOME), state(0, HOME * math.nan), 0.0)
    assert str(caught.value) == (
        "guard: the first measured state has a wrong shape or values that are not finite; allowed: finite arrays for 6 joints. "
        "There is no posture to hold, so nothing is approved"
    )


def test_what_becomes_of_a_reset_is_told() -> None:
    rig = Rig()

    def reset(**measured: Any) -> Verdict:
        return rig.guard.reset(state(rig.tick, rig.q, **measured), rig.now)

    def refused(code: int, stands: str = "off") -> Verdict:
        return Verdict("stop", "reset", -1, 1.0, 0.0, -1.0, RESETS[code].format(state=stands))

    assert reset() == refused(1, "init")
    rig.cruise(0, 0.5)
    assert reset() == refused(1, "run")
    rig.hold({"estop": True})
    assert reset() == refused(1, "ending")
    run_to_rest(rig)
    assert reset() == refused(5)
    rig.tick += 1000
    assert reset(tau=np.zeros(3)) == refused(2)
    assert reset(estop=True) == refused(3)
    assert reset(dq=np.full(N, 0.03)) == refused(4)
    assert reset() == Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "reset granted: holding; a fresh command starts motion")
    assert RESETS == (
        "reset granted: holding; a fresh command starts motion",
        "reset refused: the guard is not at rest (state {state})",
        "reset refused: the measured state is not usable",
        "reset refused: the emergency stop is still pressed",
        "reset refused: the robot moves; allowed: each joint below 0.02 rad/s",
        "reset refused: the emergency stop was pressed less than 0.5 s ago",
    )


def test_a_set_point_of_the_guards_own_says_so() -> None:
    rig = Rig()
    rig.guard.check(None, state(0, HOME), math.nan)  # type: ignore[arg-type]
    rig = Rig()
    first = rig.give(None).command
    assert (first.seq, first.t, first.source, first.novelty) == (-1, 0.0, "guard", 0.0)
    rig.tick = 500
    rig.give(command(7, HOME, t=1.0))
    own = rig.give(None).command
    now = 501 * PERIOD
    assert (own.seq, own.t, own.made, own.expires, own.seen) == (7, now, now, now, now)
    assert (own.grip_width, own.grip_force) == (0.05, 10.0) and not own.q.flags.writeable and not own.dq.flags.writeable


def test_another_kernel_than_the_interpreted_one_gets_words() -> None:
    """Machine code runs on NumPy records; lists are for the text alone."""
    seen: list[Any] = []

    def decide(*records: Any) -> None:
        seen.extend(records)
        records[1]["state"] = codes.HOLD

    guard = Guard(table(), Kernel(decide, lambda *records: 0))
    guard.check(command(0, HOME), state(0, HOME), 0.0)
    assert [record.dtype.names for record in seen] == [dtype_of(form).names for form in FORMS]
    assert guard.state is StopState.HOLD and guard.reset(state(1, HOME), 0.5).decision == "pass"
    seen[1]["q"], seen[1]["now"] = np.arange(16.0), 0.5
    guard.tighten(table(tool_speed=0.5))
    assert seen[1]["window_q"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] + [0.0] * 10 and seen[1]["window_t"] == 0.5


def test_a_first_tick_without_a_clock_has_the_time_zero() -> None:
    answer = Guard(table()).check(command(0, HOME), state(0, HOME), math.nan)
    assert (answer.command.t, answer.command.seq, answer.verdict.check) == (0.0, 0, "clock")


def test_an_approved_command_keeps_where_it_came_from() -> None:
    rig = Rig()
    rig.hold()
    made = command(1, HOME, source="picker", made=-0.5, expires=0.75, seen=-0.25, novelty=0.125, t=0.001)
    for q, decision in ((HOME, "pass"), (HOME + [9e-5, 0, 0, 0, 0, 0], "limit")):
        sent = replace(made, q=q, seq=rig.tick, t=rig.now - 0.001)
        answer = rig.give(sent)
        got = answer.command
        assert answer.verdict.decision == decision and answer.power
        assert (got.seq, got.t, got.source) == (sent.seq, sent.t, "picker") and type(got.seq) is int
        assert (got.made, got.expires, got.seen, got.novelty) == (-0.5, 0.75, -0.25, 0.125)
        assert (got.grip_width, got.grip_force) == (0.05, 10.0)
        assert np.array_equal(got.q, q) is (decision == "pass")
    assert rig.guard.nearest == 1e9 and rig.guard.fastest == 0.0


def test_who_is_near_and_how_fast_it_is_are_told_after_each_call() -> None:
    rig = Rig(table(bodies=BODIES, apart=APART, separation=TERMS))
    near = {"people": np.array([[5.0, 0.0]]), "people_t": 0.0}
    rig.hold(near)
    assert 3.5 < rig.guard.nearest < 5.0 and rig.guard.fastest == 0.0
    step = np.array([2e-5, 0, 0, 0, 0, 0])
    assert rig.send(HOME + step, step / PERIOD, measured={**near, "people_t": rig.now}).verdict.decision == "pass"
    assert 0.0 < rig.guard.fastest < 0.02
    rig.hold({"people": np.zeros((0, 2)), "people_t": rig.now})
    assert rig.guard.nearest == 1e9
