"""The loop's tick on a simulated clock: what it follows, what it refuses, and how it falls back to rest."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from helpers_edge import (
    BRAKING,
    HOLD,
    HOME,
    ME,
    OTHER,
    PERIOD,
    RUN,
    TICK,
    N,
    Sim,
    limits,
    silences,
    to_rest,
)  # fmt: skip
from helpers_process import PATIENCE

from moravec.core.errors import BadInput
from moravec.edge.client import read
from moravec.edge.compiled import INTERPRETED, compile_run
from moravec.edge.form import (
    AHEAD,
    CHECKSUM,
    CODE_NAMES,
    DRIVER,
    FOREIGN,
    HEAD,
    LOCK,
    MISFIT,
    NOTHING,
    OK,
    REPEATED,
    STALE,
    STOP_BEGAN,
    TICK_WORDS,
    TORN,
    WRONG_LENGTH,
    AnswerBox,
    HealthBox,
    SetpointBox,
)  # fmt: skip
from moravec.edge.layout import (
    AT_ANSWER,
    AT_CLIENT,
    AT_COMMAND,
    AT_HEALTH,
    AT_SETPOINT,
    AT_STOP,
    RING,
)  # fmt: skip
from moravec.edge.records import edge_limits
from moravec.guard.kernel.codes import COMMAND_AGE


def test_it_begins_at_rest_and_stays_there(sim: Sim) -> None:
    for _ in range(50):
        sim.tick()
    assert sim.state == HOLD and sim.q.tolist() == list(HOME)
    assert sim.r.k["stops"] == sim.r.k["lapses"] == 0


def test_it_follows_good_commands_to_the_last_bit(sim: Sim) -> None:
    q = np.array(HOME)
    for k in range(1, 40):
        q = q + np.array([8.0, -3.0, 2.0]) * k * PERIOD**2
        sim.say(q, np.array([8.0, -3.0, 2.0]) * k * PERIOD)
        assert sim.tick()["code"] == OK
        assert sim.q.tolist() == q.tolist() and sim.state == RUN
    assert np.array(sim.r.a["measured_q"][:N]).tolist() == q.tolist()
    answer, setpoint, health = (
        read(sim.memory, at_, form)
        for at_, form in ((AT_ANSWER, AnswerBox), (AT_SETPOINT, SetpointBox), (AT_HEALTH, HealthBox))
    )
    assert answer is not None and setpoint is not None and health is not None
    assert answer.seq == 39 and answer.decision == 0 and answer.q[:N].tolist() == q.tolist()
    assert setpoint.holds == setpoint.power == 1 and setpoint.q[:N].tolist() == q.tolist() and setpoint.tick == 39
    assert health.tick == 39 and health.refused[OK] == 39


def test_a_command_that_comes_late_is_carried_on_along_its_speed(sim: Sim) -> None:
    sim.go()
    before, speed, code = sim.q, sim.speed, sim.tick()["code"]
    assert code == NOTHING and sim.state == RUN
    np.testing.assert_allclose(sim.q, before + [speed * PERIOD, 0, 0], atol=1e-12)
    late = sim.command(sim.q, (speed, 0.0, 0.0), tick=int(sim.r.k["tick"]))  # meant for the tick that is over
    sim.write(late)
    before = sim.q
    assert sim.tick()["code"] == OK and sim.state == RUN
    np.testing.assert_allclose(sim.q, before + [speed * PERIOD, 0, 0], atol=1e-12)
    assert sim.r.o["decision"] == 0


def test_silence_ends_in_braking_before_the_tables_age_is_over(sim: Sim) -> None:
    sim.go()
    speed = sim.speed
    for _ in range(7):
        sim.tick()
        assert sim.state == RUN and sim.speed == pytest.approx(speed)
    sim.tick()
    assert sim.state == BRAKING and sim.speed < speed and sim.r.o["check"] == COMMAND_AGE
    speeds = to_rest(sim)
    assert np.all(np.diff(speeds) <= 0.0) and np.all(np.diff(speeds) >= -10.0 * 1.001 * PERIOD)
    assert sim.r.k["stops"] == 1


def test_from_silence_to_the_first_deceleration_is_at_most_20_ms(tmp_path: Path) -> None:
    found = silences(tmp_path / "s", 2000, 3)
    assert found.min() > 0.016 and found.max() <= 0.02


def test_at_rest_silence_is_no_stop(sim: Sim) -> None:
    for _ in range(5):
        sim.say(HOME)
        sim.tick()
    assert sim.state == RUN
    for _ in range(12):
        sim.tick()
    assert sim.state == HOLD and sim.r.k["stops"] == 0 and sim.r.k["lapses"] == 1


def test_another_controller_is_refused_and_stops_the_motion(sim: Sim) -> None:
    sim.go()
    sim.write(sim.command(sim.q), writer=OTHER)
    assert sim.tick()["code"] == FOREIGN and sim.r.k["began"] == STOP_BEGAN and sim.r.o["category"] == 2
    to_rest(sim)
    where = sim.q.tolist()
    for k in range(250):  # for half a second nobody is heard, not even the one who holds the lease
        sim.say(where)
        sim.tick()
        assert (sim.state == HOLD) == (sim.now < int(sim.r.k["quiet_until"])), k
    assert sim.state == RUN and sim.r.k["refused"][FOREIGN] == 1


def test_without_a_lease_nobody_is_heard(sim: Sim) -> None:
    sim.memory.whole[AT_CLIENT] = 0
    sim.write(sim.command(HOME), writer=0)
    assert sim.tick()["code"] == FOREIGN and sim.state == HOLD


def test_a_lease_that_changes_ends_what_was_asked_before(sim: Sim) -> None:
    sim.go()
    sim.memory.whole[AT_CLIENT] = OTHER
    sim.tick()
    assert sim.state == BRAKING
    to_rest(sim)
    sim.number = 0
    sim.write(sim.command(sim.q), writer=OTHER)
    sim.tick()
    assert sim.state == RUN


def faults() -> dict[str, int]:
    return {
        "checksum": CHECKSUM, "repeated": REPEATED, "stale": STALE, "ahead": AHEAD, "torn": TORN, "length": WRONG_LENGTH,
    }  # fmt: skip


@pytest.mark.parametrize("fault", faults())
def test_a_record_that_is_not_used_counts_as_none(sim: Sim, fault: str) -> None:
    """The motion goes on, then ends in silence; never is the bad record's set-point taken."""
    sim.go()
    speed = sim.speed
    whole = sim.memory.whole
    for _ in range(8):
        sim.write(
            sim.command(sim.q + [0.001, 0, 0]),
            number=3 if fault == "repeated" else None,
            stamp=sim.now + {"stale": -17_000_000, "ahead": 3_000_000}.get(fault, 0),
        )
        if fault == "checksum":
            whole[AT_COMMAND + HEAD + 9] ^= 1 << 40
        elif fault == "torn":
            whole[AT_COMMAND + LOCK] += 1
        elif fault == "length":
            whole[AT_COMMAND + 4] -= 1
        assert sim.state == RUN and sim.speed == pytest.approx(speed)
        assert CODE_NAMES[sim.tick()["code"]] == fault
    assert sim.state == BRAKING and sim.r.k["refused"][faults()[fault]] == 8
    to_rest(sim)


