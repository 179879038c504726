"""Real processes: whoever is killed or stands still, and whenever, the robot comes to rest inside its limits."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_process import ENVIRONMENT, HOLD, OFF, PATIENCE, EdgeProcess, Movers, inside, kills, until

from moravec.core.errors import BadInput, ContractError
from moravec.edge.blackbox import read_box
from moravec.edge.client import SILENCE, EdgeClient, EdgeDriver
from moravec.edge.operator import OperatorClient
from moravec.edge.process import Settings, run_edge
from moravec.edge.records import terms_of
from moravec.robots.ur5e.limits import ur5e_limits

KILLS = 24  # ten thousand, of more kinds, in scripts/safety/kills.py


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("edge")


@pytest.fixture(scope="module")
def edge(out: Path) -> Iterator[EdgeProcess]:
    with EdgeProcess(out, f"test_{os.getpid()}") as process:
        yield process


def test_clients_that_die_or_stand_still_leave_a_robot_at_rest(edge: EdgeProcess) -> None:
    assert kills(edge, KILLS, 1) >= KILLS


def test_one_client_at_a_time_and_a_dead_ones_lease_is_free(edge: EdgeProcess) -> None:
    with Movers(edge.path) as movers:
        pid = movers.begin()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(ContractError, match="one at a time"):
            EdgeClient(edge.path)
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
        with EdgeClient(edge.path, terms_of(ur5e_limits())) as client:
            assert client.alive() and client.measured() is None
    until(lambda: int(edge.health().state) == HOLD, PATIENCE, "at rest")


def test_a_second_process_of_the_same_name_is_refused(edge: EdgeProcess) -> None:
    name = edge.path.name.removeprefix("moravec-edge-")
    words = [sys.executable, "-m", "moravec.cli", "edge", "--name", name, "--seconds", "1"]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "one at a time" in done.stderr
    assert edge.process.poll() is None and edge.path.exists()


def test_it_ends_at_rest_with_a_box_that_holds_the_stops(edge: EdgeProcess) -> None:
    """SIGTERM while a client moves: the last act of this module."""
    with Movers(edge.path) as movers:
        movers.begin()
        first = edge.memory.ticks
        until(lambda: edge.speed > 0.05, PATIENCE, "moving")
        told = edge.end()
        inside(edge.memory, first, edge.limits)
        assert float(movers.line().split()[1]) >= 0.0  # the client heard it, too
    assert told["at_rest"] and told["state"] == "hold" and told["stops"] >= 1 and edge.process.returncode == 0
    assert not edge.path.exists()
    ticks = np.concatenate([read_box(Path(path)).ticks for path in told["black_boxes"]])
    assert int((ticks["began"] == 1).sum()) == told["stops"]


def test_what_does_not_fit_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    wrong = Settings(limits=ur5e_limits(), posture=(0.0,), folder=tmp_path)
    with pytest.raises(BadInput, match="first posture"):
        run_edge(wrong, [].append)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ContractError, match="can be written"):
        run_edge(replace(wrong, folder=tmp_path / "no"), [].append)


def test_a_driver_that_dies_ends_in_a_latched_stop_and_a_new_one_does_not_move_before_a_reset(tmp_path: Path) -> None:
    with (
        EdgeProcess(tmp_path, f"driven_{os.getpid()}", "--driver") as edge,
        Movers(edge.path, "body.py") as bodies,
        Movers(edge.path) as movers,
        OperatorClient(edge.path) as operator,
    ):
        moves(edge, bodies, movers, operator)
        os.kill(bodies.pid, signal.SIGKILL)
        until(lambda: int(edge.health().state) == OFF and edge.speed == 0.0, PATIENCE, "off")
        os.kill(movers.pid, signal.SIGKILL)
        with EdgeDriver(edge.path) as driver:
            setpoint = driver.setpoint()
            assert setpoint is not None and setpoint.power == 0 and setpoint.holds == 1
        bodies.begin()
        time.sleep(0.1)
        assert int(edge.health().state) == OFF
        movers.begin()
        time.sleep(0.1)
        assert int(edge.health().state) == OFF, "a new client resets nothing"
        moves(edge, bodies, movers, operator)


def moves(edge: EdgeProcess, bodies: Movers, movers: Movers, operator: OperatorClient) -> None:
    """Until it does. What a busy machine starves for 0.1 s is as good as dead: it is begun anew, and the stop reset."""

    def moving() -> bool:
        for kind in (bodies, movers):
            if not kind.alive():
                kind.begin()
        if int(edge.health().state) == OFF:
            operator.reset()
        return edge.speed > 0.05

    until(moving, 2.0 * PATIENCE, "moving")


def test_when_the_edge_process_dies_its_client_notices(tmp_path: Path) -> None:
    with EdgeProcess(tmp_path, f"dies_{os.getpid()}") as edge, Movers(edge.path) as movers:
        movers.begin()
        until(lambda: edge.speed > 0.05, PATIENCE, "moving")
        edge.process.kill()
        said = movers.line()
        assert said.startswith("lost") and SILENCE / 2 < float(said.split()[1]) < PATIENCE


def test_a_full_disk_costs_the_box_and_not_the_loop(tmp_path: Path) -> None:
    """No file may grow: the box of each stop is told of and missed, and the robot obeys as before."""
    with EdgeProcess(tmp_path, f"full_{os.getpid()}", log=subprocess.PIPE) as edge:
        resource.prlimit(edge.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        assert kills(edge, 2, 2) >= 2
        log = edge.process.stderr
        assert log is not None and any("not written (File too large); the loop goes on" in line for line in log)
        resource.prlimit(edge.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        told = edge.end()
    assert told["black_boxes_failed"] >= 1 and told["at_rest"] and edge.process.returncode == 0
    left = {str(path) for path in tmp_path.glob("blackbox*")}
    assert left == set(told["black_boxes"]), "and nothing lies about that is none"


def test_a_log_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full, EdgeProcess(tmp_path, f"mute_{os.getpid()}", log=full) as edge:
        assert kills(edge, 1, 2) >= 1
        told = edge.end()
    assert told["at_rest"] and told["black_boxes"] and edge.process.returncode == 0
