"""Where nothing that the robot can do itself is left, a person is asked."""

from __future__ import annotations

import pytest
from helpers_brain import STORE, FakeWorld, all_belong, delivery, run_job
from test_agent import fails

from moravec.brain.recover import Limits


@pytest.mark.parametrize(("answer", "done"), [("try again", True), ("leave it", False)])
def test_a_lid_that_does_not_come_off_is_asked_about(answer: str, done: bool) -> None:
    """Somebody may have loosened it meanwhile; whoever leaves it ends the job, and is not asked for ever."""
    faults = {("open", n): fails("stuck") for n in range(1, 5)}
    ran = run_job(STORE, FakeWorld(delivery(), faults), {"Shall I try again?": answer})
    (question,) = ran.report.questions
    assert question["text"].startswith("I cannot open the parcel") and question["answer"] == answer
    assert ran.report.success == done and (all_belong(ran.world) == done)
    for_ever = {("open", n): fails("stuck") for n in range(1, 200)}
    ran = run_job(STORE, FakeWorld(delivery(), for_ever), {"Shall I try again?": answer})
    assert not ran.report.success and len(ran.report.questions) <= Limits().questions and "stuck" in ran.report.answer