@pytest.mark.parametrize(
    "change",
    [{"n": N + 1}, {"n": 0}, {"moves": 2}, {"mode": 3}, {"mode": -1}, {"seq": 1 << 40}, {"tick": 1 << 50},
     {"tick": -1}],
)  # fmt: skip
def test_a_sealed_record_of_the_wrong_shape_stops_at_once(sim: Sim, change: dict[str, int]) -> None:
    sim.go()
    sim.say(sim.q, **change)
    assert sim.tick()["code"] == MISFIT and sim.state == BRAKING
    to_rest(sim)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_none_stop_at_once(sim: Sim, value: float) -> None:
    sim.go()
    sim.say((value, 0.0, 0.0))
    sim.tick()
    assert sim.state == BRAKING and np.isfinite(sim.q).all()


def test_an_old_mailbox_played_again_moves_nothing(sim: Sim) -> None:
    sim.go()
    old = sim.memory.whole[AT_COMMAND : AT_COMMAND + 60].copy()
    for _ in sim.ramp(5, -8.0):
        pass
    to_rest(sim)
    where = sim.q.tolist()
    for k in range(20):
        sim.memory.whole[AT_COMMAND : AT_COMMAND + 60] = old
        sim.memory.whole[AT_COMMAND + LOCK] = 10_000 + 2 * k
        assert sim.tick()["code"] == REPEATED
        assert sim.state == HOLD and sim.q.tolist() == where


