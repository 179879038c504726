"""One loop on a clock that the test moves, and a hand that writes into its mailboxes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.edge.client import post
from moravec.edge.compiled import INTERPRETED, Loop, compiled_loop
from moravec.edge.form import DRIVER, ECHO, CommandBox, OrderBox, StateBox
from moravec.edge.layout import AT_CLIENT, AT_COMMAND, AT_DRIVER, AT_OPERATOR, AT_ORDER, AT_STATE, Memory, Terms, make
from moravec.edge.records import assemble, edge_limits
from moravec.guard.kernel.form import dtype_of
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box

N = 3
PERIOD = 0.002
TICK = 2_000_000  # [ns]
HALF_PI = float(np.pi / 2)
HOME = (0.1, -1.0, 1.2)
ME, OTHER, OPERATOR = 77, 78, 79
RUN, BRAKING, HOLD, ENDING, OFF = 1, 2, 3, 4, 5


def limits(**changes: Any) -> LimitTable:
    """A three-axis arm in an empty room."""
    told: dict[str, Any] = {
        "robot": "test-arm", "position_min": (-3.0,) * N, "position_max": (3.0,) * N,
        "velocity": (2.0, 2.1, 2.2), "acceleration": (10.0, 11.0, 12.0), "jerk": (1e6,) * N, "torque": (100.0,) * N,
        "tracking": (0.1,) * N, "tool_speed": 3.0, "tool_speed_reduced": 0.25, "tool_force": 200.0, "payload": 5.0,
        "allowed": (Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)),), "forbidden": (), "bodies": (), "apart": (),
        "body_clearance": 0.005, "obstacles": (), "cell_clearance": 0.0, "zones": (), "separation": None, "touch": None,
        "command_age_max": 0.02, "sequence_gap_max": 3, "chunk_age_max": 30.0, "sight_age_max": 60.0, "novelty_max": None,
        "grip_width_min": 0.0, "grip_width_max": 0.1, "grip_force_max": 40.0,
        "dh": ((0.0, 0.0, 0.1, HALF_PI), (0.0, 0.4, 0.0, 0.0), (0.0, 0.3, 0.0, 0.0)),
        "tool_offset": (0.0, 0.0, 0.1), "control_period": PERIOD,
    }  # fmt: skip
    return LimitTable(**(told | changes))


class Sim:
    """The loop's tick, whose time is `now` [ns]; the leases of client and operator are held."""

    def __init__(
        self, folder: Path, body: int = ECHO, loop: Loop | None = None, ring: int | None = 500, **changes: Any
    ) -> None:
        self.loop = compiled_loop() if loop is None else loop
        self.limits = edge_limits(limits(**changes))
        terms = Terms(self.limits.sha256(), self.limits.control_period, N)
        folder.mkdir(exist_ok=True)
        self.memory: Memory = make(folder / "robot", terms, 5, body, ring)
        for left in folder.iterdir():
            left.unlink()  # mapped, and gone with the last who looks at it
        self.r = assemble(self.limits, self.memory, HOME, body, 5, interpreted=self.loop is INTERPRETED)
        self.now = 1_000_000_000_000
        self.seq = self.number = self.reports = self.orders = 0
        self.memory.whole[AT_CLIENT], self.memory.whole[AT_DRIVER] = ME, ME if body == DRIVER else 0
        self.memory.whole[AT_OPERATOR] = OPERATOR

    def tick(self, late: int = 0) -> Any:
        """One period later, `late` [ns]; the loop's own memory."""
        self.now += TICK
        self.loop.fetch_all(self.r.k, self.r.s)
        self.loop.tick(*self.r, self.now + late)
        return self.r.k

    def command(self, q: Any, dq: Any = 0.0, **changes: Any) -> NDArray[Any]:
        """The payload of a good command for the next tick."""
        made = np.zeros(1, dtype_of(CommandBox))
        now = self.now * 1e-9
        self.seq += 1
        told = {
            "n": N, "moves": 1, "seq": self.seq, "tick": int(self.r.k["tick"]) + 1, "t": now, "grip_width": 0.05,
            "grip_force": 1.0, "made": now, "expires": now + 1.0, "seen": now,
        }  # fmt: skip
        for name, value in (told | changes).items():
            made[0][name] = value
        made[0]["q"][:N], made[0]["dq"][:N] = q, dq
        return made

    def write(self, payload: NDArray[Any], writer: int = ME, number: int | None = None, stamp: int | None = None) -> None:
        """Into the command's mailbox."""
        self.number += 1
        stamp = self.now if stamp is None else stamp
        post(self.memory, AT_COMMAND, payload, self.number if number is None else number, writer, stamp)

    def say(self, q: Any, dq: Any = 0.0, **changes: Any) -> None:
        """A good command."""
        self.write(self.command(q, dq, **changes))

    def measured(self, q: Any = HOME, dq: Any = 0.0, **changes: Any) -> NDArray[Any]:
        """The payload of a good report of the body."""
        made = np.zeros(1, dtype_of(StateBox))
        for name, value in ({"n": N, "t": self.now * 1e-9} | changes).items():
            made[0][name] = value
        made[0]["q"][:N], made[0]["dq"][:N] = q, dq
        return made

    def report(self, payload: NDArray[Any] | None = None, writer: int = ME) -> None:
        """Into the driver's mailbox."""
        self.reports += 1
        post(self.memory, AT_STATE, self.measured() if payload is None else payload, self.reports, writer, self.now)

    def order(self, writer: int = OPERATOR, number: int | None = None, stamp: int | None = None, **fields: int) -> None:
        """Into the operator's mailbox."""
        self.orders += 1
        made = np.zeros(1, dtype_of(OrderBox))
        for name, value in fields.items():
            made[0][name] = value
        stamp = self.now if stamp is None else stamp
        post(self.memory, AT_ORDER, made, self.orders if number is None else number, writer, stamp)

    @property
    def state(self) -> int:
        """Of the stop machine."""
        return int(self.r.m["state"])

    @property
    def q(self) -> NDArray[np.float64]:
        """The approved set-point (n,) [rad]."""
        return np.array(self.r.m["q"][:N]) if self.state else np.array(HOME)

    @property
    def speed(self) -> float:
        """The approved speed of joint 0 [rad/s]."""
        return float(self.r.m["steps"][0]) / PERIOD

    def ramp(self, ticks: int, rate: float = 8.0) -> Iterator[None]:
        """Joint 0 speeds up with `rate` [rad/s^2], a good command in every tick."""
        q, speed = self.q, self.speed
        for _ in range(ticks):
            speed += rate * PERIOD
            q[0] += speed * PERIOD
            self.say(q, (speed, 0.0, 0.0))
            self.tick()
            yield

    def go(self, ticks: int = 20) -> None:
        """Until it moves."""
        for _ in self.ramp(ticks):
            pass
        assert self.state == RUN and self.speed > 0.0


