"""A talk of several turns in one run: one agent, one turn after the other, and one report of all."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from moravec.brain.agent import Agent
from moravec.brain.job import Context, JobReport
from moravec.brain.midjob.attend import afterwards
from moravec.skills.contract import Note, Request


def talk(agent: Agent, instructions: Sequence[str], context: Context) -> Generator[Request, Any, JobReport]:
    """Each instruction is a turn; the talk so far is remembered by the agent. The report of one turn is that turn's own. What was
    said while a turn ran and did not get its turn then gets it before the next instruction, and may end the talk."""
    reports: list[JobReport] = []
    for number, instruction in enumerate(instructions, start=1):
        if len(instructions) > 1:
            yield Note("turn", {"turn": number, "of": len(instructions), "instruction": instruction})
        reports.append((yield from agent.run(instruction, context)))
        reports += yield from afterwards(agent, context)
        if agent.orders.over:
            break
    return merged(reports)


def merged(reports: Sequence[JobReport]) -> JobReport:
    """One report of all turns, those that came in between included, in the order in which they began. A turn whose question the
    next one answered counts as not refused."""
    turns = [turn for report in reports for turn in _turns(report)]
    if len(turns) == 1:
        return turns[0]
    excused = [report.open and after.replied for report, after in pairwise(turns)] + [False]
    refused = [r.refused for r, fine in zip(turns, excused, strict=True) if r.refused is not None and not fine]
    return replace(
        reports[-1],
        success=all(r.success or fine for r, fine in zip(turns, excused, strict=True)),
        instruction=" / ".join(r.instruction for r in turns),
        goal=[clause for r in turns for clause in r.goal],
        steps=tuple(step for r in reports for step in _steps(r)),
        questions=tuple(question for r in turns for question in r.questions),
        refused=refused[0] if refused else None,
        replans=sum(r.replans for r in turns),
        answer=" ".join(r.answer for r in turns),
        problems=tuple(problem for r in turns for problem in r.problems),
        surprises=tuple(surprise for r in turns for surprise in r.surprises),
        answers=tuple(answer for r in turns for answer in r.answers),
        turns=tuple(_in_short(r) for r in turns),
        heard=None,
        amid=(),
    )


def _turns(report: JobReport) -> list[JobReport]:
    """A turn and all that came in between, each by itself."""
    return [replace(report, amid=()), *(turn for other in report.amid for turn in _turns(other.report))]


def _steps(report: JobReport) -> list[dict[str, Any]]:
    """All steps in the order in which they were done."""
    steps: list[dict[str, Any]] = []
    begun = 0
    for other in report.amid:
        steps += [*report.steps[begun : other.steps], *_steps(other.report)]
        begun = other.steps
    return [*steps, *report.steps[begun:]]


def _in_short(report: JobReport) -> dict[str, Any]:
    """As `result.json` lists it; with when it was heard [s], where that was while a job ran."""
    told = {
        "instruction": report.instruction,
        "goal": report.goal,
        "questions": list(report.questions),
        "refused": report.refused,
        "answer": report.answer,
        "answers": list(report.answers),
        "steps": len(report.steps),
        "replans": report.replans,
        "problems": list(report.problems),
    }
    return told if report.heard is None else told | {"heard": report.heard}
