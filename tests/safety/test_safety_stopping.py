"""Stop times and ways: a short form of the measurement, what it must be by hand, and faults that it must find."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
import numpy as np
import pytest
import stopping
from halting import FAULTS, MEASURES, RECKONED, REFUSED, TIME, TOOL_WAY
from helpers_guard import HOME, TERMS, tool_at, with_parts
from parts import Arguments, finish
from sessions import bench_of
from stopping import run

from moravec.guard.limits import LimitTable
from moravec.worlds.cell.limits import cell_limits


def measured(guarded: LimitTable, limits: LimitTable, q: Any, speed: Any) -> np.ndarray:
    """One stop for each fault (FAULTS, MEASURES)."""
    bench = bench_of(guarded, limits, 0)
    count = len(FAULTS)
    out, faults = np.zeros((count, len(MEASURES))), np.arange(count)
    machine.functions()["measure_stops"](
        bench.law, bench.notes, bench.table[0], bench.fresh, bench.records, np.tile(np.array(q, float), (count, 1)),
        np.tile(np.array(speed, float), (count, 1)), faults, np.zeros((len(bench.law.frame), 2)), out,
    )  # fmt: skip
    return out


def test_a_stop_is_as_long_and_as_far_as_by_hand() -> None:
    limits = with_parts(separation=TERMS)
    out = measured(limits, limits, HOME, [0.5, 0, 0, 0, 0, 0])
    ticks = 0.5 / (10.0 * 0.002)  # of 10 rad/s^2
    assert out[:, REFUSED].tolist() == [0.0] * len(FAULTS)
    assert out[:, TIME] == pytest.approx(ticks * 0.002)
    turned = 0.002 * sum(0.5 - 0.02 * k for k in range(1, 25))
    reach = float(np.hypot(*tool_at(HOME, limits)[:2]))
    assert out[:, TOOL_WAY] == pytest.approx(turned * reach, rel=1e-4)
    # By the formula v / a with the declared deceleration of parts, or what the joint takes, whichever is longer.
    assert np.all(out[:, RECKONED] <= 0.5) and np.all(out[:, RECKONED] > 0.4)


def test_what_is_not_let_through_is_not_measured() -> None:
    limits = with_parts(tool_speed=0.1)
    assert measured(limits, limits, HOME, [0.5, 0, 0, 0, 0, 0])[:, REFUSED].tolist() == [1.0] * len(FAULTS)


def result(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "stopping.json").read_text())
    found.pop("seconds")
    return found


def test_a_run_that_was_broken_off_goes_on_and_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "PIECE", 20)
    whole, broken, real = Arguments(180, 1, tmp_path / "a"), Arguments(180, 1, tmp_path / "b"), stopping.run_piece
    assert finish("stopping", whole, run(whole)) == 0
    rows = result(whole.out)["rows"]
    assert len(rows) == 6 and all("ms worst" in words and "median" in words for _, words in rows)
    made = list[Any]()

    def piece(seeds: Any, *rest: Any) -> dict[str, Any]:
        if len(made) == 4:
            made.append(None)
            raise KeyboardInterrupt
        made.append(seeds)
        return real(seeds, *rest)

    monkeypatch.setattr(stopping, "run_piece", piece)
    with pytest.raises(KeyboardInterrupt):
        run(broken)
    assert finish("stopping", broken, run(broken)) == 0
    assert len(made) == 13 and len(set(made)) == 13
    assert result(whole.out) == result(broken.out)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_guard_that_brakes_more_gently_than_it_says_is_found(tmp_path: Path, share: float) -> None:
    limits, given = cell_limits(), Arguments(60, 1, tmp_path)
    gentle = replace(limits, acceleration=tuple(share * a for a in limits.acceleration))
    assert finish("stopping", given, run(given, gentle)) == 1
    figures = result(tmp_path)["figures"]
    assert figures["late"] > 0
    assert share > 0.5 or figures["farther than reckoned"] >= 0
