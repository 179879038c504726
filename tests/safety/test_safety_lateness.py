"""Ticks that come too late, overruns, and decisions that take too long fail; every miss is told with its time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lateness
import numpy as np
import pytest
from parts import Arguments

QUICK = {"n": 1000, "p50": 5.0, "p99": 10.0, "p99_9": 60.0, "max": 400.0, "least_p99_9": 20.0}


def piece(late_ns: int = 90_000, miss_every: int = 0, **changes: Any) -> Callable[[str, int, int], Mapping[str, Any]]:
    """A run whose ticks are so late, and some a whole period."""

    def run(kind: str, seconds: int, index: int) -> Mapping[str, Any]:
        ticks = 500 * seconds
        late = np.full(ticks, late_ns)
        if miss_every:
            late[::miss_every] = 3_000_000
        made = lateness.counted(np.arange(ticks) * 2_000_000, late, 0.002, 1.8e9)
        more = {"missed": 0, "granted": {"priority": ""}, "wrong": [], "machine_load": 0.5}
        return made | more | changes

    return run


def told(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "lateness.json").read_text())
    return found


@pytest.mark.parametrize(
    ("run", "decision", "passed"),
    [(piece(), QUICK, True), (piece(190_001), QUICK, True), (piece(200_001), QUICK, False),
     (piece(), QUICK | {"least_p99_9": 50.0}, True), (piece(), QUICK | {"least_p99_9": 50.1}, False),
     (piece(miss_every=201), QUICK, True), (piece(miss_every=199), QUICK, False),
     (piece(wrong=["3 overruns told, 4 found"]), QUICK, False)],
)  # fmt: skip
def test_what_is_too_late_fails(tmp_path: Path, run: Any, decision: Mapping[str, Any], passed: bool) -> None:
    status = lateness.measure(Arguments(40, 0, tmp_path), run, lambda n, seed: decision)
    assert (status == 0) == passed == told(tmp_path)["passed"]


def test_a_busy_machine_may_be_later(tmp_path: Path) -> None:
    for busy, status in ((900_000, 0), (1_000_001, 1)):
        run = lambda kind, seconds, index, late=busy: piece(late if kind == "busy" else 0)(kind, seconds, index)  # noqa: E731
        assert lateness.measure(Arguments(20, 0, tmp_path / str(busy)), run, lambda n, seed: QUICK) == status


def test_every_miss_is_told_with_its_time(tmp_path: Path) -> None:
    assert lateness.measure(Arguments(40, 0, tmp_path), piece(miss_every=4000), lambda n, seed: QUICK) == 0
    idle = told(tmp_path)["figures"]["idle"]
    assert idle["overruns"] == len(idle["misses"]) == 4 + 2 and idle["ticks"] == 20_000 and idle["max_us"] == 3000.0
    assert idle["misses"][1] == {"piece": 0, "tick": 4001, "utc": "2027-01-15T08:00:08.000+00:00", "late_ms": 3.0}
    assert idle["p50_us"] == idle["p99_us"] == 90 and "0.030 %" in told(tmp_path)["rows"][1][1]


def test_lateness_is_rounded_up_and_early_is_not_late() -> None:
    made = lateness.counted(np.zeros(4, int), np.array([-5, 1, 1000, 1001]), 0.002, 0.0)
    assert made["bins"] == {"0": 1, "1": 2, "2": 1} and made["overruns"] == 0 and made["worst_us"] == 1.001


def test_a_real_loop_is_measured(tmp_path: Path) -> None:
    found = lateness.ran("idle", 1, 0)
    assert 300 < found["ticks"] <= 502 and found["wrong"] == [] and sum(found["bins"].values()) == found["ticks"]


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lateness.time, "monotonic", lambda: 5.0)
    ran: list[str] = []

    def run(kind: str, seconds: int, index: int) -> Mapping[str, Any]:
        ran.append(f"{kind} {index}")
        if len(ran) == 3:
            raise KeyboardInterrupt
        return piece(80_000 + 1000 * index)(kind, seconds, index)

    with pytest.raises(KeyboardInterrupt):
        lateness.measure(Arguments(50, 2, tmp_path / "a"), run, lambda n, seed: QUICK)
    assert lateness.measure(Arguments(50, 2, tmp_path / "a"), run, lambda n, seed: QUICK) == 0
    assert ran == ["idle 0", "idle 1", "busy 0", "busy 0", "busy 1"]
    assert lateness.measure(Arguments(50, 2, tmp_path / "b"), run, lambda n, seed: QUICK) == 0
    assert (tmp_path / "a" / "lateness.json").read_text() == (tmp_path / "b" / "lateness.json").read_text()
