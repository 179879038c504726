"""`moravec edge` and its benchmarks from the command line."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from moravec.cli import main
from moravec.commands.measure_edge import decision_times
from moravec.edge import operator
from moravec.edge.layout import look, path_of
from moravec.robots.ur5e.limits import ur5e_limits

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
BAD = [
    (["edge", "--rate", "5"], "--rate: found '5'; allowed: a number from 10 to 5000"),
    (["edge", "--rate", "nan"], "--rate: found 'nan'"),
    (["edge", "--rate", "100"], "the control rate [Hz]: found '100'; allowed: 150 or more"),
    (["edge", "--robot", "ur6e"], "did you mean 'ur5e'?"),
    (["edge", "--name", "../x"], "the edge process's name: found '../x'"),
    (["edge", "--limits", "/nowhere.json"], "--limits: found '/nowhere.json'"),
    (["edge", "--seconds", "0"], "--seconds: found '0'"),
    (["edge", "--reset", "--seconds", "3"], "--reset: found '--seconds'; allowed: beside it only --name and --json"),
    (["edge", "--reset", "--driver"], "--reset: found '--driver'"),
    (["edge", "--reset", "--name", "a b"], "the edge process's name: found 'a b'"),
]


@pytest.mark.parametrize(("words", "line"), BAD)
def test_bad_usage_is_one_clear_line(words: list[str], line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1 and line in shown.err


def test_it_runs_with_a_table_from_a_file_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, name, cores = tmp_path / "limits.json", f"cli_{os.getpid()}", os.sched_getaffinity(0)
    table.write_text(ur5e_limits().to_json())
    words = ["edge", "--limits", str(table), "--rate", "250", "--seconds", "0.2", "--name", name, "--json"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == json.loads((tmp_path / "edge.json").read_text())
    assert told["rate"] == 250.0 and told["ticks"] in (50, 51) and told["at_rest"] and told["stops"] == 0
    assert [p.name for p in Path("/dev/shm").iterdir() if name in p.name] == []
    assert gc.isenabled() and os.sched_getaffinity(0) == cores


def test_an_operator_asks_for_a_reset(capsys: pytest.CaptureFixture[str]) -> None:
    """Refused in motion or where nothing is measured, granted at rest; where none runs, it is said in one line."""
    name = f"cli_reset_{os.getpid()}"
    assert main(["edge", "--reset", "--name", name]) == 1
    assert "start one with 'moravec edge'" in capsys.readouterr().err
    words = [sys.executable, "-m", "moravec.cli", "edge", "--name", name]
    with subprocess.Popen([*words, "--seconds", "60"], env=ENVIRONMENT, stderr=subprocess.DEVNULL) as edge:
        end = time.monotonic() + 180.0
        while not (path_of(name).exists() and look(path_of(name)).ticks > 0):
            assert time.monotonic() < end and edge.poll() is None
            time.sleep(0.05)
        try:
            assert main(["edge", "--reset", "--name", name, "--json"]) == 0
            told = json.loads(capsys.readouterr().out)
            assert told["granted"] and told["state"] == "hold" and told["reason"].startswith("reset granted")
            edge.send_signal(signal.SIGTERM)
        finally:
            edge.terminate()
    assert not path_of(name).exists()


def test_a_reset_that_is_refused_is_exit_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Refused:
        def __init__(self, path: Path) -> None: ...
        def __enter__(self) -> Refused:
            return self

        def __exit__(self, *_: object) -> None: ...
        def reset(self) -> SimpleNamespace:
            return SimpleNamespace(reset_code=3, state=5)

    monkeypatch.setattr(operator, "OperatorClient", Refused)
    assert main(["edge", "--reset"]) == 1
    assert capsys.readouterr().out == "edge: reset refused: the emergency stop is still pressed\n"


def test_the_lateness_of_a_loop_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "edge", "--seconds", "0.2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["name"] == "edge" and told["n"] >= 100 and 0.0 < told["p50"] <= told["p99"] <= told["p99_9"]


def test_a_decision_is_measured_where_every_check_is_made() -> None:
    spent = decision_times(1000, 0, 2)
    assert spent.shape == (2, 1000) and (spent > 0.0).all()
