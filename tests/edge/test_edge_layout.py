"""Who may connect: one client, of the same version, owner, limit table and start of the machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_edge import limits

from moravec.core.errors import BadInput, ContractError
from moravec.edge.client import EdgeClient, EdgeDriver, Lease, lease_path, post
from moravec.edge.form import DRIVER, ECHO, HealthBox, SetpointBox, layout_hash, tick_dtype
from moravec.edge.layout import (
    AT_BODY,
    AT_BOOT,
    AT_CLIENT,
    AT_DRIVER,
    AT_HEALTH,
    AT_JOINTS,
    AT_LAYOUT,
    AT_MAGIC,
    AT_PERIOD,
    AT_RING,
    AT_SETPOINT,
    Memory,
    Terms,
    discard,
    look,
    make,
    path_of,
    publish,
    ring_ticks,
)
from moravec.guard.kernel.form import dtype_of

TERMS = Terms(limits().sha256(), 0.002, 3)


def made(folder: Path, ring: int | None = 100, body: int = ECHO) -> tuple[Path, Memory]:
    path = path_of("robot", folder)
    memory = make(path, TERMS, 1, body, ring)
    publish(path)
    return path, memory


def test_the_file_is_its_owners_alone_and_holds_40_seconds(tmp_path: Path) -> None:
    path, memory = made(tmp_path, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert memory.capacity * memory.period >= 40.0 and ring_ticks(0.001) >= 40_000
    assert look(path).terms() == TERMS and memory.ring().dtype == tick_dtype() and len(layout_hash()) == 32


def test_a_new_process_takes_the_place_of_an_old_file(tmp_path: Path) -> None:
    _, old = made(tmp_path)
    path, new = made(tmp_path)
    old.whole[AT_CLIENT] = 5
    assert look(path).whole[AT_CLIENT] == new.whole[AT_CLIENT] == 0
    assert [p.name for p in tmp_path.iterdir()] == ["moravec-edge-robot"]


@pytest.mark.parametrize("word", [AT_MAGIC, AT_LAYOUT, AT_LAYOUT + 3, AT_BOOT, AT_RING])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, word: int) -> None:
    path, memory = made(tmp_path)
    memory.whole[word] += 1
    with pytest.raises(ContractError, match="edge process"):
        look(path)


@pytest.mark.parametrize(
    ("word", "value"),
    [(AT_JOINTS, 0), (AT_JOINTS, 17), (AT_JOINTS, -1), (AT_PERIOD, 0), (AT_PERIOD, -2_000_000), (AT_BODY, 2), (AT_BODY, -1),
     (AT_RING, 0), (AT_RING, -100), (AT_RING, 1 << 62)],
)  # fmt: skip
def test_a_header_that_no_edge_process_writes_is_refused(tmp_path: Path, word: int, value: int) -> None:
    path, memory = made(tmp_path)
    memory.whole[word] = value
    with pytest.raises(ContractError, match="edge process"):
        look(path)


@pytest.mark.parametrize(
    "spoil",
    [lambda p: p.chmod(0o640), lambda p: p.unlink(), lambda p: os.truncate(p, 100), lambda p: os.truncate(p, 90_000),
     lambda p: os.truncate(p, p.stat().st_size + 1),
     lambda p: (p.rename(p.with_name("x")), p.symlink_to("x"))],
)  # fmt: skip
def test_a_file_that_others_could_have_made_is_refused(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    path, memory = made(tmp_path)
    assert memory.ticks == 0
    spoil(path)
    with pytest.raises(ContractError, match="edge process"):
        look(path)


def test_a_name_is_a_name() -> None:
    for name in ("", "../x", "a b", "x" * 65):
        with pytest.raises(BadInput):
            path_of(name)


def test_a_folder_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a folder with"):
        make(tmp_path / "no" / "robot", TERMS, 1, 0)


def test_one_lease_at_a_time(tmp_path: Path) -> None:
    path = lease_path(tmp_path / "robot", "client")
    lease = Lease(path, "client")
    with pytest.raises(ContractError, match="one at a time"):
        Lease(path, "client")
    lease.close()
    assert not path.exists()
    again = Lease(path, "client")
    path.unlink()  # by whoever tidies up
    other = Lease(path, "client")
    again.close()
    assert path.exists()
    other.close()
    assert not path.exists()


def test_a_client_of_a_dead_process_does_not_connect(tmp_path: Path) -> None:
    path, memory = made(tmp_path)
    with pytest.raises(ContractError, match="no tick"):
        EdgeClient(path, timeout=0.05)
    assert memory.whole[AT_CLIENT] == 0  # and leaves no lease behind


def test_a_client_with_another_limit_table_does_not_connect(tmp_path: Path) -> None:
    path, _ = made(tmp_path)
    with pytest.raises(ContractError, match="limit table"):
        EdgeClient(path, replace(TERMS, period=0.001))


def test_without_a_heartbeat_a_driver_is_told_nothing(tmp_path: Path) -> None:
    path, _ = made(tmp_path, body=DRIVER)
    with EdgeDriver(path) as driver:
        assert driver.setpoint() is None and not driver.alive() and driver.silence() == float("inf")


def test_a_driver_is_told_what_the_edge_process_wrote_and_nothing_else(tmp_path: Path) -> None:
    path, memory = made(tmp_path, body=DRIVER)
    payload = np.zeros(1, dtype_of(SetpointBox))
    with EdgeDriver(path) as driver:
        for writer in (1, 2):
            post(memory, AT_SETPOINT, payload, 1, writer, time.monotonic_ns())
            post(memory, AT_HEALTH, np.zeros(1, dtype_of(HealthBox)), 1, 1, time.monotonic_ns())
            assert (driver.setpoint() is not None) == (writer == 1)


def test_a_driver_does_not_connect_to_joints_that_are_simulated(tmp_path: Path) -> None:
    path, memory = made(tmp_path, body=ECHO)
    with pytest.raises(ContractError, match="--driver"):
        EdgeDriver(path)
    assert memory.whole[AT_DRIVER] == 0  # and leaves no lease behind
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_lease_that_cannot_be_taken_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "robot.client", tmp_path):
        with pytest.raises(ContractError, match="can be written"):
            Lease(path, "client")


def test_what_was_not_published_can_be_taken_away(tmp_path: Path) -> None:
    make(path_of("robot", tmp_path), TERMS, 1, ECHO, 100)
    assert len(list(tmp_path.iterdir())) == 1
    discard(path_of("robot", tmp_path))
    discard(path_of("robot", tmp_path))
    assert list(tmp_path.iterdir()) == []
