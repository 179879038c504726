"""A real edge process, real clients, and signals that end them at any moment."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from moravec.edge.client import forget, lease_path, read
from moravec.edge.form import HealthBox
from moravec.edge.layout import AT_HEALTH, Memory, look, path_of
from moravec.edge.records import edge_limits
from moravec.guard.limits import LimitTable
from moravec.robots.ur5e.limits import ur5e_limits

HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {"PYTHONPATH": str(HERE.parents[1] / "src")}
START = 180.0  # [s], the first start on a machine compiles
PATIENCE = 30.0  # [s] for what takes milliseconds on a machine that does nothing else
HOLD, OFF = 3, 5


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Waits for it. Raises AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.002)


class EdgeProcess:
    """`moravec edge` as a process; its log goes to OUT/stderr.txt, or where `log` says."""

    def __init__(self, out: Path, name: str, *more: str, log: IO[str] | int | None = None) -> None:
        self.path, self.limits = path_of(name), edge_limits(ur5e_limits())
        words = [sys.executable, "-m", "moravec.cli", "edge", "--name", name, "--out", str(out), "--json", *more]
        with (out / "stderr.txt").open("w") as file:
            told = file if log is None else log
            self.process = subprocess.Popen(words, env=ENVIRONMENT, text=True, stdout=subprocess.PIPE, stderr=told)
        until(lambda: self.path.exists() or self.process.poll() is not None, START, "started")
        until(lambda: self.path.exists() and look(self.path).ticks > 0, START, "first tick")
        self.memory: Memory = look(self.path)

    def health(self) -> Any:
        """The heartbeat."""
        found = read(self.memory, AT_HEALTH, HealthBox)
        assert found is not None
        return found

    @property
    def speed(self) -> float:
        """The fastest approved joint speed of the last tick [rad/s]."""
        row = self.memory.ring()[(self.memory.ticks - 1) % self.memory.capacity]
        return float(np.abs(row["answer"]["dq"]).max())

    def end(self) -> dict[str, Any]:
        """SIGTERM; the summary."""
        self.process.send_signal(signal.SIGTERM)
        told, _ = self.process.communicate(timeout=30)
        found: dict[str, Any] = json.loads(told)
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        forget(self.path)
        lease_path(self.path, "edge").unlink(missing_ok=True)


class Movers:
    """Clients that move, one after the other; with the other script, drivers that are a body."""

    def __init__(self, path: Path, script: str = "mover.py", *more: str) -> None:
        self._mother = subprocess.Popen(
            [sys.executable, str(HERE / script), str(path), *more], env=ENVIRONMENT, text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.pid: int = 0  # the last one begun, 0 before any

    def line(self, timeout: float = 20.0) -> str:
        """What one of them says."""
        assert self._mother.stdout is not None
        ready, _, _ = select.select([self._mother.stdout], [], [], timeout)
        assert ready, "a client said nothing"
        return self._mother.stdout.readline().strip()

    def begin(self) -> int:
        """One more; its process number."""
        assert self._mother.stdin is not None
        self._mother.stdin.write("go\n")
        self._mother.stdin.flush()
        while not (said := self.line()).isdigit():  # the last words of one before
            assert said.startswith("lost"), said
        self.pid = int(said)
        return self.pid

    def alive(self) -> bool:
        """Whether the last one begun lives."""
        return self.pid > 0 and Path(f"/proc/{self.pid}").exists()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._mother.kill()
        self._mother.wait()
        for stream in (self._mother.stdin, self._mother.stdout):
            if stream is not None:
                stream.close()


def inside(memory: Memory, first: int, limits: LimitTable) -> None:
    """Every approved set-point from tick `first` on keeps the limits, stops included, and ends at rest."""
    n, last = limits.joints, memory.ticks
    rows = memory.ring()[np.arange(first - 1, last) % memory.capacity]
    assert (np.diff(rows["tick"]) == 1).all() and rows["tick"][0] == first
    q = rows["answer"]["q"][:, :n]
    speed = np.diff(q, axis=0) / limits.control_period
    assert np.isfinite(q).all()
    assert (np.abs(speed) <= np.array(limits.velocity) * 1.002).all()
    assert (np.abs(np.diff(speed, axis=0)) / limits.control_period <= np.array(limits.acceleration) * 1.002 + 1e-6).all()
    assert (q >= np.array(limits.position_min) - 1e-5).all() and (q <= np.array(limits.position_max) + 1e-5).all()
    assert not speed[-1].any() and rows["state"][-1] == HOLD


def kills(edge: EdgeProcess, n: int, seed: int) -> int:
    """Ends `n` moving clients by SIGKILL and SIGSTOP in turn, at random moments. After each the robot rests inside its limits
    and the edge process lives. How many stops there were; hosts that stall add some of their own."""
    rng = np.random.default_rng(seed)
    with Movers(edge.path) as movers:
        for i in range(n):
            pid, first = movers.begin(), edge.memory.ticks
            until(lambda: edge.speed > 0.05, PATIENCE, "moving")
            time.sleep(float(rng.uniform(0.0, 0.1)))
            os.kill(pid, signal.SIGSTOP if i % 2 else signal.SIGKILL)
            until(lambda: int(edge.health().state) == HOLD and edge.speed == 0.0, PATIENCE, "at rest")
            if i % 2:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
            inside(edge.memory, first, edge.limits)
            assert edge.process.poll() is None
    return int(edge.health().stops)
