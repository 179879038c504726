"""Resets are the operator's, and so is the mode at most: whoever commands has neither, whatever it writes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers_edge import BRAKING, HOLD, HOME, ME, OFF, OTHER, PERIOD, RUN, Sim, to_rest
from helpers_process import PATIENCE, EdgeProcess, Movers, until

from moravec.core.errors import ContractError
from moravec.edge import decode, loop
from moravec.edge.client import EdgeClient, read
from moravec.edge.compiled import INTERPRETED
from moravec.edge.form import DRIVER, FOREIGN, LOCK, NOTHING, OK, REPEATED, STALE, TORN, AnswerBox
from moravec.edge.layout import AT_ANSWER, AT_CLIENT, AT_OPERATOR, AT_ORDER
from moravec.edge.operator import OperatorClient
from moravec.guard.kernel.codes import FULL, MODE, REDUCED, STILL

NOT_AT_REST, PRESSED = 1, 3  # what becomes of a reset


def answered(sim: Sim) -> Any:
    """What the loop answered last."""
    found = read(sim.memory, AT_ANSWER, AnswerBox)
    assert found is not None
    return found


def latched(folder: Path, body: Any = None) -> Sim:
    """An emergency stop, long released."""
    sim = Sim(folder, DRIVER, body)
    for estop in (0, 1, *[0] * 300):
        sim.report(sim.measured(estop=estop))
        sim.tick()
    assert sim.state == OFF
    return sim


def runs(sim: Sim) -> None:
    """The client's commands move it."""
    q, speed = sim.q, 0.0
    for _ in range(10):
        speed += 8.0 * PERIOD
        q[0] += speed * PERIOD
        sim.report(sim.measured(sim.q, (sim.speed, 0, 0)))
        sim.say(q, (speed, 0, 0))
        sim.tick()
    assert sim.state == RUN and sim.speed > 0.0


def test_the_operator_resets(tmp_path: Path) -> None:
    sim = latched(tmp_path / "shared")
    sim.report()
    sim.order(reset=1)
    sim.tick()
    told = answered(sim)
    assert (told.resets, told.reset_code, told.orders, sim.state) == (1, 0, 1, HOLD)
    row = sim.memory.ring()[(int(sim.r.k["tick"]) - 1) % sim.memory.capacity]
    assert (row["resets"], row["reset_code"], row["order_code"]) == (1, 0, OK)
    runs(sim)
    sim.report(sim.measured(sim.q))
    sim.order(reset=2)
    sim.tick()
    assert answered(sim).reset_code == NOT_AT_REST, "in motion nothing is reset"


def test_a_reset_is_refused_while_the_stop_is_pressed(tmp_path: Path) -> None:
    sim = latched(tmp_path / "shared")
    sim.report(sim.measured(estop=1))
    sim.order(reset=1)
    sim.tick()
    assert answered(sim).reset_code == PRESSED and sim.state == OFF


def test_a_reset_is_no_restart(tmp_path: Path) -> None:
    """A client that goes on commanding all the time does not move in the tick of the reset, nor by what it asked before."""
    sim = latched(tmp_path / "shared")
    for _ in range(5):
        sim.report()
        sim.say(HOME)
        sim.tick()
    assert sim.state == OFF and sim.r.k["have"] == 1
    sim.report()
    sim.say(HOME)
    sim.order(reset=1)
    sim.tick()
    for _ in range(5):
        assert sim.state == HOLD
        sim.report()
        sim.tick()
    runs(sim)


@pytest.mark.parametrize("way", ["as another", "as itself", "in both mailboxes", "as nobody", "taking the lease"])
def test_whoever_commands_resets_nothing(tmp_path: Path, way: str) -> None:
    sim = latched(tmp_path / "shared")
    assert not hasattr(EdgeClient, "reset")
    for number in range(1, 4):
        sim.report()
        writer = {"as another": OTHER, "as nobody": 0}.get(way, ME)
        if way == "taking the lease":  # its own writer's number in the operator's place
            sim.memory.whole[AT_OPERATOR] = ME
        if way == "as nobody":
            sim.memory.whole[AT_OPERATOR] = 0
        if way == "in both mailboxes":
            sim.say(HOME)
        sim.order(writer, number, reset=number, sets=1, mode=FULL)
        assert sim.tick()["order_code"] == FOREIGN
        assert sim.state == OFF and answered(sim).resets == 0
    assert int(sim.r.k["order_refused"][FOREIGN]) == 3


def test_an_order_is_whole_fresh_and_taken_once(tmp_path: Path) -> None:
    sim = latched(tmp_path / "shared")
    sim.order(reset=1, stamp=sim.now - 17_000_000)
    assert sim.tick()["order_code"] == STALE
    sim.order(reset=1, number=0)
    assert sim.tick()["order_code"] == REPEATED
    sim.order(reset=1)
    sim.memory.whole[AT_ORDER + LOCK] += 1
    assert sim.tick()["order_code"] == TORN
    assert sim.tick()["order_code"] == TORN and sim.state == OFF and sim.r.k["reset_seen"] == 0
    sim.report()
    sim.order(reset=1)
    assert sim.tick()["order_code"] == OK and sim.state == HOLD
    sim.report(sim.measured(estop=1))
    sim.tick()
    to_rest(sim)
    for _ in range(300):
        sim.report()
        sim.order(reset=1)
        sim.tick()
    assert sim.state == OFF and answered(sim).resets == 1, "an old request is not answered again"


