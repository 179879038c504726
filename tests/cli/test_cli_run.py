"""`moravec run` from outside: files, exit statuses, interrupts, a full disk."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from moravec.commands.outfolder import RESERVED, ResultFile, run_folder

Shell = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]
FIELDS = {
    "success", "instruction", "goal", "steps", "final", "questions", "refused", "replans", "brain", "guard", "cycle_time_s",
    "seed", "mishaps", "conveyor", "conditions", "fixture", "turns", "versions",
}  # fmt: skip
HOME = ("run", "go home", "--world", "toy")


def result_of(folder: Path) -> dict[str, object]:
    """`result.json`."""
    loaded: dict[str, object] = json.loads((folder / "result.json").read_text())
    return loaded


def test_a_run_leaves_result_tape_and_report(moravec: Shell, tmp_path: Path) -> None:
    """Exit status 0; one JSON object on standard output, the same as result.json; the tape replays without divergence."""
    done = moravec(*HOME, "--json", "--seed", "3")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "run-3"
    assert json.loads(done.stdout) == result_of(folder)
    result = result_of(folder)
    assert set(result) == FIELDS
    assert result["success"] is True
    assert result["seed"] == 3
    (step,) = result["steps"]  # type: ignore[misc]
    assert set(step) == {"skill", "args", "status", "code", "seconds"}
    assert set(result["final"]["thing_0"]) == {"category", "colour", "damaged", "location", "belongs"}  # type: ignore[index]
    assert set(result["guard"]) == {"pass", "limit", "stop"}  # type: ignore[call-overload]
    assert "go home" in (folder / "report.html").read_text()
    again = moravec("replay", str(folder / "tape.mcap"))
    assert again.returncode == 0
    assert again.stdout.startswith("decisions ")
    assert again.stdout.strip().endswith("diverged 0")


def test_nothing_is_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second run of the same seed takes the next free number; with --out the earlier run moves aside."""
    monkeypatch.chdir(tmp_path)
    assert [str(run_folder(None, 0)[0]) for _ in range(3)] == ["runs/run-0", "runs/run-0-2", "runs/run-0-3"]
    out = tmp_path / "runs" / "run-0"
    for number in range(2):
        (out / "result.json").write_text(f"run {number}")
        folder, earlier = run_folder(out, 0)
        assert folder == out
        assert earlier is not None
        assert (earlier / "result.json").read_text() == f"run {number}"
    assert run_folder(out, 0) == (out, None)


def test_a_result_needs_no_new_room(tmp_path: Path) -> None:
    """The file has its final size from the start, holds valid JSON at every time, and shrinks at the end."""
    file = ResultFile(tmp_path / "result.json", {"success": False})
    assert (tmp_path / "result.json").stat().st_size == RESERVED
    assert result_of(tmp_path) == {"success": False}
    file.write({"success": True})
    assert result_of(tmp_path) == {"success": True}
    assert (tmp_path / "result.json").stat().st_size < 100


def test_a_refusal_is_a_result(moravec: Shell, tmp_path: Path) -> None:
    """Exit status 1, and the result says why."""
    done = moravec("run", "throw it at him", "--world", "toy", "--out", "o")
    assert done.returncode == 1
    assert done.stdout.startswith("refused: ")
    assert result_of(tmp_path / "o")["refused"]


def test_unknown_world_and_unwritable_out(moravec: Shell, tmp_path: Path) -> None:
    """Exit status 2, one clear line."""
    (tmp_path / "file").write_text("in the way")
    for words, line in (
        (("--world", "tyo"), "moravec: the world: found 'tyo'; allowed: one of cell, toy; did you mean 'toy'?"),
        (("--world", "toy", "--out", "file/x"), "moravec: --out: found 'file/x'; allowed: a folder that can be written to"),
        (("--world", "toy", "--ask", "nofile"), "moravec: --ask: found 'nofile'; allowed: terminal, never, or a text file"),
    ):
        done = moravec("run", "go home", *words)
        assert done.returncode == 2, done.stderr
        assert done.stderr.startswith(line)
        assert done.stderr.count("\n") == 1


