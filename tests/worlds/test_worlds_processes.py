"""Processes that simulate: what they raise comes back whole, and none outlives the block that started them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.processes import NICE, pool


def own(number: int, sign: int = 1) -> tuple[int, int, int]:
    return number * sign, os.getpid(), os.nice(0)


def dies(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def refuses(number: int) -> int:
    raise BadInput("a number", number, ["one", "two"])


def fails(number: int) -> int:
    raise WorldError(f"{number} fails")


def sleeps(folder: str) -> None:
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(20.0)


def test_work_is_done_elsewhere_and_gently() -> None:
    with pool(2) as workers:
        jobs = [workers.do(own, k, -1) for k in range(4)]
        found = [job.result() for job in jobs]
    assert [number for number, _, _ in found] == [0, -1, -2, -3]
    assert os.getpid() not in {pid for _, pid, _ in found}
    assert {nice for _, _, nice in found} == {min(19, os.nice(0) + NICE)}
    assert all(ended(pid) for _, pid, _ in found)


def test_errors_come_back_as_they_were() -> None:
    """BadInput has three parts, of which its one line cannot be taken apart again."""
    with pool(1) as workers:
        with pytest.raises(BadInput) as error:
            workers.do(refuses, 7).result()
        assert str(error.value) == "a number: found '7'; allowed: one of one, two" and error.value.exit_status == 2
        with pytest.raises(WorldError, match="7 fails"):
            workers.do(fails, 7).result()
        assert workers.do(own, 3).result()[0] == 3, "and the process goes on"


def test_a_process_that_dies_is_told_in_one_clear_line() -> None:
    with pytest.raises(WorldError, match="a process died at its work") as error, pool(2) as workers:
        [job.result() for job in [workers.do(dies, k) for k in range(5)]]
    assert "\n" not in str(error.value)


def test_an_interrupt_does_not_wait_for_what_is_under_way(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), pool(2) as workers:
        for _ in range(6):
            workers.do(sleeps, str(tmp_path))
        while len(list(tmp_path.iterdir())) < 2:
            time.sleep(0.02)
        begun = time.monotonic()
        raise KeyboardInterrupt
    assert time.monotonic() - begun < 15.0
    assert all(ended(int(path.name)) for path in tmp_path.iterdir())


def ended(pid: int) -> bool:
    """Whether a process is no more, at the latest in a moment."""
    for _ in range(250):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False
