"""Memories on the disk, with a clock that stands still until it is told to move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers_brain import CELL, FakeWorld, Ran, run_job
from told import told_mind

from moravec.brain.agent import Agent
from moravec.brain.goal import goal_from_json
from moravec.brain.memory.learn import Account, Heard, begin, take_in
from moravec.brain.memory.prior import prior_of
from moravec.brain.memory.recollect import Recollection
from moravec.brain.memory.store import Memory
from moravec.core.clock import ManualClock

BORN = 1_700_000_000_000_000_000  # [ns] 2023-11-14T22:13:20Z
HOUR = 3600.0  # [s]


def a_clock() -> ManualClock:
    return ManualClock(0.0, BORN)


@contextmanager
def memory_at(path: Path, clock: ManualClock | None = None, site: str = "cell") -> Iterator[Memory]:
    with Memory.made(path, site, clock or a_clock(), lambda n: bytes(n)) as memory:
        yield memory


def told(subject: str, key: str, value: object, who: str | None = None) -> Mapping[str, Any]:
    return {"subject": subject, "key": key, "value": value, "who": who, "why": None, "expires_ns": None}


def observed(subject: str, key: str, value: object) -> Mapping[str, Any]:
    return {"subject": subject, "key": key, "value": value, "job": 0, "why": "seen"}


def call(skill: str, place: str = "", code: str = "ok", category: str = "", job: int = 1, seconds: float = 1.0) -> dict[str, Any]:
    status = "succeeded" if code == "ok" else "failed"
    about = {"skill": skill, "place": place, "category": category}
    return {**about, "code": code, "status": status, "job": job, "seconds": seconds}


def remembered_job(
    memory: Memory, instruction: str, world: FakeWorld, answers: Mapping[str, str] | None = None, scope: str = "once"
) -> Ran:
    """One job in the fake world with all that the memory does around it; given answers hold as far as `scope` says."""
    recollection = Recollection(prior_of(memory))
    job = begin(memory, instruction, CELL)
    agent = Agent({}, CELL, told_mind(), recollection=recollection)
    ran = run_job(instruction, world, answers, agent=agent)
    report = ran.report
    asked = [q for q in report.questions if "answered_by" not in q and answers]
    heard = tuple(Heard(q["text"], tuple(q["options"]), q["answer"], q["why"], scope) for q in asked)
    items, history = recollection.believed()
    account = Account(
        success=report.success, goal=goal_from_json(report.goal).describe(), answer=report.answer, problems=report.problems,
        refused=report.refused, replans=report.replans, questions=len(report.questions), steps=report.steps,
        items=items, history=history, labels=dict(recollection.read), known=dict(recollection.known),
        used=tuple(recollection.used), refuted=tuple(recollection.refuted), empty=frozenset(recollection.empty), heard=heard,
    )  # fmt: skip
    take_in(memory, job, account)
    return ran
