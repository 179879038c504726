"""Real processes: killed, interrupted, out of room. What was recorded stays readable."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from moravec.tape.reader import read
from moravec.tape.records import Tick
from moravec.tape.verify import verify

WRITER = """
import resource, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from helpers_tape import META, frame, tick
from moravec.core.errors import TapeError
from moravec.tape.writer import TapeWriter

class Wall:
    def now(self):
        return time.monotonic()

if sys.argv[3] == "full":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
ticks = [tick(i) for i in range(100)]
try:
    with TapeWriter(sys.argv[1], Wall(), META) as tape:
        i = 0
        while True:
            one = ticks[i % 100]
            tape.write_tick(time.time(), one.state, one.asked, one.approved)
            i += 1
            if i % 50 == 0:
                tape.write_frame(frame(i))
                if i == 50:
                    print("ready", flush=True)
            if sys.argv[3] == "paced":
                time.sleep(0.002)
            if sys.argv[3] == "silent" and i == 100:
                time.sleep(60)
except TapeError as error:
    print(error, flush=True)
    sys.exit(2)
except KeyboardInterrupt:
    print(i, flush=True)
"""


def start(path: Path, *mode: str) -> subprocess.Popen[str]:
    here = str(Path(__file__).parent)
    source = str(Path(__file__).parents[2] / "src")
    environment = {**os.environ, "PYTHONPATH": source}
    command = [sys.executable, "-c", WRITER, str(path), here, *mode]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    if mode[0] != "full":
        assert process.stdout.readline() == "ready\n"
    return process


def written_until(path: Path) -> float:
    """The wall time of the last readable tick."""
    return max((record.value.now for record in read(path) if isinstance(record.value, Tick)), default=0.0)


@pytest.mark.parametrize(("mode", "delay"), [("paced", 1.37), ("flat_out", 0.23)])
def test_killed_at_any_moment(tmp_path: Path, mode: str, delay: float) -> None:
    path = tmp_path / "tape.mcap"
    process = start(path, mode)
    time.sleep(delay)
    before = time.time()
    process.kill()
    process.communicate()
    report = verify(path)
    assert (report.complete, report.faults) == (False, ())
    assert report.truncated_at is not None
    assert written_until(path) >= before - 1.0
    sequences = [record.sequence for record in read(path)]
    assert sequences == list(range(len(sequences)))


def test_killed_while_it_says_nothing(tmp_path: Path) -> None:
    """All of what was recorded more than a second ago is there, also when nobody wrote since."""
    path = tmp_path / "tape.mcap"
    process = start(path, "silent")
    time.sleep(1.0)
    process.kill()
    process.communicate()
    assert sum(isinstance(record.value, Tick) for record in read(path)) == 100


@pytest.mark.parametrize("delay", [0.05, 0.31])
def test_interrupted_in_the_middle_of_writing(tmp_path: Path, delay: float) -> None:
    path = tmp_path / "tape.mcap"
    process = start(path, "flat_out")
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert verify(path).complete
    ticks = sum(isinstance(record.value, Tick) for record in read(path))
    assert ticks - int(said) in (0, 1)


@pytest.mark.parametrize("room", ["20000", "300000"])
def test_no_room_left(tmp_path: Path, room: str) -> None:
    path = tmp_path / "tape.mcap"
    process = start(path, "full", room)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 2
    line = said.splitlines()[-1]
    assert "the disk is full" in line
    assert "what was recorded so far is readable" in line
    assert path.stat().st_size <= int(room)
    assert verify(path).faults == ()
    assert len(list(read(path))) >= 1
