"""Random sessions through the kernel, interpreted and compiled side by side: every byte of both must agree at every tick.

`fuzz(ticks, seed)` is the whole of it, for a short form in the tests and for longer ones. A session is a random arm in a
random cell: motion that is lawful, or slightly too much, and events that are hostile. What a difference looks like is said
with its seed, session and tick, so that it can be seen again.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.random import Generator

from moravec.guard.compiled import INTERPRETED, Kernel
from moravec.guard.counted import counted
from moravec.guard.kernel import codes
from moravec.guard.kernel.form import Answer, Asked, Memory, dtype_of
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone
from moravec.guard.separation import Separation

SESSION = 160  # ticks
HOSTILE = (math.nan, math.inf, -math.inf, 1e300, -1e12, 1e9, -1e9, 5e-324, -0.0, 4.0, -0.05, 1e-3)
DECISIONS = ("pass", "limit", "stop")


class Both:
    """One record of the kernel in both forms: `plain` with lists, `record` in machine words."""

    def __init__(self, form: Any) -> None:
        self.plain = form
        self._items = [(item.name, bool(item.metadata)) for item in fields(form)]
        words = [
            (item.metadata.get("length", 1), "q" if item.type in ("int", "Ints") else "d") for item in fields(form)
        ]
        self._struct = struct.Struct("=" + "".join(f"{count}{kind}" for count, kind in words))
        self.array = np.zeros(1, dtype_of(type(form)))
        self.record = self.array[0]
        assert self._struct.size == self.array.nbytes
        self.load()

    def load(self) -> None:
        """Copies the plain form into the record."""
        self.array.view(np.uint8)[:] = np.frombuffer(self.bytes_of_plain(), np.uint8)

    def bytes_of_plain(self) -> bytes:
        """The plain form as the record's bytes would be."""
        values: list[Any] = []
        for name, many in self._items:
            value = getattr(self.plain, name)
            values.extend(value) if many else values.append(value)
        return self._struct.pack(*values)

    def differences(self) -> list[str]:
        """The fields that are not the same to the last bit."""
        plain = self.bytes_of_plain()
        if plain == self.array.tobytes():
            return []
        found, other = [], np.frombuffer(plain, self.array.dtype)
        for name, _ in self._items:
            one, two = np.atleast_1d(other[name][0]), np.atleast_1d(self.array[name][0])
            unequal = np.flatnonzero(one.view(np.int64) != two.view(np.int64)).tolist()
            found += [f"{name}[{i}]: interpreted {one[i]!r}, compiled {two[i]!r}" for i in unequal]
        return found


# ── cells ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _box(rng: Generator, spread: float, small: float, large: float) -> Box:
    centre, half = rng.uniform(-spread, spread, 3), rng.uniform(small, large, 3)
    low, high = (centre - half).tolist(), (centre + half).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _zone(rng: Generator, index: int, watched: bool) -> Zone:
    kind = ("keep_out", "person_only", "slow", "stop")[int(rng.integers(4 if watched else 2))]
    starts = np.sort(rng.uniform(-0.2, 0.6, int(rng.choice([0, 0, 1, 3])))).tolist()
    active = tuple((start, start + float(rng.uniform(0.01, 0.3))) for start in starts)
    box = _box(rng, 1.5, 0.05, 0.2) if kind in ("keep_out", "person_only") else _box(rng, 1.0, 0.1, 1.0)
    return Zone(f"zone {index}", kind, box, float(rng.uniform(0.05, 1.0)) if kind == "slow" else None, active)  # type: ignore[arg-type]


def _people_terms(rng: Generator) -> tuple[Separation | None, Touch | None]:
    if rng.random() < 0.4:
        return None, None
    terms = Separation(
        *rng.uniform((0.1, 0.01, 0.02, 1.0, 0.0, 0.01, 0.01), (2.0, 0.1, 0.2, 9.0, 0.2, 0.1, 0.1)).tolist()
    )
    touch = Touch(("chest", "hand and finger"), *rng.uniform((5.0, 0.0, 1.0), (40.0, 5.0, 4.0)).tolist(), "transient")
    return terms, touch if rng.random() < 0.4 else None


