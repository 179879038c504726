"""The measurements behind `moravec bench decision`, `bench edge` and `bench silence`."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from moravec.core.command import Command
from moravec.core.errors import ContractError
from moravec.core.frames import Matrix
from moravec.edge.client import EdgeClient
from moravec.edge.compiled import machine_code
from moravec.edge.layout import path_of
from moravec.edge.privileges import raise_priority
from moravec.edge.process import Settings, run_edge
from moravec.guard.compiled import compiled
from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.codes import BRAKING, HOLD, RUN
from moravec.guard.kernel.form import Answer, Asked, Memory
from moravec.guard.limits import JOINT_VECTORS, LimitTable
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.worlds.cell.layout import HOME_Q
from moravec.worlds.cell.limits import cell_limits

_SWING, _TURN = 0.2, 1.0  # [rad], [s]: the motion of every measurement here, to and fro
_MOVED = (0, 3, 5)  # joints
_PIECE, _PAUSE = 500, 0.002  # at real-time priority a loop must let others run, or the system makes it: that would be measured
_START = 300.0  # [s], the first start on a machine compiles
_GIVE_UP = 20.0  # [s] until a robot that does not brake is one that never will; hosts stall
AGAIN = 3  # times that the same decisions are made, to tell what they take from what interrupts them
_PERSON = (1.5, 1.0)  # [m], near enough to be measured, too far to slow anything


def seven_joints() -> LimitTable:
    """The cell's table for an arm with one joint more: another turn of the flange."""
    limits = cell_limits()
    more = {name: (*getattr(limits, name), getattr(limits, name)[-1]) for name in JOINT_VECTORS}
    return replace(limits, **more, dh=(*limits.dh, (0.0, 0.0, 0.0, 0.0)), novelty_max=1.0)  # type: ignore[arg-type]


def decision_times(n: int, seed: int, times: int = 1) -> Matrix:
    """Seconds (times, n) of one compiled decision each: seven joints, every check, one person, an arm that swings. As in the
    edge process: called from machine code, at real-time priority where that is granted. Each row are the same decisions again:
    what interrupts a processor seldom meets the same one twice. Raises ContractError where one of them does not pass."""
    with ThreadPoolExecutor(1) as pool:  # the priority goes with the thread
        spent = np.stack([pool.submit(_decisions, n, seed).result() for _ in range(times)])
    if np.isnan(spent).any():
        raise ContractError("decision: found one that did not pass; allowed: none, or another path than a motion's is measured")
    return spent


def _decisions(n: int, seed: int) -> Matrix:
    limits, run = seven_joints(), _timed_decisions()
    home, way = np.array([*HOME_Q, 0.0]), np.zeros(7)
    way[list(_MOVED)] = _SWING * np.random.default_rng(seed).uniform(0.5, 1.0, len(_MOVED))
    start = Asked(state_fits=1, command_fits=1, people=1)
    start.measured_q[:7] = [float(x) for x in home]
    start.person[:2] = list(_PERSON)
    records = [as_record(form)[0] for form in (counted(limits), Memory(), start, Answer())]
    times, spent = np.zeros(4, np.int64), np.full(n, np.nan)
    run(*records, home, way, times, spent, 0, 0)  # compiled here: at real-time priority it would starve whoever shares the core
    raise_priority()
    for first in range(0, n, _PIECE):
        run(*records, home, way, times, spent, first, min(n, first + _PIECE))
        time.sleep(_PAUSE)
    return spent


@cache
def _timed_decisions() -> Callable[..., None]:
    """Decisions one after the other as machine code, each timed."""
    import numba

    decide, now_ns = compiled().decide, machine_code()["now_ns"]

    def run(
        t: Any, m: Any, a: Any, o: Any, home: Matrix, way: Matrix, times: Any, spent: Matrix, first: int, last: int
    ) -> None:
        w = 2.0 * math.pi / _TURN
        for i in range(first, last):
            now = i * t.period
            a.now, a.t, a.made, a.seen, a.state_t, a.people_t = now, now, now, now, now, now
            a.seq, a.expires = i + 1, now + 1.0
            for j in range(t.n):
                a.q[j], a.dq[j] = home[j] + way[j] * (1.0 - math.cos(w * now)) / 2.0, way[j] * w * math.sin(w * now) / 2.0
            begun = now_ns(times)
            decide(t, m, a, o)
            ended = now_ns(times)
            if o.decision == 0:
                spent[i] = (ended - begun) * 1e-9
            for j in range(t.n):
                a.measured_q[j], a.measured_dq[j] = o.q[j], o.dq[j]

    made: Callable[..., None] = numba.njit(error_model="python", boundscheck=False, nogil=True)(run)
    return made


