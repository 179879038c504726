"""Executors by their names."""

from __future__ import annotations

from moravec.core.errors import BadInput
from moravec.trials.executors.contract import EXECUTORS, PROCESSES, RAY, SERIAL, Budget, Executor
from moravec.trials.executors.on_ray import HERE, Ray
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial

AT = f"{RAY}@"  # before the address of a cluster


def executor_of(name: str, workers: int, budget: Budget) -> Executor:
    """One of EXECUTORS, with so many `workers` where it has any; "ray@HOST:PORT" is a cluster that there is. Raises BadInput."""
    if name == SERIAL:
        return Serial(budget)
    if name == PROCESSES:
        return Processes(workers, budget)
    if name == RAY:
        return Ray(workers, HERE, budget)
    if name.startswith(AT) and name != AT:
        return Ray(workers, name.removeprefix(AT), budget)
    raise BadInput("--executor", name, (*EXECUTORS, f"{AT}HOST:PORT"))
