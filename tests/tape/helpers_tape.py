"""Small tapes and what goes on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from moravec.core.clock import ManualClock
from moravec.core.command import ActionChunk, Command
from moravec.core.frames import frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.tape.records import Tick
from moravec.tape.writer import TapeWriter

META = {"guard_limits": {"reach": 1.5}, "seed": 7, "versions": {"moravec": "0"}, "instruction": "unpack"}
STATE = {("location", "item-1"): "parcel", ("open", "parcel"): True, ("holding",): "nothing"}


def tick(i: int, joints: int = 6) -> Tick:
    """The tick number `i`, drawn from `i` alone."""
    rng = np.random.default_rng(i)
    arrays = [frozen(rng.normal(size=joints)) for _ in range(5)]
    t = i * 0.002
    wrench, people = frozen(rng.normal(size=6)), frozen(rng.normal(size=(i % 3, 2)))
    state = RobotState(i, t, arrays[0], arrays[1], arrays[2], 0.05, 1.25, wrench, False, t - 0.01, people)
    asked = Command(i, t, arrays[3], arrays[4], 0.04, 20.0, "pick", t - 0.5, t + 0.25, t - 0.75, 0.125)
    return Tick(t + 1e-4, state, asked, decide(asked))


def decide(asked: Command) -> Approved:
    """A stand-in for the guard, without memory."""
    largest = float(np.max(np.abs(asked.q), initial=0.0))
    if largest <= 1.5:
        return Approved(asked, Verdict("pass", "position", -1, largest, 1.5, 1.5 - largest, "inside"))
    held = replace(asked, q=frozen(np.clip(asked.q, -1.5, 1.5)), source="guard")
    verdict = Verdict("limit", "position", 0, largest, 1.5, 1.5 - largest, f"found {largest!r}", asked.seq % 4 - 1)
    return Approved(held, verdict, power=asked.seq % 2 == 0)


def frame(i: int = 0) -> CameraFrame:
    """A small picture with a hole in its depth."""
    rng = np.random.default_rng(i)
    depth = np.full((8, 12), 0.75, dtype=np.float32)
    depth[2:4, 3:5] = np.nan
    T = np.eye(4)
    T[:3, 3] = (0.1, 0.2, 1.3)
    rgb = np.full((8, 12, 3), rng.integers(0, 255, 3), dtype=np.uint8)
    return CameraFrame("overhead", i, 0.1 * i, rgb, depth, np.diag([90.0, 90.0, 1.0]), T)


def write_ticks(tape: TapeWriter, first: int, count: int) -> None:
    """Ticks `first` to `first + count - 1`."""
    for i in range(first, first + count):
        one = tick(i)
        tape.write_tick(one.now, one.state, one.asked, one.approved)


def write_few(path: Path) -> None:
    """A finished tape as small as may be, in two sealed groups."""
    with TapeWriter(path, ManualClock(), META) as tape:
        write_ticks(tape, 0, 2)


def write_all(path: Path, groups: int = 3, ticks: int = 2) -> None:
    """A finished tape with one record of every kind, in `groups` sealed groups."""
    clock = ManualClock()
    names = tuple(f"joint-{j}" for j in range(6))
    with TapeWriter(path, clock, META, joint_names=names, joint_every=2) as tape:
        for group in range(groups):
            write_ticks(tape, group * ticks, ticks)
            t = group * 0.1
            tape.write("/plan", t, {"steps": [["pick", "item-1"]], "goal": []})
            tape.write_validation(t, [["pick", "item-1"]], STATE, {"ok": True, "n": group})
            tape.flush()
        tape.write_frame(frame(1))
        tape.write_chunk(0.5, ActionChunk.of(np.array([0.0, 0.1]), np.ones((2, 6)) / 3, np.zeros((2, 6)), "pick"))
        tape.write_reset(0.5, tick(5).state, Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "granted"))
        tape.write_tighten(0.5, "pick", '{"reach":1.25}')
        tape.write_tighten(0.5, "pick", None)
        tape.write_mode(0.5, "reduced", "the camera is blind")
        tape.write_log(0.6, "warning", "brain", "nothing to do")
