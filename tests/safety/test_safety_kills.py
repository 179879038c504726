"""The judge of kills sees every fault that is planted, and a run that was broken off goes on where it was."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import killing
import kills
import numpy as np
import pytest
from bypath import EDGE_TESTS, module_at
from parts import Arguments
from setpoints import BRAKING, TAKEN, Ending, Rows, judge, tool_places

from moravec.edge.records import edge_limits
from moravec.guard.counted import counted
from moravec.guard.kernel.form import Answer
from moravec.guard.kernel.kinematics import place
from moravec.guard.limits import LimitTable
from moravec.robots.ur5e.limits import ur5e_limits

edge: Any = module_at(EDGE_TESTS / "helpers_edge.py")


def stop(folder: Path) -> tuple[Rows, int, LimitTable]:
    """A motion on a simulated clock whose client falls silent: the ticks to rest, and the last one with a command."""
    sim = edge.Sim(folder)
    sim.go(30)
    killed = int(sim.r.k["tick"])
    edge.to_rest(sim)
    return sim.memory.ring()[: int(sim.r.k["tick"])].copy(), killed, sim.limits


def shifted(rows: Rows, by: float) -> Rows:
    """One set-point of the braking is elsewhere."""
    rows["answer"]["q"][int(np.nonzero(rows["state"] == BRAKING)[0][2]), 1] += by
    return rows


def braked_at_once(rows: Rows) -> Rows:
    """Full stop within one tick."""
    first = int(np.nonzero(rows["state"] == BRAKING)[0][0])
    rows["answer"]["q"][first:] = rows["answer"]["q"][first]
    return rows


def put(rows: Rows, name: str, value: Any, part: str = "") -> Rows:
    """A field of all rows, changed."""
    (rows[part] if part else rows)[name][:] = value
    return rows


FAULTS: list[tuple[str, Callable[[Rows], Rows]]] = [
    ("no number", lambda r: put(r, "q", np.nan, "answer")),
    ("tick that is missing", lambda r: r[np.arange(len(r)) != 12]),
    ("joint acceleration", lambda r: shifted(r, 1e-4)),
    ("joint speed", lambda r: shifted(r, 0.1)),
    ("speeds up", lambda r: shifted(r, 1e-4)),
    ("joint acceleration", braked_at_once),
    ("not at rest", lambda r: r[:-3]),
    ("no stop began", lambda r: put(r, "state", 1)),
    ("power removed", lambda r: put(r, "category", 0, "answer")),
    ("rest after", lambda r: np.concatenate([r, *[_after(r, k) for k in range(1, 40)]])),
    ("ms of silence", lambda r: put(r, "t", r["asked"]["t"] - 0.004, "asked")),
]


def _after(rows: Rows, k: int) -> Rows:
    row = rows[-1:].copy()
    row["tick"] += k
    return row


@pytest.mark.parametrize(("words", "fault"), FAULTS)
def test_a_planted_fault_is_seen(tmp_path: Path, words: str, fault: Callable[[Rows], Rows]) -> None:
    rows, killed, limits = stop(tmp_path)
    good = judge(rows, killed, limits, "client")
    assert good.broken == () and not good.late and 0.014 < good.silent < 0.02 and good.braking > 0.02
    assert any(words in what for what in judge(fault(rows), killed, limits, "client").broken)


@pytest.mark.parametrize(
    ("words", "change"),
    [("out of its range", {"position_max": (0.101, 3.0, 3.0)}), ("tool at", {"tool_speed": 0.05}),
     ("outside its workspace", {"allowed": (edge.Box((1.0, -2.0, -2.0), (2.0, 2.0, 2.0)),)}),
     ("outside its workspace", {"forbidden": (edge.Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)),)})],
)  # fmt: skip
def test_a_tighter_limit_is_seen(tmp_path: Path, words: str, change: dict[str, Any]) -> None:
    rows, killed, limits = stop(tmp_path)
    assert any(words in what for what in judge(rows, killed, replace(limits, **change), "client").broken)


def test_a_late_tick_is_no_fault_and_is_told(tmp_path: Path) -> None:
    rows, killed, limits = stop(tmp_path)
    first = int(np.nonzero(rows["state"] == BRAKING)[0][0])
    rows["at"][first:] += 30_000_000
    found = judge(rows, killed, limits, "client")
    assert found.broken == () and found.late and found.silent > 0.02


def unmeasured(rows: Rows, late: bool) -> Rows:
    """The body is not measured from just before the braking on; the power goes a few ticks later, when that took too long."""
    first = int(np.nonzero(rows["state"] == BRAKING)[0][0])
    rows["state_code"][first:] = TAKEN + 1
    rows["at"][first + 5 :] += 150_000_000 if late else 0
    rows["asked"]["state_t"][first:] = rows["at"][first - 1] * 1e-9 - (0.0 if late else 0.15)
    rows["answer"]["category"][first + 5 :] = 0
    rows["answer"]["q"][first + 5 :] = rows["answer"]["q"][first + 4]
    return rows


@pytest.mark.parametrize(
    ("source", "late", "starved"), [("client", False, True), ("driver", True, True), ("driver", False, False)]
)
def test_power_that_goes_because_the_host_blinded_the_guard_is_no_stop_to_count(
    tmp_path: Path, source: str, late: bool, starved: bool
) -> None:
    rows, killed, limits = stop(tmp_path)
    found = judge(unmeasured(rows, late), killed, limits, source)
    assert found.starved == starved and (found.broken == ()) == starved
    first = int(np.nonzero(rows["state"] == BRAKING)[0][0])
    rows["answer"]["q"][first + 2, 1] += 1e-4
    assert any("joint acceleration" in what for what in judge(rows, killed, limits, source).broken), "judged up to there"


def test_power_that_goes_with_the_very_first_set_point_is_judged_too(tmp_path: Path) -> None:
    rows, killed, limits = stop(tmp_path)
    first = int(np.nonzero(rows["state"] == BRAKING)[0][0])
    found = judge(unmeasured(rows, late=True)[first + 4 :], killed, limits, "client")
    assert found.starved and found.broken == ()


def test_the_tool_is_where_the_kernel_says() -> None:
    limits, answer = ur5e_limits(), Answer()
    for q in np.random.default_rng(1).uniform(-3.0, 3.0, (20, 6)):
        place(q.tolist(), counted(limits), answer)
        np.testing.assert_allclose(tool_places(q[None], limits)[0], answer.tool, atol=1e-12)


def killed_once(robot: killing.Robot, kind: str, rng: np.random.Generator) -> Ending:
    """The first kill of this kind that the host did not spoil."""
    while (ending := robot.kill(kind, rng)) is None or (ending.starved and not ending.broken):
        pass
    return ending


def test_real_processes_are_killed_and_a_limit_that_is_too_tight_fails(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    with killing.Robot(tmp_path, f"short_{os.getpid()}", driven=True, turn=1.0) as robot:
        for kind in ("driver killed", "client paused"):
            assert killed_once(robot, kind, rng).broken == ()
        robot._edge.limits = replace(edge_limits(ur5e_limits()), acceleration=(6.0,) * 6)
        assert any("joint acceleration 2.0" in what for what in killed_once(robot, "client killed", rng).broken)
        assert kills.boxes_hold(robot.end()) == []


def record(count: int, seed: int, piece: int, failures: list[str]) -> Mapping[str, Any]:
    return {
        "done": count, "kinds": {"client killed": count}, "failures": failures, "stalls": 1, "starved": 0, "stops": count,
        "late": 0, "silent": [0.017 + 1e-5 * piece] * count, "braking": [0.04] * count, "granted": True,
        "worst_late_ms": 0.1 * seed, "seconds": 1.0,
    }  # fmt: skip


def test_what_fails_is_told_and_ends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = lambda count, seed, piece: record(count, seed, piece, ["client killed: not at rest"] if piece == 1 else [])  # noqa: E731
    assert kills.measure(Arguments(2000, 3, tmp_path), run) == 1
    told = json.loads((tmp_path / "kills.json").read_text())
    assert not told["passed"] and told["done"] == 2 * kills.PIECE and "not at rest" in capsys.readouterr().err
    assert kills.measure(Arguments(2000, 3, tmp_path), run) == 1, "and again, from what was kept"


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    ran: list[int] = []

    def run(count: int, seed: int, piece: int) -> Mapping[str, Any]:
        if piece == 2 and len(ran) == 2:
            ran.append(-1)
            raise KeyboardInterrupt
        ran.append(piece)
        return record(count, seed, piece, [])

    with pytest.raises(KeyboardInterrupt):
        kills.measure(Arguments(1500, 3, tmp_path / "a"), run)
    assert kills.measure(Arguments(1500, 3, tmp_path / "a"), run) == 0
    assert ran == [0, 1, -1, 2, 3]
    assert kills.measure(Arguments(1500, 3, tmp_path / "b"), run) == 0
    assert (tmp_path / "a" / "kills.json").read_text() == (tmp_path / "b" / "kills.json").read_text()


def test_a_robot_that_is_broken_off_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken_off = threading.Event()
    broken_off.set()

    class Nobody:
        def __init__(self, *_: object) -> None: ...
        def __enter__(self) -> Nobody:
            return self

        def __exit__(self, *_: object) -> None: ...
        def end(self) -> dict[str, Any]:
            return {
                "stops": 0, "granted": {"priority": ""}, "lateness_us": {"max": 1.0}, "black_boxes": [],
                "black_boxes_failed": 0, "at_rest": True,
            }  # fmt: skip

    monkeypatch.setattr(kills, "Robot", Nobody)
    assert kills.one_robot(tmp_path, 0, 5, np.random.default_rng(0), broken_off)["done"] == 0
