"""A talk of several turns in one run: one agent, one turn after the other, and one report of all."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from moravec.brain.agent import Agent
from moravec.brain.job import Context, JobReport
from moravec.skills.contract import Note, Request


def talk(agent: Agent, instructions: Sequence[str], context: Context) -> Generator[Request, Any, JobReport]:
    """Each instruction is a turn; the talk so far is remembered by the agent. The report of one turn is that turn's own."""
    reports = []
    for number, instruction in enumerate(instructions, start=1):
        if len(instructions) > 1:
            yield Note("turn", {"turn": number, "of": len(instructions), "instruction": instruction})
        reports.append((yield from agent.run(instruction, context)))
    return merged(reports)


def merged(reports: Sequence[JobReport]) -> JobReport:
    """One report of all turns. A turn whose question the next one answered counts as not refused."""
    if len(reports) == 1:
        return reports[0]
    excused = [report.open and after.replied for report, after in pairwise(reports)] + [False]
    refused = [r.refused for r, fine in zip(reports, excused, strict=True) if r.refused is not None and not fine]
    return replace(
        reports[-1],
        success=all(r.success or fine for r, fine in zip(reports, excused, strict=True)),
        instruction=" / ".join(r.instruction for r in reports),
        goal=[clause for r in reports for clause in r.goal],
        steps=tuple(step for r in reports for step in r.steps),
        questions=tuple(question for r in reports for question in r.questions),
        refused=refused[0] if refused else None,
        replans=sum(r.replans for r in reports),
        answer=" ".join(r.answer for r in reports),
        problems=tuple(problem for r in reports for problem in r.problems),
        surprises=tuple(surprise for r in reports for surprise in r.surprises),
        answers=tuple(answer for r in reports for answer in r.answers),
        turns=tuple(_in_short(r) for r in reports),
    )


def _in_short(report: JobReport) -> dict[str, Any]:
    """As `result.json` lists it."""
    return {
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
