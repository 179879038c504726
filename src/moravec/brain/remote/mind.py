"""A mind on a model server. It proposes; reader, validator and outcome check dispose; the symbolic mind takes over.

Nothing here moves anything, and nothing here is believed: a reading is held against the reader's own, a plan against the
validator and against what the symbolic mind's plan would bring about.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, final

from moravec.brain.goal import goal_to_json
from moravec.brain.mind import Situation, SymbolicMind
from moravec.brain.reading import Reading
from moravec.brain.remote.chat import Chat
from moravec.brain.remote.consult import Consultant
from moravec.brain.remote.council import is_final, settled
from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.outcome import check
from moravec.brain.remote.prompt import planning_question, reading_question
from moravec.brain.remote.strict import meant_in, plan_of
from moravec.brain.steps import Plan
from moravec.core.workplace import Workplace


@final
class RemoteMind:
    """A `brain.mind.Deliberate`: asked beside the control loop, and told about afterwards. For one job."""

    def __init__(self, chat: Chat, symbolic: SymbolicMind, consultant: Consultant | None = None) -> None:
        self.chat = chat
        self.consultant = consultant
        self._symbolic = symbolic
        self._told = (0, 0, 0)  # exchanges, fallbacks, answers of tools

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """What the instruction means: see `council`. Raises CassetteError only."""
        local = self._symbolic.read(instruction, workplace)
        if is_final(local):
            return local
        known = self._looked_up("read", {"instruction": instruction})
        try:
            question = reading_question(instruction, workplace, known)
            remote = self.chat.ask(question, lambda data: meant_in(data, instruction))
        except ServerError as error:
            self.chat.ledger.fell_back("read", error.kind, str(error))
            return local
        return settled(local, remote)

    def plan(self, situation: Situation) -> Plan:
        """Steps towards the goal: the server's where they stand every check, else the symbolic mind's. Raises CassetteError
        only."""
        own = self._symbolic.plan(situation)
        if not own.steps:
            return own  # nothing is left to do, or nothing can be done
        known = self._looked_up("plan", {"goal": goal_to_json(situation.goal)})
        try:
            return self.chat.ask(planning_question(situation, own, known), lambda data: self._checked(data, own, situation))
        except ServerError as error:
            self.chat.ledger.fell_back("plan", error.kind, str(error))
            return own

    def told(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """Exchanges, fallbacks and answers of tools since it was asked last: topic and plain JSON data."""
        entries, fallbacks = self.chat.ledger.entries, self.chat.ledger.fallbacks
        answers = () if self.consultant is None else tuple(self.consultant.answers)
        looked_up = (("tool", answer.to_json()) for answer in answers[self._told[2] :])
        exchanged = (("exchange", asdict(entry)) for entry in entries[self._told[0] :])
        fell_back = (("fallback", entry) for entry in fallbacks[self._told[1] :])
        self._told = (len(entries), len(fallbacks), len(answers))
        return (*looked_up, *exchanged, *fell_back)

    def _looked_up(self, purpose: str, about: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [] if self.consultant is None else self.consultant.look_up(self.chat, purpose, about)

    def _checked(self, data: Any, own: Plan, situation: Situation) -> Plan:
        plan = plan_of(data)
        check(plan, own, situation)
        return replace(plan, complete=own.complete, problem=own.problem)
