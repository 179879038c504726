"""The fault matrix: every input x every fault x every mode ends where the table says, lawfully, and soon.

The table was made by the guard and read line by line: what moves nobody (`RUN`, no check) is a fault that changes nothing a
motion rests on, or one the next check sees. To make it again after a change that is meant:
`python tests/guard/test_fault_matrix.py`.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fault_matrix import FAULTS, INPUTS, SPOILED, WARM, Outcome, limits, run
from helpers_guard import PERIOD

from moravec.guard.stop import Mode

GOLDEN = Path(__file__).with_name("fault_matrix.txt")
# From the first stop verdict to rest, from the cruising speed of this matrix [s]: 0.4 rad/s at 10 rad/s^2, and two ticks.
REST_WITHIN = 0.4 / 10.0 + 2 * PERIOD
# How long a fault may go unseen [s]: nothing is wrong yet in what is frozen, only older with every tick.
UNSEEN = {"tracking": 0.32, "people_age": 0.2, "state_age": 0.022, "command_age": 0.022, "sequence_repeat": 0.4,
          "limit_budget": 0.12, "velocity_wanted": 0.0, "velocity_mismatch": 0.02}  # fmt: skip


# A sender that asks for a little too much is pulled back for a while, twice perhaps, before it is stopped [s].
PATIENCE = {"limit_budget": 0.22}


@cache
def outcome(name: str, fault: str, mode: Mode) -> Outcome:
    return run(name, fault, mode)


def line(name: str, fault: str, mode: Mode) -> str:
    found = outcome(name, fault, mode)
    words = f"{name:20} {fault:13} {mode.name:8} {found.end:8} {found.check or '-':20} "
    return (words + ("" if found.active else "changes nothing")).rstrip()


def table() -> dict[tuple[str, str, str], str]:
    rows = [row for row in GOLDEN.read_text().splitlines() if row]
    return {(parts[0], parts[1], parts[2]): row for row in rows if (parts := row.split())}


def test_the_table_has_every_input_fault_and_mode() -> None:
    assert set(table()) == {(i, f, m.name) for i in INPUTS for f in FAULTS for m in Mode}


@pytest.mark.parametrize("name", INPUTS)
def test_every_fault_ends_where_the_table_says(name: str) -> None:
    expected = table()
    for fault in FAULTS:
        for mode in Mode:
            assert line(name, fault, mode) == expected[name, fault, mode.name]


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("mode", [Mode.FULL, Mode.REDUCED])
def test_every_stop_is_lawful_and_soon(name: str, mode: Mode) -> None:
    bound = limits()
    for fault in FAULTS:
        found = outcome(name, fault, mode)
        steps = np.diff(found.path, axis=0)
        assert np.all(np.isfinite(found.path))
        assert np.all(np.abs(steps) <= np.array(bound.velocity) * PERIOD * 1.001)
        if name != "clock" and found.end != "OFF":  # without a clock, or without power, no deceleration is counted in ticks
            bends = np.abs(np.diff(steps, axis=0)) / PERIOD**2
            assert np.all(bends <= np.array(bound.acceleration) * 1.001 + 1e-6), (name, fault)
        if found.check and found.rest < math.inf:
            assert found.first_slower <= UNSEEN.get(found.check, 0.002) + PERIOD, (name, fault, found)
            assert found.rest - found.first_slower <= REST_WITHIN + PATIENCE.get(found.check, 0.0), (name, fault, found)
        if not found.active:
            assert found.check == "", (name, fault)


@pytest.mark.parametrize("name", INPUTS)
def test_in_still_nothing_moves_at_all(name: str) -> None:
    for fault in FAULTS:
        path = outcome(name, fault, Mode.STILL).path[WARM + 30 : WARM + SPOILED]
        # Without a clock the braking that the mode began is not over, but goes no farther than it would have.
        assert np.all(np.ptp(path, axis=0) <= (0.4**2 / 20.0 if name == "clock" else 0.0)), (name, fault)


if __name__ == "__main__":
    GOLDEN.write_text("\n".join(line(i, f, m) for i in INPUTS for f in FAULTS for m in Mode) + "\n")
