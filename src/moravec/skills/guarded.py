"""Turns a coroutine that may end in `Failed` into a skill that always returns a result."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Mapping
from typing import Any

from moravec.skills.context import SkillContext
from moravec.skills.contract import Request, Routine, Skill, SkillResult
from moravec.skills.moves import Failed
from moravec.skills.symbols import Value


class HardCoded(Skill):
    """A hard-coded skill: subclasses are final and write `steps`, which returns what was found or raises `Failed`."""

    @abstractmethod
    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Generator[Request, Any, dict[str, Any]]:
        """The skill's work."""

    def run(self, context: SkillContext, args: Mapping[str, Value]) -> Routine:
        """`steps`, with its failure turned into a result."""
        try:
            data = yield from self.steps(context, args)
        except Failed as failure:
            return self.failed(failure.code, str(failure), **failure.data)
        return SkillResult("succeeded", data=data)
