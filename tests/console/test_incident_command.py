"""`moravec incident` as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers_incident import Stage, an_estop, staged

SOURCE = str(Path(__file__).parents[2] / "src")


def incident(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command's process, ended."""
    environment = {**os.environ, "PYTHONPATH": SOURCE, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "moravec.cli", "incident", *map(str, words)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False)


def two(stage: Stage) -> None:
    """An emergency stop, a restart, a stale command."""
    an_estop(stage)
    stage.swing(100)
    stage.tick(stage.here, np.zeros(6), {"t": stage.t - 1.0})
    stage.brake()
    stage.hold(5)


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished tape with two incidents."""
    path = tmp_path_factory.mktemp("two") / "tape.mcap"
    with staged(path) as stage:
        two(stage)
    return path


def test_two_blocks_and_two_pages(tape: Path) -> None:
    """Newest last; the pages beside the tape."""
    done = incident(tape.name, cwd=tape.parent)
    assert (done.returncode, done.stderr) == (0, "")
    blocks = done.stdout.split("\n\n")
    assert [b.split("  ")[0] for b in blocks] == ["incident 1 of 2", "incident 2 of 2"]
    assert "emergency stop pressed or latched" in blocks[0]
    assert "age of the command: 1 s, allowed at most 0.02 s, margin -0.98 s" in blocks[1]
    assert sorted(p.name for p in tape.parent.glob("*.html")) == ["incident-1.html", "incident-2.html"]


def test_json_is_one_object_with_everything(tape: Path, tmp_path: Path) -> None:
    """Counts, both incidents, their curves, and where the pages went."""
    done = incident(tape, "--json", "--out", "here", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["count"], told["complete"], told["truncated_at"]) == (2, True, None)
    assert sum(told["verdicts"].values()) == len(told["incidents"][0]["curves"]["t"])
    assert [i["causes"][0]["check"] for i in told["incidents"]] == ["estop", "command_age"]
    assert [i["page"] for i in told["incidents"]] == ["here/incident-1.html", "here/incident-2.html"]
    assert all((tmp_path / i["page"]).is_file() for i in told["incidents"])
    assert told["incidents"][0]["set_points"]["time"] == pytest.approx(0.048)


def test_one_of_them(tape: Path, tmp_path: Path) -> None:
    """By its number; one that is not there is bad input."""
    done = incident(tape, "--n", "2", "--out", ".", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("incident 2 of 2")
    assert [p.name for p in tmp_path.glob("*.html")] == ["incident-2.html"]
    done = incident(tape, "--n", "3", "--out", ".", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--n: found 3; allowed: a number from 1 to 2" in done.stderr


def test_none(tmp_path: Path) -> None:
    """Said in one line; exit status 0; no page."""
    with staged(tmp_path / "tape.mcap") as stage:
        stage.hold(5)
        stage.swing(60)
    done = incident("tape.mcap", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("no stop on this tape: 65 verdicts, 0 of them limited; nearest margin ")
    assert done.stdout.count("\n") == 1
    assert list(tmp_path.glob("*.html")) == []
    assert json.loads(incident("tape.mcap", "--json", cwd=tmp_path).stdout)["incidents"] == []


def test_a_tape_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    """Killed in the middle: what was sealed is told, and that it was cut off."""
    with staged(tmp_path / "tape.mcap") as stage:
        two(stage)
        stage.tape.flush()
        left = (tmp_path / "tape.mcap").read_bytes()
        stage.hold(50)
    (tmp_path / "cut.mcap").write_bytes(left + b"\x06\x00\x10")
    done = incident("cut.mcap", cwd=tmp_path)
    assert done.returncode == 0
    assert "incident 2 of 2" in done.stdout
    assert f"cut.mcap was cut off: it is sealed up to byte {len(left)}, and that much was read" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_no_tape_or_no_longer_one_is_refused(tape: Path, tmp_path: Path) -> None:
    """Missing, foreign, empty, changed in one byte: exit status 2 and one clear line, as JSON too."""
    changed = bytearray(tape.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "changed.mcap").write_bytes(changed)
    (tmp_path / "notes.txt").write_text("hello, I am no tape at all")
    (tmp_path / "empty.mcap").write_bytes(b"")
    for name, why in (
        ("changed.mcap", "it was changed: "),
        ("notes.txt", "this file is none"),
        ("empty.mcap", "this file is empty"),
        ("missing.mcap", "No such file"),
    ):
        done = incident(name, "--json", cwd=tmp_path)
        assert done.returncode == 2, name
        assert done.stderr.count("\n") == 1
        assert f"TAPE: found '{name}'" in done.stderr
        assert why in done.stderr
        assert json.loads(done.stdout)["error"] in done.stderr
    assert list(tmp_path.glob("*.html")) == []