def begun(process: subprocess.Popen[str]) -> None:
    """Waits until the plan is made."""
    assert process.stderr is not None
    while "plan" not in process.stderr.readline():
        assert process.poll() is None


def test_the_first_interrupt_stops_and_writes_everything(moravec: Shell, start: Start, tmp_path: Path) -> None:
    """Exit status 1, a result that says so, a report, a whole tape."""
    process = start(*HOME, "--speed", "0.4", "--out", "o")
    begun(process)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "it was interrupted" in errors
    assert "Traceback" not in errors
    result = result_of(tmp_path / "o")
    assert result["success"] is False
    assert [step["status"] for step in result["steps"]] == ["cancelled"]  # type: ignore[attr-defined]
    assert (tmp_path / "o" / "report.html").exists()
    again = moravec("replay", "o/tape.mcap", "--json")
    assert json.loads(again.stdout)["truncated_at"] is None
    assert again.returncode == 0


def test_the_second_interrupt_ends_at_once(moravec: Shell, start: Start, tmp_path: Path) -> None:
    """No waiting for the arm; the tape is still closed and a result is there."""
    process = start(*HOME, "--speed", "0.02", "--out", "o")
    begun(process)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)  # the motion would take longer
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert result_of(tmp_path / "o")["success"] is False
    again = moravec("replay", "o/tape.mcap")
    assert again.returncode == 0
    assert "cut off" not in again.stderr


def test_a_killed_run_can_be_replayed(moravec: Shell, start: Start, tmp_path: Path) -> None:
    """After kill -9 the tape gives all but the last second; the result says that nothing was achieved."""
    process = start(*HOME, "--speed", "0.2", "--out", "o")
    begun(process)
    time.sleep(1.5)
    process.kill()
    process.communicate()
    again = moravec("replay", "o/tape.mcap", "--json")
    assert again.returncode == 0
    replayed = json.loads(again.stdout)
    assert replayed["decisions"] > 50
    assert replayed["truncated_at"] is not None
    assert "was cut off" in again.stderr
    assert result_of(tmp_path / "o")["success"] is False


def test_a_full_disk_leaves_a_readable_tape_and_a_result(moravec: Shell, tmp_path: Path) -> None:
    """One clear line, exit status 1."""
    limit = 66_000

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = moravec(*HOME, "--speed", "1", "--quiet", "--out", "o", preexec_fn=little_room)
    assert done.returncode == 1, done.stderr
    assert "the disk is full" in done.stderr
    assert done.stderr.count("\n") == 1
    assert result_of(tmp_path / "o")["success"] is False
    assert moravec("replay", "o/tape.mcap").returncode == 0


def test_a_changed_tape_is_reported(moravec: Shell, tmp_path: Path) -> None:
    """Exit status 1 for one changed byte; the file is still a tape."""
    assert moravec(*HOME, "--quiet", "--out", "o").returncode == 0
    tape = tmp_path / "o" / "tape.mcap"
    data = bytearray(tape.read_bytes())
    data[len(data) // 2] ^= 1
    tape.write_bytes(data)
    again = moravec("replay", "o/tape.mcap")
    assert again.returncode == 1
    assert "was changed" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_plan_moves_nothing_and_keeps_its_fields(moravec: Shell, tmp_path: Path) -> None:
    """`plan` shows goal, steps, questions, refused, seconds, and writes no tape."""
    done = moravec("plan", "unpack the delivery and store everything", "--world", "toy", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert set(result) == {"goal", "steps", "questions", "refused", "seconds"}
    assert [step["skill"] for step in result["steps"]][-5:] == ["pick", "place", "inspect", "pick", "stow"]
    assert not list(tmp_path.rglob("*.mcap"))
