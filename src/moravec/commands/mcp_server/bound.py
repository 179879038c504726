"""A mind that does what was approved and nothing else, and the record of the approval for tape and result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

from moravec.brain.mind import Mind, Situation
from moravec.brain.reading import Reading
from moravec.brain.steps import Plan, plan_to_json
from moravec.commands.mcp_server.preview import meaning_of
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
    """`mind`, held to one instruction, one meaning of it and one first plan, all as JSON data. What comes after the first plan
    serves the same meaning. Each method raises ContractError where it would be otherwise."""

    def __init__(self, mind: Mind, instruction: str, meaning: Sequence[Any], first: Sequence[Mapping[str, Any]]) -> None:
        self._mind = mind
        self._instruction, self._meaning, self._first = instruction, list(meaning), list(first)
        self._began = False

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """What was approved."""
        reading = self._mind.read(instruction, workplace)
        meaning = meaning_of(reading)
        if instruction != self._instruction or meaning is None or meaning != self._meaning:
            raise ContractError(f"nothing was moved: {instruction!r} is not read as it was when it was approved")
        return reading

    def plan(self, situation: Situation) -> Plan:
        """The first must be the one that was approved."""
        plan = self._mind.plan(situation)
        if not self._began and plan_to_json(plan)["steps"] != self._first:
            raise ContractError("nothing was moved: the first plan is not the one that was approved")
        self._began = True
        return plan
