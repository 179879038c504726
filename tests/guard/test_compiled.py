"""The kernel as machine code: the same bits as the text, nothing allocated, no lock held, no old code met."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import numpy as np
import pytest
from fuzz_kernel import Both, Session, fuzz
from helpers_guard import APART, BODIES, HOME, PERIOD, TERMS, N, Rig, state, table

from moravec.guard.compiled import INTERPRETED, Kernel, cache_folder, compiled
from moravec.guard.counted import as_record, counted
from moravec.guard.kernel import codes
from moravec.guard.kernel.form import Answer, Asked, Memory
from moravec.guard.parts import Box, Obstacle, Zone
from moravec.guard.stop import Mode, StopState


# ── the same bits ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_interpreted_and_compiled_agree_to_the_last_bit() -> None:
    seen = fuzz(24_000, 1, compiled())
    said = {key.split()[1] for key in seen if key.startswith(("stop", "limit"))}
    assert len(set(codes.CHECK_NAMES) - {"reset"} - said) <= 4, "the sessions no longer reach most checks"
    assert {f"state {state.value}" for state in StopState} <= set(seen)
    assert {f"reset {code}" for code in range(6)} <= set(seen)
    assert min(seen["limit acceleration"], seen["limit jerk"], seen["stop self_collision"], seen["stop zone_slow"]) > 10


def _bent(name: str, kernel: Kernel, after: int) -> Kernel:
    """A kernel that is wrong in the last bit of one number, in one tick."""
    calls = Counter[str]()

    def decide(t: Any, m: Any, a: Any, o: Any) -> None:
        kernel.decide(t, m, a, o)
        calls["decide"] += 1
        if calls["decide"] == after:
            record = m if name in (m.dtype.names or ()) else o
            value = np.atleast_1d(record[name]).copy()
            value[-1] = value[-1] + 1 if value.dtype == np.int64 else np.nextafter(value[-1], 2.0)
            record[name] = value if np.ndim(record[name]) else value[0]

    return Kernel(decide, kernel.reset)


@pytest.mark.parametrize("name", ["margin", "decision", "pressed_at", "window_q", "points", "rotation"])
def test_the_comparison_sees_the_last_bit(name: str) -> None:
    with pytest.raises(AssertionError, match=rf"seed 3, session 0, tick 99: {name}\[\d+\]: interpreted .*, compiled "):
        fuzz(160, 3, _bent(name, compiled(), 100))


def test_the_comparison_sees_a_reset_that_differs() -> None:
    granting = Kernel(compiled().decide, lambda t, m, a, o: 0)
    with pytest.raises(AssertionError, match="reset after tick"):
        fuzz(2000, 3, granting)


def test_both_forms_of_a_record_hold_the_same_bytes() -> None:
    t = counted(table(bodies=BODIES, apart=APART))
    assert Both(t).array.tobytes() == as_record(t).tobytes()


def _session(kernel: Kernel) -> list[Any]:
    """Motion, a zone, a wall, a person who comes, every kind of stop, resets: what a guard with `kernel` answers."""
    zone = Zone("corner", "slow", Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)), 0.4)
    wall = Obstacle("wall", Box((-2.0, -0.9, -1.0), (2.0, -0.7, 1.0)))
    limits = table(bodies=BODIES, apart=APART, separation=TERMS, zones=(zone,), obstacles=(wall,))
    rig, rng, out = Rig(limits, kernel=kernel), np.random.default_rng(9), []
    for k in range(1200):
        near = np.array([[-0.7 - 3.0 * abs(np.sin(k / 150)), -0.3], [3.0, 3.0]])
        measured: dict[str, Any] = {"people": near, "people_t": rig.now, "estop": k in (300, 301)}
        if k in (800, 1000):
            measured["tau" if k == 800 else "people"] = np.full(N, 200.0)
        rig.guard.degrade(Mode.REDUCED if 500 < k < 600 else Mode.FULL)
        v = np.array([0.3 * np.sin(k / 40), 0, 0, 0.2, 0, 0]) if rig.guard.state is StopState.RUN else np.zeros(N)
        at = np.array(rig.guard.setpoint) if k else HOME
        answer = (
            rig.send(at + v * PERIOD + rng.normal(0.0, 1e-7, N), v, measured) if k != 700 else rig.give(None, measured)
        )
        out += [
            answer.verdict,
            answer.command.q.tobytes(),
            answer.command.dq.tobytes(),
            answer.power,
            answer.command.seq,
        ]
        out += [answer.command.grip_width, answer.command.made, rig.guard.state, rig.guard.nearest, rig.guard.setpoint]
        if rig.guard.state is StopState.OFF:
            out.append(rig.guard.reset(state(rig.tick, rig.q), rig.now))
    return out


def test_a_guard_answers_the_same_with_either_kernel() -> None:
    one, two = _session(INTERPRETED), _session(compiled())
    assert one == two
    checks = {v.check for v in one if hasattr(v, "check")}
    assert {"estop", "torque", "separation", "command_shape", "people_age", "reset"} <= checks
    assert {v.decision for v in one if hasattr(v, "decision")} >= {"pass", "stop"}


# ── what is compiled ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_it_is_compiled_once_and_without_licence_to_reorder() -> None:
    assert compiled() is compiled()
    for entry in compiled():
        options = entry.targetoptions  # type: ignore[attr-defined]
        assert options["nogil"] is True and options["nopython"] is True and options["error_model"] == "python"
        assert not options.get("fastmath") and not options.get("parallel")
        assert len(entry.signatures) == 1  # type: ignore[attr-defined]


def test_machine_code_is_kept_under_the_hash() -> None:
    compiled()
    assert [path for path in cache_folder().rglob("*.nbi") if "decide" in path.name]


# ── what a tick costs ────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_tick_allocates_nothing() -> None:
    from numba.core.runtime import _nrt_python, rtsys

    _nrt_python.memsys_enable_stats()
    try:
        before = rtsys.get_allocation_stats()
        fuzz(4000, 12, compiled())
        assert rtsys.get_allocation_stats() == before
        assert np.array_equal(_doubled(np.ones(3)), np.full(3, 2.0))
        assert rtsys.get_allocation_stats() != before, "the counter can count"
    finally:
        _nrt_python.memsys_disable_stats()


def _doubled(x: Any) -> Any:
    import numba

    return numba.njit(lambda y: y * 2.0)(x)


def _records(seed: int) -> tuple[Any, Any, Any, Any]:
    session = Session(np.random.default_rng(seed), compiled())
    session.run(3, Counter())
    return session.table.record, session.memory.record, session.asked.record, session.answer.record


def test_a_long_run_of_ticks_does_not_hold_the_interpreter_lock() -> None:
    import numba

    decide = compiled().decide

    @numba.njit(nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
    def loop(t: Any, m: Any, a: Any, o: Any, count: int) -> None:
        for _ in range(count):
            a.now += 0.002
            decide(t, m, a, o)

    t, m, a, o = _records(1)
    loop(t, m, a, o, 1)
    count, took = 1000, 0.0
    while took < 0.15:  # as many as last long enough to be seen
        count *= 2
        started = time.perf_counter()
        loop(t, m, a, o, count)
        took = time.perf_counter() - started
    thread = threading.Thread(target=loop, args=(t, m, a, o, count))
    longest, last = 0.0, time.perf_counter()
    thread.start()
    while thread.is_alive():
        time.sleep(0)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    assert longest < took / 2, "another thread stood still while ticks were decided"


def test_threads_with_their_own_records_do_not_disturb_each_other() -> None:
    def decide(seed: int) -> list[bytes]:
        t, m, a, o = _records(seed)
        out = []
        for _ in range(300):
            a["now"] += 0.002
            a["seq"] += 1
            compiled().decide(t, m, a, o)
            out.append(m.tobytes() + o.tobytes())
        return out

    alone = [decide(seed) for seed in range(4)]
    together: dict[int, list[bytes]] = {}
    threads = [threading.Thread(target=lambda s=seed: together.update({s: decide(s)})) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[seed] for seed in range(4)] == alone


def test_records_are_whole_machine_words() -> None:
    for form in (Memory(), Asked(), Answer()):
        dtype = as_record(form).dtype
        assert dtype.fields is not None
        assert all(base.base.itemsize == 8 for base, *_ in dtype.fields.values())
        assert dtype.itemsize == sum(base.itemsize for base, *_ in dtype.fields.values()), "no gaps"
