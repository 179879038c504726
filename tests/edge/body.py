"""Drivers to be killed: for each line on standard input one process that is a body, which is where it was told to be.

As in `mover.py`. The first one stands at the cell's resting posture, later ones where the one before came to rest.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import numpy as np
from mover import main, say

from moravec.core.errors import ContractError
from moravec.core.observation import RobotState
from moravec.edge.client import EdgeDriver
from moravec.worlds.cell.layout import HOME_Q


def follow(path: Path) -> None:
    """Until killed, or the edge process is."""
    with contextlib.suppress(PermissionError):  # as a real driver: tests beside it must not starve it
        os.setpriority(os.PRIO_PROCESS, 0, -15)
    with EdgeDriver(path) as driver:
        say(os.getpid())
        n = driver.terms.joints
        q, dq, zeros, wrench = np.array(HOME_Q, float), np.zeros(n), np.zeros(n), np.zeros(6)
        seq, tick = 0, driver.ticks
        try:
            while True:
                setpoint = driver.setpoint()
                if setpoint is not None and setpoint.holds:
                    q, dq = setpoint.q[:n], setpoint.dq[:n]
                seq += 1
                driver.report(RobotState(seq, time.monotonic(), q, dq, zeros, 0.0, 0.0, wrench, False))
                tick = driver.wait(tick + 1)
        except ContractError:
            say(f"lost {driver.silence():.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), follow)