def edge_figures(seconds: float, tell: Callable[[str], None]) -> Mapping[str, Any]:
    """What the edge process counts of itself in so many seconds, with nobody connected."""
    name = f"bench_{os.getpid()}"
    return run_edge(Settings(limits=ur5e_limits(), posture=tuple(map(float, HOME_Q)), seconds=seconds, name=name), tell)


def silence_times(n: int, seed: int) -> tuple[Matrix, int]:
    """Seconds (n,) from a client's last command to the first tick that brakes, on the real clock and between two processes; and
    how often the machine stalled the client before it wanted to be silent, which counts for nothing."""
    rng, found, stalls = np.random.default_rng(seed), list[float](), 0
    with _process() as path, EdgeClient(path) as client:
        seq = 0
        while len(found) < n:
            seq, last, before = _move(client, seq, int(rng.integers(30, 120)))
            if last is None:
                stalls += 1
                continue
            began = _braked(client, before)
            if began is None:
                stalls += 1
                continue
            found.append(began - last)
    return np.array(found), stalls


def _braked(client: EdgeClient, first: int) -> float | None:
    """When the first tick from number `first` on began that brakes [s]; None where it braked before already."""
    end = time.monotonic() + _GIVE_UP
    while time.monotonic() < end:
        rows = client.ring(first)
        if len(rows) and rows["state"][0] != RUN:
            return None
        braking = rows["at"][rows["state"] == BRAKING]
        if len(braking):
            return float(braking[0]) * 1e-9
        time.sleep(0.005)
    raise ContractError(f"edge process: found no braking within {_GIVE_UP:g} s of the last command; allowed: 20 ms")


def _swing(s: float, home: Matrix, way: Matrix) -> tuple[Matrix, Matrix]:
    w = 2.0 * math.pi / _TURN
    return home + way * (1.0 - math.cos(w * s)) / 2.0, way * w * math.sin(w * s) / 2.0


def _move(client: EdgeClient, seq: int, ticks: int) -> tuple[int, float | None, int]:
    """From rest for so many ticks. The last sequence number, when the last command was made, None where the motion was stopped
    before, and the tick it was meant for."""
    while (answer := client.answer()) is None or answer.state != HOLD:
        client.wait(client.ticks + 1, _GIVE_UP)
    setpoint, n = client.setpoint(), client.terms.joints
    if setpoint is None:
        return seq, None, 0
    home = setpoint.q[:n].copy()
    way = np.zeros(n)
    for j in _MOVED:
        way[j] = math.copysign(_SWING, float(HOME_Q[j]) - home[j])
    start = tick = client.ticks
    now = 0.0
    for _ in range(ticks):
        tick = client.wait(tick + 1, _GIVE_UP)
        answer = client.answer()
        if tick - start > 5 and (answer is None or answer.state != RUN):
            return seq, None, tick
        seq, now = seq + 1, time.monotonic()
        q, dq = _swing((tick - start) * client.period, home, way)
        client.send(Command(seq, now, q, dq, 0.0, 0.0, "bench", now, now + 1.0, now, 0.0), tick + 1)
    return seq, now, tick + 1


@contextlib.contextmanager
def _process() -> Iterator[Path]:
    """An edge process of its own; its file."""
    name = f"bench_{os.getpid()}"
    path, words = path_of(name), [sys.executable, "-m", "moravec.cli", "edge", "--name", name]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + _START
            while not path.exists():
                if process.poll() is not None or time.monotonic() > end:
                    raise ContractError("edge process: found none that started; 'moravec edge' says why")
                time.sleep(0.05)
            yield path
        finally:
            process.terminate()
