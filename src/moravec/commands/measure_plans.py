"""The measurements behind `moravec bench plan` beside the planner alone: a whole job from its words, and its work shared out."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from moravec.brain.bench import STORE_ALL, bench_inventory, bench_workplace
from moravec.brain.conduct.charter import Charter
from moravec.brain.goal import Goal, goal_from_json
from moravec.brain.mind import Situation
from moravec.brain.plan import make_plan
from moravec.brain.remember import Inventory
from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.expect import expectations
from moravec.brain.schedule.problem import Problem
from moravec.brain.schedule.site import Resource, same_robots, site_of
from moravec.brain.schedule.supposed import supposed_delivery, whole_plan
from moravec.brain.schedule.touched import touched
from moravec.brain.steps import Plan
from moravec.commands.minds import symbolic_mind
from moravec.commands.plan import planned
from moravec.core.frames import Matrix
from moravec.skills.manifests import BY_NAME

JOB_ITEMS = 10
JOBS = (
    "unpack the delivery and store everything",
    "put the red cans into bin B and everything else away",
    "inspect all boxes, then store them",
    "把所有的罐子放到B箱",
)
ROBOTS = (2, 3, 4)
# The inspection plate as it is in the cell, and one that four things and two arms fit on at once, as they fit into the parcel.
SITES: dict[str, tuple[Resource, ...]] = {
    "one on the plate": (),
    "four on the plate": (
        Resource("station", frozenset({"station"}), arms=2, things=4), Resource("parcel", frozenset({"parcel"}), arms=2),
    ),
}  # fmt: skip


def job_times(n: int, seed: int) -> Matrix:
    """Seconds (n,) of reading one sentence and planning its job to the end, with JOB_ITEMS things, on one core, where the system
    can keep a process to one. One job goes before: what is made ready once in a process is not counted, the reader's networks and
    the modules that a first job loads."""
    with one_core():
        mind, workplace = symbolic_mind(), bench_workplace()

        def plan_of(goal: Goal, inventory: Inventory) -> Plan:
            return mind.plan(Situation(goal, inventory))

        planned(JOBS[0], workplace, mind, Charter())
        spent = np.empty(n)
        for i in range(n):
            inventory, words = supposed_delivery(workplace, JOB_ITEMS, seed + i), JOBS[i % len(JOBS)]
            start = time.perf_counter()
            result = planned(words, workplace, mind, Charter())
            whole = whole_plan(goal_from_json(result["goal"]), inventory, plan_of)
            spent[i] = time.perf_counter() - start
            assert whole.plan.steps and not result["refused"]  # the words of JOBS are read and can be done
    return spent


def schedules(items: int, seed: int) -> list[dict[str, Any]]:
    """The storing of `items` things shared out: for each site and number of robots the seconds of the schedule, the lower bound,
    their ratio, and the seconds it took to make, judging included."""
    inventory = bench_inventory(items, seed)
    steps, state = make_plan(STORE_ALL, inventory).steps, inventory.state()
    expected = expectations(touched(steps, state, BY_NAME), BY_NAME)
    rows: list[dict[str, Any]] = []
    for name, resources in SITES.items():
        for robots in ROBOTS:
            problem = Problem(steps, state, site_of(same_robots(robots), inventory.kinds, resources), expected)
            start = time.perf_counter()
            schedule = arrange(problem, seed)
            spent = time.perf_counter() - start
            ratio = round(1.0 + schedule.gap, 4)
            figures = {"makespan": round(schedule.makespan, 3), "bound": round(schedule.bound, 3), "ratio": ratio}
            rows.append({"site": name, "robots": robots, "items": items, **figures, "seconds": round(spent, 3)})
    return rows


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """This process on one core, where the system can do that."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
