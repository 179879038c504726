"""A mind that does what was approved and nothing else, and the record of the approval for tape and result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from moravec.brain.goal import goal_to_json
from moravec.brain.mind import Mind, Situation
from moravec.brain.read import Reading
from moravec.brain.steps import Plan, plan_to_json
from moravec.commands.mcp_server.preview import meant
from moravec.core.errors import ContractError
from moravec.core.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let motion pass: `by` what way ("terminal", "file") and `who` as that person called themself, at the date `at`;
    `digest` names what was approved."""

    digest: str
    by: str
    who: str
    at: str

    def to_json(self) -> dict[str, str]:
        """Plain JSON data."""
        return asdict(self)


@final
class BoundMind:
    """`mind`, held to one instruction, one goal and one first plan, all as JSON data. What comes after the first plan serves the
    same goal. Each method raises ContractError where it would be otherwise."""

    def __init__(
        self, mind: Mind, instruction: str, goal: Sequence[Mapping[str, Any]], first: Sequence[Mapping[str, Any]]
    ) -> None:
        self._mind = mind
        self._instruction, self._goal, self._first = instruction, list(goal), list(first)
        self._began = False

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """The goal that was approved: a question of the reading was approved with its default."""
        reading = self._mind.read(instruction, workplace)
        goal = meant(reading)
        if instruction != self._instruction or goal is None or goal_to_json(goal) != self._goal:
            raise ContractError(f"nothing was moved: {instruction!r} is not read as it was when it was approved")
        return Reading(goal=goal, mended=reading.mended)

    def plan(self, situation: Situation) -> Plan:
        """The first must be the one that was approved."""
        plan = self._mind.plan(situation)
        if not self._began and plan_to_json(plan)["steps"] != self._first:
            raise ContractError("nothing was moved: the first plan is not the one that was approved")
        self._began = True
        return plan