def test_a_jump_of_the_sequence_number_stops(sim: Sim) -> None:
    for jump in (4, 0, -7, 10**9):
        sim.go()
        sim.seq += jump - 1
        sim.say(sim.q + [sim.speed * PERIOD, 0, 0], (sim.speed, 0, 0))
        sim.tick()
        assert sim.state == BRAKING, jump
        to_rest(sim)


def test_no_word_of_the_header_leads_the_loop_astray(sim: Sim) -> None:
    """Whoever has the file may write anything into it: the ring keeps its place and its length."""
    for word in range(64):
        for value in (0, -1, 1 << 62):
            sim.memory.whole[word] = value
            sim.tick()
    assert sim.r.k["tick"] == 192 and sim.memory.whole[RING + 191 * TICK_WORDS] == 192
    assert sim.state == HOLD and sim.q.tolist() == list(HOME)


def test_the_stop_flag_brings_it_to_rest_and_nothing_moves_it_again(sim: Sim) -> None:
    sim.go()
    sim.memory.whole[AT_STOP] = 1
    for _ in sim.ramp(60):
        pass
    assert sim.state == HOLD and sim.speed == 0.0 and sim.r.k["stopping"] == 1


def test_interpreted_and_compiled_are_one(tmp_path: Path) -> None:
    """The same records in the same ticks, good and bad: the same ring, bit for bit."""
    rings = []
    for name, loop in (("a", None), ("b", INTERPRETED)):
        rng, sim = np.random.default_rng(5), Sim(tmp_path / name, DRIVER, loop)
        for k in range(150):
            sim.report(sim.measured(sim.q if k else HOME, (sim.speed, 0, 0)))
            kind = int(rng.integers(0, 12)) if k > 25 else 0
            writer, stamp = (OTHER, None) if kind == 9 and k > 100 else (ME, sim.now - (20_000_000 if kind == 10 else 0))
            speed = sim.speed + 4.0 * PERIOD
            if kind < 11:
                change = {"tick": int(sim.r.k["tick"]) - 3} if kind == 8 else {}
                sim.write(sim.command(sim.q + [speed * PERIOD, 0, 0], (speed, 0, 0), **change), writer, stamp=stamp)
            if kind == 7:
                sim.memory.raw[8 * (AT_COMMAND + HEAD) + int(rng.integers(0, 300))] ^= 4
            sim.tick(int(rng.integers(0, TICK // 2)))
        rings.append(sim.memory.whole[RING : RING + 150 * 180].copy())
        assert sim.r.k["stops"] > 0
    assert rings[0].tolist() == rings[1].tolist()


def test_it_counts_anew_at_rest_long_before_numbers_end(sim: Sim) -> None:
    sim.say(HOME)
    sim.tick()
    sim.r.k["sent"] = 500_000_000
    sim.r.m["seq"] = 500_000_000
    for _ in range(15):
        sim.tick()
    assert sim.state == HOLD
    sim.say(HOME)
    sim.tick()
    assert sim.state == RUN and 0 < sim.r.k["sent"] < 100


def test_a_rate_at_which_silence_could_not_be_seen_is_refused() -> None:
    assert edge_limits(limits()).command_age_max == pytest.approx(0.016)
    assert edge_limits(limits(), 1000.0).command_age_max == pytest.approx(0.018)
    with pytest.raises(BadInput, match="150 or more"):
        edge_limits(limits(), 100.0)


def test_a_tick_takes_no_memory_and_no_lock(sim: Sim) -> None:
    """The loop runs on in a thread while this one keeps the interpreter's lock; and numba counts what is allocated."""
    from numba.core.runtime import _nrt_python, rtsys

    _nrt_python.memsys_enable_stats()
    compile_run(sim.loop, sim.r)
    sim.memory.whole[AT_CLIENT] = ME
    before, switch = rtsys.get_allocation_stats(), sys.getswitchinterval()
    thread = threading.Thread(target=sim.loop.run, args=(*sim.r, 1 << 40))
    try:
        sys.setswitchinterval(100.0)  # nobody else gets the lock unless this thread sleeps
        thread.start()
        while sim.memory.ticks < 10:
            time.sleep(0.001)
        first, end = sim.memory.ticks, time.monotonic() + PATIENCE
        while sim.memory.ticks - first <= 40 and time.monotonic() < end:
            pass  # this thread never lets go of the lock
        ran = sim.memory.ticks - first
    finally:
        sim.memory.whole[AT_STOP] = 1
        sys.setswitchinterval(switch)
        thread.join()
    assert ran > 40
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    assert after.alloc - before.alloc < 30 and after.mi_alloc - before.mi_alloc < 30  # its arguments, once