def random_table(rng: Generator) -> LimitTable:
    """A random arm in a random cell; one in twenty counts in gains that overflow integers."""
    n = int(rng.choice([1, 2, 3, 6, 6, 7, 16]))
    period = float(rng.choice([0.001, 0.002, 0.002, 0.004, 0.01]))
    acceleration = rng.uniform(3.0, 30.0, n)
    if rng.random() < 0.05:
        period, acceleration = 1e-4, rng.uniform(1e-3, 1e-2, n)
    names = [f"part {i}" for i in range(1 + int(rng.integers(6)))]
    bodies = []
    for name in names:
        a, b = rng.normal(0.0, 0.12, 3).tolist(), rng.normal(0.0, 0.12, 3).tolist()
        a = b if rng.random() < 0.1 else a  # a ball
        frame = int(rng.integers(n + 1)) if bodies else n  # one that moves is among them
        bodies.append(Capsule(name, frame, tuple(a), tuple(b), float(rng.uniform(0.01, 0.07))))
    pairs = [
        tuple(rng.choice(names, 2, replace=False).tolist())
        for _ in range(int(rng.integers(5)) if len(names) > 1 else 0)
    ]
    terms, touch = _people_terms(rng)
    around = Box((-9.0, -9.0, -9.0), (9.0, 9.0, 9.0))
    range_ = rng.uniform(0.5, 3.2, n)
    return LimitTable(
        robot="random",
        position_min=tuple((-range_).tolist()),
        position_max=tuple((range_ * rng.uniform(0.5, 1.0)).tolist()),
        velocity=tuple(rng.uniform(0.5, 3.0, n).tolist()),
        acceleration=tuple(acceleration.tolist()),
        jerk=tuple((acceleration / period * rng.choice([0.6, 1.5, 3.0, 1e3])).tolist()),
        torque=tuple(rng.uniform(20.0, 150.0, n).tolist()),
        tracking=tuple(rng.uniform(0.05, 0.2, n).tolist()),
        tool_speed=float(rng.choice([0.2, 0.6, 1.5, 9.0])),
        tool_speed_reduced=float(rng.choice([0.1, 0.25])),
        tool_force=float(rng.uniform(50.0, 200.0 if touch is None else touch.force)),
        payload=float(rng.uniform(0.5, 6.0)),
        allowed=(around,)
        if rng.random() < 0.6
        else tuple(_box(rng, 0.6, 0.2, 1.0) for _ in range(int(rng.integers(1, 4)))),
        forbidden=tuple(_box(rng, 1.0, 0.05, 0.3) for _ in range(int(rng.choice([0, 0, 1, 2])))),
        bodies=tuple(bodies),
        apart=(pairs and tuple(pairs)) or (),  # type: ignore[arg-type]
        body_clearance=float(rng.choice([0.0, 0.005, 0.02])),
        obstacles=tuple(Obstacle(f"box {i}", _box(rng, 0.9, 0.05, 0.25)) for i in range(int(rng.integers(5)))),
        cell_clearance=float(rng.choice([0.0, 0.01])),
        zones=tuple(_zone(rng, i, terms is not None) for i in range(int(rng.choice([0, 0, 1, 3, 8])))),
        separation=terms,
        touch=touch,
        command_age_max=0.02,
        sequence_gap_max=int(rng.integers(1, 4)),
        chunk_age_max=float(rng.uniform(0.1, 1.0)),
        sight_age_max=float(rng.uniform(0.1, 1.0)),
        novelty_max=None if rng.random() < 0.6 else float(rng.uniform(0.1, 0.9)),
        grip_width_min=0.0,
        grip_width_max=0.1,
        grip_force_max=60.0,
        dh=tuple(tuple(row) for row in _links(rng, n).tolist()),
        tool_offset=tuple(rng.normal(0.0, 0.1, 3).tolist()),
        control_period=period,
    )


def _links(rng: Generator, n: int) -> np.ndarray:
    rows = rng.uniform((-3.0, -0.4, -0.2, -3.0), (3.0, 0.4, 0.2, 3.0), (n, 4))
    rows[:, 3] = np.where(rng.random(n) < 0.8, rng.choice([-math.pi / 2, 0.0, math.pi / 2], n), rows[:, 3])
    return rows


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────
# Each changes one tick's input, which was in order, with a random generator, the asked record and the number of joints.
def _number_in(name: str) -> Callable[[Generator, Asked, int], None]:
    def event(rng: Generator, a: Asked, n: int) -> None:
        value = float(rng.choice(HOSTILE))
        if isinstance(getattr(a, name), list):
            at = int(rng.integers({"wrench": 6, "measured_grip": 2, "person": 4}.get(name, n)))
            getattr(a, name)[at] = value if rng.random() < 0.7 else getattr(a, name)[at] + value
        else:
            setattr(a, name, value if rng.random() < 0.7 else getattr(a, name) + value)

    return event


