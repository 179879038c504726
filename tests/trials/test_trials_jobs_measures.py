"""What is measured of a job and what many come to: by hand-made steps, ticks and records whose figures can be counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note
from moravec.trials.jobs.causes import BY_CODE, CAUSES, Ending, wrongs
from moravec.trials.jobs.drift import BASELINE
from moravec.trials.jobs.measures import ANSWER_S, ideal_cycle, measures
from moravec.trials.jobs.meter import EVERY, Meter, Step, recoveries
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.result import summary
from moravec.trials.jobs.suite import parse
from moravec.worlds.registry import Thing

BOX = Thing("box", "red", False, None, 1e-4, "A", "A", "bin_1")
CAN = Thing("can", "blue", False, None, 1e-4, "parcel", "B", "parcel")


def state(t: float, tau: float = 0.0, dq: float = 0.0, force: float = 0.0) -> RobotState:
    six = np.zeros(6)
    wrench = np.array([0.0, 0.0, force, 0.0, 0.0, 0.0])
    return RobotState(
        1, t, frozen(six), frozen(np.full(6, dq)), frozen(np.full(6, tau)), 0.05, 0.0, frozen(wrench), False
    )  # fmt: skip


PASS = Verdict("pass", "speed", -1, 0.0, 1.0, 1.0, "")


def stop(check: str) -> Verdict:
    return Verdict("stop", check, 0, 2.0, 1.0, -1.0, "for the test", 1)


def meter(most: float = 100.0, broken: int = 0, someone: bool = False) -> tuple[Meter, list[str]]:
    ended: list[str] = []
    return Meter(most, lambda: ended.append("end"), lambda: broken, someone), ended


def test_energy_is_what_the_joints_give_off_and_force_the_largest_seen() -> None:
    seen, _ = meter()
    for tick in range(1, 501):
        seen.ticked(0.002 * tick, state(0.0, tau=2.0, dq=-0.5, force=30.0 if tick == 10 * EVERY else 5.0), PASS)
    assert seen.energy == pytest.approx(6 * 2.0 * 0.5 * 1.0) and seen.peak_force == 30.0 and seen.now == pytest.approx(1.0)


def test_a_stop_counts_once_while_it_lasts_and_by_its_check() -> None:
    seen, _ = meter()
    for tick in range(1, 101):
        verdict = stop("tracking") if 20 < tick <= 45 or tick > 80 else PASS
        seen.ticked(0.002 * tick, state(0.0), verdict)
    assert seen.stops == {"tracking": 2} and seen.false_stops == 2
    assert seen.stopped == pytest.approx(0.002 * (25 + 20), abs=0.002 * EVERY)


@pytest.mark.parametrize(
    ("check", "broken", "someone", "false"),
    [("tracking", 0, False, 1), ("tracking", 1, False, 0), ("separation", 0, True, 0), ("separation", 0, False, 1),
     ("tracking", 0, True, 1)],
)  # fmt: skip
def test_a_stop_is_false_where_nothing_was_broken_and_nobody_there(check: str, broken: int, someone: bool, false: int) -> None:
    seen, _ = meter(broken=broken, someone=someone)
    seen.ticked(0.002, state(0.0), stop(check))
    assert seen.false_stops == false


def test_a_job_that_goes_on_for_too_long_is_ended_once() -> None:
    seen, ended = meter(most=0.5)
    for tick in range(1, 401):
        seen.ticked(0.002 * tick, state(0.0), PASS)
    assert ended == ["end"] and seen.over


def test_notes_become_steps_questions_and_a_refusal() -> None:
    seen, _ = meter()
    told = {"skill": "pick", "args": {"item": "item-1"}, "seconds": 2.0}
    seen.noted(1.0, Note("skill", {**told, "status": "started"}))
    seen.noted(3.0, Note("skill", {**told, "status": "failed", "code": "missed", "message": "why"}))
    seen.noted(4.0, Note("question", {"text": "?"}))
    seen.noted(5.0, Note("refused", {"why": "no"}))
    assert seen.steps == [Step(3.0, "pick", {"item": "item-1"}, "missed", 2.0, "why")] and not seen.steps[0].ok
    assert (seen.questions, seen.refused) == (1, "no")


def step(t: float, skill: str, code: str = "ok", item: str = "", place: str = "", seconds: float = 4.0) -> Step:
    args = {name: value for name, value in (("item", item), ("place", place)) if value}
    return Step(t, skill, args, code, seconds, f"words of {skill}")


def test_a_recovery_runs_from_the_first_failure_to_the_next_success_with_the_same_item() -> None:
    steps = [
        step(10.0, "pick", "missed", "item-1"), step(15.0, "look", place="parcel"), step(20.0, "pick", "slipped", "item-1"),
        step(30.0, "pick", "ok", "item-1"), step(40.0, "pick", "no_grasp", "item-2"), step(50.0, "pick", "ok", "item-3"),
        step(60.0, "open", "stuck", place="parcel"), step(66.0, "open", "ok", place="parcel"),
    ]  # fmt: skip
    assert recoveries(steps) == ([20.0, 6.0], 1)


INVENTORY: dict[str, Any] = {
    "items": [{"id": "item-1", "category": "box", "damaged": False}, {"id": "item-2", "category": "can", "damaged": False}]
}
NAMES = {"item-1": "thing_0", "item-2": "thing_1"}


AT_LAST = Ending(at=200.0)


def why(
    thing: Thing, steps: list[Step], ending: Ending = AT_LAST, inventory: dict[str, Any] = INVENTORY
) -> tuple[str, float]:
    (found,) = wrongs({"thing_0": BOX, "thing_1": thing}, NAMES, inventory, steps, ending)
    return found.cause, found.decided_at


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_what_was_left_has_the_cause_of_its_first_failed_step(code: str) -> None:
    steps = [step(9.0, "pick", "no_space", "item-1"), step(12.0, "pick", code, "item-2"), step(20.0, "pick", "missed", "item-2")]
    assert why(CAN, steps) == (BY_CODE[code], 12.0)
    assert BY_CODE[code] in CAUSES


def test_what_lies_in_a_wrong_bin_was_taken_for_something_else_or_planned_so() -> None:
    there = replace(CAN, location="C", place="bin_3")
    steps = [step(30.0, "stow", "ok", "item-2", "bin_3")]
    bottle = {"items": [INVENTORY["items"][0], {"id": "item-2", "category": "bottle", "damaged": False}]}
    assert why(there, steps, inventory=bottle) == ("perception", 30.0)
    assert why(there, steps) == ("plan", 30.0)
    tried = [step(20.0, "pick", "missed", "item-2"), step(25.0, "pick", "ok", "item-2"), *steps]
    assert why(there, tried) == ("plan", 30.0), "what it was put into decides, not that it was hard to take"
    broken = {"items": [INVENTORY["items"][0], {"id": "item-2", "category": "can", "damaged": True}]}
    assert why(replace(there, location="reject"), steps, inventory=broken) == ("perception", 30.0)
    assert why(there, [], inventory={"items": INVENTORY["items"][:1]}) == ("grasp", 200.0), "it came along with another"


def test_other_endings_have_their_causes() -> None:
    alone = {"items": INVENTORY["items"][:1]}
    assert why(CAN, [], Ending(refused="what?", at=1.0)) == ("grounding", 1.0)
    assert why(CAN, [], Ending(over=True, at=1800.0)) == ("time-out", 1800.0)
    assert why(CAN, [], Ending(trouble="the line fell", at=9.0)) == ("hardware", 9.0)
    assert why(CAN, [], inventory=alone) == ("perception", 200.0)
    assert why(CAN, []) == ("plan", 200.0)
    assert why(CAN, [step(150.0, "pick", "stopped", "item-1")]) == ("limit stop", 150.0)
    fell = [step(50.0, "pick", "ok", "item-2"), step(55.0, "place", "ok", "item-2", "station")]
    assert why(replace(CAN, location="floor", place="floor"), fell) == ("slip", 55.0)


def test_what_is_right_is_not_told() -> None:
    assert wrongs({"thing_0": BOX}, NAMES, INVENTORY, [], Ending()) == []


# ── many jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────
SUITE = parse(
    'name = "s"\nsays = "s"\nworld = "cell"\ninstruction = "i"\n'
    '[[perturbation]]\nname = "dim"\naxis = "lighting"\nsays = "dimmed"\n'
    'unit = "of it"\nlevels = ["1", "2", "3"]\nconditions = [["light.level=0.6"], ["light.level=0.4"], ["light.level=0.2"]]\n',
    "here",
)


def record(index: int, right: int = 8, bent: int = 0, **more: Any) -> Record:
    name = "dim" if bent else "nominal"
    fields = {"items": 8, "right": right, "robot_s": 160.0, "cycle_s": [18.0, 20.0, 22.0], "energy_j": 800.0} | more
    if right < 8:
        wrong = {"cause": "grasp", "thing": "thing_0"}
        fields |= {"cause": "grasp", "words": f"pick: no_grasp. {index}", "wrong": [wrong] * (8 - right)}
    return Record("s", name, bent, index, 600_000 + index, **fields)


def test_the_figures_of_a_variation_can_be_counted() -> None:
    jobs = [
        record(0, recoveries=[10.0, 30.0], questions=1, down_s=40.0),
        record(1, 6, unrecovered=1, stops={"tracking": 1}, false_stops=1, drops=2, misplaced=1, violations={"torque": 3}),
    ]
    found = measures(jobs, 18.0)
    assert (found["n_items"], found["n_items_right"], found["n_jobs"], found["n_jobs_right"]) == (16, 14, 2, 1)
    assert found["items_per_hour"] == pytest.approx(14 * 3600 / 320)
    assert (found["failures"], found["recovered"], found["pc_recovered"]) == (3, 2, pytest.approx(200 / 3))
    assert (found["mtbf_s"], found["mttr_s"], found["mtbi_s"]) == (80.0, 20.0, 320.0), "three failures and a stop"
    assert found["human_minutes_per_hour"] == pytest.approx(ANSWER_S / 60 * 3600 / 320)
    assert (found["stops"], found["false_stops"], found["limits_broken"]) == ({"tracking": 1}, 1, {"torque": 3})
    assert (found["drops"], found["misplaced"], found["causes"]) == (2, 1, {"grasp": 2})
    assert found["uptime"] == pytest.approx(280 / 320)
    assert found["oee"] == pytest.approx(280 / 320 * min(1.0, 18 * 16 / 280) * 14 / 16, abs=1e-4)


def test_nothing_tried_divides_by_nothing() -> None:
    empty = measures([Record("s", "nominal", 0, 0, 1, died="hung")], 0.0)
    assert (empty["n_items"], empty["items_per_hour"], empty["mtbf_s"], empty["oee"]) == (0, 0.0, None, 0.0)
    assert empty["died"] == {"hung": 1} and ideal_cycle([]) == 0.0


def test_what_is_left_is_told_beside_the_same_deliveries_and_weaknesses_in_words() -> None:
    records = [record(i) for i in range(6)] + [record(i, 4, bent=2) for i in range(6)]
    found = summary(SUITE, records)
    dim = found["variations"]["dim-2"]
    assert dim["retention"]["of_items"] == pytest.approx(0.5) and dim["retention"]["pairs"] == 6
    assert dim["retention"]["p_mcnemar_jobs"] == pytest.approx(2 * 0.5**6)
    assert (dim["severity"], dim["level"]) == ("middle", "2 of it")
    said = "\n".join(found["limitations"])
    assert "50 % of the usual share is left" in said and "mostly grasp" in said and "6 jobs" in said
    assert [c["carried"] for c in found["claims"]] == [False] * 8 + [True], "six of six carry a half, and no more"
    assert next(c["more_jobs"] for c in found["claims"] if c["jobs_right_at_least"] == 0.99) == 299 - 6


def test_like_failures_stand_together_the_commonest_first() -> None:
    records = [record(0), record(1, 7), record(2, 7), record(3, 7, cause="slip")]
    slip = Record(**(records[3].plain() | {"cause": "slip", "words": "it lies on the floor"}))
    found = summary(SUITE, [*records[:3], slip])["failures_like"]
    assert [(one["cause"], one["jobs"]) for one in found] == [("grasp", 2), ("slip", 1)]
    assert found[0]["first"]["attempt"] == "nominal/1" and found[0]["attempts"] == ["nominal/1", "nominal/2"]


def test_a_signal_that_rises_slowly_is_told_and_one_that_only_varies_is_not() -> None:
    rng = np.random.default_rng(4)
    steady = [record(i, energy_j=800.0 + rng.normal(0.0, 8.0), peak_force_n=60.0 + rng.normal(0.0, 3.0)) for i in range(60)]
    found = summary(SUITE, steady)["drift"]
    assert {name: of["alarm_at"] for name, of in found["signals"].items()} == dict.fromkeys(found["signals"])
    assert found["jobs_between_false_alarms"] > 100_000
    wearing = [
        Record(**(r.plain() | {"energy_j": r.energy_j + 1.2 * max(0, r.index - BASELINE)})) for r in steady
    ]  # fmt: skip
    told = summary(SUITE, wearing)
    at = told["drift"]["signals"]["energy_j_per_item"]["alarm_at"]
    assert at is not None and BASELINE + 5 < at < 55
    assert any(f"energy_j_per_item has risen by job {at}" in line for line in told["limitations"])
    few = summary(SUITE, wearing[:BASELINE])["drift"]["signals"]["energy_j_per_item"]
    assert few == {"jobs": BASELINE, "alarm_at": None}, "nothing to compare with what is usual"


def test_a_job_that_gave_nothing_counts_as_failed_and_is_told() -> None:
    dead = Record("s", "nominal", 0, 1, 600_001, died="died", cause="hardware", words="killed")
    found = summary(SUITE, [record(0), dead])
    assert found["n_jobs_right"] == 1 and found["n_jobs"] == 2 and not dead.success
    assert any("gave no result" in line for line in found["limitations"])
