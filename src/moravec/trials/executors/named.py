"""Executors by their names."""

from __future__ import annotations

from collections.abc import Mapping

from moravec.core.errors import BadInput
from moravec.trials.executors.contract import EXECUTORS, PROCESSES, RAY, SERIAL, Budget, Executor
from moravec.trials.executors.on_ray import HERE, Ray
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial

ADDRESS = "RAY_ADDRESS"  # the environment's variable by which Ray's own tools find a cluster


def executor_of(name: str, workers: int, budget: Budget, environment: Mapping[str, str]) -> Executor:
    """One of EXECUTORS, with so many `workers` where it has any. Raises BadInput."""
    if name == SERIAL:
        return Serial(budget)
    if name == PROCESSES:
        return Processes(workers, budget)
    if name == RAY:
        return Ray(workers, environment.get(ADDRESS) or HERE, budget)
    raise BadInput("--executor", name, EXECUTORS)
