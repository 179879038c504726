"""One job of a trial, in this process: the world is bent, the job is done under the guard, the truth judges."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import numpy as np

from moravec.brain.mind import SymbolicMind
from moravec.brain.reader.mind import reads_by
from moravec.brain.reader.shipped import open_reader
from moravec.core.errors import MoravecError
from moravec.models.suite import TRUSTED, shipped_folder
from moravec.perception.vision import Vision
from moravec.runtime.job import Hands, Outcome, cycle_times, delivery, run_job
from moravec.runtime.onlookers import Recorder, Watcher
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.trials.jobs.causes import Ending, Wrong, wrongs
from moravec.trials.jobs.film import Film
from moravec.trials.jobs.identity import identified
from moravec.trials.jobs.link import Crossed, over
from moravec.trials.jobs.meter import Meter, Step, recoveries
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import Attempt, OpenNamed, Setting, Suite, setting
from moravec.worlds.registry import World

LOST_CODES = ("lost", "slipped")
LINK_STREAM = 8  # of an attempt's randomness: what the line between brain and edge does
WORD_LIMIT = 240  # characters of what is kept of an error's own words


def tried(
    attempt: Attempt,
    suite: Suite,
    opened: OpenNamed,
    items: int | None = None,
    renderer: str | None = None,
    recorder: Recorder | None = None,
    watchers: Sequence[Watcher] = (),
) -> tuple[Record, bytes]:
    """The record of `attempt`, in a world that `opened` opens, and of one that failed a film strip, see `Film.strip`. An
    error of the world or of the job is in the record; one job never ends a trial."""
    start = time.perf_counter()
    told = (attempt.suite, attempt.perturbation, attempt.severity, attempt.index, attempt.seed)
    begun, film = setting(suite, attempt, items, renderer), Film()
    try:
        with closing(opened(suite.world, begun.options)) as world:
            crossed = Crossed()
            meter, outcome = _done(world, suite, attempt.seed, begun, crossed, recorder or Unrecorded(), (film, *watchers))
            found = _judged(world, meter, outcome)
            if crossed.messages or crossed.computations:
                found["in_force"]["network"] = crossed.told()
    except MoravecError as error:
        found = {"died": "crashed", "cause": "hardware", "words": str(error)[:WORD_LIMIT]}
    record = Record(*told, **found, seconds=round(time.perf_counter() - start, 2))
    return record, b"" if record.success else film.strip(record.decided_at)


def _done(
    world: World, suite: Suite, seed: int, begun: Setting, crossed: Crossed, recorder: Recorder, watchers: Sequence[Watcher]
) -> tuple[Meter, Outcome]:
    cancels: list[Callable[[], None]] = []

    def broken() -> int:
        return sum(dict(world.extremes().get("violations", {})).values())

    def end() -> None:
        for cancel in cancels:
            cancel()

    meter = Meter(suite.most_robot_s, end, broken, begun.options.person)
    work = delivery((begun.instruction,), world.workplace, Vision(world.workplace), _mind())
    work = over(begun.link, np.random.default_rng((seed, LINK_STREAM)), work, crossed)
    hands = Hands(
        world.robot, recorder, AsFastAsPossible(), lambda ask: ask.default, [meter, *watchers], cancels.append
    )  # fmt: skip
    return meter, run_job(hands, work)


@lru_cache(1)
def _mind() -> SymbolicMind:
    """The mind of this process: it keeps nothing from job to job."""
    return SymbolicMind(reads_by(open_reader(shipped_folder("reader"), TRUSTED)))


def _judged(world: World, meter: Meter, outcome: Outcome) -> dict[str, Any]:
    things, extremes = world.things(), world.extremes()
    inventory: Mapping[str, Any] = {} if outcome.report is None else outcome.report.inventory
    refused = meter.refused or (outcome.report.refused if outcome.report is not None and outcome.report.refused else "")
    ending = Ending(refused, "" if meter.over else outcome.trouble, meter.over, round(meter.now, 6))
    wrong = wrongs(things, identified(inventory, things), inventory, meter.steps, ending)
    took, unrecovered = recoveries(meter.steps)
    return {
        "items": len(things), "right": len(things) - len(wrong), "refused": refused[:WORD_LIMIT],
        **_first(wrong), "wrong": [one.plain() for one in wrong],
        "robot_s": round(meter.now, 6), "cycle_s": cycle_times([_as_result(step) for step in meter.steps]),
        "steps": len(meter.steps), "failed_steps": sum(not step.ok for step in meter.steps),
        "recoveries": took, "unrecovered": unrecovered, "questions": meter.questions,
        "stops": dict(sorted(meter.stops.items())), "false_stops": meter.false_stops,
        "drops": sum(step.code in LOST_CODES for step in meter.steps) + sum(w.location in ("table", "floor") for w in wrong),
        "misplaced": sum(len(w.location) == 1 or w.location == "reject" for w in wrong),
        "violations": dict(extremes.get("violations", {})),
        "energy_j": round(meter.energy, 3), "peak_force_n": round(meter.peak_force, 3),
        "down_s": round(meter.stopped + sum(took), 6), "in_force": _in_force(extremes),
    }  # fmt: skip


def _first(wrong: Sequence[Wrong]) -> dict[str, Any]:
    """What is said of the whole job: of the item that was decided first."""
    if not wrong:
        return {}
    return {"cause": wrong[0].cause, "decided_at": wrong[0].decided_at, "words": wrong[0].words[:WORD_LIMIT]}


def _as_result(step: Step) -> dict[str, Any]:
    return {"skill": step.skill, "status": "succeeded" if step.ok else "failed", "seconds": step.seconds}


def _in_force(extremes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(extremes[name]) for name in ("conditions", "mishaps") if extremes.get(name)}
