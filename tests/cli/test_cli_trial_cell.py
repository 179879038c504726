"""A trial in the cell by the command line: one real delivery of one thing, tried by the teacher and by the hard-coded skill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from moravec.cli import main
from moravec.commands import trial_cell
from moravec.trials.cell import run as running
from moravec.trials.cell.suite import FIRST_SEED, POLICY, PROGRAM, Attempt
from moravec.worlds.registry import World, WorldOptions, open_world


def one_thing(seed: int) -> World:
    return open_world("cell", WorldOptions(seed, items=1))


def test_a_trial_is_made_once_and_told_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial_cell, "delivered", one_thing)
    words = ["trial", "cell-pick", "--policy", "teacher", "--episodes", "1", "--executor", "serial"]
    words += ["--out", str(tmp_path), "--json"]
    assert main(words) == 0
    shown = capsys.readouterr()
    result = json.loads((tmp_path / "result.json").read_text(), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert json.loads(shown.out) == result
    assert {name: result[name] for name in ("suite", "policy", "sentences", "seed")} == {
        "suite": "cell-pick", "policy": "teacher", "sentences": "train", "seed": 0,
    }  # fmt: skip
    assert result.keys() >= {"command", "machine", "pc_success", "pc_success_ci95", "per_task", "causes", "robot_s", "looks"}
    assert (result["n_episodes"], result["hard_coded"]["n_episodes"], result["n_not_tried"]) == (1, 1, 0)
    assert sum(result["pairs"].values()) == 1 and len(result["pc_difference_ci95"]) == 2
    assert result["act_ms"]["n"] == result["looks"]["p50"] >= 1 and list(result["per_task"]) == ["parcel"]

    lines = (tmp_path / "episodes.jsonl").read_text()
    made = [json.loads(line) for line in lines.splitlines()]
    assert [(each["by"], each["seed"]) for each in made] == [(POLICY, FIRST_SEED), (PROGRAM, FIRST_SEED)]
    assert result["n_success"] == made[0]["success"] and result["hard_coded"]["n_success"] == made[1]["success"]

    def anew(attempt: Attempt, *_: object) -> None:
        raise AssertionError(f"{attempt.key} is made anew")

    monkeypatch.setattr(running, "tried", anew)
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out) == result == json.loads((tmp_path / "result.json").read_text())
    assert (tmp_path / "episodes.jsonl").read_text() == lines
    assert main([*words, "--sentences", "held_out"]) == 2
    assert "another sentences" in capsys.readouterr().err, "another trial"
