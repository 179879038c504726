"""Orders that are typed at a real terminal while a job runs."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import termios
import time
from pathlib import Path

WAIT = 200.0  # [s]
HINT = "type an order"


def read_until(terminal: int, words: str, process: subprocess.Popen[bytes]) -> str:
    """What the terminal shows until `words` are among it, or the process has ended."""
    shown, end = b"", time.monotonic() + WAIT
    while words.encode() not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 65536)
        elif process.poll() is not None:
            break
    return shown.decode(errors="replace")


def test_an_order_is_typed_in_mid_job(environment: dict[str, str], tmp_path: Path) -> None:
    terminal, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "moravec.cli", "run", "go home", "--world", "toy", "--speed", "0.25", "--out", "typed"]
    settings = environment | {"TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
    with subprocess.Popen(command, cwd=tmp_path, env=settings, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        assert HINT in read_until(terminal, HINT, process)
        os.write(terminal, b"homme")
        assert "homme" in read_until(terminal, "homme", process)
        os.write(terminal, b"\x7f\x7fe, please\r")
        shown = read_until(terminal, "moravec replay", process)
        assert process.wait(WAIT) == 0
    result = json.loads((tmp_path / "typed" / "result.json").read_text())
    assert [turn["instruction"] for turn in result["turns"]] == ["go home", "home, please"] and result["turns"][1]["heard"] > 0.0
    assert "'home, please'" in shown
    assert termios.tcgetattr(theirs) == before
    os.close(terminal)
    os.close(theirs)