def to_rest(sim: Sim, most: int = 200) -> list[float]:
    """Ticks until it rests; the speeds on the way."""
    speeds = [sim.speed]
    for _ in range(most):
        sim.tick()
        speeds.append(sim.speed)
        if sim.state in (HOLD, OFF):
            assert sim.speed == 0.0
            return speeds
    raise AssertionError(f"still in state {sim.state}")


def silences(folder: Path, n: int, seed: int) -> NDArray[np.float64]:
    """From the last command to the first tick that slows down [s], `n` times: a client that falls silent at any moment of any
    speed, and a loop whose ticks come up to a whole period late."""
    rng, sim, found = np.random.default_rng(seed), Sim(folder), np.empty(n)
    for i in range(n):
        sign = 1.0 if sim.q[0] < 0.0 else -1.0
        for _ in sim.ramp(int(rng.integers(3, 12)), sign * 8.0):
            pass
        moment = int(rng.integers(0, TICK))  # the client's last command comes somewhere between two ticks
        sim.now += moment
        sim.say(sim.q + np.array([sim.speed * PERIOD, 0, 0]), (sim.speed, 0.0, 0.0))
        last, fast = sim.now, abs(sim.speed)
        sim.now -= moment
        while abs(sim.speed) >= fast * (1.0 - 1e-9):
            late = int(rng.integers(0, TICK))
            sim.tick(late)
        found[i] = (sim.now + late - last) * 1e-9
        while sim.state != HOLD:
            sim.tick()
        assert int(sim.r.k["stops"]) == i + 1
    return found