def test_the_next_operator_counts_anew(tmp_path: Path) -> None:
    sim = latched(tmp_path / "shared")
    sim.report(sim.measured(estop=1))
    sim.order(reset=5)
    sim.tick()
    assert sim.state == OFF and answered(sim).resets == 5
    sim.memory.whole[AT_OPERATOR] = OTHER
    for _ in range(300):
        sim.report()
        sim.tick()
    assert sim.state == OFF and (answered(sim).resets, answered(sim).orders) == (0, 0)
    sim.report()
    sim.order(OTHER, 1, reset=1)
    sim.tick()
    assert sim.state == HOLD and answered(sim).resets == 1


def test_the_tighter_mode_holds(sim: Sim) -> None:
    sim.tick()
    for order in (FULL, REDUCED, STILL):
        sim.order(sets=1, mode=order)
        for asked in (FULL, REDUCED, STILL):
            sim.say(HOME, mode=asked)
            sim.tick()
            assert sim.r.a["mode"] == answered(sim).mode == max(order, asked)
    sim.order(mode=FULL, reset=1)
    sim.tick()
    assert sim.r.k["order_mode"] == STILL, "an order that sets no mode changes none"


def test_the_operators_mode_outlives_the_operator_and_the_client(sim: Sim) -> None:
    sim.go()
    sim.order(sets=1, mode=STILL)
    sim.say(sim.q, mode=FULL)
    sim.tick()
    assert sim.state == BRAKING and sim.r.o["check"] == MODE
    to_rest(sim)
    sim.memory.whole[AT_OPERATOR], sim.memory.whole[AT_CLIENT] = 0, OTHER
    for number in range(1, 5):
        sim.write(sim.command(sim.q, mode=FULL), OTHER, number)
        sim.tick()
        assert sim.r.a["mode"] == STILL and sim.state == HOLD
    assert sim.r.k["order_code"] == NOTHING


def any_writer(raw: Any, k: Any, now: int) -> int:
    k.operator = raw.view("i8")[decode.WRITER]
    return ORDER(raw, k, now)


ORDER = decode.decode_order


def test_a_planted_fault_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edge process that takes an order from whoever writes one is reset by its client: the tests above would fail."""
    sim = latched(tmp_path / "shared", INTERPRETED)
    monkeypatch.setattr(loop, "decode_order", any_writer)
    sim.report()
    sim.order(OTHER, 1, reset=1)
    sim.tick()
    assert sim.state == HOLD


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeProcess]:
    with EdgeProcess(tmp_path_factory.mktemp("operator"), f"operator_{os.getpid()}") as process:
        yield process


def test_client_and_operator_are_never_one_process(edge: EdgeProcess) -> None:
    with EdgeClient(edge.path), pytest.raises(ContractError, match="client and operator at once"):
        OperatorClient(edge.path)
    with OperatorClient(edge.path) as operator:
        with pytest.raises(ContractError, match="client and operator at once"):
            EdgeClient(edge.path)
        with pytest.raises(ContractError, match="one at a time"):
            OperatorClient(edge.path)
        assert operator.alive()
    with EdgeClient(edge.path):
        pass
    assert edge.memory.whole[AT_OPERATOR] == edge.memory.whole[AT_CLIENT] == 0


def test_threads_of_one_process_are_not_both(edge: EdgeProcess) -> None:
    ends: list[Any] = []
    refused: list[str] = []

    def begin(kind: Any) -> None:
        try:
            ends.append(kind(edge.path))
        except ContractError as error:
            refused.append(str(error))

    try:
        for _ in range(5):
            threads = [threading.Thread(target=begin, args=(kind,)) for kind in (EdgeClient, OperatorClient)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(ends) <= 1 and refused and all("at once" in line for line in refused), refused
            while ends:
                ends.pop().close()
    finally:
        for end in ends:
            end.close()


def test_an_operator_beside_a_client_that_moves(edge: EdgeProcess) -> None:
    with Movers(edge.path) as movers, OperatorClient(edge.path) as operator:
        movers.begin()
        until(lambda: edge.speed > 0.05, PATIENCE, "moving")
        assert operator.reset().reset_code == NOT_AT_REST
        operator.allow(STILL)
        until(lambda: int(edge.health().state) == HOLD and edge.speed == 0.0, PATIENCE, "at rest")
        time.sleep(0.2)
        assert edge.speed == 0.0 and operator.reset().reset_code == 0
        operator.allow(FULL)
        until(lambda: edge.speed > 0.05, PATIENCE, "moving again")


def test_an_operator_that_nobody_hears_says_so(edge: EdgeProcess) -> None:
    """The last act of this module: the edge process ends."""
    with OperatorClient(edge.path) as operator:
        edge.end()
        with pytest.raises(ContractError, match="found no tick"):
            operator.reset()