def _older(name: str, most: float) -> Callable[[Generator, Asked, int], None]:
    def event(rng: Generator, a: Asked, n: int) -> None:
        setattr(a, name, getattr(a, name) - rng.choice([-1e-3, 1e-7, 0.5, 1.0, 1.0 + 1e-6]) * most * rng.random())

    return event


def _sequence(rng: Generator, a: Asked, n: int) -> None:
    a.seq += int(rng.choice([-1, -5, 1, 2, 3, 10**6, 2 * 10**9]))


def _forces(rng: Generator, a: Asked, n: int) -> None:
    a.measured_tau[int(rng.integers(n))] = float(rng.choice([-1, 1]) * rng.uniform(10.0, 160.0))
    a.wrench[:3] = rng.normal(0.0, 100.0, 3).tolist()


def _fed_forward(rng: Generator, a: Asked, n: int) -> None:
    a.dq[int(rng.integers(n))] += float(rng.normal(0.0, 0.5))


def _astray(rng: Generator, a: Asked, n: int) -> None:
    a.measured_q[int(rng.integers(n))] += float(rng.choice([-1, 1]) * rng.uniform(0.02, 0.5))


def _misfit(rng: Generator, a: Asked, n: int) -> None:
    setattr(a, str(rng.choice(["command_fits", "state_fits"])), 0)


def _pressed(rng: Generator, a: Asked, n: int) -> None:
    a.estop = 1


def _crowd(rng: Generator, a: Asked, n: int) -> None:
    a.people = int(rng.choice([-1, 0, 1, 8, 9, 10**6]))


def _nearer(rng: Generator, a: Asked, n: int) -> None:
    a.people, a.person[:2] = max(a.people, 1), rng.normal(0.0, 0.7, 2).tolist()


EVENTS: tuple[Callable[[Generator, Asked, int], None], ...] = (
    *map(
        _number_in, ("now", "t", "q", "dq", "grip_width", "grip_force", "made", "expires", "seen", "novelty", "state_t")
    ),
    *map(_number_in, ("measured_q", "measured_dq", "measured_tau", "wrench", "measured_grip", "people_t", "person")),
    *(_older(name, most) for name, most in (("t", 0.04), ("made", 2.0), ("expires", 2.0), ("seen", 2.0))),
    *(_older(name, most) for name, most in (("state_t", 0.04), ("people_t", 0.4), ("now", 0.05))),
    *(_sequence, _forces, _fed_forward, _astray, _misfit, _pressed, _crowd, _nearer),
)


