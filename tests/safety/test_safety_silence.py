"""Silence that lasts too long fails, and a run that was broken off goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import silence
from bypath import EDGE_TESTS, module_at
from parts import Arguments

edge: Any = module_at(EDGE_TESTS / "helpers_edge.py")


def fixed(ms: float, stalls: int = 0) -> Any:
    return lambda count, seed: {"ms": [ms - 1e-6 * (seed % 7)] * count, "stalls": stalls}


def told(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "silence.json").read_text())
    return found


def test_on_the_simulated_clock_it_keeps_what_is_allowed(tmp_path: Path) -> None:
    assert silence.measure(Arguments(300, 1, tmp_path), {"simulated": silence.simulated, "real": fixed(18.0, 3)}) == 0
    figures = told(tmp_path)["figures"]
    assert figures["simulated"]["n"] == 300 and 17.0 < figures["simulated"]["max_ms"] <= 20.0
    assert figures["real"]["n"] == 30 and figures["real"]["stalls"] == 3


def test_a_table_that_bears_older_commands_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = edge.limits
    monkeypatch.setattr(edge, "limits", lambda: limits(command_age_max=0.024))
    assert silence.measure(Arguments(300, 1, tmp_path), {"simulated": silence.simulated, "real": fixed(18.0)}) == 1
    assert not told(tmp_path)["passed"] and told(tmp_path)["figures"]["simulated"]["max_ms"] > 20.0


def test_on_the_real_clock_the_usual_counts_and_not_the_worst(tmp_path: Path) -> None:
    def real(late: int) -> Any:
        return lambda count, seed: {"ms": [18.0] * (count - late) + [60.0] * late, "stalls": 0}

    for late, status in ((0, 0), (5, 1)):
        clocks = {"simulated": fixed(19.0), "real": real(late)}
        assert silence.measure(Arguments(1000, 0, tmp_path / str(late)), clocks) == status


def test_real_processes_are_measured() -> None:
    found = silence.real(2, 0)
    assert len(found["ms"]) == 2 and all(10.0 < ms < 200.0 for ms in found["ms"])


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silence.time, "monotonic", lambda: 5.0)
    ran: list[int] = []

    def real(count: int, seed: int) -> Mapping[str, Any]:
        ran.append(seed)
        if len(ran) == 3:
            raise KeyboardInterrupt
        return dict(fixed(18.0)(count, seed))

    clocks = {"simulated": fixed(19.0), "real": real}
    with pytest.raises(KeyboardInterrupt):
        silence.measure(Arguments(4500, 2, tmp_path / "a"), clocks)
    assert silence.measure(Arguments(4500, 2, tmp_path / "a"), clocks) == 0
    assert ran == [200_000, 200_001, 200_002, 200_002, 200_003, 200_004]
    assert silence.measure(Arguments(4500, 2, tmp_path / "b"), clocks) == 0
    assert (tmp_path / "a" / "silence.json").read_text() == (tmp_path / "b" / "silence.json").read_text()
