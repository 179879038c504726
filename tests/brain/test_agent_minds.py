"""Minds whose plans cannot be done: nothing moves, they hear why, and the symbolic planner stands in."""

from __future__ import annotations

from typing import Any

from helpers_brain import STORE, FakeWorld, all_belong, delivery, run_job
from told import told_mind

from moravec.brain.mind import Situation
from moravec.brain.reading import Reading
from moravec.brain.recover import Limits
from moravec.brain.steps import Plan, Step


class Wild:
    """A mind whose plans cannot be done."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, ...]] = []

    def read(self, instruction: str, workplace: Any) -> Reading:
        return told_mind().read(instruction, workplace)

    def plan(self, situation: Situation) -> Plan:
        self.heard.append(situation.feedback)
        return Plan((Step.of("fly", place="moon"),))


def test_a_bad_mind_moves_nothing_and_hears_why() -> None:
    mind = Wild()
    ran = run_job(STORE, FakeWorld(delivery()), mind=mind, limits=Limits(rejections=2))
    assert mind.heard[0] == () and "no skill 'fly'" in mind.heard[1][0]
    assert "fly" not in {s["skill"] for s in ran.report.steps}
    assert all_belong(ran.world)  # the symbolic planner stands in