# ── sessions ─────────────────────────────────────────────────────────────────────────────────────────────────────────
class Session:
    """One arm, from its first tick on, before both kernels."""

    def __init__(self, rng: Generator, other: Kernel) -> None:
        self.rng, self.other = rng, other
        self.table = Both(counted(random_table(rng)))
        self.memory, self.asked, self.answer = Both(Memory()), Both(Asked()), Both(Answer())
        self.n, self.period = self.table.plain.n, self.table.plain.period
        self.rough = float(rng.choice([0.0, 0.005, 0.03, 0.2]))
        self.now, self.seq, self.mode = float(rng.uniform(-0.1, 0.1)), 0, codes.FULL
        self.v, self.aim, self.style = [0.0] * self.n, [0.0] * self.n, 0
        low, high = self.table.plain.position_min[: self.n], self.table.plain.position_max[: self.n]
        self.start = rng.uniform(low, high).tolist()
        self.load = float(rng.choice([0.0, 5.0, 60.0]))
        self.people = rng.normal(0.0, 2.0, (int(rng.integers(3)), 2))

    def run(self, ticks: int, seen: Counter[str]) -> None:
        """So many ticks. Raises AssertionError where the two kernels differ."""
        for k in range(ticks):
            self._ask()
            if self.rng.random() < (0.1 if k < 3 else self.rough):
                EVENTS[int(self.rng.integers(len(EVENTS)))](self.rng, self.asked.plain, self.n)
            if self.rng.random() < 0.1 * self.rough:
                self._plant()
            self._decide(k, seen)
            if self.rng.random() < 0.1 and self.memory.plain.state in (codes.HOLD, codes.OFF):
                self._reset(k, seen)

    def _decide(self, k: int, seen: Counter[str]) -> None:
        t, m, a, o = self.table, self.memory, self.asked, self.answer
        a.load()
        INTERPRETED.decide(t.plain, m.plain, a.plain, o.plain)
        self.other.decide(t.record, m.record, a.record, o.record)
        found = m.differences() + o.differences()
        assert not found, f"tick {k}: " + "; ".join(found)
        seen[f"{DECISIONS[o.plain.decision]} {codes.CHECK_NAMES[o.plain.check]}"] += 1
        seen[f"state {m.plain.state}"] += 1

    def _reset(self, k: int, seen: Counter[str]) -> None:
        t, m, a, o = self.table, self.memory, self.asked, self.answer
        a.plain.now += float(self.rng.choice([0.0, 0.3, 1.0]))
        a.plain.measured_dq[0] += float(self.rng.choice([0.0, 0.0, 0.03]))
        a.load()
        one, two = (
            INTERPRETED.reset(t.plain, m.plain, a.plain, o.plain),
            self.other.reset(t.record, m.record, a.record, o.record),
        )
        found = m.differences() + o.differences()
        assert one == two and not found, f"reset after tick {k}: {one}, {two}; " + "; ".join(found)
        seen[f"reset {one}"] += 1

    def _plant(self) -> None:
        """A past that no lawful session has."""
        m, rng = self.memory.plain, self.rng
        j = int(rng.integers(self.n))
        getattr(m, str(rng.choice(["q", "steps", "bends", "window_q"])))[j] += float(
            rng.normal(0.0, 10.0 ** rng.uniform(-6, 0))
        )
        self.memory.load()

    def _ask(self) -> None:
        """One tick's input that is in order, but for motion that may be too much."""
        rng, a, m = self.rng, self.asked.plain, self.memory.plain
        self.now += self.period * (1.0 if rng.random() < 0.97 else float(rng.choice([0.0, 0.3, 0.99, 2.0, 5.0, 100.0])))
        self.seq += 1
        if rng.random() < 0.01:
            self.mode = int(rng.choice([codes.FULL, codes.FULL, codes.REDUCED, codes.STILL]))
        a.now, a.mode, a.command_fits, a.seq, a.t = self.now, self.mode, 1, self.seq, self.now
        made = self.now - float(rng.choice([0.0, 0.05]))
        a.made, a.expires, a.seen, a.novelty = made, self.now + 0.1, made, 0.05
        a.grip_width, a.grip_force = 0.05, 10.0
        self._move(a, m)
        at = m.q if m.state != codes.INIT else self.start + [0.0] * (16 - self.n)
        noise = rng.normal(0.0, 1e-5, self.n).tolist()
        a.state_fits, a.state_t, a.estop = 1, self.now - 0.001, 0
        for j in range(self.n):
            a.measured_q[j], a.measured_dq[j], a.measured_tau[j] = at[j] + noise[j], m.steps[j] / self.period, 1.0
        if m.state == codes.INIT and rng.random() < 0.2:
            a.measured_dq[: self.n] = rng.normal(0.0, 2.0, self.n).tolist()
        elif m.state in (codes.HOLD, codes.OFF):
            a.measured_dq[: self.n] = [0.0] * self.n
        a.wrench[:] = rng.normal(0.0, 1.0, 6).tolist()
        a.wrench[0] += self.load
        a.measured_grip[:] = [0.05, 1.0]
        self.people = self.people + rng.normal(0.0, 0.02, self.people.shape)
        a.people, a.people_t = len(self.people), self.now - 0.005
        a.person[: self.people.size] = self.people.reshape(-1).tolist()

    def _move(self, a: Asked, m: Memory) -> None:
        rng, t, p = self.rng, self.table.plain, self.period
        if rng.random() < 0.02:
            self.style = int(rng.integers(6))
        if rng.random() < 0.03:
            self.aim = rng.uniform(-1.2, 1.2, self.n).tolist()
        if m.state != codes.RUN:
            self.v = [0.0] * self.n
        push = (0.9, 1.0, 1.3, 1.6, 1.0, 1.0)[self.style]
        for j in range(self.n):
            aim = 0.0 if self.style in (4, 5) else self.aim[j] * t.velocity[j]
            step = push * t.acceleration[j] * p
            self.v[j] = max(self.v[j] - step, min(self.v[j] + step, aim))
            a.dq[j] = self.v[j]
            a.q[j] = m.q[j] + self.v[j] * p


def fuzz(ticks: int, seed: int, other: Kernel) -> Counter[str]:
    """At least so many ticks of random sessions before the interpreted kernel and before `other`; what was seen how often.

    Raises AssertionError, with the seed and the session, at the first tick where one bit differs.
    """
    seen: Counter[str] = Counter()
    for session in range(math.ceil(ticks / SESSION)):
        try:
            Session(np.random.default_rng((seed, session)), other).run(SESSION, seen)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, session {session}, {error}") from error
    return seen
